"""What holds for all explorers: any state gives numbers, a picture and a sentence."""

import doctest
import io
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Slider
from lmmkit.course.explorers.explorer import WITH_TABLE, Explorer
from tests.course.explorers.sweep import random_state

NAMES = explorers.__all__


def get(name: str) -> Explorer:
    return getattr(explorers, name)


@pytest.mark.parametrize("name", NAMES)
def test_any_state_gives_a_sentence(name):
    explorer = get(name)
    rng = np.random.default_rng(7)
    for _ in range(8):
        state = random_state(explorer, rng)
        result = explorer.compute(**state)
        words = explorer.sentence(result)
        assert words.endswith((".", "above.")) and "nan" not in words.lower() and "inf" not in words, (
            state,
            words,
        )
        if explorer.details is not None:
            assert "nan" not in explorer.details(result).lower(), state


@pytest.mark.slow
@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", NAMES)
def test_all_sliders_at_one_end(name, end):
    explorer = get(name)
    state = {c.name: getattr(c, end) for c in explorer.controls if isinstance(c, Slider)}
    result = explorer.result(**state)
    assert explorer.sentence(result)
    assert explorer.picture(result).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NAMES)
def test_each_slider_alone_at_its_ends(name):
    """One group, an SD of 0, a correlation of ±1: wherever a handle can be pushed, the words make sense."""
    explorer = get(name)
    for control in explorer.controls:
        for value in (control.low, control.high) if isinstance(control, Slider) else ():
            result = explorer.result(**{control.name: value})
            told = explorer.sentence(result) + (explorer.details(result) if explorer.details else "")
            assert not {"nan", "inf"} & set(re.findall(r"[a-z]+", told.lower())), (control.name, value)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_picture_is_drawn_anew_on_the_same_figure(name):
    """A second drawing must not keep anything of the first: it equals one on a fresh figure."""
    explorer = get(name)
    rng = np.random.default_rng(3)
    first, second = (explorer.compute(**random_state(explorer, rng)) for _ in range(2))
    figure = style.new_figure(explorer.size)
    explorer.picture(first, figure)
    again = Image.open(io.BytesIO(explorer.picture(second, figure))).convert("RGB")
    fresh_figure = style.new_figure(explorer.size)
    fresh = Image.open(io.BytesIO(explorer.picture(second, fresh_figure))).convert("RGB")
    assert again.getpixel((0, 0)) == (255, 255, 255)
    assert again.size == tuple(round(inches * style.DPI) for inches in explorer.size)
    different = np.abs(np.asarray(again, int) - np.asarray(fresh, int)).max(2) > 60
    assert different.mean() < 0.002


# Where a handle changes the design itself, its picture shows another design: more groups need more room.
FOLLOWS = {
    "simpson": {"groups"},
    "pooling": {"groups"},
    "pseudoreplication": {"bio"},
    "structures": {"times"},
    "tests": {"groups"},
    "counts": {"rate", "samples"},
    "nested_crossed": {"upper", "lower", "rows"},
    "model_builder": {"share"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_axes_stay_while_a_handle_is_dragged(name):
    """A tilt is seen as a tilt only on axes that keep still."""
    explorer = get(name)
    figure = style.new_figure(explorer.size)
    for control in explorer.controls:
        if not isinstance(control, Slider) or control.name in FOLLOWS.get(name, ()):
            continue
        limits = set()
        for share in (0.0, 0.3, 0.6, 1.0):
            steps = round(share * (control.high - control.low) / control.step)
            value = round(control.low + control.step * steps, 6)
            explorer.picture(explorer.result(**{control.name: value}), figure)
            limits.add(
                tuple(np.round([*ax.get_xlim(), *ax.get_ylim()], 9).tolist() for ax in figure.axes).__repr__()
            )
        assert len(limits) == 1, (control.name, limits)


def contrast(colour) -> float:
    """Contrast with white paper (WCAG 2.2); what is see-through lets the paper show."""
    from matplotlib.colors import to_rgba

    *rgb, alpha = to_rgba(colour)
    parts = [alpha * part + 1 - alpha for part in rgb]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (float(np.dot([0.2126, 0.7152, 0.0722], linear)) + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_lines_marks_and_words_stand_out_from_the_paper(name):
    """Three times the paper's contrast for all that carries a message, in several states."""
    explorer = get(name)
    rng = np.random.default_rng(12)
    figure = style.new_figure(explorer.size)
    for state in (explorer.initial(), random_state(explorer, rng), random_state(explorer, rng)):
        explorer.picture(explorer.compute(**state), figure)
        for ax in figure.axes:
            for line in ax.lines + [a for a in ax.artists if hasattr(a, "get_linestyle")]:
                if line.get_linestyle() not in ("None", "", " "):
                    assert contrast(line.get_color()) >= 3, (line.get_color(), state)
                if line.get_marker() not in ("None", "", " ", None):
                    assert contrast(line.get_markeredgecolor()) >= 3, (line.get_markeredgecolor(), state)
            for text in ax.texts:
                if text.get_text().strip() and text.get_color() != "white":
                    assert contrast(text.get_color()) >= 3, text


@pytest.mark.parametrize("name", NAMES)
def test_its_help_tells_controls_ranges_answer_and_an_example_that_runs(name):
    explorer = get(name)
    told = explorer.__doc__
    for control in explorer.controls:
        assert re.search(
            rf"^{control.name} : .*\n(?:    .*\n)*?    .*{re.escape(control.label)}", told, re.M
        ), control.name
    answer = type(explorer.result()).__name__
    assert f"\nReturns\n-------\n{answer}\n" in told and "    Attributes\n" in told
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    test = doctest.DocTestParser().get_doctest(told, {}, name, None, 0)
    assert len(test.examples) >= 2
    assert runner.run(test, out=lambda text: None).failed == 0, told[told.index("Examples") :]
    assert all(len(line) <= 118 for line in told.splitlines())


def test_tables_are_taken_where_the_help_says_so():
    assert sorted(name for name in NAMES if get(name).own is not None) == sorted(WITH_TABLE)
    for name in NAMES:
        assert ("With a table of your own" in get(name).__doc__) == (name in WITH_TABLE)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_repeats(name):
    explorer = get(name)
    assert explorer.sentence(explorer.result()) == explorer.sentence(explorer.result())


@pytest.mark.parametrize("name", NAMES)
def test_starting_values_lie_within_their_controls(name):
    explorer = get(name)
    start = explorer.initial()
    assert explorer.state(**start) == start
    assert explorer.name == name and explorer.prompt.endswith(("?", "."))
    assert f"explorers.{name}" in repr(explorer)


@pytest.mark.parametrize("name", NAMES)
def test_buttons_lead_to_states_that_can_be_had(name):
    explorer = get(name)
    state, result = explorer.initial(), explorer.result()
    for act in explorer.actions.values():
        state = {**state, **act(state, result)}
        assert explorer.state(**state)
        result = explorer.compute(**state)


def test_wrong_state_is_named():
    with pytest.raises(DataError, match="did you mean 'groups'"):
        explorers.simpson.result(group=3)
    with pytest.raises(DataError, match="groups takes a whole number from 1 to 12"):
        explorers.simpson.result(groups=0)
    with pytest.raises(DataError, match="groups takes a whole number"):
        explorers.simpson.result(groups=2.5)
    with pytest.raises(DataError, match="noise='loud' is not a number"):
        explorers.simpson.result(noise="loud")
    with pytest.raises(DataError, match="is not on offer: choose one of 'REML'"):
        explorers.likelihood.result(criterion="AIC")
    with pytest.raises(DataError, match="has nothing to simulate"):
        explorers.simpson.simulate(10)


def test_unknown_explorer_lists_the_known():
    with pytest.raises(AttributeError, match="there is no explorer 'simson'"):
        explorers.simson  # noqa: B018
    assert set(dir(explorers)) == set(NAMES)


def test_numbers_come_without_widgets():
    """The library, the explorers' list and their numbers load no widgets, and the library no pictures
    either.
    """
    code = """
import sys
import lmmkit
assert not {'ipywidgets', 'matplotlib'} & set(sys.modules)
from lmmkit.course import explorers
result = explorers.random_or_fixed.result(answer='fixed')
assert result.right is True
assert not {'ipywidgets', 'matplotlib'} & set(sys.modules), 'numbers must not need widgets or pictures'
sys.modules['ipywidgets'] = None
try:
    explorers.random_or_fixed()
except ImportError as error:
    assert 'install lmmkit[course]' in str(error), error
else:
    raise AssertionError('a panel without widgets')
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def own_tables(name, table, x="x"):
    """An explorer that takes a table, given this one."""
    columns = {"pooling": ("y", "g"), "model_builder": ()}.get(name, ("y", x, "g"))
    return getattr(explorers, name)._with((table, *columns), {})[0]


OWN = pd.DataFrame({
    "y": [20.1, 21.7, 22.6, 17.2, 18.1, 19.8, 25.4, 25.8, 27.3],
    "x": [1.0, 2, 3] * 3,
    "g": list("aaabbbccc"),
})  # fmt: skip
MEASURED = ("likelihood", "pooling", "shrinkage", "simpson")


@pytest.mark.parametrize("name", MEASURED)
def test_a_table_without_what_is_looked_for_is_refused_in_a_sentence(name):
    with pytest.raises(DataError, match="'y' is the same in every row; numbers that differ are needed"):
        own_tables(name, OWN.assign(y=3.0))
    with pytest.raises(DataError, match="every row is a group of 'g' by itself"):
        own_tables(name, OWN.assign(g=range(9)))
    with pytest.raises(DataError, match="'g' has 1 group with complete rows; two are needed"):
        own_tables(name, OWN.assign(g="a"))
    if name != "pooling":
        with pytest.raises(DataError, match="'y' is named twice"):
            own_tables(name, OWN, x="y")
    if name in ("likelihood", "shrinkage"):
        with pytest.raises(DataError, match="cannot be fitted: the response 'y' is reproduced exactly"):
            own_tables(name, OWN.assign(y=2 * OWN["x"]))


@pytest.mark.parametrize("name", [*MEASURED, "model_builder"])
def test_a_table_in_small_units_shows_its_numbers(name):
    """Tonnes in place of kilograms: the same digits, not 0.00."""
    explorer = own_tables(name, OWN.assign(y=OWN["y"] * 1e-4))
    words = explorer.sentence(explorer.result())
    assert not re.search(r"(?<!\d)0\.00(?!\d)", words), words
    large = own_tables(name, OWN)
    assert words != large.sentence(large.result())
