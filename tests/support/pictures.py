"""A small picture for tests."""

import struct
import zlib


def draw_png(width: int = 160, height: int = 40) -> bytes:
    """Return a PNG of one dark blue."""
    rows = (b"\x00" + b"\x12\x2b\x5e" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
