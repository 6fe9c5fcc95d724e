"""Do something random many times, with workers and a bar; the result does not depend on the workers."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from ..errors import ModelError
from . import arguments
from .threads import threads_for

__all__ = ["batches", "interrupted", "replicates", "spread", "with_bar"]

#: How often in a row workers may be killed before the work is given up.
ATTEMPTS = 3

S = TypeVar("S")
T = TypeVar("T")


def replicates(
    function: Callable[[np.random.Generator], T],
    n_sim: int,
    seed: Any = None,
    n_jobs: int = 1,
    progress: bool | None = None,
    label: str = "simulating",
) -> list[T]:
    """Call a function with independent random generators.

    Parameters
    ----------
    function : callable
        Takes a generator. With more than one worker it is sent to other processes.
    n_sim : int
        How often.
    seed : int, SeedSequence or None
        Every call has a generator of its own that is spawned from it, so it does not matter who makes the
        call.
    n_jobs : int
        Number of worker processes, -1 for one per core (joblib).
    progress : bool, optional
        Show a bar (tqdm), in a terminal or a notebook; by default only if it takes longer than two seconds.
    label : str
        What stands before the bar.

    Returns
    -------
    list
        The results in order; when it is interrupted, those that are finished (:func:`interrupted`).

    Raises
    ------
    ModelError
        When `n_sim` is not a positive whole number, and for another `seed` or `n_jobs`.

    Examples
    --------
    >>> replicates(lambda rng: int(rng.integers(10)), 5, seed=1, progress=False)
    [0, 9, 4, 1, 7]
    """
    n_sim, n_jobs = arguments.whole("n_sim", n_sim), arguments.workers(n_jobs)
    size = 1 if n_jobs == 1 else max(1, min(25, n_sim // 20))
    return _in_batches(partial(_many, function), n_sim, size, seed, n_jobs, progress, label)


def batches(
    function: Callable[[list[np.random.Generator]], list[T]],
    n_sim: int,
    size: int,
    seed: Any = None,
    n_jobs: int = 1,
    progress: bool | None = None,
    label: str = "simulating",
) -> list[T]:
    """:func:`replicates` for a function of several generators at once.

    Parameters
    ----------
    function : callable
        Takes a list of generators, and gives as many results.
    n_sim : int
        How many results.
    size : int
        How many generators at once; whatever the number of workers.
    seed, n_jobs, progress, label
        As in :func:`replicates`: each result has the same generator as there.

    Returns
    -------
    list
        The results in order; when it is interrupted, those that are finished.

    Examples
    --------
    >>> batches(lambda rngs: [int(rng.integers(10)) for rng in rngs], 5, 2, seed=1, progress=False)
    [0, 9, 4, 1, 7]
    """
    n_sim, n_jobs = arguments.whole("n_sim", n_sim), arguments.workers(n_jobs)
    return _in_batches(partial(_together, function), n_sim, size, seed, n_jobs, progress, label)


def _in_batches(
    function: Callable[[Sequence[np.random.SeedSequence]], list[T]],
    n_sim: int,
    size: int,
    seed: Any,
    n_jobs: int,
    progress: bool | None,
    label: str,
) -> list[T]:
    """The results of all seeds, so many at a time."""
    seeds = arguments.seed_sequence(seed).spawn(n_sim)
    parts = [seeds[start : start + size] for start in range(0, n_sim, size)]
    done: dict[int, list[T]] = {}
    finished = _ticking(spread(function, parts, n_jobs), done)
    try:
        for _ in with_bar(finished, n_sim, progress, label):
            pass
    except KeyboardInterrupt:
        if not done:
            raise
    return [result for number in sorted(done) for result in done[number]]


def spread(function: Callable[[S], T], tasks: Sequence[S], n_jobs: int) -> Iterator[tuple[int, T]]:
    """A function of each task, by so many workers: number of the task and result, as they are finished.

    When a worker is killed, what it and the others had not finished is done again.

    Parameters
    ----------
    function : callable
        Of one task.
    tasks : sequence
    n_jobs : int
        Number of worker processes; 1 for none.

    Yields
    ------
    tuple
        Number of the task, and its result.

    Raises
    ------
    ModelError
        When workers are killed again and again.

    Examples
    --------
    >>> list(spread(abs, [-1, -2], 1))
    [(0, 1), (1, 2)]
    """
    left, losses = set(range(len(tasks))), 0
    if n_jobs == 1:
        for number, task in enumerate(tasks):
            yield number, function(task)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool  # type: ignore[import-untyped]

    while left:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator")
        order = sorted(left)
        results: Any = parallel(delayed(_numbered)(function, number, tasks[number]) for number in order)
        try:
            for number, result in results:
                left.discard(number)
                losses = 0
                yield number, result
        except BrokenProcessPool:  # as when the system runs out of memory
            losses += 1
            if losses == ATTEMPTS:
                raise ModelError(
                    f"a worker process was killed {ATTEMPTS} times in a row, perhaps because memory ran out; "
                    "try a smaller n_jobs"
                ) from None
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # joblib tells how many tasks an interruption cancels
                results.close()


def _numbered(function: Callable[[S], T], number: int, task: S) -> tuple[int, T]:
    return number, function(task)


def _ticking(finished: Iterable[tuple[int, list[T]]], done: dict[int, list[T]]) -> Iterator[None]:
    """Keep what is finished, and tick once for each result."""
    for number, results in finished:
        done[number] = results
        yield from (None for _ in results)


def one(function: Callable[[np.random.Generator], T], seed: np.random.SeedSequence) -> T:
    """A single call; with one BLAS thread, so that rounding does not depend on the number of workers."""
    with threads_for(0):
        return function(np.random.default_rng(seed))


def _together(
    function: Callable[[list[np.random.Generator]], list[T]], seeds: Sequence[np.random.SeedSequence]
) -> list[T]:
    with threads_for(0):
        return function([np.random.default_rng(seed) for seed in seeds])


def _many(function: Callable[[np.random.Generator], T], seeds: Sequence[np.random.SeedSequence]) -> list[T]:
    return [one(function, seed) for seed in seeds]


def with_bar(items: Iterable[T], total: int, progress: bool | None, label: str) -> Iterable[T]:
    """The items, with a bar if wished."""
    if progress is not None and not arguments.flag("progress", progress):
        return items
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return items
    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0  # its monitor is a thread, and a browser has none
    bar: Iterable[T] = tqdm(items, total=total, desc=label, delay=0 if progress else 2, leave=bool(progress))
    return bar


def interrupted(done: int, asked: int, what: str = "simulations") -> list[str]:
    """A sentence when less was done than was asked for.

    Examples
    --------
    >>> interrupted(12, 100), interrupted(100, 100)
    (['Interrupted: 12 of 100 simulations were finished, and only these count.'], [])
    """
    if done >= asked:
        return []
    return [f"Interrupted: {done} of {asked} {what} were finished, and only these count."]
