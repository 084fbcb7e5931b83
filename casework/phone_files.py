"""Which files the page for visits needs without a network, and one name for their present state."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

_ADDRESS = re.compile(r'(?:src|href)="([^"]+)"')


@dataclass(frozen=True, slots=True)
class PhoneFiles:
    version: str
    addresses: tuple[str, ...]


def shell() -> str:
    """The page as everybody gets it: rendered without the request, nothing of the caller is in."""
    return render_to_string("casework/phone.html")


def phone_files() -> PhoneFiles:
    return _look() if settings.DEBUG else _look_once()


@lru_cache(maxsize=1)
def _look_once() -> PhoneFiles:
    return _look()


def _look() -> PhoneFiles:
    page = shell()
    named = dict.fromkeys(_ADDRESS.findall(page))
    addresses = tuple(each for each in named if each.startswith(settings.STATIC_URL))
    digest = hashlib.sha256(page.encode())
    for address in addresses:
        digest.update(_content(address))
    return PhoneFiles(digest.hexdigest()[:16], addresses)


def _content(address: str) -> bytes:
    """A hashed name stands for its content; a plain one is looked into."""
    found = finders.find(address.removeprefix(settings.STATIC_URL))
    return Path(found).read_bytes() if isinstance(found, str) else address.encode()
