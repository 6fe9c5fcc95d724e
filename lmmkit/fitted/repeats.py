"""Rows that are copies: of one value for a whole level of a grouping factor, or of other rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..design.design import Design
from ..formatting.wording import listed
from ..numerics.arrays import Array, Flags, Index

__all__ = ["Cells", "cells_of", "constant_within", "every_row_is_copied"]

#: Spread within a level, relative to the response's, that is no spread.
NONE = 1e-7
#: Rows beyond the first of their cell, at least, and as a share of all, from which copies count.
FEW, SHARE = 5, 0.1


def constant_within(design: Design) -> list[str]:
    """Grouping factors in each of whose levels the response is a single value, though it has several rows.

    Parameters
    ----------
    design : Design

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> plots = pd.DataFrame({"y": [1.0, 1, 2, 2, 5, 5], "plot": list("aabbcc"), "site": list("uuuuvv")})
    >>> constant_within(build_design("y ~ 1 + (1 | site/plot)", plots))
    ['plot:site']
    """
    y, found = design.y, []
    spread = float(np.ptp(y))
    for term in design.terms:
        order = np.argsort(term.codes, kind="stable")
        starts = np.flatnonzero(np.diff(term.codes[order], prepend=-1))
        within = np.maximum.reduceat(y[order], starts) - np.minimum.reduceat(y[order], starts)
        if 1 < len(starts) < len(y) and within.max() <= NONE * spread and term.group not in found:
            found.append(term.group)
    return found


@dataclass(frozen=True)
class Cells:
    """Cells of a design, many of which hold several rows.

    Attributes
    ----------
    name : str
        What the rows of a cell have in common.
    order : array of shape (n,)
        The rows, cell by cell.
    starts : array of shape (cells,)
        Where each cell begins among these.
    """

    name: str
    order: Index
    starts: Index

    def copied(self, Y: Array) -> Flags:
        """Which responses, shape (B, n), are a single value in each cell, and no counts.

        A response of which few values are possible is the same in a cell by chance.
        """
        ordered = Y[:, self.order]
        within = np.maximum.reduceat(ordered, self.starts, axis=1)
        within -= np.minimum.reduceat(ordered, self.starts, axis=1)
        flags: Flags = np.asarray(within.max(axis=1) <= NONE * np.ptp(Y, axis=1))
        for b in np.flatnonzero(flags):
            flags[b] = len(np.unique(Y[b])) > len(self.starts) / 2
        return flags


def cells_of(design: Design) -> list[Cells]:
    """Cells in which a response may be copied: combinations of levels, and rows of the same predictors and groups.

    Parameters
    ----------
    design : Design

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> rows = pd.DataFrame({"y": range(24), "a": [*"uvwx"] * 6, "b": [*"rrrrssss"] * 3})
    >>> crossed = build_design("y ~ 1 + (1 | a) + (1 | b)", rows)
    >>> [(cells.name, len(cells.starts)) for cells in cells_of(crossed)]
    [('combination of a and b', 8)]
    """
    groups = {term.group: term.codes for term in design.terms}
    columns = [design.X, *(term.Z for term in design.terms)]
    found: list[tuple[str, Array | Index]] = []
    if len(groups) > 1:
        found.append((f"combination of {listed(list(groups))}", np.column_stack([*groups.values()])))
    rows = np.column_stack([*columns, *groups.values()])
    if np.ptp(rows[:, : -len(groups)], axis=0).any() or len(groups) == 1:
        found.append(("combination of predictors and groups", rows))
    cells = [_cells(name, keys) for name, keys in found]
    return [own for own in cells if len(own.order) - len(own.starts) >= max(FEW, SHARE * len(own.order))]


def _cells(name: str, keys: Array | Index) -> Cells:
    frame = pd.DataFrame(keys)
    codes = frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy()
    order = np.argsort(codes, kind="stable")
    return Cells(name, order, np.flatnonzero(np.diff(codes[order], prepend=-1)))


def every_row_is_copied(design: Design) -> bool:
    """Whether each row has a twin with the same response, predictors and groups, and the response is no count.

    A response of which few values are possible has twins by chance.

    Parameters
    ----------
    design : Design
    """
    columns = [design.y[:, None], design.X, *(term.Z for term in design.terms)]
    rows = pd.DataFrame(np.column_stack([*columns, *(term.codes[:, None] for term in design.terms)]))
    if not rows.duplicated(keep=False).all():
        return False
    return len(np.unique(design.y)) > len(rows.drop_duplicates()) / 2
