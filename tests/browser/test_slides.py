"""The decks of `make slides` as a lecture hall sees them, and the hand-outs."""

import re

import nbformat
import pytest

from tools.build_notebooks import ROOT
from tools.make_slides import deck, main, slides_of

LESSONS = sorted((ROOT / "lessons").glob("[0-9][0-9]_*.ipynb"))
#: Letters of the words on a slide, as a share of its height: legible from ten times the screen's height and more.
SMALLEST = 28 / 720


@pytest.mark.browser
@pytest.mark.slow
def test_every_slide_fits_and_can_be_read_and_nothing_is_asked_of_anybody(browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    asked = []
    page.on(
        "request", lambda request: request.url.startswith(("data:", "file:")) or asked.append(request.url)
    )
    for path in LESSONS:
        file = tmp_path / f"{path.stem}.html"
        file.write_text(deck(slides_of(nbformat.read(path, as_version=4))), encoding="utf-8")
        page.goto(file.as_uri())
        slides = page.locator("section")
        for number in range(slides.count()):
            assert slides.nth(number).is_visible() and page.url.endswith(f"#{number + 1}")
            too_much, letters = page.evaluate(
                """number => {
                  const slide = document.querySelectorAll('section')[number], body = slide.children[1];
                  const over = [slide, body].some(one => one.scrollHeight > one.clientHeight + 2
                    || one.scrollWidth > one.clientWidth + 2);
                  return [over, parseFloat(getComputedStyle(body).fontSize) / slide.clientHeight];
                }""",
                number,
            )
            assert not too_much, (path.stem, number + 1)
            assert letters >= SMALLEST or slides.nth(number).locator("figure").count()
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        assert slides.first.is_visible()
    page.close()
    assert asked == []


@pytest.mark.browser
@pytest.mark.slow
def test_a_hand_out_has_two_slides_a_sheet(browser, tmp_path):
    assert main(["--folder", str(tmp_path), "06"]) == 0
    slides = len(slides_of(nbformat.read(ROOT / "lessons" / "06_pooling.ipynb", as_version=4)))
    (handout,) = tmp_path.glob("*.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", handout.read_bytes())) == -(-slides // 2)
