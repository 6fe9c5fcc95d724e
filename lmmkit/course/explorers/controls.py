"""The controls of an explorer, and how a number stands in a sentence of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lmmkit.errors import DataError
from lmmkit.formatting.wording import p_value, plural, rounded

__all__ = [
    "Choice",
    "Control",
    "Number",
    "R",
    "Slider",
    "State",
    "Study",
    "Tick",
    "number",
    "p_value",
    "plural",
]

State = dict[str, Any]
R = TypeVar("R")
_ROUNDING = 1e-10  # what the arithmetic leaves where a number is zero


def number(value: float, digits: int = 2) -> str:
    """So many decimals, and for small numbers, as in a table of small units, so many digits that are not zero.

    Examples
    --------
    >>> number(-1.234), number(0.0), number(0.000378), number(-2e-7)
    ('−1.23', '0.00', '0.00038', '−2.0e−07')
    """
    size = abs(value)
    if not _ROUNDING < size < 0.01:
        return rounded(value, digits)
    decimals = digits - 1 - math.floor(math.log10(size))
    return rounded(value, decimals) if decimals < 7 else f"{value:.{digits - 1}e}".replace("-", "−")


@dataclass(frozen=True)
class Slider:
    """A number, dragged or typed; whole when `step` is an integer. `live=False` waits for the drag's end.

    `unit` says what the number counts or is measured in; `used` tells, where it does not always, when the
    slider has a say.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    live: bool = True
    unit: str = ""
    used: Callable[[State], bool] | None = None

    def accept(self, value: Any, state: State) -> Any:
        """`value` as a number of this control, or an error that says what it takes."""
        return _number(self, value)


@dataclass(frozen=True)
class Number:
    """A whole number that is only typed: a seed."""

    name: str
    label: str
    low: int
    high: int
    step: int = 1

    def accept(self, value: Any, state: State) -> Any:
        """`value` as a whole number, or an error that says what it takes."""
        return _number(self, value)


@dataclass(frozen=True)
class Choice:
    """One of several texts; `options` may depend on what else has been chosen."""

    name: str
    label: str
    options: tuple[str, ...] | Callable[[State], tuple[str, ...]]

    def offered(self, state: State) -> tuple[str, ...]:
        """What can be chosen now."""
        return self.options(state) if callable(self.options) else self.options

    def accept(self, value: Any, state: State) -> Any:
        """`value` if it is on offer, or an error that says what is."""
        offered = self.offered(state)
        if not isinstance(value, str) or value not in offered:
            given = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
            mine = "; a table of your own is given first, without a name" if hasattr(value, "columns") else ""
            raise DataError(
                f"{self.name}={given} is not on offer: choose one of {', '.join(map(repr, offered))}{mine}"
            )
        return value


@dataclass(frozen=True)
class Tick:
    """Yes or no."""

    name: str
    label: str

    def accept(self, value: Any, state: State) -> Any:
        """`value` as yes or no."""
        return bool(value)


Control = Slider | Number | Choice | Tick


def _number(control: Slider | Number, value: Any) -> float | int:
    whole = isinstance(control.step, int)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(f"{control.name}={value!r} is not a number") from None
    if not control.low <= number <= control.high or (whole and number != int(number)):
        kind = "a whole number" if whole else "a number"
        raise DataError(
            f"{control.name} takes {kind} from {control.low:g} to {control.high:g}, not {value!r}"
        )
    return int(number) if whole else number


@dataclass(frozen=True)
class Study(Generic[R]):
    """A computation too long for a redraw: `run` yields a better result after every simulated data set.

    `run(n, **state)` yields `n` results; the panel draws some of them and can stop between any two.
    """

    label: str
    run: Callable[..., Iterator[R]]
    n: int = 400
