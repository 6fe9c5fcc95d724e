"""An explorer without a kernel: the pictures of its first handle, drawn beforehand, and what shows them."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from PIL import Image

from lmmkit.course import explorers
from lmmkit.course.explorers.controls import Slider, number
from lmmkit.course.explorers.explorer import Explorer

#: Places of a handle that are drawn; more would make the pages heavy.
MOST_PLACES = 13
#: What an explorer shows where its page asks for nothing: a state in which its first handle has something to move.
OPENS = {"random_or_fixed": {"variable": "plot"}}
#: Asked for by the handles that only a notebook has.
ONLY_THERE = " Choose an answer above."
CALL = re.compile(r"^explorers\.(\w+)\((.*)\)$", re.DOTALL)


def called(code: str) -> tuple[str, dict[str, Any]] | None:
    """The explorer that a cell shows, and the state that it is shown in; None for other cells.

    Examples
    --------
    >>> called("explorers.pooling(groups=6)")
    ('pooling', {'groups': 6})
    >>> called("fit.summary()")
    """
    last = [line for line in code.strip().splitlines() if not line.startswith("#")]
    found = CALL.match("\n".join(last))
    if not found or found[1] not in dir(explorers):
        return None
    return found[1], dict(eval(f"dict({found[2]})", {"dict": dict}))


def places(handle: Slider, start: float) -> list[float]:
    """The values of a handle that are drawn, its starting value among them.

    Examples
    --------
    >>> places(Slider("n", "n", 2, 6, 1), 3)
    [2, 3, 4, 5, 6]
    """
    steps = round((handle.high - handle.low) / handle.step)
    apart = max(1, -(-steps // (MOST_PLACES - 1)))
    values = {handle.low + place * handle.step for place in range(0, steps + 1, apart)} | {start, handle.high}
    whole = isinstance(handle.step, int)
    return sorted({int(value) if whole else round(value, 10) for value in values})


def draw(explorer: Explorer[Any], value: float, handle: Slider, state: dict[str, Any]) -> tuple[bytes, str]:
    """One picture, as WebP, and its sentence."""
    result = explorer.result(**{**state, handle.name: value})
    with Image.open(io.BytesIO(explorer.picture(result))) as picture:
        packed = io.BytesIO()
        picture.convert("RGB").save(packed, "WEBP", quality=80, method=6)
    plt.close("all")
    return packed.getvalue(), explorer.sentence(result).removesuffix(ONLY_THERE)


def figure(code: str, folder: Path, top: str, lite: str = "") -> str:
    """The HTML that stands for an explorer in a page.

    Parameters
    ----------
    code : str
        The cell that shows it.
    folder : Path
        Where pictures go.
    top : str
        How the page reaches the site's top, where that folder is `_static/explorers`.
    lite : str
        Where the site has the course that runs in a browser, from its top; empty when it has none.

    Returns
    -------
    str
        A figure: picture, slider, sentence. The pictures are drawn once for each state.
    """
    asked = called(code)
    if asked is None:
        raise ValueError(f"no explorer is shown by {code!r}")
    name, state = asked[0], asked[1] or OPENS.get(asked[0], {})
    explorer: Explorer[Any] = getattr(explorers, name)
    handle = next(control for control in explorer.controls if isinstance(control, Slider))
    key = f"{name}-{hashlib.sha256(repr(sorted(state.items())).encode()).hexdigest()[:8]}"
    start = explorer.state(**state)[handle.name]
    shown, at = [], 0
    for place, value in enumerate(places(handle, start)):
        file = folder / key / f"{place}.webp"
        words = file.with_suffix(".txt")
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            picture, sentence = draw(explorer, value, handle, state)
            file.write_bytes(picture)
            words.write_text(sentence, encoding="utf-8")
        unit = f" {handle.unit}" if len(handle.unit) < 12 else f" ({handle.unit})"
        told = (str(value) if isinstance(value, int) else number(value)) + (unit if handle.unit else "")
        shown.append({"picture": file.name, "value": told, "sentence": words.read_text(encoding="utf-8")})
        at = place if value == start else at
    more = _more(explorer, code, top, lite)
    return _html(explorer, handle, f"{top}_static/explorers/{key}/", shown, at, more)


def _html(
    explorer: Explorer[Any], handle: Slider, folder: str, shown: list[dict[str, str]], at: int, more: str
) -> str:
    width, height = (round(100 * inches) for inches in explorer.size)
    now, safe = shown[at], html.escape
    states = json.dumps(shown).replace("</", "<\\/")
    return (
        f'<figure class="explorer" data-name="{explorer.name}" data-folder="{folder}">'
        f"<p><b>{safe(explorer.title)}</b> {safe(explorer.prompt)}</p>"
        f'<img src="{folder}{now["picture"]}" alt="{safe(now["sentence"], quote=True)}" '
        f'width="{width}" height="{height}" loading="lazy">'
        f"<label>{safe(handle.label)}: <output>{safe(now['value'])}</output>"
        f'<input type="range" min="0" max="{len(shown) - 1}" value="{at}" step="1" '
        f'aria-valuetext="{safe(now["value"], quote=True)}"></label>'
        f'<figcaption aria-live="polite">{safe(now["sentence"])}</figcaption>'
        f'<p class="more">Here you drag one handle; in a notebook {_others(explorer)}.</p>{more}'
        f'<script type="application/json">{states}</script></figure>'
    )


def _more(explorer: Explorer[Any], code: str, top: str, lite: str) -> str:
    """A button that says how to have the other handles, or opens a page that runs them."""
    shown = "\n".join(line for line in code.strip().splitlines() if not line.startswith("#"))
    lines = html.escape(f"from lmmkit.course.start import explorers\n{shown}")
    link = f"{top}{lite}/lab/index.html?path=lessons/explorers.ipynb"
    here = (
        f'<p><a href="{link}">Open it in this browser</a>: the first start takes a minute.</p>'
        if lite
        else ""
    )
    return (
        f'<details class="run"><summary>Run it</summary>{here}<p>In a notebook of yours '
        f'(<a href="{top}docs/run.html">how to have one</a>):</p><pre><code>{lines}</code></pre></details>'
    )


def _others(explorer: Explorer[Any]) -> str:
    count = len(explorer.controls) - 1
    return (
        f"there are {count} more"
        if count > 1
        else "there is one more"
        if count == 1
        else "it answers at once"
    )
