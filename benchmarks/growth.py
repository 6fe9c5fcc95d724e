"""How time and memory grow: with rows, with levels of two crossed factors, with responses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PICTURE = HERE / "growth.png"
SIZES = {
    "rows": [10_000, 30_000, 100_000, 300_000, 1_000_000],
    "levels": [200, 500, 1_000, 2_000, 4_000],
    "responses": [100, 300, 1_000, 3_000, 10_000, 30_000],
}
TITLES = {
    "rows": "rows (500 × 300 levels, crossed)",
    "levels": "levels of the smaller factor\n(300,000 rows, 1.5 times as many in the other)",
    "responses": "responses (100 samples, 3 terms)",
}


def one(kind: str, size: int) -> dict[str, float]:
    """Seconds and peak megabytes of one fit, in this process."""
    import resource

    import lmmkit as lk

    if kind == "responses":
        from batch import ours

        found = ours(size)
        return {"seconds": found["seconds"], "megabytes": found["megabytes"]}
    from cases import ratings

    small = ratings(2_000, 30, 20)
    formula = "rating ~ year + (1 | viewer) + (1 | film)"
    data = ratings(size, 500, 300) if kind == "rows" else ratings(300_000, size * 3 // 2, size)
    lk.lmer(formula, small)
    begin = time.perf_counter()
    lk.lmer(formula, data)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure() -> dict[str, list[dict[str, float]]]:
    """Each fit in a process of its own, so that its memory is its own."""
    found: dict[str, list[dict[str, float]]] = {}
    for kind, sizes in SIZES.items():
        for size in sizes:
            run = subprocess.run(
                [sys.executable, __file__, kind, str(size)], capture_output=True, text=True, check=True,
                cwd=HERE.parent,
            )  # fmt: skip
            found.setdefault(kind, []).append({"size": size, **json.loads(run.stdout.splitlines()[-1])})
    return found


def draw(found: dict[str, list[dict[str, float]]]) -> None:
    """Time above, memory below, all axes logarithmic."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import seaborn as sns
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    figure, axes = plt.subplots(2, len(found), figsize=(11, 5.6), sharey="row", layout="constrained")
    for column, (kind, points) in enumerate(found.items()):
        sizes = [point["size"] for point in points]
        for row, (name, colour) in enumerate([("seconds", "#0072B2"), ("megabytes", "#D55E00")]):
            ax = axes[row, column]
            ax.loglog(sizes, [point[name] for point in points], color=colour, marker="o")
            ax.set_xlabel(TITLES[kind] if row else "")
            ax.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30)
            ax.xaxis.set_minor_locator(NullLocator())
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            ax.yaxis.set_minor_formatter(NullFormatter())
            ax.grid(which="major", color="#dddddd", linewidth=0.7)
    axes[0, 0].set_ylabel("seconds")
    axes[1, 0].set_yticks([100, 200, 500, 1000, 2000])
    axes[1, 0].set_ylabel("peak memory (MB)")
    sns.despine(figure)
    figure.savefig(PICTURE, dpi=110)
    plt.close(figure)


def rows() -> list[str]:
    """A table and the picture for RESULTS.md."""
    found = measure()
    draw(found)
    lines: list[Any] = [
        "",
        "## Growth",
        "",
        "![Time and memory over rows, levels and responses](growth.png)",
        "",
    ]
    lines += ["| what grows | size | seconds | peak MB |", "| --- | --- | --- | --- |"]
    for kind, points in found.items():
        lines += [
            f"| {kind} | {point['size']:,.0f} | {point['seconds']:.2f} | {point['megabytes']:.0f} |"
            for point in points
        ]
    return lines


if __name__ == "__main__":
    sys.path[:0] = [str(HERE.parent), str(HERE)]
    print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
