"""What an explorer is: named controls, a plain function from their values to numbers, a picture, a sentence.

Nothing here knows of widgets: the numbers, the picture and the sentence can be had in a script or a test. The
widgets are in `panel`.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lmmkit.course.explorers.controls import Choice, Control, Number, Slider, State, Study, Tick
from lmmkit.errors import DataError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lmmkit.course.explorers.panel import Panel

R = TypeVar("R")
WITH_TABLE = ("likelihood", "model_builder", "pooling", "shrinkage", "simpson")


@dataclass(frozen=True)
class Explorer(Generic[R]):
    """One idea to touch.

    Calling it makes the panel: ``explorers.simpson(groups=3)``. Its numbers alone come from
    ``.result(groups=3)``, which is plain Python: use that in a cell that is graded, since a widget's values
    are lost when a notebook is run again. Some take a table of your own: ``explorers.pooling(my_table, "y", "g")``.

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
    example : str
        A line or two of code with what they print, for the help.
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
    own : callable, optional
        ``own(table, *columns) -> Explorer``: the same explorer for a table of the reader's.
    size : (float, float)
        Of the picture, in inches at 100 dots each.

    Examples
    --------
    >>> from lmmkit.course import explorers
    >>> round(explorers.simpson.result(groups=3).between, 2)
    -0.61
    """

    name: str
    title: str
    prompt: str
    controls: tuple[Control, ...]
    compute: Callable[..., R]
    draw: Callable[[R, Figure], None]
    sentence: Callable[[R], str]
    example: str = ""
    details: Callable[[R], str] | None = None
    actions: Mapping[str, Callable[[State, R], State]] = field(default_factory=dict)
    settle: Callable[[State, str], State] | None = None
    carry: Callable[[R], State] | None = None
    study: Study[R] | None = None
    own: Callable[..., Explorer[R]] | None = None
    size: tuple[float, float] = (10.0, 4.6)

    def __post_init__(self) -> None:
        # What `explorers.simpson?` shows: an object of its own deserves a help of its own.
        object.__setattr__(self, "__doc__", self._help())

    def __call__(self, *table: Any, **state: Any) -> Panel:
        """The panel, its controls set to `state` where given.

        Parameters
        ----------
        *table
            Where an explorer takes one: a data frame and the names of its columns.
        **state
            Values of the controls, by their names; ``explorers.<name>?`` lists them with their ranges.

        Returns
        -------
        Panel
            The widgets; a notebook shows them.

        Raises
        ------
        DataError
            For a control or a column that does not exist, or a value it cannot take.
        ImportError
            Where the widgets are not installed.
        """
        explorer, state = self._with(table, state)
        try:
            from lmmkit.course.explorers.panel import Panel
        except ModuleNotFoundError as missing:
            raise ImportError(
                f"the panel needs {missing.name}: install lmmkit[course]; the numbers alone come from "
                f"explorers.{self.name}.result()"
            ) from None
        return Panel(explorer, state)

    def _with(self, table: tuple[Any, ...], state: State) -> tuple[Explorer[R], State]:
        """This explorer, or that of the table; and what of `state` is left for its controls."""
        if not table:
            return self, state
        if self.own is None:
            others = ", ".join(WITH_TABLE)
            raise DataError(
                f"explorers.{self.name} makes its own data; the explorers that take a table are {others}"
            )
        takes = inspect.signature(self.own)
        columns = {name: state[name] for name in takes.parameters if name in state}
        rest = {name: value for name, value in state.items() if name not in columns}
        try:
            bound = takes.bind(*table, **columns)
        except TypeError:
            wanted = ", ".join(takes.parameters)
            raise DataError(
                f"explorers.{self.name} takes ({wanted}): a table and the names of these columns"
                if len(takes.parameters) > 1
                else f"explorers.{self.name} takes a table and nothing else by place"
            ) from None
        return self.own(*bound.args, **bound.kwargs), rest

    def initial(self) -> State:
        """The state the explorer starts in.

        Returns
        -------
        dict
            Name of a control -> its starting value.

        Examples
        --------
        >>> from lmmkit.course import explorers
        >>> explorers.simpson.initial()["groups"]
        5
        """
        defaults = inspect.signature(self.compute).parameters
        return {control.name: defaults[control.name].default for control in self.controls}

    def state(self, **changes: Any) -> State:
        """The starting state with `changes`, each checked.

        Parameters
        ----------
        **changes
            Values of controls, by their names.

        Returns
        -------
        dict
            Name of a control -> its value.

        Raises
        ------
        DataError
            For a control that does not exist, or a value it cannot take.

        Examples
        --------
        >>> from lmmkit.course import explorers
        >>> explorers.simpson.state(groups=3)["groups"]
        3
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

    def result(self, *table: Any, **state: Any) -> R:
        """The numbers behind the picture, for the starting state with the given changes.

        Parameters
        ----------
        *table
            Where an explorer takes one: a data frame and the names of its columns.
        **state
            Values of the controls, by their names; ``explorers.<name>?`` lists them with their ranges.

        Returns
        -------
        dataclass
            One of its own for each explorer; ``explorers.<name>?`` tells its fields.

        Raises
        ------
        DataError
            For a control or a column that does not exist, or a value it cannot take.

        Examples
        --------
        >>> from lmmkit.course import explorers
        >>> round(explorers.simpson.result(groups=3).between, 2)
        -0.61
        """
        explorer, state = self._with(table, state)
        return explorer.compute(**explorer.state(**state))

    def simulate(self, n: int | None = None, **state: Any) -> R:
        """The long computation, run to its end: `n` simulated data sets at the given state.

        Parameters
        ----------
        n : int, optional
            Number of simulated data sets; as many as the panel's button otherwise.
        **state
            Values of the controls, by their names; ``explorers.<name>?`` lists them with their ranges.

        Returns
        -------
        dataclass
            As that of :meth:`result`, with what the simulations found.

        Raises
        ------
        DataError
            When this explorer has none, or for a state it cannot take.

        Examples
        --------
        >>> from lmmkit.course import explorers
        >>> type(explorers.tests.simulate(2)) is type(explorers.tests.result())
        True
        """
        if self.study is None:
            raise DataError(f"explorers.{self.name} has nothing to simulate; use .result()")
        *_, last = self.study.run(self.study.n if n is None else n, **self.state(**state))
        return last

    def picture(self, result: R, fig: Figure | None = None, *, caption: bool = False) -> bytes:
        """The picture of `result` as PNG bytes.

        Parameters
        ----------
        result : dataclass
            From :meth:`result`.
        fig : matplotlib.figure.Figure, optional
            Where an earlier picture of this explorer is to be drawn over; a new one otherwise.
        caption : bool
            Write the sentence under the picture.

        Returns
        -------
        bytes
            A PNG, 100 dots an inch.

        Examples
        --------
        >>> from lmmkit.course import explorers
        >>> explorers.simpson.picture(explorers.simpson.result())[1:4]
        b'PNG'
        """
        from lmmkit.course.explorers import style

        with style.look():
            fig = style.new_figure(self.size) if fig is None else fig
            self.draw(result, fig)
            words = textwrap.fill(self.sentence(result), int(self.size[0] * 10.4)) if caption else ""
            return style.png(fig, words)

    def _takes(self, control: Control) -> str:
        """What a control can be set to."""
        if isinstance(control, Slider | Number):
            kind = "whole number" if isinstance(control.step, int) else "number"
            steps = "" if control.step == 1 else f" in steps of {control.step:g}"
            return f"{kind} from {control.low:g} to {control.high:g}{steps}"
        if isinstance(control, Tick):
            return "True or False"
        return "one of " + ", ".join(map(repr, control.offered(self.initial())))

    def _help(self) -> str:
        """Its controls with their units and ranges, what it returns, and an example that runs."""
        start = self.initial()
        text = [self.title, "", *textwrap.wrap(self.prompt, 100), ""]
        text += [f"``explorers.{self.name}()`` shows the panel, ``explorers.{self.name}.result()`` gives its"]
        text += ["numbers. Both take these controls by name.", "", "Parameters", "----------"]
        for control in self.controls:
            takes = textwrap.wrap(f"{control.name} : {self._takes(control)}", 100, subsequent_indent="    ")
            unit = getattr(control, "unit", "")
            text += [
                *takes,
                f"    {control.label}{f', {unit}' if unit else ''}. Starts at {start[control.name]!r}.",
            ]
        if self.own is not None:
            columns = list(inspect.signature(self.own).parameters)
            text += ["", f"With a table of your own: ``explorers.{self.name}({', '.join(columns)})``."]
            text += [*textwrap.wrap(inspect.getdoc(self.own) or "", 100)]
        text += ["", "Returns", "-------", _answer(self.compute)]
        text += [
            "",
            "Raises",
            "------",
            "DataError",
            "    For a control that does not exist, or a value it cannot take.",
        ]
        if self.example:
            text += ["", "Examples", "--------", ">>> from lmmkit.course import explorers", self.example]
        return "\n".join(text)

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
        lines.append(f"explorers.{self.name}() shows the panel, explorers.{self.name}? tells more.")
        return "\n".join(lines)


def _answer(compute: Callable[..., Any]) -> str:
    """Name and description of the dataclass that `compute` returns."""
    while isinstance(compute, partial):
        compute = compute.func
    name = str(inspect.signature(compute).return_annotation)
    kind = getattr(sys.modules[compute.__module__], name, None)
    return name if kind is None else f"{name}\n{textwrap.indent(inspect.getdoc(kind) or '', '    ')}"
