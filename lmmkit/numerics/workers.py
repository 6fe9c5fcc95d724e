"""Do something random many times, with workers and a bar; the result does not depend on the workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from ..errors import ModelError
from .threads import threads_for

__all__ = ["replicates", "with_bar"]

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
        The results in order.

    Raises
    ------
    ModelError
        When `n_sim` is not a positive whole number.

    Examples
    --------
    >>> replicates(lambda rng: int(rng.integers(10)), 5, seed=1, progress=False)
    [0, 9, 4, 1, 7]
    """
    if not isinstance(n_sim, (int, np.integer)) or n_sim < 1:
        raise ModelError(f"n_sim must be a whole number from 1, not {n_sim!r}")
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    seeds = root.spawn(int(n_sim))
    if n_jobs == 1:
        return [one(function, child) for child in with_bar(seeds, n_sim, progress, label)]
    from joblib import Parallel, delayed

    size = max(1, min(25, n_sim // 20))
    batches = [seeds[start : start + size] for start in range(0, n_sim, size)]
    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    results = parallel(delayed(_many)(function, batch) for batch in batches)
    return list(with_bar(_flat(results), n_sim, progress, label))


def one(function: Callable[[np.random.Generator], T], seed: np.random.SeedSequence) -> T:
    """A single call; with one BLAS thread, so that rounding does not depend on the number of workers."""
    with threads_for(0):
        return function(np.random.default_rng(seed))


def _many(function: Callable[[np.random.Generator], T], seeds: Sequence[np.random.SeedSequence]) -> list[T]:
    return [one(function, seed) for seed in seeds]


def _flat(batches: Iterable[list[T]]) -> Iterator[T]:
    for batch in batches:
        yield from batch


def with_bar(items: Iterable[T], total: int, progress: bool | None, label: str) -> Iterable[T]:
    """The items, with a bar if wished."""
    if progress is False:
        return items
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return items
    bar: Iterable[T] = tqdm(items, total=total, desc=label, delay=0 if progress else 2, leave=bool(progress))
    return bar
