"""Rows that are copies: of one value for a whole level of a grouping factor, or of other rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..design.design import Design

__all__ = ["constant_within", "every_row_is_copied"]

#: Spread within a level, relative to the response's, that is no spread.
NONE = 1e-7


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
