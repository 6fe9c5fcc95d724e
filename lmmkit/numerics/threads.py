"""Keep BLAS to one thread where matrices are small: threads that wait for each other cost tenfold."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

#: Matrices with more columns than this are worth a second thread: below, it gains little on a quiet machine and
#: costs tenfold on a busy one (measured: InstEval with 1,128 columns).
WORTH_THREADS = 2000


@cache
def _controller() -> Any:
    """The process's BLAS libraries, or None without threadpoolctl (a browser has no threads anyway)."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ImportError:
        return None
    return ThreadpoolController()


def threads_for(width: int) -> AbstractContextManager[Any]:
    """One BLAS thread for the block below, unless its largest dense matrix is wide enough for more.

    Parameters
    ----------
    width : int
        Columns of the largest dense matrix that will be factorised.

    Returns
    -------
    context manager

    Examples
    --------
    >>> with threads_for(width=3):
    ...     pass
    """
    controller = _controller()
    if controller is None or width > WORTH_THREADS:
        return nullcontext()
    limit: AbstractContextManager[Any] = controller.limit(limits=1)
    return limit
