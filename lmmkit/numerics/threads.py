"""Keep BLAS to one thread where matrices are small: threads that wait for each other cost tenfold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import Any

#: Matrices with more columns than this are worth a second thread: below, it gains little on a quiet machine and
#: costs tenfold on a busy one (measured: InstEval with 1,128 columns).
WORTH_THREADS = 2000


class _OneThread:
    """BLAS at one thread as long as anybody is inside.

    BLAS knows one limit for the whole process. The first who enters notes what it was, the last who leaves puts
    it back, in whatever order Python's threads come and go.
    """

    def __init__(self, libraries: list[Any]) -> None:
        self._libraries, self._lock = libraries, Lock()
        self._inside, self._before = 0, list[tuple[Any, int]]()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                limits = [(library, library.get_num_threads()) for library in self._libraries]
                self._before = [(library, number) for library, number in limits if number and number > 1]
                for library, _ in self._before:
                    library.set_num_threads(1)
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    for library, number in self._before:
                        library.set_num_threads(number)


@cache
def _one_thread() -> _OneThread | None:
    """The process's BLAS libraries, or None without threadpoolctl (a browser has no threads anyway)."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ImportError:
        return None
    return _OneThread(ThreadpoolController().lib_controllers)


def threads_for(width: int) -> AbstractContextManager[Any]:
    """One BLAS thread for the block below, unless its largest dense matrix is wide enough for more.

    Parameters
    ----------
    width : int
        Columns of the largest dense matrix that will be factorised.

    Returns
    -------
    context manager

    Notes
    -----
    May be nested, and entered by several threads of Python at once.

    Examples
    --------
    >>> with threads_for(width=3):
    ...     pass
    """
    one_thread = _one_thread()
    return nullcontext() if one_thread is None or width > WORTH_THREADS else one_thread()
