"""Numbers, phones and accounts in extra columns: masked in the open, sealed beside it."""

import hashlib
import re
from functools import lru_cache

import orjson

from core import idnumber

# Eleven digits and more, in groups or not: phones, cards, ID and disability card numbers. Twelve
# without a gap are a division code (统计用区划代码) and no secret.
_SECRET = re.compile(r"(?<!\d)(?!\d{12}(?![\dXx]))\d(?:[ -]?\d){10,}(?: ?[Xx]\d*)?")
_SHORTEST = 11


def open_part(extra: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What may be kept in the open, and the values that had to be masked in it."""
    shown: dict[str, str] = {}
    secret: dict[str, str] = {}
    for label, value in extra.items():
        if len(value) >= _SHORTEST and _SECRET.search(value):
            secret[label] = value
            shown[label] = _SECRET.sub(lambda found: idnumber.mask(found[0]), value)
        else:
            shown[label] = value
    return shown, secret


@lru_cache(maxsize=256)
def columns_digest(labels: tuple[str, ...]) -> str:
    return hashlib.blake2b("\n".join(sorted(labels)).encode(), digest_size=16).hexdigest()


def packed(secret: dict[str, str]) -> str:
    return orjson.dumps(secret, option=orjson.OPT_SORT_KEYS).decode()
