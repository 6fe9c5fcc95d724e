"""Screenshots of the first lesson and of every explorer: `python -m tests.browser.screenshots FOLDER`.

The lesson and the explorers at 1300 pixels go to docs/images as well, packed for the README and the lessons.
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


def main(folder: Path) -> None:
    """Take them all."""
    folder.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    first_lesson(folder)
    explorers(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
