"""Data in parts on a cluster: a real one of local processes, one of which is killed while it works."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

pytestmark = pytest.mark.slow
distributed = pytest.importorskip(
    "distributed", reason="distributed is not installed (pip install lmmkit[dask])"
)
dask = pytest.importorskip("dask.dataframe", reason="dask is not installed (pip install lmmkit[dask])")

PARTS = 8


def part(number: int, marks: str = "") -> pd.DataFrame:
    """A part that is made where it is needed; each time it leaves a mark."""
    rng = np.random.default_rng(number)
    if marks:
        (Path(marks) / f"{os.getpid()}-{number}-{time.monotonic_ns()}").touch()
        time.sleep(0.1)
    data = pd.DataFrame(
        {"x": rng.normal(size=300), "a": rng.integers(0, 30, 300), "b": rng.integers(0, 9, 300)}
    )
    own = np.random.default_rng(99).normal(size=30)
    return data.assign(y=data["x"] + own[data["a"]] + rng.normal(size=300))


def test_a_killed_worker_costs_time_only_and_no_row_reaches_the_client(tmp_path: Path) -> None:
    formula, killed = "y ~ x + (x | a) + (1 | b)", []
    alone = lk.lmer(formula, pd.concat([part(number) for number in range(PARTS)]))
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as client:
        frame = dask.from_map(part, range(PARTS), marks=str(tmp_path), meta=part(0).iloc[:0])

        def kill() -> None:
            deadline = time.monotonic() + 60
            while len(list(tmp_path.iterdir())) < 3 * PARTS // 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        together = lk.lmer(formula, frame)
        thread.join()
        fitted: Any = together.fitted.compute()
    workers = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert killed and str(killed[0]) in workers, "the worker had begun when it was killed"
    assert str(os.getpid()) not in workers, "no part was made here"
    assert together.loglik == pytest.approx(alone.loglik, abs=1e-6)
    pd.testing.assert_frame_equal(together.coef_table(), alone.coef_table(), rtol=1e-5)
    np.testing.assert_allclose(fitted, alone.fitted, rtol=0, atol=1e-6)
