"""What simulates and fits again: lmmkit beside an earlier build of it, and lme4 (timed on some and scaled).

The folder of an earlier build may be given in the environment variable EARLIER.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "tests" / "reference" / "data" / "sleepstudy.csv"
HERDS = DATA.with_name("cbpp.csv")
GOALS = {
    "bootstrap of sleepstudy, 1,000": "earlier / 8, lme4 / 40",
    "pb_modcomp of sleepstudy, 500": "earlier / 6",
    "power curve of sleepstudy, 3 × 200": "earlier / 6",
    "bootstrap of cbpp (binomial), 200": "",
}
SCALED = 10  # lme4 does a tenth of the work


def ours() -> dict[str, Any]:
    """Seconds and numbers of each piece of work; the numbers depend on the seed alone."""
    import pandas as pd

    import lmmkit as lk

    data = pd.read_csv(DATA).astype({"Subject": str})
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", data)
    large, small = fit.update(reml=False), lk.lmer("Reaction ~ Days + (1 | Subject)", data, reml=False)
    sizes = {"Subject": [10, 18, 30]}

    herds = pd.read_csv(HERDS).astype({"herd": str, "period": str})
    shares = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", herds, "binomial")

    def boot(n: int, model: Any = fit) -> Any:
        table = model.bootstrap(n, seed=1, progress=False).replicates
        return table[sorted(table)].to_numpy().tolist()

    work = [
        (boot, 1000),
        (lambda n: lk.pb_modcomp(large, small, n, seed=1, progress=False).attrs["reference"], 500),
        (
            lambda n: lk.power(
                fit, {"Days": 3}, n, sizes, seed=1, progress=False
            ).p_values.to_numpy().tolist(),
            200,
        ),
        (lambda n: boot(n, shares), 200),
    ]  # fmt: skip
    found: dict[str, Any] = {}
    for name, (function, n) in zip(GOALS, work, strict=True):
        function(5)
        begin = time.perf_counter()
        numbers = function(n)
        found[name] = {"seconds": time.perf_counter() - begin, "numbers": numbers}
    return found


R_CODE = r"""
suppressMessages({library(lme4); library(pbkrtest)}); a <- commandArgs(TRUE); k <- as.numeric(a[2])
d <- read.csv(a[1], colClasses = c(Subject = "factor")); quiet <- function(x) suppressMessages(suppressWarnings(x))
fit <- lmer(Reaction ~ Days + (Days | Subject), d)
large <- update(fit, REML = FALSE); small <- lmer(Reaction ~ Days + (1 | Subject), d, REML = FALSE)
stat <- function(f) c(as.data.frame(VarCorr(f))$sdcor, fixef(f))
b <- system.time(quiet(bootMer(fit, stat, nsim = 1000 / k)))["elapsed"]
p <- system.time(quiet(PBmodcomp(large, small, nsim = 500 / k)))["elapsed"]
cat(sprintf('[%.4f, %.4f]\n', b * k, p * k))
"""


def lme4() -> list[float]:
    """Seconds of the first two, or none without R and both packages."""
    if shutil.which("Rscript") is None:
        return []
    run = subprocess.run(["Rscript", "-e", R_CODE, str(DATA), str(SCALED)], capture_output=True, text=True)
    return list(json.loads(run.stdout.strip().splitlines()[-1])) if run.returncode == 0 else []


def one_turn(folder: str) -> dict[str, Any]:
    """A build of lmmkit in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": folder}
    run = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, check=True, env=environment, cwd=folder
    )
    answer: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return answer


def rows() -> list[str]:
    """The rows of the table in RESULTS.md; of an earlier build the largest difference stands under *above best*."""
    earlier = os.environ.get("EARLIER")
    now = one_turn(str(HERE.parent))
    before = one_turn(earlier) if earlier else {}
    theirs = dict(zip(GOALS, lme4(), strict=False))
    lines = []
    for name, goal in GOALS.items():
        seconds = now[name]["seconds"]
        lines.append(f"| {name} | lmmkit | {seconds:.3f} | 1.0 | | | | {goal} |")
        if name in before:
            apart = np.abs(np.array(before[name]["numbers"]) - np.array(now[name]["numbers"])).max()
            then = before[name]["seconds"]
            lines.append(
                f"| {name} | lmmkit, earlier | {then:.3f} | {then / seconds:.1f} | | {apart:.1e} | | |"
            )
        if name in theirs:
            whole = theirs[name]
            lines.append(
                f"| {name} | lme4, a tenth of it scaled | {whole:.2f} | {whole / seconds:.0f} | | | | |"
            )
    return lines


if __name__ == "__main__":
    print(json.dumps(ours()))
