"""A worker process of joblib's own (loky) that is killed while it works."""

import os
import signal
import time
from pathlib import Path

import pytest

import lmmkit as lk
from lmmkit.numerics.workers import ATTEMPTS, spread

pytestmark = pytest.mark.slow


def tenfold(task: tuple[int, Path, int]) -> int:
    """Ten times the number; the worker that comes to number 5 kills itself, so many times."""
    number, folder, deaths = task
    if number == 5 and len(list(folder.glob("killed*"))) < deaths:
        (folder / f"killed-{os.getpid()}-{time.monotonic_ns()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / f"done-{number}-{os.getpid()}").touch()
    return 10 * number


@pytest.mark.parametrize("deaths", [1, ATTEMPTS - 1])
def test_what_a_killed_worker_had_in_hand_is_done_again(tmp_path: Path, deaths: int) -> None:
    results = list(spread(tenfold, [(number, tmp_path, deaths) for number in range(12)], 2))
    assert sorted(results) == [(number, 10 * number) for number in range(12)]
    assert len(list(tmp_path.glob("killed*"))) == deaths


def test_a_task_that_always_kills_its_worker_ends_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(lk.ModelError, match=f"killed {ATTEMPTS} times in a row"):
        list(spread(tenfold, [(5, tmp_path, 99)], 2))
    assert list(spread(tenfold, [(1, tmp_path, 0), (2, tmp_path, 0)], 2)) == [(0, 10), (1, 20)]


def test_a_bootstrap_goes_on_after_a_killed_worker(tmp_path: Path) -> None:
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))

    def slope(model: lk.lmer) -> float:
        if os.getpid() != own and not list(tmp_path.glob("killed")):
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return float(model.fixef["Days"])

    own = os.getpid()
    alone = fit.bootstrap(40, stat=slope, seed=3, progress=False)
    together = fit.bootstrap(40, stat=slope, seed=3, n_jobs=2, progress=False)
    assert (tmp_path / "killed").exists()
    assert together.replicates.equals(alone.replicates)
