"""The widgets around an explorer: its controls, its picture, its sentence.

Picture and words are set by value, so that a panel neither flickers nor depends on where its output is
routed, and a notebook that was executed without a browser keeps a still picture.
"""

from __future__ import annotations

import asyncio
import base64
import html
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as widgets

from lmmkit.course.explorers import style
from lmmkit.course.explorers.controls import Choice, Control, Number, Slider, State, Study, Tick
from lmmkit.course.explorers.track import track

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# One block of CSS for what the widgets' own settings cannot reach: letter size, and a picture as wide as its
# page.
_CSS = """<style>
.lmmkit-panel .widget-label, .lmmkit-panel .widget-checkbox label,
.lmmkit-panel input, .lmmkit-panel select, .lmmkit-panel button {font-size: 15px}
.lmmkit-panel .widget-html-content {line-height: 1.4; white-space: normal}
.lmmkit-panel img {width: 100%; max-width: 1000px; height: auto; display: block}
.lmmkit-panel button:focus-visible {outline: 3px solid #0072B2; outline-offset: 2px}
.lmmkit-panel h3 {font-size: 20px; margin: 4px 0 2px 0}
.lmmkit-panel p, .lmmkit-panel li {font-size: 16px; margin: 2px 0 6px 0; max-width: 1000px}
.lmmkit-panel li {margin-left: 24px}
.lmmkit-panel table {font-size: 15px; border-collapse: collapse; margin: 4px 0 8px 0}
.lmmkit-panel th, .lmmkit-panel td
  {padding: 2px 12px 2px 4px; text-align: right; border-bottom: 1px solid #bbb}
.lmmkit-panel th:first-child, .lmmkit-panel td:first-child {text-align: left}
</style>"""
_SLICE = 0.03  # seconds a long computation may hold the kernel before the sliders get their turn
_REDRAW = 0.4  # seconds between two pictures of a long computation


class Shown(Protocol):
    """What a panel asks of its explorer (see `Explorer`, which says what each member is)."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def controls(self) -> tuple[Control, ...]: ...
    @property
    def compute(self) -> Callable[..., Any]: ...
    @property
    def sentence(self) -> Callable[[Any], str]: ...
    @property
    def details(self) -> Callable[[Any], str] | None: ...
    @property
    def actions(self) -> Mapping[str, Callable[[State, Any], State]]: ...
    @property
    def settle(self) -> Callable[[State, str], State] | None: ...
    @property
    def carry(self) -> Callable[[Any], State] | None: ...
    @property
    def study(self) -> Study[Any] | None: ...
    @property
    def size(self) -> tuple[float, float]: ...

    def state(self, **changes: Any) -> State: ...
    def picture(self, result: Any, fig: Figure | None = None, *, caption: bool = False) -> bytes: ...


class Panel(widgets.VBox):
    """The live panel of `explorer`, started at `state` (see `Explorer`).

    `values` holds what the controls show, `outcome` the numbers behind the picture; `set(groups=3)` moves
    controls from code.

    Raises
    ------
    DataError
        For a control that does not exist, or a value it cannot take.
    """

    def __init__(self, explorer: Shown, state: State) -> None:
        self.explorer = explorer
        self._start = explorer.state(**state)
        self.values: State = dict(self._start)
        self._carried: State = {}
        self._figure = style.new_figure(explorer.size)
        self._task: asyncio.Task[None] | None = None
        self._quiet = False  # true while code, not a hand, moves the controls
        self._inputs: dict[str, tuple[Any, ...]] = {}

        self.picture = widgets.HTML()
        self.readout = widgets.HTML()
        self.details = widgets.HTMLMath()
        rows = [self._row(control) for control in explorer.controls]
        heading = widgets.HTML(
            f"{_CSS}<h3>{html.escape(explorer.title)}</h3><p>{html.escape(explorer.prompt)}</p>"
        )
        wrap = widgets.Layout(flex_flow="row wrap")
        parts: list[Any] = [
            heading,
            widgets.Box(rows, layout=wrap),
            widgets.Box(self._buttons(), layout=wrap),
        ]
        parts += [self.picture, self.readout]
        if explorer.details is not None:
            parts.append(self.details)
        if explorer.study is not None:
            parts.append(self._study_row())
        super().__init__(parts, layout=widgets.Layout(max_width="1020px"))
        self._show_values()
        self.add_class("lmmkit-panel")
        self.add_class(f"lmmkit-{explorer.name}")
        self.redraw()

    # ---- controls

    def _row(self, control: Control) -> Any:
        """One control with its label; a slider comes with a number box, which has the label and takes
        typing.
        """
        value = self.values[control.name]
        if isinstance(control, Choice):
            box = widgets.Dropdown(options=control.offered(self.values), value=value)
            self._inputs[control.name] = (box,)
        elif isinstance(control, Tick):
            box = widgets.Checkbox(value=value)
            self._inputs[control.name] = (box,)
        else:
            whole = isinstance(control.step, int)
            kind = widgets.BoundedIntText if whole else widgets.BoundedFloatText
            box = kind(value=value, min=control.low, max=control.high, step=control.step)
            self._inputs[control.name] = (box,)
        box.description = control.label
        box.style.description_width = "170px"
        box.layout = widgets.Layout(width="265px", flex="0 0 auto")
        children = [box]
        if isinstance(control, Slider):
            slider = track(control.label, control.low, control.high, control.step, value, control.live)
            slider.layout = widgets.Layout(width="auto", flex="1 1 120px", min_width="100px")
            self._inputs[control.name] = (box, slider)
            children.append(slider)
        elif not isinstance(control, Number):
            box.layout = widgets.Layout(width="auto", flex="1 1 auto")
        for widget in self._inputs[control.name]:
            widget.observe(self._moved(control), names="value")
        return widgets.HBox(children, layout=widgets.Layout(flex="1 1 400px", max_width="500px"))

    def _moved(self, control: Control) -> Callable[[Any], None]:
        name = control.name
        whole = isinstance(control, Slider | Number) and isinstance(control.step, int)

        def handler(change: Any) -> None:
            if self._quiet or change["new"] is None:
                return
            value = change["new"]
            if isinstance(value, float):
                value = round(value) if whole else round(value, 6)  # steps add up to 1.4999999999999998
            if value == self.values[name]:
                self._show_values()
            else:
                self._change({name: value}, touched=name)

        return handler

    def _buttons(self) -> list[Any]:
        labels: dict[str, Callable[[], State]] = {
            label: lambda act=act: act(dict(self.values), self.outcome)  # type: ignore[misc]
            for label, act in self.explorer.actions.items()
        }
        if "seed" in self.values:
            labels["New data"] = lambda: {"seed": self.values["seed"] + 1}
        labels["Reset"] = lambda: dict(self._start)
        buttons = []
        for label, changes in labels.items():
            button = widgets.Button(description=label, layout=widgets.Layout(width="auto"))
            button.on_click(lambda _, changes=changes, label=label: self._press(label, changes))
            buttons.append(button)
        return buttons

    def _press(self, label: str, changes: Callable[[], State]) -> None:
        if label == "Reset":
            self._carried = {}
        self._change(changes())

    def set(self, **changes: Any) -> None:
        """Move controls from code, as a hand would: several at once make one redraw.

        Raises
        ------
        DataError
            For a control that does not exist, or a value it cannot take.
        """
        self.explorer.state(**{**self.values, **changes})
        self._change(changes)

    def _change(self, changes: State, touched: str | None = None) -> None:
        """Take over `changes`, show them on every control, and draw."""
        values = {**self.values, **changes}
        if touched is not None and self.explorer.settle is not None:
            values = self.explorer.settle(values, touched)
        self.values = values
        self._show_values()
        self.redraw()

    def _show_values(self) -> None:
        self._quiet = True
        try:
            for control in self.explorer.controls:
                for widget in self._inputs[control.name]:
                    if isinstance(control, Choice):
                        offered = control.offered(self.values)
                        if self.values[control.name] not in offered:
                            self.values[control.name] = offered[0]
                        if tuple(widget.options) != offered:
                            widget.options = offered
                    if widget.value != self.values[control.name]:
                        widget.value = self.values[control.name]
                    if isinstance(control, Slider) and control.used is not None:
                        widget.disabled = not control.used(self.values)
        finally:
            self._quiet = False

    # ---- what they change

    def redraw(self) -> None:
        """Numbers, picture and words of the present state; a running simulation starts again with it."""
        running = self._task is not None and not self._task.done()
        self._stop()
        try:
            result = self.explorer.compute(**self.values, **self._carried)
        except ValueError as error:  # every error of lmmkit is one, and is a sentence
            self.readout.value = f'<p role="alert"><b>{html.escape(str(error))}</b></p>'
            return
        self._show(result)
        if self.explorer.carry is not None:
            self._carried = self.explorer.carry(result)
        if self.explorer.study is not None:
            self._bar.value, self._count.value = 0, ""
        if running:
            self._run()

    def _show(self, result: Any) -> None:
        self.outcome = result
        words = self.explorer.sentence(result)
        image = base64.b64encode(self.explorer.picture(result, self._figure)).decode()
        width, height = (round(inches * style.DPI) for inches in self.explorer.size)
        self.picture.value = (
            f'<img alt="{html.escape(self.explorer.title)}: {html.escape(words)}" width="{width}" '
            f'height="{height}" decoding="sync" src="data:image/png;base64,{image}">'
        )
        self.readout.value = f'<p role="status" aria-live="polite">{html.escape(words)}</p>'
        if self.explorer.details is not None:
            self.details.value = self.explorer.details(result)

    # ---- the long computation

    def _study_row(self) -> Any:
        study = self.explorer.study
        assert study is not None
        self._go = widgets.Button(description=study.label, layout=widgets.Layout(width="auto"))
        self._halt = widgets.Button(description="Stop", disabled=True, layout=widgets.Layout(width="auto"))
        self._bar = widgets.IntProgress(
            value=0, max=study.n, layout=widgets.Layout(flex="1 1 160px", width="auto")
        )
        self._bar.style.bar_color = style.BLUE
        self._count = widgets.Label()
        self._go.on_click(lambda _: self._run())
        self._halt.on_click(lambda _: self._stop())
        return widgets.Box(
            [self._go, self._halt, self._bar, self._count], layout=widgets.Layout(flex_flow="row wrap")
        )

    def _run(self) -> None:
        """Start the simulation: on the kernel's own loop, or, where none runs (a script), at once."""
        study = self.explorer.study
        assert study is not None
        self._stop()
        results = study.run(study.n, **self.values)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for _ in self._pieces(results, study.n):
                pass
            return
        self._halt.disabled = False
        self._task = loop.create_task(self._work(results, study.n))

    async def _work(self, results: Iterator[Any], n: int) -> None:
        """The simulation in slices; between two of them the kernel answers whatever was dragged or
        pressed.
        """
        await asyncio.sleep(0.2)  # a slider still on its way cancels this before anything was computed
        for _ in self._pieces(results, n):
            await asyncio.sleep(0.002)

    def _pieces(self, results: Iterator[Any], n: int) -> Iterator[None]:
        """Run `results` to the end, showing the count, now and then the picture; pause after every slice."""
        began = drawn = time.perf_counter()
        for done, result in enumerate(results, start=1):
            now = time.perf_counter()
            if now - drawn > _REDRAW or done == n:
                self._show(result)
                drawn = time.perf_counter()
            if now - began > _SLICE or done == n:
                self._bar.value, self._count.value = done, f"{done} of {n}"
                yield
                began = time.perf_counter()
        self._halt.disabled = True

    def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self.explorer.study is not None:
            self._halt.disabled = True

    # ---- where no widgets run

    #: ipywidgets 7, which Colab has, would else show the widget alone, without what follows.
    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Live where widgets run; elsewhere the picture with its sentence, and the same as text."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        data: dict[str, Any] = {"application/vnd.jupyter.widget-view+json": view}
        words = self.explorer.sentence(self.outcome)
        image = self.explorer.picture(self.outcome, self._figure, caption=True)
        data["image/png"] = base64.b64encode(image).decode()
        state = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        data["text/plain"] = (
            f"{self.explorer.title}\n{textwrap.fill(words, 100)}\n[{textwrap.fill(state, 98)}]"
        )
        return data, {"image/png": {"alt": f"{self.explorer.title}: {words}"}}
