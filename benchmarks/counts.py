"""Many counts of one design: lmmkit all at once, lmmkit one by one and lme4 in a loop (the loops on some, scaled).

The folder of an earlier build may be given in the environment variable EARLIER: its single fits are timed, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lme4_loop import lme4_loop

HERE = Path(__file__).resolve().parent
FORMULA = "~ x + (1 | g)"
LME4 = "glmer(y ~ x + (1 | g), d, poisson)"
RESPONSES, SAMPLED = 10_000, 30
#: Family, and how many times the speed of single fits is the goal.
GOALS = {"poisson": 20, "negative_binomial": 15}


def study(responses: int, family: str, seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """100 samples of 20 groups; counts with means around 5, a fifth of them without variance between groups."""
    rng = np.random.default_rng(seed)
    samples = pd.DataFrame({"x": rng.standard_normal(100), "g": np.repeat(np.arange(20), 5).astype(str)})
    sd = rng.uniform(0.2, 1.0, (responses, 1)) * (rng.random((responses, 1)) < 0.8)
    eta = rng.normal(1.5, 0.5, (responses, 1)) + rng.normal(0, 0.3, (responses, 1)) * samples["x"].to_numpy()
    eta = eta + np.repeat(sd * rng.standard_normal((responses, 20)), 5, axis=1)
    noise = rng.gamma(3.0, 1 / 3.0, eta.shape) if family == "negative_binomial" else 1.0
    return samples, rng.poisson(np.exp(eta) * noise).astype(float)


def ours(family: str) -> dict[str, Any]:
    """Seconds of the batch and of single fits, objectives, and the largest difference between the two ways."""
    import lmmkit as lk

    samples, y = study(RESPONSES, family)
    lk.fit_many(y[:10], FORMULA, samples, family=family, progress=False)
    begin = time.perf_counter()
    fits = lk.fit_many(y, FORMULA, samples, family=family, progress=False)
    together = time.perf_counter() - begin
    alone, single = one_by_one(family)
    objectives = fits.status["objective"].head(SAMPLED).to_numpy()
    above = objectives - single
    return {
        "seconds": together,
        "alone": alone,
        "above": float(above.max()),
        "objectives": objectives.tolist(),
    }


def one_by_one(family: str) -> tuple[float, list[float]]:
    """Seconds of single fits, scaled, and their objectives."""
    import lmmkit as lk

    samples, y = study(RESPONSES, family)
    lk.glmer("y " + FORMULA, samples.assign(y=y[0]), family)
    begin = time.perf_counter()
    fits = [lk.glmer("y " + FORMULA, samples.assign(y=row), family) for row in y[:SAMPLED]]
    seconds = (time.perf_counter() - begin) * RESPONSES / SAMPLED
    return seconds, [-2 * fit.loglik for fit in fits]


def _turn(task: str, family: str, folder: str) -> Any:
    """One of the functions above, by a build of lmmkit in a process of its own."""
    command, environment = [sys.executable, __file__, task, family], {**os.environ, "PYTHONPATH": folder}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return json.loads(run.stdout.strip().splitlines()[-1])


def rows() -> list[str]:
    """The rows of the table in RESULTS.md."""
    lines = []
    for family, goal in GOALS.items():
        mine = _turn("ours", family, str(HERE.parent))
        case = f"{RESPONSES:,} {family.replace('_', ' ')} responses × 100, `x + (1 \\| g)`"
        lines += [
            f"| {case} | lmmkit | {mine['seconds']:.2f} | 1.0 | | {max(0.0, mine['above']):.1e} | | |",
            f"| {case} | lmmkit one by one, {SAMPLED} of them scaled | {mine['alone']:.0f} | "
            f"{mine['alone'] / mine['seconds']:.0f} | | {max(0.0, -mine['above']):.1e} | | |",
        ]
        if "EARLIER" in os.environ:
            before, objectives = _turn("one_by_one", family, os.environ["EARLIER"])
            above = np.array(objectives) - np.array(mine["objectives"])
            lines.append(
                f"| {case} | lmmkit, earlier, one by one, {SAMPLED} of them scaled | {before:.0f} | "
                f"{before / mine['seconds']:.0f} | | {max(0.0, above.max()):.1e} | | {goal} × |"
            )
        samples, y = study(RESPONSES, family)
        theirs = lme4_loop(LME4, samples, y[:SAMPLED]) if family == "poisson" else None
        if theirs is not None:
            whole = theirs["seconds"] * RESPONSES / SAMPLED
            above = np.array(theirs["objectives"]) - np.array(mine["objectives"])
            lines.append(
                f"| {case} | lme4, {SAMPLED} of them scaled | {whole:.0f} | {whole / mine['seconds']:.0f} | | "
                f"{max(0.0, above.max()):.1e} | | 100 × |"
            )
    return lines


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "one_by_one": one_by_one}[sys.argv[1]](sys.argv[2])))
