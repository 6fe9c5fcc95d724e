"""A zero-inflated negative binomial: lmmkit beside glmmTMB, in one run, on glmmTMB's salamanders.

Run as ``python benchmarks/extra_zeros.py``; each side fits once uncounted, then the median of some fits is taken.
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
FORMULA, ZEROS, REPEATS = "count ~ spp + mined + (1 | site)", "~ mined", 7
R = f"""
suppressMessages(library(glmmTMB))
d <- read.csv("{DATA}", stringsAsFactors = TRUE)
fit <- function() glmmTMB({FORMULA}, ziformula = {ZEROS}, family = nbinom2, data = d)
m <- fit()
seconds <- sapply(seq_len({REPEATS}), function(i) system.time(fit())[["elapsed"]])
cat(format(c(median(seconds), 2 * m$fit$objective), digits = 12))
"""


def ours() -> tuple[float, float]:
    """Median seconds and -2 log-likelihood of lmmkit."""
    data = pd.read_csv(DATA)
    seconds = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        fit = lk.glmer(FORMULA, data, "negative_binomial", zero_inflation=ZEROS)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:]), fit.deviance


def main() -> None:
    """Print both, and their ratio."""
    seconds, objective = ours()
    print(f"lmmkit   {seconds:.3f} s   -2 log-likelihood {objective:.6f}")
    if shutil.which("Rscript") is None:
        print("glmmTMB is not here", file=sys.stderr)
        return
    answer = subprocess.run(["Rscript", "-e", R], capture_output=True, text=True, check=True).stdout.split()
    peer, theirs = (float(value) for value in answer)
    print(f"glmmTMB  {peer:.3f} s   -2 log-likelihood {theirs:.6f}   ratio {peer / seconds:.1f}")


if __name__ == "__main__":
    main()
