"""Many responses of one design: lmmkit all at once beside lme4 in a loop (timed on some and scaled)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from lme4_loop import lme4_loop

HERE = Path(__file__).resolve().parent
FORMULA = "~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch)"
LME4 = "lmer(y ~ Age + (1 | Individual) + (1 | Tissue) + (1 | Batch), d, REML = FALSE)"
RESPONSES, SAMPLED = 10_000, 60


def study(responses: int, seed: int = 8) -> tuple[pd.DataFrame, np.ndarray]:
    """100 samples of 25 people, 3 tissues and 4 batches; genes whose variances are shared out at random.

    A fifth to two fifths of each gene's variances are zero.
    """
    rng = np.random.default_rng(seed)
    samples = pd.DataFrame({
        "Individual": np.repeat(np.arange(25), 4).astype(str), "Tissue": rng.choice(list("ABC"), 100),
        "Batch": rng.choice(list("1234"), 100), "Age": np.repeat(rng.integers(30, 60, 25), 4),
    })  # fmt: skip
    shares = rng.dirichlet([0.9, 0.7, 0.35, 0.9], responses)
    shares *= rng.random((responses, 4)) < [0.8, 0.7, 0.6, 1.0]
    y = np.sqrt(shares[:, 3:] + 0.01) * rng.standard_normal((responses, 100))
    for j, name in enumerate(["Individual", "Tissue", "Batch"]):
        codes, labels = pd.factorize(samples[name])
        y += np.sqrt(shares[:, j : j + 1]) * rng.standard_normal((responses, len(labels)))[:, codes]
    return samples, y


def ours(responses: int) -> dict[str, Any]:
    """Seconds, objectives of the first responses, megabytes."""
    import resource

    import lmmkit as lk

    samples, y = study(responses)
    lk.fit_many(y[:10], FORMULA, samples, reml=False, ddf="none", progress=False)
    begin = time.perf_counter()
    fits = lk.fit_many(y, FORMULA, samples, reml=False, ddf="none", progress=False)
    return {
        "seconds": time.perf_counter() - begin,
        "objectives": fits.status["objective"].head(SAMPLED).tolist(),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def rows() -> list[str]:
    """The rows of the table in RESULTS.md."""
    run = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, check=True, cwd=HERE.parent
    )
    mine = json.loads(run.stdout.strip().splitlines()[-1])
    samples, y = study(RESPONSES)
    theirs = lme4_loop(LME4, samples, y[:SAMPLED])
    goal = "lme4 / 100, 4 s"
    lines = [f"| {RESPONSES:,} responses × 100, 3 terms | lmmkit | {mine['seconds']:.2f} | 1.0 | | | "
             f"{mine['megabytes']:.0f} | {goal} |"]  # fmt: skip
    if theirs is not None:
        whole = theirs["seconds"] * RESPONSES / SAMPLED
        above = np.array(mine["objectives"]) - np.array(theirs["objectives"])
        lines[0] = lines[0].replace("| | |", f"| (ML) | {max(0.0, above.max()):.1e} |", 1)
        lines.append(
            f"| {RESPONSES:,} responses × 100, 3 terms | lme4, {SAMPLED} of them scaled | {whole:.0f} | "
            f"{whole / mine['seconds']:.0f} | (ML) | {max(0.0, -above.min()):.1e} | | |"
        )
    return lines


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    print(json.dumps(ours(int(sys.argv[1]) if len(sys.argv) > 1 else RESPONSES)))
