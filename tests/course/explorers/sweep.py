"""States that hands can reach, and what the sentences say of them, for tests over a sweep of all controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from lmmkit.course import explorers
from lmmkit.course.explorers.controls import Choice, Number, Slider
from lmmkit.course.explorers.explorer import Explorer

NUMBER = r"(-?\d+(?:\.\d+)?(?:e-?\d+)?)"


def random_state(explorer: Explorer[Any], rng: np.random.Generator) -> dict[str, Any]:
    """A state that hands could reach: each control in turn somewhere, the ends as often as not."""
    state = explorer.initial()
    for control in explorer.controls:
        if isinstance(control, Choice):
            value: Any = str(rng.choice(control.offered(state)))
        elif isinstance(control, Number):
            value = int(rng.integers(control.low, control.high + 1))
        elif isinstance(control, Slider):
            steps = round((control.high - control.low) / control.step)
            place = rng.choice([0, steps, *rng.integers(0, steps + 1, 2)])
            value = control.low + control.step * place
            value = int(value) if isinstance(control.step, int) else round(float(value), 6)
        else:
            value = bool(rng.integers(2))
        state[control.name] = value
        if explorer.settle is not None:
            state = explorer.settle(state, control.name)
    return explorer.state(**state) if explorer.settle is None else state


def sweep(name: str, count: int, seed: int = 1, **fixed: Any) -> Iterator[tuple[dict[str, Any], Any, str]]:
    """State, result and sentence of `count` random states, the first of them the starting one."""
    explorer = getattr(explorers, name)
    rng = np.random.default_rng(seed)
    for i in range(count):
        state = explorer.initial() if i == 0 else random_state(explorer, rng)
        state.update(fixed)
        result = explorer.compute(**state)
        yield state, result, explorer.sentence(result).replace("−", "-")


def found(pattern: str, words: str) -> list[float]:
    """The numbers that stand in `words` where `pattern` has a #; the pattern must be there."""
    parts = pattern.split("#")
    match = re.search(NUMBER.join(map(re.escape, parts)), words)
    assert match is not None, (pattern, words)
    return [float(text) for text in match.groups()]


def same(shown: float, value: float, digits: int = 2, room: float = 0.0) -> bool:
    """Whether `shown` is `value` rounded to so many decimals, give or take `room`."""
    return bool(abs(shown - value) <= 0.5 * 10**-digits * (1 + 1e-6) + room + 1e-9)
