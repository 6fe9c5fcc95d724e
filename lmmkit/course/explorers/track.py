"""A slider that says its name and a rounded value to a screen reader: the browser's own, as a widget.

Those of ipywidgets have no name there, and read 0.8 as 0.7999999999999998.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

__all__ = ["Track"]


class Track(anywidget.AnyWidget):
    """A slider from `low` to `high` in steps; `live` sends every value on the way, else only the last."""

    value = traitlets.Float(0.0).tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.1).tag(sync=True)
    digits = traitlets.Int(0).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    live = traitlets.Bool(True).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    _esm = """
    function render({ model, el }) {
      const track = document.createElement("input");
      track.type = "range";
      track.className = "lmmkit-track";
      track.dataset.lmSuppressShortcuts = "true";  // the arrow keys are the slider's, not the notebook's
      for (const [name, trait] of [["min", "low"], ["max", "high"], ["step", "step"]])
        track[name] = model.get(trait);
      track.setAttribute("aria-label", model.get("label"));
      const say = () => {
        const text = Number(track.value).toFixed(model.get("digits")).replace("-", "\\u2212");
        track.setAttribute("aria-valuetext", text);
        track.title = text;
      };
      const show = () => {
        track.value = model.get("value");
        track.disabled = model.get("disabled");
        say();
      };
      const send = () => {
        model.set("value", Number(Number(track.value).toFixed(model.get("digits"))));
        model.save_changes();
      };
      track.addEventListener("input", () => { say(); if (model.get("live")) send(); });
      track.addEventListener("change", send);
      model.on("change:value", show);
      model.on("change:disabled", show);
      show();
      el.appendChild(track);
    }
    export default { render };
    """
    _css = """
    .lmmkit-track {width: 100%; height: 24px; margin: 0; accent-color: #0072B2; cursor: pointer}
    .lmmkit-track:focus-visible {outline: 3px solid #0072B2; outline-offset: -3px; border-radius: 4px}
    .lmmkit-track:disabled {cursor: default}
    """


def track(label: str, low: float, high: float, step: float, value: float, live: bool) -> Track:
    """A slider with that label; it tells as many decimals as its step has."""
    text = f"{step:.6f}".rstrip("0")
    digits = len(text.split(".")[1])
    parts: dict[str, Any] = {"low": low, "high": high, "step": step, "value": value}
    return Track(label=label, digits=digits, live=live, **parts)
