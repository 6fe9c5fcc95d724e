"""The same call on a cluster: a real one of local processes, one of which is killed while it works."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

pytestmark = pytest.mark.slow
distributed = pytest.importorskip(
    "distributed", reason="distributed is not installed (pip install lmmkit[dev])"
)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two worker processes of one thread each; a nanny starts a new one when one dies."""
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def fit() -> lk.lmer:
    return lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))


def killer(client: Any, folder: Path, after: int, killed: list[int]) -> threading.Thread:
    """Waits until so much work has left its mark in the folder, then kills a worker without warning."""

    def kill() -> None:
        deadline = time.monotonic() + 60
        while len(list(folder.iterdir())) < after and time.monotonic() < deadline:
            time.sleep(0.01)
        pid = next(iter(client.run(os.getpid).values()))
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(
    client: Any, fit: lk.lmer, tmp_path: Path
) -> None:
    def slow(model: lk.lmer) -> pd.Series:
        (tmp_path / f"{os.getpid()}-{time.monotonic_ns()}").touch()
        time.sleep(0.1)
        return model.fixef

    n_sim, killed = 60, []
    alone = fit.bootstrap(n_sim, stat=lambda model: model.fixef, seed=7, progress=False)
    thread = killer(client, tmp_path, 6, killed)
    with joblib.parallel_config(backend="dask"):
        together = fit.bootstrap(n_sim, stat=slow, seed=7, n_jobs=-1, progress=False)
    thread.join()
    done = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert killed and str(killed[0]) in done, "the worker had begun when it was killed"
    assert len(set(done) - {str(os.getpid())}) >= 3, "a new worker took its place"
    assert together.n_failed == 0
    pd.testing.assert_frame_equal(together.replicates, alone.replicates)


def test_many_responses_on_a_cluster(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lmmkit.likelihood.many_criterion import ManyCriterion

    monkeypatch.setattr(ManyCriterion, "chunk", 25)
    genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    genes = genes.mask(np.random.default_rng(1).random(genes.shape) < 0.0005)
    formula = "~ Age + (1 | Individual) + (1 | Tissue)"
    alone = lk.fit_many(genes, formula, samples, progress=False)
    with joblib.parallel_config(backend="dask"):
        together = lk.fit_many(genes, formula, samples, n_jobs=-1, progress=False)
    assert list(together.status.index) == list(genes.index)
    pd.testing.assert_frame_equal(together.status, alone.status)
    pd.testing.assert_frame_equal(together.fixef, alone.fixef)


def test_power_on_a_cluster(client: Any, fit: lk.lmer) -> None:
    alone = lk.power(fit, {"Days": 3.0}, 20, along={"Subject": [6, 12]}, seed=3, progress=False)
    with joblib.parallel_config(backend="dask"):
        together = lk.power(
            fit, {"Days": 3.0}, 20, along={"Subject": [6, 12]}, seed=3, n_jobs=-1, progress=False
        )
    pd.testing.assert_frame_equal(together.p_values, alone.p_values)
