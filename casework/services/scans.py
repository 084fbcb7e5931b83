"""Scans of signed papers: looked at before they are kept, and kept sealed below MEDIA_ROOT."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from PIL import Image

from casework.states import TransitionRefused
from core import vault

FOLDER = "scans"
MOST_BYTES = 10_000_000
MOST_PIXELS = 60_000_000
PDF = "application/pdf"
_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png"}
ENDINGS = {PDF: "pdf", "image/jpeg": "jpg", "image/png": "png"}
_OTHER_KIND = "这个文件不是 PDF、JPG 或 PNG。请扫描或拍照后重新选择；Word 文件请先另存为 PDF。"


@dataclass(frozen=True, slots=True)
class Scan:
    stored_as: str
    media_type: str
    sha256: str


def keep(content: IO[bytes], *, size: int) -> Scan:
    """Errors: TransitionRefused, when it is too large or no scan at all; nothing is kept then."""
    if size > MOST_BYTES:
        raise TransitionRefused(
            f"扫描件有 {size / 1_000_000:.1f} MB，超过 {MOST_BYTES // 1_000_000} MB。"
            "请降低扫描分辨率（200 dpi 即可）或用手机拍照后重新选择。"
        )
    media_type = _looked_at(content)
    content.seek(0)
    stored_as = f"{FOLDER}/{uuid.uuid4().hex}"
    return Scan(stored_as, media_type, vault.seal_into(_path(stored_as), content))


def pieces(stored_as: str) -> Iterator[bytes]:
    """Errors: OSError, crypto.CannotOpen."""
    return vault.pieces(_path(stored_as))


def is_kept(stored_as: str) -> bool:
    return bool(stored_as) and _path(stored_as).is_file()


def forget(stored_as: str) -> None:
    if stored_as:
        _path(stored_as).unlink(missing_ok=True)


def _path(stored_as: str) -> Path:
    return Path(settings.MEDIA_ROOT) / stored_as


def _looked_at(content: IO[bytes]) -> str:
    """What it is by its own octets, whatever its name says."""
    content.seek(0)
    if content.read(5) == b"%PDF-":
        return PDF
    content.seek(0)
    try:
        with Image.open(content, formats=list(_PICTURES)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise TransitionRefused("这张图片的像素太多，请降低分辨率后重新选择。")
            picture.verify()
            return _PICTURES[str(picture.format)]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as trouble:
        raise TransitionRefused(_OTHER_KIND) from trouble
