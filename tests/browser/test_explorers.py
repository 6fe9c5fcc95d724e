"""Every explorer in a real browser: dragged, keyed, typed into, simulated, stopped."""

import pytest

from lmmkit.course import explorers
from lmmkit.course.explorers.controls import Slider
from tests.browser import pages

pytestmark = pytest.mark.browser

WIDTHS = (1300, 800)


@pytest.fixture(scope="module")
def lab(browser, address):
    """All explorers in JupyterLab, every cell run."""
    book = pages.Book(browser, address, "all.ipynb", app="lab")
    book.run_all()
    assert book.errors == [] and book.outside == []
    yield book
    book.page.close()


@pytest.fixture(scope="module")
def notebook7(browser, address):
    """Three explorers in Notebook 7, every cell run."""
    book = pages.Book(browser, address, "three.ipynb", app="notebook")
    book.run_all()
    assert book.errors == [] and book.outside == []
    yield book
    book.page.close()


def another_value(name: str, now: float) -> str:
    """A value for the first slider's number box that it does not show now."""
    state = getattr(explorers, name).state(**pages.STATES.get(name, {}))
    controls = (c for c in getattr(explorers, name).controls if isinstance(c, Slider))
    control = next(c for c in controls if c.used is None or c.used(state))
    middle = control.low + control.step * round((control.high - control.low) / control.step / 2)
    value = middle if abs(middle - now) > control.step / 2 else control.low + control.step
    return f"{value:g}"


def drive(panel: pages.PanelOnPage, name: str, down: str, up: str) -> None:
    """Move the first slider by mouse and by the keys, then type: each time words and picture change."""
    assert panel.root.locator("img").get_attribute("alt").startswith(getattr(explorers, name).title)
    before = panel.seen()

    start = panel.value()
    panel.drag(0.15 if panel.share() > 0.5 else 0.85)
    before = panel.changes(before)
    panel.shows(panel.value, lambda value: value != start)

    start = panel.value()
    panel.press(down if panel.share() > 0.5 else up)
    before = panel.changes(before, little=True)
    panel.shows(panel.value, lambda value: value != start)

    text = another_value(name, panel.value())
    panel.type_number(text)
    panel.changes(before)
    assert panel.value() == pytest.approx(float(text))


@pytest.mark.parametrize("name", explorers.__all__)
def test_panel_in_lab(lab, name):
    lab.errors.clear()
    drive(lab.panel(name), name, "ArrowLeft", "ArrowRight")
    lab.panel(name).reset()
    assert lab.errors == [] and lab.outside == []


@pytest.mark.parametrize("name", pages.BOOKS["three.ipynb"])
def test_panel_in_notebook7(notebook7, name):
    notebook7.errors.clear()
    panel = notebook7.panel(name)
    drive(panel, name, "PageDown", "PageUp")
    for press in (panel.number_box().press, lambda key: panel.press(key)):
        before, start = panel.seen(), panel.value()
        press("ArrowUp")
        panel.changes(before, little=True)
        panel.shows(panel.value, lambda value, start=start: value > start)
    assert notebook7.errors == [] and notebook7.outside == []


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_sticks_out(lab, width):
    lab.resize(width)
    for name in explorers.__all__:
        panel = lab.panel(name)
        assert panel.overflow() <= 1, name
        assert panel.smallest_text() >= 13, name
        assert panel.cut_labels() == [], name
    lab.resize(WIDTHS[0])


def test_every_control_has_a_name(lab):
    """What a screen reader says: each box and list has a label, each picture a text."""
    for name in explorers.__all__:
        panel = lab.panel(name)
        assert panel.without_name() == [], name
        for slider in panel.sliders():
            assert slider["name"], name
            assert float(slider["spoken"].replace("\u2212", "-")) == float(slider["shown"]), (name, slider)
            assert len(slider["spoken"]) <= 6, (name, slider)


def test_a_simulation_shows_its_progress_gives_way_and_stops(lab):
    lab.errors.clear()
    panel = lab.panel("tests")
    for place in (1, 2):  # many large groups, so that the simulation outlasts a click
        before = panel.seen()
        panel.press_on(place, "End")
        panel.changes(before)
    panel.button("Refit 300 studies without an effect").click()
    panel.wait_for_progress(1)
    before = panel.seen()

    panel.drag(0.6)  # answered while the simulation runs, which then starts anew
    panel.changes(before)
    panel.wait_for_progress(1)

    panel.button("Stop").click()
    panel.wait_until_off("Stop")
    stopped = panel.progress()
    panel.page.wait_for_timeout(600)
    assert panel.progress() == stopped < 300
    panel.reset()
    assert lab.errors == []


def test_buttons_choose_a_state(lab):
    panel = lab.panel("random_effects")
    before = panel.seen()
    panel.button("Random slope").click()
    before = panel.changes(before)
    assert before[0].startswith("Random slope, y ~ x + (0 + x | group)")
    panel.button("New data").click()
    panel.changes(before)
    panel.reset()


def test_the_equation_is_set_by_the_page(lab):
    """The model builder's LaTeX becomes an equation without a request to anywhere."""
    panel = lab.panel("model_builder")
    panel.root.locator("mjx-container").first.wait_for()
    assert lab.outside == []
