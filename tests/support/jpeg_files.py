"""A JPEG encoder for tests: small, slow, and free in all that Pillow's does not let one choose."""

import struct

import numpy as np
from numpy.typing import NDArray

STEP = 4  # of the quantization, for all frequencies
FREQUENCIES = sorted(
    ((y, x) for y in range(8) for x in range(8)), key=lambda yx: (sum(yx), yx[0] if sum(yx) % 2 else yx[1])
)
COSINES = np.sqrt([[1 / 8]] + [[1 / 4]] * 7) * np.cos(np.outer(np.arange(8), 2 * np.arange(8) + 1) * np.pi / 16)
# All codes of a table have one length, and are numbered in the order of their symbols.
DC = bytes(range(12))
AC = bytes([0, 0xF0, *(16 * run + size for run in range(16) for size in range(1, 11))])


def segment(marker: int, content: bytes) -> bytes:
    """Write a marker with its content."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(
    image: NDArray[np.uint8],
    factors: list[tuple[int, int]],
    *,
    ids: bytes = b"\1\2\3",
    segments: bytes = b"",
    precision: int = 8,
) -> bytes:
    """Write a baseline JPEG.

    Parameters
    ----------
    image : ndarray
        Shape ``(H, W, C)``, uint8: the components as they are stored, whatever their color model.
    factors : list of (int, int)
        How many blocks across and down each component has in a unit.
    ids : bytes
        The component's numbers.
    segments : bytes
        What stands behind the first marker.
    precision : int
        The bits of a sample, as the head says; 8 is what there is.
    """
    height, width, count = image.shape
    across, down = (max(sides) for sides in zip(*factors, strict=True))
    rows, columns = -(-height // (8 * down)), -(-width // (8 * across))
    padding = ((0, 8 * down * rows - height), (0, 8 * across * columns - width), (0, 0))
    padded = np.pad(image, padding, "edge").astype(float) - 128
    planes = [padded[:: down // v, :: across // h, index] for index, (h, v) in enumerate(factors)]
    bits, last = [], [0] * count
    for row, column in np.ndindex(rows, columns):
        for index, (h, v) in enumerate(factors):
            for y, x in np.ndindex(v, h):
                top, left = 8 * (row * v + y), 8 * (column * h + x)
                block = COSINES @ planes[index][top : top + 8, left : left + 8] @ COSINES.T
                numbers = [round(block[place] / STEP) for place in FREQUENCIES]
                bits.append(_coded(numbers, last[index]))
                last[index] = numbers[0]
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
    components = [bytes([ids[index], 16 * h + v, 0]) for index, (h, v) in enumerate(factors)]
    named = b"".join(bytes([ids[index], 0]) for index in range(count))
    return b"".join(
        (
            b"\xff\xd8" + segments,
            segment(0xDB, b"\0" + bytes([STEP] * 64)),
            segment(0xC0, struct.pack(">BHHB", precision, height, width, count) + b"".join(components)),
            segment(0xC4, b"\0" + bytes([0, 0, 0, len(DC)]) + bytes(12) + DC),
            segment(0xC4, b"\x10" + bytes(7) + bytes([len(AC)]) + bytes(8) + AC),
            segment(0xDA, bytes([count]) + named + b"\0\x3f\0"),
            scan + b"\xff\xd9",
        )
    )


def _coded(numbers: list[int], last: int) -> str:
    """Write the 64 numbers of a block as bits: the first as its difference, the others with the zeros before them."""
    difference = numbers[0] - last
    bits = f"{abs(difference).bit_length():04b}" + _magnitude(difference)
    run = 0
    for number in numbers[1:]:
        if number == 0:
            run += 1
            continue
        bits += f"{AC.index(0xF0):08b}" * (run // 16)
        bits += f"{AC.index(16 * (run % 16) + abs(number).bit_length()):08b}" + _magnitude(number)
        run = 0
    return bits + (f"{AC.index(0):08b}" if run else "")


def _magnitude(number: int) -> str:
    """Write a number in as few bits as hold it; a negative one less 1."""
    length = abs(number).bit_length()
    return f"{number if number > 0 else number + 2**length - 1:0{length}b}" if length else ""
