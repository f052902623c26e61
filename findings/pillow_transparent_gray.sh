#!/usr/bin/env bash
# Pillow 13.0.0 loses the transparent color of a gray PNG with 2, 4 or 16 bits a sample, and of an RGB PNG with 16 bits.
#
# A tRNS chunk names the transparent color by its stored samples. Pillow scales the samples to 8 bits (a 4-bit 4 becomes
# 68), but not the number from the chunk, and then compares the two. So convert("RGBA") gives an opaque pixel where a
# browser shows the background. With 8 bits it works.
#
# Source: PNG specification, third edition, section 11.3.1.1 (tRNS): https://www.w3.org/TR/png-3/#11tRNS
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys
import zlib

import PIL
from PIL import Image


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, color_type, row, transparent):
    """Write a PNG of one pixel, whose color is the transparent one."""
    header = struct.pack(">IIBBBBB", 1, 1, depth, color_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"tRNS", transparent), (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


FILES = {
    "gray,  2 bits": png(2, 0, b"\x80", b"\0\2"),
    "gray,  4 bits": png(4, 0, b"\x40", b"\0\4"),
    "gray,  8 bits": png(8, 0, b"\x44", b"\0\x44"),
    "gray, 16 bits": png(16, 0, b"\x12\x34", b"\x12\x34"),
    "RGB,   8 bits": png(8, 2, b"\1\2\3", b"\0\1\0\2\0\3"),
    "RGB,  16 bits": png(16, 2, b"\1\2\3\4\5\6", b"\1\2\3\4\5\6"),
}
print("Python", sys.version.split()[0], "Pillow", PIL.__version__)
lost = set()
for name, file in FILES.items():
    try:
        alpha = Image.open(io.BytesIO(file)).convert("RGBA").getpixel((0, 0))[3]
    except ValueError as error:
        alpha = error
    print(f"{name}: alpha {alpha}, expected 0")
    if alpha != 0:
        lost.add(name)
expected = {"gray,  2 bits", "gray,  4 bits", "gray, 16 bits", "RGB,  16 bits"}
sys.exit("Pillow behaves differently now" if lost != expected else 0)
PYTHON
