#!/usr/bin/env bash
# A test of otter-grader says x == 0.5 and expects True. The answer 0.5 passes; the same answer as a mean of NumPy,
# np.float64(0.5), fails, because np.True_ is not written True. A test that compares and shows nothing always passes.
# Guess: a test that shows 0.5 fails for np.float64(0.5); so it is. For x == 0.5 the guess was none.
# What helps: end a test with assert, or with bool(...) and float(...).
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install otter-grader==7.0.0 numpy==2.4.6 pandas==3.1.1
run <<'PROGRAM'
import numpy as np
from otter.test_files.ok_test import run_doctest

answers = {"0.5": 0.5, "np.float64(0.5)": np.mean([0.25, 0.75])}
for test in (">>> x\n0.5\n", ">>> x == 0.5\nTrue\n", ">>> bool(x == 0.5)\nTrue\n", ">>> assert x == 0.5\n", ">>> _ = x == 0.7\n"):
    got = {name: "passes" if run_doctest("q1", test, {"x": value})[0] else "fails" for name, value in answers.items()}
    print(test.strip().replace("\n", " / "), got)
PROGRAM
expect <<'SEEN'
>>> x / 0.5 {'0.5': 'passes', 'np.float64(0.5)': 'fails'}
>>> x == 0.5 / True {'0.5': 'passes', 'np.float64(0.5)': 'fails'}
>>> bool(x == 0.5) / True {'0.5': 'passes', 'np.float64(0.5)': 'passes'}
>>> assert x == 0.5 {'0.5': 'passes', 'np.float64(0.5)': 'passes'}
>>> _ = x == 0.7 {'0.5': 'passes', 'np.float64(0.5)': 'passes'}
SEEN
