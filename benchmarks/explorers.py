"""How long a redraw of each explorer of the course holds the kernel: a slider moved, the model refitted, the
picture and the words set anew.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmmkit.course.explorers.controls import Slider
    from lmmkit.course.explorers.panel import Panel

HERE = Path(__file__).resolve().parent
GOAL = "100"  # ms: what feels live under a dragging hand
# States in which every slider has a say, where that is not so from the start.
OPEN = {"random_or_fixed": {"variable": "plot"}, "shrinkage": {"data": "simulated groups"}}
STOPS = 8  # places along its track that each slider is moved to


def stops(slider: Slider) -> list[float]:
    """Values along a slider's track, end to end and in turns from either end, so that each is a real move."""
    steps = round((slider.high - slider.low) / slider.step)
    track = sorted({round(i * steps / (STOPS - 1)) for i in range(STOPS)})
    turns = [track[i // 2] if i % 2 == 0 else track[-1 - i // 2] for i in range(len(track))]
    return [slider.low + slider.step * place for place in turns]


def moves(panel: Panel, slider: Slider) -> list[tuple[float, float]]:
    """CPU and wall milliseconds of every move of one slider, the others where they start; then it goes back."""
    _, handle = panel._inputs[slider.name]
    start, found = panel.values[slider.name], []
    for value in stops(slider):
        picture = panel.picture.value
        cpu, wall = time.process_time(), time.perf_counter()
        handle.value = value
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if (
            panel.picture.value != picture
        ):  # the place where it stood already costs nothing, and does not count
            found.append((1000 * cpu, 1000 * wall))
    handle.value = start
    return found


def measure(name: str) -> dict[str, float | str]:
    """One explorer, every slider moved: medians over all moves, and the slider whose own median is highest."""
    from lmmkit.course import explorers
    from lmmkit.course.explorers.controls import Slider

    panel = getattr(explorers, name)(**OPEN.get(name, {}))
    sliders = [control for control in panel.explorer.controls if isinstance(control, Slider)]
    moves(panel, sliders[0])  # not counted: what is loaded and laid out once
    times = {slider.label: moves(panel, slider) for slider in sliders}
    every = [move for found in times.values() for move in found]
    slow = {label: statistics.median(cpu for cpu, _ in found) for label, found in times.items()}
    slowest = max(slow, key=lambda label: slow[label])
    return {
        "name": name,
        "cpu": statistics.median(cpu for cpu, _ in every),
        "wall": statistics.median(wall for _, wall in every),
        "slowest": slow[slowest],
        "slider": slowest,
    }


def rows() -> list[str]:
    """The rows of the table in RESULTS.md, measured in a process of their own."""
    run = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, check=True, cwd=HERE.parent
    )
    found = [json.loads(line) for line in run.stdout.strip().splitlines()]
    return [
        f"| {one['name']} | {one['cpu']:.0f} | {one['wall']:.0f} | {one['slowest']:.0f} ({one['slider']}) | {GOAL} |"
        for one in found
    ]


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    from lmmkit.course import explorers

    for explorer in sys.argv[1:] or explorers.__all__:
        print(json.dumps(measure(explorer)), flush=True)
