"""Draws the icons of the installed page from static/img/icon.svg: .venv/bin/python script/icons.py

The maskable one leaves a rim, because phones cut it round.
"""

import os
import re
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "static" / "img"
ICONS = {"icon-192.png": (192, 0), "icon-512.png": (512, 0), "icon-maskable-512.png": (512, 0.1)}


def main() -> None:
    drawing = (IMAGES / "icon.svg").read_text()
    with sync_playwright() as driver:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--disable-gpu", *sandbox]
        )
        for name, (size, rim) in ICONS.items():
            draw(browser.new_page(), name, drawing=drawing, size=size, rim=rim)
        browser.close()


def draw(page: Page, name: str, *, drawing: str, size: int, rim: float) -> None:
    if rim:
        # The ground goes to the edge, the figures keep away from it.
        inner = 32 * (1 + 2 * rim)
        drawing = drawing.replace("0 0 32 32", f"{-32 * rim} {-32 * rim} {inner} {inner}")
        ground = f'<rect x="-32" y="-32" width="96" height="96" fill="{_colour(drawing)}"/>'
        drawing = drawing.replace("><rect", f">{ground}<rect", 1)
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(f"<style>*{{margin:0}}svg{{display:block;width:{size}px}}</style>{drawing}")
    page.screenshot(path=IMAGES / name, omit_background=not rim)


def _colour(drawing: str) -> str:
    found = re.search(r'fill="(#\w+)"', drawing)
    assert found, "the icon has no ground"
    return found.group(1)


if __name__ == "__main__":
    main()
