"""Traces of ``P V_i P V_j`` for many responses of one design, side by side.

With ``Z`` of the leading factor, ``Z'P Z`` has a block ``D_l`` for each level, less a product ``E E'``: of what the
rest of the terms and, by REML, the fixed effects explain. So the work grows with the levels, not with their square.

Shapes: as in :mod:`lmmkit.likelihood.many_criterion`; ``w`` is ``R``, and with REML ``R + p``.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..crossprod.layout import Layout
from ..numerics.arrays import Array

__all__ = ["Projected", "trace_products"]


class Projected(NamedTuple):
    """``Z'P Z``, or ``Z'V^-1 Z`` where the likelihood is not restricted, at a point of each response.

    ``blocks`` (B, q, k, k), ``D_l`` of the leading factor; ``explained`` (B, q, k, w), ``E_l`` of the same; ``met``
    (B, q k, R), its columns by those of the rest; ``rest`` (B, R, R).
    """

    blocks: Array
    explained: Array
    met: Array
    rest: Array


def trace_products(layout: Layout, projected: Projected, slopes: list[Array]) -> Array:
    """``tr(P V_i P V_j)``, or with ``V^-1`` for ``P``, (B, m, m).

    Parameters
    ----------
    layout : Layout
    projected : Projected
    slopes : list of arrays (B, m, k, k)
        ``dSigma/dtheta`` of each grouping factor.
    """
    total = _of_lead(projected, slopes[0])
    sizes = [(factor.q, factor.k) for factor in layout.factors]
    own = [slice(int(a), int(b)) for a, b in pairwise(layout.starts)]
    for f, right in enumerate(slopes[1:]):
        blocks = [projected.met[..., own[f]], *(projected.rest[:, own[g], own[f]] for g in range(f + 1))]
        for g, block in enumerate(blocks):
            both = _traced(_level_products(block, sizes[g], sizes[1 + f]), slopes[g], right)
            total += both if g == 1 + f else both + both.transpose(0, 2, 1)
    return total


def _of_lead(projected: Projected, slopes: Array) -> Array:
    """Between the levels of the leading factor: of ``D_l`` and ``E_l`` (k, w), each pair of levels is - E_l E_m'."""
    (B, q, k, _), m = projected.blocks.shape, slopes.shape[1]
    blocks = projected.blocks.reshape(B, q, k * k)
    turned = blocks.transpose(0, 2, 1)
    products = turned @ blocks
    explained = projected.explained
    w = explained.shape[-1]
    if w:
        own = turned @ (explained @ explained.transpose(0, 1, 3, 2)).reshape(B, q, k * k)
        products -= own + own.transpose(0, 2, 1)
    total = _traced(products.reshape(B, k, k, k, k), slopes, slopes)
    if w:
        rows = explained.reshape(B, q, k * w)
        pairs = (rows.transpose(0, 2, 1) @ rows).reshape(B, k, w, k, w).transpose(0, 1, 3, 2, 4)
        inner = slopes.reshape(B, m, k * k) @ pairs.reshape(B, k * k, w * w)
        total += inner @ inner.transpose(0, 2, 1)
    return total


def _level_products(block: Array, rows: tuple[int, int], columns: tuple[int, int]) -> Array:
    """``sum_lm P_lm[a, d] P_lm[b, c]`` over levels of two factors, (B, k, k', k, k'), of their block."""
    (q, k), (other, width) = rows, columns
    parts = block.reshape(-1, q, k, other, width).transpose(0, 2, 4, 1, 3).reshape(-1, k * width, q * other)
    return np.asarray((parts @ parts.transpose(0, 2, 1)).reshape(-1, k, width, k, width))


def _traced(products: Array, left: Array, right: Array) -> Array:
    """``products_adbc left_iab right_jcd``, (B, m, m), summed over all but ``i`` and ``j``."""
    (B, m, k, _), other = left.shape, right.shape[-1]
    flat = products.transpose(0, 1, 3, 4, 2).reshape(B, k * k, other * other)
    return np.asarray(left.reshape(B, m, k * k) @ flat @ right.reshape(B, m, -1).transpose(0, 2, 1))
