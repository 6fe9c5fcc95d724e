"""What holds for all explorers: any state gives numbers, a picture and a sentence."""

import io
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers.controls import Choice, Number, Slider
from lmmkit.course.explorers.explorer import Explorer

NAMES = explorers.__all__


def get(name: str) -> Explorer:
    return getattr(explorers, name)


def random_state(explorer: Explorer, rng: np.random.Generator) -> dict:
    """A state that hands could reach: each control in turn somewhere, the ends more often than not."""
    state = explorer.initial()
    for control in explorer.controls:
        if isinstance(control, Choice):
            value = rng.choice(control.offered(state))
        elif isinstance(control, Slider | Number):
            value = rng.choice([control.low, control.high, rng.uniform(control.low, control.high)])
            value = int(value) if isinstance(control.step, int) else float(value)
        else:
            value = bool(rng.integers(2))
        state[control.name] = value if not isinstance(value, np.str_) else str(value)
        if explorer.settle is not None:
            state = explorer.settle(state, control.name)
    return state


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
    from lmmkit.course.explorers import style

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
