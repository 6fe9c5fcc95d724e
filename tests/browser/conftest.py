"""A browser and a Jupyter server for one module of tests; without a Chromium the tests say so and are
skipped.
"""

from collections.abc import Iterator

import pytest

from tests.browser import pages
from tools.make_slides import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Debian's Chromium. Closed with its module: Playwright's loop would be in the way of tests that run
    their own.
    """
    if chromium() is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = pages.launch(playwright)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[str]:
    """Address of a Jupyter server whose folder holds the notebooks of explorers."""
    folder = tmp_path_factory.mktemp("jupyter")
    with pages.server(folder) as where:
        for name, explorers in pages.BOOKS.items():
            pages.write_notebook(folder / "work" / name, [pages.cell(name) for name in explorers])
        yield where
