"""Keep BLAS to one thread where the matrices are small: threads that wait for each other cost ten times the sum."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

#: Matrices with more columns than this are worth a second thread (measured on a dense Cholesky factorisation).
WORTH_THREADS = 400


@cache
def _controller() -> Any:
    """The process's BLAS libraries, or None where threadpoolctl is missing (a browser has no threads anyway)."""
    try:
        from threadpoolctl import ThreadpoolController
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
