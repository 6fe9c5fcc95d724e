"""Screenshots: `python -m tests.browser.screenshots FOLDER`, of the first lesson, every explorer, and the site.

The lesson, the explorers at 1300 pixels, and three pages of the site go to docs/images as well, packed for the README,
the lessons and the docs. `... FOLDER site_pages` takes one part alone; for the site, `make site` comes first.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import pages

IMAGES = pages.ROOT / "docs" / "images"
LARGEST = 150_000  # bytes
#: Pages of the site: where, how wide, how high, and what stands at the top.
SITE = {
    "site_lesson": ("lessons/06_pooling.html", 1300, 900, "figure.explorer"),
    "site_reference": ("api/lmer.html", 1300, 900, "h1"),
    "site_phone": ("lessons/06_pooling.html", 400, 800, "h1"),
}


def pack(source: Path, target: Path) -> None:
    """Write `source` with as few colours as it takes to stay below 150 kB."""
    picture = Image.open(source).convert("RGB")
    for colours in (256, 128, 64, 32):
        picture.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            target, optimize=True
        )
        if target.stat().st_size < LARGEST:
            return
    raise RuntimeError(f"{target.name} is {target.stat().st_size} bytes, above {LARGEST}")


def first_lesson(folder: Path) -> None:
    """JupyterLab as a newcomer finds it, the first explorer on the page."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(pages.ROOT / "lessons", Path(place) / "work" / "lessons")
        with pages.server(Path(place)) as address, sync_playwright() as p:
            book = pages.Book(pages.launch(p), address, "lessons/00_start_here.ipynb", app="lab", width=1440)
            book.run_all(until=book.page.locator(".lmmkit-random_effects img").first)
            book.panel("random_effects").root.evaluate("panel => panel.scrollIntoView()")
            book.settled()
            book.page.screenshot(path=folder / "start.png")
    pack(folder / "start.png", IMAGES / "start.png")


def explorers(folder: Path) -> None:
    """Every panel, wide and narrow."""
    names = pages.BOOKS["all.ipynb"]
    with tempfile.TemporaryDirectory() as place, pages.server(Path(place)) as address, sync_playwright() as p:
        pages.write_notebook(Path(place) / "work" / "all.ipynb", [pages.cell(name) for name in names])
        book = pages.Book(pages.launch(p), address, "all.ipynb", app="lab")
        book.run_all()
        for name in ("counts", "tests"):  # shown with their simulation done
            book.panel(name).simulate()
        for width in (1300, 800):
            book.resize(width, height=2000)  # tall enough for any panel
            for name in names:
                target = folder / f"{name}_{width}.png"
                book.panel(name).root.screenshot(path=target)
                if width == 1300:
                    pack(target, IMAGES / f"explorer_{name}.png")


def site_pages(folder: Path) -> None:
    """A lesson, the same on a phone, and a page of the reference."""
    site = pages.ROOT / "dist" / "site"
    if not site.exists():
        raise SystemExit("there is no dist/site: make site")
    with pages.shown(site) as address, sync_playwright() as p:
        browser = pages.launch(p)
        for name, (place, width, height, top) in SITE.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{address}/{place}")
            page.locator(top).first.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 130)")
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}.png")
            pack(folder / f"{name}.png", IMAGES / f"{name}.png")


PARTS = {"first_lesson": first_lesson, "explorers": explorers, "site_pages": site_pages}


def main(folder: Path, parts: list[str]) -> None:
    """Take these, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in parts or PARTS:
        PARTS[name](folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
