"""lme4 in a loop over responses of one design, timed in R."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LOOP = r"""
suppressMessages(library(lme4)); a <- commandArgs(TRUE)
d <- read.csv(a[1], colClasses = FACTORS); Y <- as.matrix(read.csv(a[2], header = FALSE))
fit <- function(i) { d$y <- Y[i, ]; suppressMessages(suppressWarnings(CALL)) }
invisible(fit(1)); o <- numeric(nrow(Y))
s <- system.time(for (i in seq_len(nrow(Y))) o[i] <- -2 * as.numeric(logLik(fit(i))))["elapsed"]
cat(sprintf('{"seconds": %.4f, "objectives": [%s]}\n', s, paste(sprintf("%.8f", o), collapse = ", ")))
"""


def lme4_loop(call: str, samples: pd.DataFrame, responses: np.ndarray) -> dict[str, Any] | None:
    """Seconds and objectives of a call such as ``lmer(y ~ x + (1 | g), d)`` for each response; None without R.

    Columns of text are factors.
    """
    if shutil.which("Rscript") is None:
        return None
    text = [name for name in samples if not pd.api.types.is_numeric_dtype(samples[name])]
    factors = "c(" + ", ".join(f'{name} = "factor"' for name in text) + ")"
    with tempfile.TemporaryDirectory() as folder:
        data, values = Path(folder) / "data.csv", Path(folder) / "values.csv"
        samples.to_csv(data, index=False)
        pd.DataFrame(responses).to_csv(values, index=False, header=False)
        loop = LOOP.replace("FACTORS", factors).replace("CALL", call)
        run = subprocess.run(["Rscript", "-e", loop, str(data), str(values)], capture_output=True, text=True)
    if run.returncode != 0:
        return None
    answer: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return answer
