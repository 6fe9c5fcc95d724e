"""Which levels of a grouping factor have the same block of ``Z'Z``, so that what is true of one is true of all."""

from __future__ import annotations

import numpy as np

from ..numerics.arrays import Array, Index

__all__ = ["alike", "distinct_blocks"]

#: Relative difference of blocks that rounding can make.
ALIKE = 1e-12


def alike(blocks: Array) -> bool:
    """Whether all levels (q, k, k) have the same block."""
    return bool(np.abs(blocks - blocks[0]).max() <= ALIKE * np.abs(blocks[0]).max())


def distinct_blocks(lead: Array) -> tuple[Array, Index]:
    """The different blocks of the levels, (kinds, k, k), and which of them is each level's, (q,).

    In a balanced design all have the same, and what is true of one is true of all; with cells missing a few.
    """
    if alike(lead):
        return lead[:1], np.zeros(len(lead), dtype=np.intp)
    if lead.shape[1] > 2:  # smaller ones are swept out by a formula
        kinds, inverse = np.unique(lead.reshape(len(lead), -1), axis=0, return_inverse=True)
        if len(kinds) < len(lead):
            return kinds.reshape(-1, *lead.shape[1:]), inverse.reshape(-1)
    return lead, np.arange(len(lead))
