"""Zero-inflated negative binomials: lmmkit beside glmmTMB, in one run, on glmmTMB's salamanders.

Run as ``python benchmarks/extra_zeros.py``. The two take turns, so that both meet the same other work on the machine;
each fits once uncounted, then the median of some fits is taken.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

import lmmkit as lk

DATA = Path(__file__).resolve().parents[1] / "tests" / "reference" / "data" / "salamanders.csv"
REPEATS = 9
#: Formula, and that of the extra zeros.
CASES = [
    ("count ~ spp + mined + (1 | site)", "~ mined"),
    ("count ~ spp + mined + (1 | site)", "~ spp"),
    ("count ~ spp + mined + (1 | site)", "~ spp + mined"),
    ("count ~ spp + mined", "~ mined"),
]
#: Answers each line "formula; formula" with the seconds of a fit and -2 log-likelihood.
R = f"""
suppressMessages(library(glmmTMB))
d <- read.csv("{DATA}", stringsAsFactors = TRUE)
lines <- file("stdin", "r")
while (length(line <- readLines(lines, 1)) > 0) {{
  both <- strsplit(line, "; ")[[1]]
  seconds <- system.time(m <- suppressWarnings(
    glmmTMB(as.formula(both[1]), ziformula = as.formula(both[2]), family = nbinom2, data = d)))[["elapsed"]]
  cat(format(c(seconds, 2 * m$fit$objective), digits = 12), "\\n"); flush(stdout())
}}
"""


class Peer:
    """R with glmmTMB, asked line by line."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(["Rscript", "-e", R], stdin=pipe, stdout=pipe, text=True)

    def fit(self, formula: str, zeros: str) -> tuple[float, float]:
        """Seconds and -2 log-likelihood."""
        assert self.process.stdin is not None and self.process.stdout is not None
        print(f"{formula}; {zeros}", file=self.process.stdin, flush=True)
        seconds, objective = self.process.stdout.readline().split()
        return float(seconds), float(objective)

    def close(self) -> None:
        """End R."""
        self.process.communicate()


def ours(data: pd.DataFrame, formula: str, zeros: str) -> tuple[float, float]:
    """Seconds and -2 log-likelihood of lmmkit."""
    start = time.perf_counter()
    fit = lk.glmer(formula, data, "negative_binomial", zero_inflation=zeros)
    return time.perf_counter() - start, fit.deviance


def main() -> None:
    """Print a line for each model: median seconds, -2 log-likelihoods, and the ratio of the seconds."""
    data, peer = pd.read_csv(DATA), Peer() if shutil.which("Rscript") else None
    if peer is None:
        print("glmmTMB is not here", file=sys.stderr)
    for formula, zeros in CASES:
        own, theirs = [], []
        for _ in range(REPEATS + 1):
            own.append(ours(data, formula, zeros))
            theirs += [peer.fit(formula, zeros)] if peer else []
        seconds = statistics.median(s for s, _ in own[1:])
        line = f"{formula}, extra zeros {zeros:14}  lmmkit {seconds:.3f} s  {own[0][1]:.6f}"
        if theirs:
            other = statistics.median(s for s, _ in theirs[1:])
            line += f"   glmmTMB {other:.3f} s  {theirs[0][1]:.6f}   ratio {other / seconds:.1f}"
        print(line)
    if peer:
        peer.close()


if __name__ == "__main__":
    main()
