"""What an explorer is: named controls, a plain function from their values to numbers, a picture, a sentence.

Nothing here knows of widgets: the numbers, the picture and the sentence can be had in a script or a test. The
widgets are in `panel`.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lmmkit.course.explorers.controls import Choice, Control, Number, Slider, State, Study
from lmmkit.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmmkit.course.explorers.panel import Panel

R = TypeVar("R")


@dataclass(frozen=True)
class Explorer(Generic[R]):
    """One idea to touch.

    Calling it makes the panel: ``explorers.simpson(groups=3)``. Its numbers alone come from
    ``.result(groups=3)``, which is plain Python: use that in a cell that is graded, since a widget's values
    are lost when a notebook is run again.

    Attributes
    ----------
    name, title, prompt : str
        What it is called in code, above the panel, and what to try first.
    controls : tuple of Slider, Number, Choice, Tick
        Their starting values are the defaults of `compute`, so that they are written down once.
    compute : callable
        State (keyword arguments) to a dataclass of numbers.
    draw : callable
        ``draw(result, figure)`` draws on an empty figure.
    sentence : callable
        The result in one sentence: the readout under the picture, and the picture's text for those who hear
        it.
    details : callable, optional
        More of the result as HTML (a table, a formula).
    actions : mapping
        Label of a button to a function ``(state, result) -> changes of the state``.
    settle : callable, optional
        ``settle(state, changed) -> state``: what else must change after control `changed` was touched.
    carry : callable, optional
        ``carry(result) -> dict``: what the next result must know of this one, passed on as keyword arguments.
    study : Study, optional
        The long computation, run in pieces that the sliders never wait for.
    size : (float, float)
        Of the picture, in inches at 100 dots each.
    """

    name: str
    title: str
    prompt: str
    controls: tuple[Control, ...]
    compute: Callable[..., R]
    draw: Callable[[R, Figure], None]
    sentence: Callable[[R], str]
    details: Callable[[R], str] | None = None
    actions: Mapping[str, Callable[[State, R], State]] = field(default_factory=dict)
    settle: Callable[[State, str], State] | None = None
    carry: Callable[[R], State] | None = None
    study: Study[R] | None = None
    size: tuple[float, float] = (10.0, 4.6)

    def __call__(self, **state: Any) -> Panel:
        """The panel, its controls set to `state` where given."""
        try:
            from lmmkit.course.explorers.panel import Panel
        except ModuleNotFoundError as missing:
            raise ImportError(
                f"the panel needs {missing.name}: install lmmkit[course]; the numbers alone come from "
                f"explorers.{self.name}.result()"
            ) from None
        return Panel(self, state)

    def initial(self) -> State:
        """The state the explorer starts in."""
        defaults = inspect.signature(self.compute).parameters
        return {control.name: defaults[control.name].default for control in self.controls}

    def state(self, **changes: Any) -> State:
        """The starting state with `changes`, each checked.

        Raises
        ------
        DataError
            For a control that does not exist, or a value it cannot take.
        """
        state = self.initial()
        for name in changes:
            if name not in state:
                near = get_close_matches(name, state, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(state)}"
                raise DataError(f"explorers.{self.name} has no control {name!r}{hint}")
        for control in self.controls:  # in their order: what is on offer may depend on those before
            if control.name in changes:
                state[control.name] = control.accept(changes[control.name], state)
                if self.settle is not None:
                    state = self.settle(state, control.name)
            elif isinstance(control, Choice) and state[control.name] not in control.offered(state):
                state[control.name] = control.offered(state)[0]
        return state

    def result(self, **state: Any) -> R:
        """The numbers behind the picture, for the starting state with the given changes.

        Raises
        ------
        DataError
            For a control that does not exist, or a value it cannot take.
        """
        return self.compute(**self.state(**state))

    def simulate(self, n: int | None = None, **state: Any) -> R:
        """The long computation, run to its end: `n` simulated data sets at the given state.

        Raises
        ------
        DataError
            When this explorer has none, or for a state it cannot take.
        """
        if self.study is None:
            raise DataError(f"explorers.{self.name} has nothing to simulate; use .result()")
        *_, last = self.study.run(self.study.n if n is None else n, **self.state(**state))
        return last

    def picture(self, result: R, fig: Figure | None = None, *, caption: bool = False) -> bytes:
        """The picture of `result` as PNG bytes, drawn on `fig` where an earlier picture of this explorer is
        to be drawn over.
        """
        from lmmkit.course.explorers import style

        with style.look():
            fig = style.new_figure(self.size) if fig is None else fig
            self.draw(result, fig)
            words = textwrap.fill(self.sentence(result), int(self.size[0] * 10.4)) if caption else ""
            return style.png(fig, words)

    def __repr__(self) -> str:
        lines = [f"explorers.{self.name}: {self.title}"]
        start = self.initial()
        for control in self.controls:
            if isinstance(control, Slider | Number):
                takes = f"{control.low:g} to {control.high:g}"
            elif isinstance(control, Choice):
                takes = " | ".join(control.offered(start))
            else:
                takes = "True | False"
            lines.append(f"  {control.name} = {start[control.name]!r}  ({control.label}: {takes})")
        return "\n".join(lines)
