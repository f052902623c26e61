"""A small image file for every way in which cameras and programs write size, color, orientation and transparency."""

import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.image_files import Array, chunk, encoded, pixels, png
from tests.support.jpeg_files import jpeg, segment

HEIGHT, WIDTH = 21, 30
D50 = (0.9642, 1.0, 0.8249)
PRIMARIES = {  # red, green and blue as X, Y, Z, seen in the light D50
    "sRGB": ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    "Display P3": ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
    "Adobe RGB": ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
}
SRGB_CHRM = struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_CHRM = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
SHORT, LONG = 3, 4
GIF_COLORS = bytes([250, 0, 0, 0, 240, 0, 0, 0, 230, 90, 120, 60])


def icc(space: bytes, tags: dict[bytes, bytes], kind: bytes = b"mntr", pcs: bytes = b"XYZ ") -> bytes:
    """Write an ICC profile."""
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    size = 132 + 12 * len(tags) + len(data)
    header = struct.pack(">I4xI4s4s4s12x4s28x", size, 0x02400000, kind, space, pcs, b"acsp")
    return header + fixed(D50) + bytes(48) + table + data


def fixed(numbers: Sequence[float]) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def curve(gamma: float) -> bytes:
    return b"curv" + struct.pack(">4xIH", 1, round(gamma * 256))


def xyz(color: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + fixed(color)


def rgb_profile(name: str, gamma: float) -> bytes:
    tags = {b"wtpt": xyz(D50)}
    for letter, color in zip((b"r", b"g", b"b"), PRIMARIES[name], strict=True):
        tags |= {letter + b"XYZ": xyz(color), letter + b"TRC": curve(gamma)}
    return icc(b"RGB ", tags)


def gray_profile(gamma: float) -> bytes:
    return icc(b"GRAY", {b"wtpt": xyz(D50), b"kTRC": curve(gamma)})


def exif(orientation: int, order: str = "<", kind: int = SHORT, count: int = 1) -> bytes:
    """Write EXIF data that say nothing but an orientation."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, 1)
    value = struct.pack(f"{order}HH", orientation, 0) if kind == SHORT else struct.pack(f"{order}I", orientation)
    return head + struct.pack(f"{order}HHI", 0x0112, kind, count) + value + bytes(4)


def app1(content: bytes) -> bytes:
    return segment(0xE1, b"Exif\0\0" + content)


def with_segments(file: bytes, *segments: bytes) -> bytes:
    """Put segments behind the first two bytes of a JPEG."""
    return file[:2] + b"".join(segments) + file[2:]


def with_chunks(file: bytes, *chunks: tuple[bytes, bytes], before: bytes = b"IDAT") -> bytes:
    """Put chunks into a PNG."""
    place = file.index(before) - 4
    return file[:place] + b"".join(chunk(*each) for each in chunks) + file[place:]


def gradients() -> NDArray[np.uint8]:
    """Smooth colors, of which a JPEG keeps nearly all."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([8 * x, 12 * y, 255 - 4 * x - 6 * y], axis=-1).clip(0, 255).astype(np.uint8)


def jpegs() -> Iterator[tuple[str, bytes]]:
    """JPEG files: sampling, order of the data, color models, markers."""
    image = Image.fromarray(gradients())
    for quality, sampling, progressive in itertools.product((5, 90), ("4:4:4", "4:2:2", "4:2:0"), (False, True)):
        options = {"quality": quality, "subsampling": sampling, "progressive": progressive}
        yield f"quality {quality}, {sampling}{', progressive' * progressive}", encoded(image, "JPEG", **options)
    plain = encoded(image, "JPEG", quality=90)
    yield "noise", encoded(pixels(3, HEIGHT, WIDTH), "JPEG", quality=90)
    yield "optimized", encoded(image, "JPEG", optimize=True)
    yield "restart markers", encoded(image, "JPEG", restart_marker_blocks=1)
    yield "without JFIF", plain[:2] + plain[20:]
    yield (
        "JFIF with a thumbnail",
        with_segments(plain[:2] + plain[20:], segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\1" + bytes(6))),
    )
    yield "padding before a marker", plain[:2] + b"\xff\xff\xff" + plain[2:]
    yield "a comment", encoded(image, "JPEG", comment="CREATOR: gd-jpeg v1.0")
    yield "a comment of any bytes", with_segments(plain, segment(0xFE, bytes(range(256))))
    yield "gray", encoded(image.convert("L"), "JPEG")
    yield "gray, progressive", encoded(image.convert("L"), "JPEG", progressive=True)
    yield "RGB", encoded(image, "JPEG", keep_rgb=True)
    for luma in ((4, 1), (1, 2), (1, 4), (4, 2)):
        yield f"{luma} samples of luma to one of chroma", jpeg(gradients(), [luma, (1, 1), (1, 1)])
    yield "unequal chroma", jpeg(gradients(), [(2, 2), (2, 1), (1, 2)])
    yield "more chroma than luma", jpeg(gradients(), [(1, 1), (2, 2), (2, 2)])
    yield "gray with factors", jpeg(gradients()[..., :1], [(2, 2)])
    yield "components named RGB", jpeg(gradients(), [(1, 1)] * 3, ids=b"RGB")
    yield "components of other names", jpeg(gradients(), [(2, 1), (1, 1), (1, 1)], ids=b"\0\1\2")
    inks = np.concatenate([gradients(), 255 - gradients()[..., :1]], axis=-1)
    yield "CMYK", jpeg(inks, [(1, 1)] * 4, ids=b"\1\2\3\4", segments=adobe(0))
    yield "YCCK", jpeg(inks, [(1, 1)] * 4, ids=b"\1\2\3\4", segments=adobe(2))
    yield "YCCK, 4:2:0", jpeg(inks, [(2, 2), (1, 1), (1, 1), (2, 2)], ids=b"\1\2\3\4", segments=adobe(2))
    yield (
        "CMYK with a profile for RGB",
        encoded(image.convert("CMYK"), "JPEG", icc_profile=rgb_profile("Display P3", 2.2)),
    )
    yield "CMYK without Adobe's marker", jpeg(inks, [(1, 1)] * 4, ids=b"CMYK")
    yield "RGB by Adobe's marker", jpeg(gradients(), [(1, 1)] * 3, segments=adobe(0))
    yield "YCbCr by Adobe's marker", jpeg(gradients(), [(1, 1)] * 3, segments=adobe(1))
    for height, width in ((1, 1), (1, 40), (40, 1), (8, 8), (17, 9), (1, 3000)):
        yield f"{width} x {height}", encoded(pixels(1, height, width), "JPEG")


def adobe(transform: int) -> bytes:
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def orientations() -> Iterator[tuple[str, bytes]]:
    """JPEG and PNG files that say how to turn them, in ways that count for a browser, and in others."""
    plain, other = encoded(gradients(), "JPEG", quality=90), encoded(gradients())
    for number, order in itertools.product(range(10), "<>"):
        yield f"JPEG, orientation {number} {order}", with_segments(plain, app1(exif(number, order)))
        yield f"PNG, orientation {number} {order}", with_chunks(other, (b"eXIf", exif(number, order)))
    far = [segment(0xE2, b"many bytes" + bytes(65000))] * 3
    scan = plain.index(b"\xff\xda")
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    yield "JPEG, orientation in a late segment", with_segments(plain, *far, app1(exif(6)))
    yield "JPEG, orientation right before the scan", plain[:scan] + app1(exif(6)) + plain[scan:]
    yield "JPEG, two orientations", with_segments(plain, app1(exif(6)), app1(exif(3)))
    yield "JPEG, an orientation in EXIF and one in XMP", with_segments(plain, app1(exif(8)), xmp)
    yield "JPEG, orientation in XMP", with_segments(plain, xmp)
    yield "JPEG, orientation as LONG", with_segments(plain, app1(exif(6, kind=LONG)))
    yield "JPEG, orientation as LONG >", with_segments(plain, app1(exif(6, ">", kind=LONG)))
    yield "JPEG, two numbers as orientation", with_segments(plain, app1(exif(6, count=2)))
    yield "JPEG, EXIF cut off", with_segments(plain, app1(exif(6)[:15]))
    yield "JPEG, EXIF that is none", with_segments(plain, app1(b"neither II nor MM"))
    yield "JPEG, rotated, gray", with_segments(encoded(gradients()[..., 0], "JPEG"), app1(exif(6)))
    yield "PNG, orientation behind the pixels", with_chunks(other, (b"eXIf", exif(6)), before=b"IEND")
    yield "PNG, orientation as LONG", with_chunks(other, (b"eXIf", exif(6, kind=LONG)))
    yield "PNG, orientation with the header of a JPEG", with_chunks(other, (b"eXIf", b"Exif\0\0" + exif(6)))
    yield "PNG, orientation in XMP", with_chunks(other, (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP))
    raw = b"\nexif\n%8d\n%b\n" % (len(exif(6)), exif(6).hex().encode())
    profile = b"Raw profile type exif\0\0" + zlib.compress(raw)
    yield "PNG, orientation in a raw profile", with_chunks(other, (b"zTXt", profile))


def color_spaces() -> Iterator[tuple[str, bytes]]:
    """JPEG and PNG files with ICC profiles, and PNG files with gamma and chromaticities."""
    color, gray = Image.fromarray(gradients()), Image.fromarray(gradients()[..., 0])
    profiles = {f"{name}, gamma {gamma}": rgb_profile(name, gamma) for name in PRIMARIES for gamma in (1.0, 1.8, 2.2)}
    profiles |= {f"gray, gamma {gamma}": gray_profile(gamma) for gamma in (1.8, 2.2)}
    profiles |= {"no profile": b"not a profile" * 20, "cut off": rgb_profile("Display P3", 2.2)[:200]}
    for (name, profile), form in itertools.product(profiles.items(), ("JPEG", "PNG")):
        yield f"{form} with ICC {name}", encoded(color, form, icc_profile=profile)
        yield f"gray {form} with ICC {name}", encoded(gray, form, icc_profile=profile)
    p3 = rgb_profile("Display P3", 2.2)
    yield "palette with ICC", encoded(color.quantize(16), icc_profile=p3)
    clear = color.copy()
    clear.putalpha(Image.fromarray(gradients()[..., 1]))
    yield "transparent, with ICC", encoded(clear, icc_profile=p3)
    yield "rotated, with ICC", encoded(color, "JPEG", icc_profile=p3, exif=b"Exif\0\0" + exif(6))
    chromaticities = {"": [], ", sRGB": [(b"cHRM", SRGB_CHRM)], ", P3": [(b"cHRM", P3_CHRM)]}
    for gamma, (name, before) in itertools.product(
        (22222, 40000, 45000, 45455, 50000, 55556, 100000), chromaticities.items()
    ):
        chunks = [*before, (b"gAMA", struct.pack(">I", gamma))]
        yield f"gamma {gamma}{name}", with_chunks(encoded(color), *chunks)
        yield f"gray, gamma {gamma}{name}", with_chunks(encoded(gray), *chunks)
    linear = (b"gAMA", struct.pack(">I", 100000))
    compressed = (b"iCCP", b"p3\0\0" + zlib.compress(p3))
    yield "gamma of 0", with_chunks(encoded(color), (b"gAMA", bytes(4)))
    yield "chromaticities that are none", with_chunks(encoded(color), (b"cHRM", bytes(32)), linear)
    yield "chromaticities without a gamma", with_chunks(encoded(color), (b"cHRM", P3_CHRM))
    yield "sRGB", with_chunks(encoded(color), (b"sRGB", b"\0"))
    yield "sRGB before a gamma", with_chunks(encoded(color), (b"sRGB", b"\0"), linear)
    yield "ICC before a gamma", with_chunks(encoded(color), linear, compressed)
    yield "ICC before sRGB", with_chunks(encoded(color), (b"sRGB", b"\0"), compressed)


def depths() -> Iterator[tuple[str, bytes]]:
    """PNG files of every color type and depth, with every kind of transparency, interlaced or not."""
    rng = np.random.default_rng(0)
    kinds = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    for kind, depth in ((kind, depth) for kind, all_depths in kinds.items() for depth in all_depths):
        most = 2**depth - 1
        samples = rng.integers(0, most + 1, (HEIGHT, WIDTH, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]))
        samples[0, :3] = [[0], [most], [most // 2]]
        samples[1, :2] = samples[2, 0], samples[2, 0] ^ 1  # one of a color, and one that differs in the last bit
        palette = [(b"PLTE", rng.integers(0, 256, 3 * 2**depth, np.uint8).tobytes())] if kind == 3 else []
        for (name, transparent), interlaced in itertools.product(transparencies(kind, depth, samples), (False, True)):
            chunks = palette + ([(b"tRNS", transparent)] if transparent else [])
            title = f"type {kind}, {depth} bits{name}{', interlaced' * interlaced}"
            yield title, png(samples, depth, kind, chunks, interlaced=interlaced)


def transparencies(kind: int, depth: int, samples: Array) -> Iterator[tuple[str, bytes]]:
    """Name what a tRNS chunk may hold."""
    yield "", b""
    most = 2**depth - 1
    if kind == 0:
        for sample in {0, 1, most // 2, most, int(samples[2, 0, 0])}:
            yield f", {sample} transparent", struct.pack(">H", sample)
    if kind == 2:
        yield ", a color transparent", struct.pack(">3H", *samples[2, 0])
        yield ", black transparent", bytes(6)
    if kind == 3:
        alphas = np.random.default_rng(1).integers(0, 256, 2**depth, np.uint8).tobytes()
        yield ", all half transparent", alphas
        yield ", the first transparent", b"\0"
        yield ", the last transparent", b"\xff" * most + b"\0"


def other_pngs() -> Iterator[tuple[str, bytes]]:
    """PNG files with what programs add, and what they leave out."""
    plain = encoded(gradients())
    yield "resolution", encoded(gradients(), dpi=(72, 72))
    yield "time and background", with_chunks(plain, (b"tIME", bytes([7, 208, 1, 1, 0, 0, 0])), (b"bKGD", bytes(6)))
    yield "text", with_chunks(plain, (b"tEXt", b"Software\0a program"), (b"tEXt", b"Comment\0tRNS and IDAT"))
    yield "small parts", encoded(gradients(), compress_level=0)
    indices = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) % 16
    yield "colors missing in the palette", png(indices, 4, 3, [(b"PLTE", bytes(range(9)))])
    frames = [Image.fromarray(pixels(seed, HEIGHT, WIDTH)) for seed in range(3)]
    yield "animated PNG", encoded(frames[0], save_all=True, append_images=frames[1:])
    still = encoded(frames[0], save_all=True, append_images=frames[1:], default_image=True)
    yield "animated PNG with an image for programs that know no animations", still
    yield "a palette for what has none", with_chunks(plain, (b"PLTE", bytes(range(30))))
    for height, width in ((1, 1), (1, 5000), (5000, 1)):
        yield f"PNG {width} x {height}", encoded(pixels(1, height, width))


def gifs() -> Iterator[tuple[str, bytes]]:
    """GIF files: frames that cover the image or a part of it, transparent colors, animations."""
    yield "GIF", gif((4, 3))
    yield "GIF, transparent", gif((4, 3), transparent=3)
    yield "GIF, a color that is not there transparent", gif((4, 3), transparent=9)
    yield "GIF, a part", gif((8, 6), (2, 1))
    yield "GIF, a part, transparent", gif((8, 6), (2, 1), transparent=1)
    yield "GIF, a part beyond the edge", gif((8, 6), (6, 4))
    yield "GIF, a palette of the frame", gif((8, 6), (2, 1), local=True)
    frames = [Image.fromarray(pixels(seed, HEIGHT, WIDTH)) for seed in range(3)]
    yield "GIF, animated", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "GIF, gray", encoded(gradients()[..., 0], "GIF")


def gif(
    size: tuple[int, int], at: tuple[int, int] = (0, 0), *, transparent: int | None = None, local: bool = False
) -> bytes:
    """Write a GIF with one frame of 4 x 3 pixels, which are 0, 1, 2, 3 in each row."""
    codes = [code for index in [0, 1, 2, 3] * 3 for code in (4, index)] + [5]  # 4 begins again, 5 ends
    bits = "".join(f"{code:03b}"[::-1] for code in codes)
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[place : place + 8][::-1], 2) for place in range(0, len(bits), 8))
    control = b"" if transparent is None else b"!\xf9\4" + bytes([1, 10, 0, transparent, 0])
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 1 if local else 0x81, 1, 0) + (b"" if local else GIF_COLORS)
    frame = b"," + struct.pack("<HHHHB", *at, 4, 3, 0x81 if local else 0) + (GIF_COLORS if local else b"")
    return head + control + frame + b"\2" + bytes([len(data)]) + data + b"\0;"


KINDS = dict(itertools.chain(jpegs(), orientations(), color_spaces(), depths(), other_pngs(), gifs()))
