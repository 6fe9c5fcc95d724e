"""The site as a reader meets it: built, then driven in a real browser, served from this machine and nowhere else."""

import re
import subprocess
import sys

import pytest

from lmmkit.course import explorers
from tests.browser.pages import shown
from tools.build_notebooks import ROOT
from tools.site_explorers import MOST_PLACES, figure

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
WIDTHS = (400, 800, 1300)
#: Pages of every kind, for what is looked at in each width.
KINDS = (
    "index.html",
    "lessons/06_pooling.html",
    "lessons/11_testing.html",
    "lessons/explorers.html",
    "lessons/glossary.html",
    "lessons/cheat_sheet.html",
    "exercises/06_pooling.html",
    "api/index.html",
    "api/lmer.html",
    "api/MixedModel.html",
    "data/README.html",
    "docs/run.html",
    "docs/how_to_report.html",
    "INSTRUCTORS.html",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make site` builds it: a warning of Sphinx's is a failure."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "tools.make_site", "--folder", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, (run.stdout + run.stderr)[-3000:]
    return folder / "site"


@pytest.fixture(scope="module")
def address(site):
    """Where a server of this machine shows it."""
    with shown(site) as where:
        yield where


@pytest.fixture
def page(browser, address):
    """A page that keeps what it has asked of other machines, and what went wrong on it."""
    page = browser.new_page(viewport={"width": 1300, "height": 900}, base_url=address)
    page.elsewhere, page.faults = [], []
    page.on(
        "request",
        lambda request: request.url.startswith(("data:", address)) or page.elsewhere.append(request.url),
    )
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    yield page
    assert page.elsewhere == [] and page.faults == []
    page.close()


def test_no_link_leads_nowhere(site):
    """Sphinx checks what it resolves; raw HTML and anchors are looked up here."""
    missing = []
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    texts = {path: path.read_text(encoding="utf-8") for path in pages}
    ids = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in texts.items()}
    for path, text in texts.items():
        for target in re.findall(r'(?:href|src)="([^"]+)"', text):
            if re.match(r"\w+:|//", target):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file.partition("?")[0]).resolve() if file else path
            if not there.exists() or (anchor and there in ids and anchor not in ids[there]):
                missing.append((path.relative_to(site).as_posix(), target))
    assert missing == []


def test_every_page_has_a_title_and_a_description(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if "_static" in path.parts or path.stem in ("search", "genindex"):
            continue
        assert re.search(r"<title>[^<]{3,}</title>", text), path
        told = re.search(r'<meta (?:name="description" content|content)="([^"]{10,})"', text)
        marks = r"[`*]|:func:|\?:" if path.parent.name == "api" else r"[`*]|\?:| - "  # a minus is none
        assert told and not re.search(marks, told[1]), (path, told)


def test_sizes_are_sane(site):
    for path in site.rglob("*.html"):
        assert path.stat().st_size < 1_500_000, path
    whole = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    assert whole < 40_000_000
    drawn = [folder for folder in (site / "_static" / "explorers").iterdir() if folder.is_dir()]
    assert {folder.name.rpartition("-")[0] for folder in drawn} == set(dir(explorers))
    for folder in drawn:
        assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000, folder
        pictures = [path.read_bytes() for path in folder.glob("*.webp")]
        assert len(set(pictures)) == len(pictures), f"a handle that moves nothing: {folder}"
        assert not [path for path in folder.glob("*.txt") if "Choose an answer" in path.read_text("utf-8")]


def test_a_search_finds_the_word(page):
    page.goto("/search.html?q=shrinkage")
    page.wait_for_selector("ul.search li a")
    found = page.eval_on_selector_all(
        "ul.search li a", "links => links.map(link => link.getAttribute('href'))"
    )
    assert any("glossary" in link for link in found) and any("06_pooling" in link for link in found)


def test_a_prediction_opens_on_a_click(page):
    page.goto("/lessons/06_pooling.html")
    fold = page.locator("details.hide", has_text="Guess first").first
    assert not fold.locator(".cell_output").first.is_visible()
    fold.locator("summary").click()
    assert fold.locator(".cell_output").first.is_visible()


def test_code_of_what_is_to_be_guessed_is_folded_where_the_notebook_folds_it(page):
    """It would tell the answer before the guess."""
    page.goto("/lessons/06_pooling.html")
    told = page.locator("main pre", has_text="The same three panels with the mixed model's line")
    assert told.count() == 1 and not told.is_visible()


def test_on_paper_nothing_is_folded_and_nothing_is_cut_off(page):
    page.goto("/lessons/06_pooling.html")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    answers = page.locator("details.hide .cell_output")
    assert answers.count() and all(answer.is_visible() for answer in answers.all())
    wide = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.eval_on_selector_all("main pre", wide) == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not answers.first.is_visible()


def test_a_page_for_reading_says_so(page):
    for name in ("lessons/00_start_here.html", "exercises/06_pooling.html"):
        page.goto(f"/{name}")
        page.get_by_role("link", name="open it as a notebook").click()
        assert page.url.endswith("/docs/run.html")


def test_the_way_leads_from_lesson_0_to_16(page):
    page.goto("/lessons/00_start_here.html")
    seen = []
    for _ in range(17):
        seen.append(int(re.search(r"/(\d\d)_", page.url)[1]))
        page.locator("a.right-next").first.click()
    assert seen == list(range(17))


def test_an_explorer_follows_drag_and_keys(page):
    page.goto("/lessons/explorers.html")
    figures = page.locator("figure.explorer")
    assert figures.count() >= len(dir(explorers))
    for number in range(figures.count()):
        figure = figures.nth(number)
        figure.scroll_into_view_if_needed()
        handle, told = figure.locator("input"), figure.locator("figcaption")
        assert 2 < int(handle.get_attribute("max")) + 1 <= MOST_PLACES + 2
        handle.focus()
        handle.press("Home")
        value = figure.locator("output")
        first, source = value.inner_text(), figure.locator("img").get_attribute("src")
        handle.press("ArrowRight")
        assert figure.locator("img").get_attribute("src") != source
        handle.press("End")
        assert value.inner_text() != first
        assert figure.locator("img").get_attribute("alt") == told.text_content()
        page.wait_for_function(
            "picture => picture.complete && picture.naturalWidth > 0",
            arg=figure.locator("img").element_handle(),
        )


def test_a_button_says_how_to_run_the_rest_of_an_explorer(page):
    page.goto("/lessons/explorers.html")
    for found in page.locator("figure.explorer").all():
        run = found.locator("details.run")
        assert not run.locator("pre").is_visible()
        run.locator("summary").click()
        code = run.locator("pre").inner_text()
        assert code.startswith("from lmmkit.course.start import explorers\nexplorers.")
        assert re.search(r"explorers\.(\w+)\(", code)[1] == found.get_attribute("data-name")


def test_where_the_site_has_a_page_that_runs_the_button_leads_there(tmp_path):
    made = figure("explorers.pooling()", tmp_path, "../", "lite")
    assert 'href="../lite/lab/index.html?path=lessons/explorers.ipynb"' in made
    assert (ROOT / "lessons" / "explorers.ipynb").exists()


def test_how_tos_show_what_their_blocks_answer(site, page):
    for path in sorted((site / "docs").glob("how_to_*.html")):
        source = (ROOT / "docs" / f"{path.stem}.md").read_text(encoding="utf-8")
        page.goto(f"/docs/{path.name}")
        cells = page.locator("div.cell")
        assert cells.count() == source.count("```python") >= 3
        assert page.locator("div.cell_output").count() >= cells.count() - 1
        assert "Traceback" not in page.locator("main").inner_text()


def test_formulas_are_drawn_and_can_be_heard(page):
    page.goto("/lessons/04_random_intercepts.html")
    page.wait_for_selector("mjx-container mjx-assistive-mml math", state="attached")
    assert page.locator("mjx-merror").count() == 0


def test_a_page_of_the_reference_shows_its_call_and_its_example(page):
    page.goto("/api/lmer.html")
    text = page.locator("main").inner_text()
    assert "reml" in text and "Parameters" in text and "lk.lmer(" in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", KINDS)
def test_nothing_runs_off_the_page_and_every_picture_has_words(page, name, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    silent = page.eval_on_selector_all(
        "main img", "all => all.filter(one => !(one.alt || '').trim()).map(one => one.src)"
    )
    assert silent == []


@pytest.mark.parametrize("name", ["from_python", "from_r", "differences", "workers"])
def test_no_column_of_a_table_stands_outside_the_page(page, name):
    page.set_viewport_size({"width": 1300, "height": 900})
    page.goto(f"/docs/{name}.html")
    hidden = page.eval_on_selector_all(
        ".pst-scrollable-table-container", "all => all.map(one => one.scrollWidth - one.clientWidth)"
    )
    assert hidden and max(hidden) == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_no_serious_fault(page, name, dark):
    from axe_playwright_python.sync_playwright import Axe

    page.goto(f"/{name}")
    page.evaluate(f"document.documentElement.dataset.theme = '{'dark' if dark else 'light'}'")
    page.wait_for_timeout(600)  # the colours change slowly
    found = Axe().run(page).response["violations"]
    serious = {
        fault["id"]: [node["html"][:120] for node in fault["nodes"][:3]]
        for fault in found
        if fault["impact"] in ("serious", "critical")
    }
    assert serious == {}
