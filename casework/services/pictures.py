"""One photo, from the octets a phone sent to the picture that is kept.

Nothing of what came is kept: the picture is decoded under limits and written anew, so neither
place and time of its taking (EXIF) nor a second file hidden in it goes on.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

MAX_BYTES = 8 << 20
MAX_PIXELS = 50_000_000  # a phone of today takes 12 to 50 million; decoded that is 150 MB
EDGE = 1600
KEPT_BYTES = 400_000
_QUALITIES = (82, 74, 66, 58, 50)
_FORMATS = ("JPEG", "PNG", "WEBP")
# What makes another program see another file in a picture.
_FOREIGN = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF-",
    b"<script",
    b"<html",
    b"<?php",
    b"<svg",
    b"MZ\x90",
)

_NO_PICTURE = "这不是能识别的照片（JPEG、PNG 或 WebP），请重新拍摄或另选一张。"
_TWO_FILES = "这个文件里除照片外还夹带别的内容，不能使用，请重新拍摄或另选一张。"
_BROKEN = "照片文件不完整，请重新拍摄或另选一张。"


class PictureRefused(Exception):
    """The text tells the person what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    width: int
    height: int


def clean(octets: bytes) -> Picture:
    """Errors: PictureRefused."""
    if len(octets) > MAX_BYTES:
        raise PictureRefused(f"照片超过 {MAX_BYTES >> 20} MB，请缩小后再上传。")
    _refuse_passengers(octets)
    try:
        with Image.open(io.BytesIO(octets), formats=_FORMATS) as image:
            _refuse_bomb(image)
            # A JPEG can be decoded at a fraction of its size.
            image.draft("RGB", (EDGE, EDGE))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except PictureRefused:
        raise
    except Image.DecompressionBombError as bomb:
        raise PictureRefused(_too_large()) from bomb
    except Exception as fault:  # a decoder may fail in any way on hostile octets
        raise PictureRefused(_BROKEN) from fault
    upright.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
    return Picture(_written(upright), *upright.size)


def _written(image: Image.Image) -> bytes:
    """The best quality within KEPT_BYTES. A fresh picture carries no metadata over."""
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    content = b""
    for quality in _QUALITIES:
        target = io.BytesIO()
        plain.save(target, "JPEG", quality=quality, optimize=True)
        content = target.getvalue()
        if len(content) <= KEPT_BYTES:
            break
    return content


def _refuse_bomb(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PictureRefused(_too_large())


def _too_large() -> str:
    return f"照片像素超过 {MAX_PIXELS // 10_000} 万，展开后会占满内存，请缩小后再上传。"


# -- passengers ---------------------------------------------------------------------------------


def _refuse_passengers(octets: bytes) -> None:
    """A picture ends where its own format says, and its notes hold no other file."""
    try:
        notes, end = _walk(octets)
    except (struct.error, IndexError):
        raise PictureRefused(_BROKEN) from None
    if end > len(octets):
        raise PictureRefused(_BROKEN)
    if end < len(octets) or any(sign in note for note in notes for sign in _FOREIGN):
        raise PictureRefused(_TWO_FILES)


def _walk(octets: bytes) -> tuple[list[bytes], int]:
    if octets[:3] == b"\xff\xd8\xff":
        return _jpeg(octets)
    if octets[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(octets)
    if octets[:4] == b"RIFF" and octets[8:12] == b"WEBP":
        return _webp(octets)
    raise PictureRefused(_NO_PICTURE)


def _jpeg(octets: bytes) -> tuple[list[bytes], int]:
    """Its segments but the drawing itself, and where its end marker ends (ITU-T T.81, annex B)."""
    notes: list[bytes] = []
    at = 2
    while True:
        if octets[at] != 0xFF:
            raise PictureRefused(_BROKEN)
        marker = octets[at + 1]
        if marker == 0xD9:
            return notes, at + 2
        (length,) = struct.unpack_from(">H", octets, at + 2)
        notes.append(octets[at + 4 : at + 2 + length])
        at += 2 + length
        if marker == 0xDA:
            at = _after_scan(octets, at)


def _after_scan(octets: bytes, at: int) -> int:
    """The next marker that is neither a stuffed FF nor a restart."""
    while True:
        at = octets.find(b"\xff", at)
        if at < 0:
            raise PictureRefused(_BROKEN)
        follower = octets[at + 1]
        if follower == 0xFF:
            at += 1
        elif follower == 0x00 or 0xD0 <= follower <= 0xD7:
            at += 2
        else:
            return at


def _png(octets: bytes) -> tuple[list[bytes], int]:
    notes: list[bytes] = []
    at = 8
    while True:
        (length,) = struct.unpack_from(">I", octets, at)
        kind = octets[at + 4 : at + 8]
        if kind != b"IDAT":
            notes.append(octets[at + 8 : at + 8 + length])
        at += 12 + length
        if kind == b"IEND":
            return notes, at


def _webp(octets: bytes) -> tuple[list[bytes], int]:
    (size,) = struct.unpack_from("<I", octets, 4)
    return list(_webp_notes(octets, 8 + size)), 8 + size


def _webp_notes(octets: bytes, end: int) -> Iterator[bytes]:
    at = 12
    while at + 8 <= min(end, len(octets)):
        (length,) = struct.unpack_from("<I", octets, at + 4)
        if octets[at : at + 4] not in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF"):
            yield octets[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
