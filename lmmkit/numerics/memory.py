"""Refuse what does not fit into memory before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ModelError

__all__ = ["available_bytes", "check_memory"]

UNKNOWN = 2 * 1024**3  # where the system does not tell (a browser), what one may hope for
SMALL = 64 * 1024**2  # never worth asking about


def available_bytes() -> int:
    """Memory that this process may still take, in bytes.

    Examples
    --------
    >>> available_bytes() > 0
    True
    """
    found = []
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable")]
    except (OSError, ValueError, IndexError):
        pass
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
        found.append(int(limit) - int(used))
    except (OSError, ValueError):
        pass
    if not found:
        try:
            found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
        except (AttributeError, ValueError, OSError):
            return UNKNOWN
    return max(0, min(found))


def check_memory(needed: int, sizes: str) -> None:
    """Refuse a model whose factorisation cannot fit.

    Parameters
    ----------
    needed : int
        Bytes.
    sizes : str
        The numbers of random effects, for the message.

    Raises
    ------
    ModelError
        With the numbers, and what to do.

    Examples
    --------
    >>> check_memory(10**18, "6,000,000 and 4,000,000")
    Traceback (most recent call last):
        ...
    lmmkit.errors.ModelError: this model needs about 931,322,575 GB of memory ...
    """
    if needed <= SMALL:
        return
    available = available_bytes()
    if needed > 0.9 * available:
        gigabytes = 1024**3
        raise ModelError(
            f"this model needs about {needed / gigabytes:,.0f} GB of memory (its grouping factors have {sizes} "
            f"random effects), and {available / gigabytes:,.1f} GB are free; leave out levels with few rows, use "
            "fewer random slopes, fit to a sample of the levels, or use a machine with more memory"
        )
