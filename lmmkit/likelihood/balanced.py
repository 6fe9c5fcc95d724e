"""Balanced data of one grouping factor, whose criterion has a single valley."""

from __future__ import annotations

import numpy as np

from ..numerics.arrays import Array
from ..structures.unstructured import Unstructured
from .level_blocks import alike
from .theta import Terms

__all__ = ["has_one_valley"]


def has_one_valley(terms: Terms, lead: Array) -> bool:
    """Whether the criterion of a linear model is known to have a single minimum.

    Parameters
    ----------
    terms : Terms
    lead : array of shape (q, k, k)
        ``Z'Z`` of each level of the leading factor.

    Notes
    -----
    So it is where the effects of one grouping factor are those of the fixed part and vary freely, and all levels
    have the same ``Z'Z``: the data then come down to a covariance of coefficients, ``O = Sigma + s2 (Z'Z)^-1``,
    and the residual variance ``s2``. The criterion is convex along the geodesics of positive definite matrices
    (Wiesel 2012, *IEEE Transactions on Signal Processing* 60), and so is ``O >= s2 (Z'Z)^-1``, as geometric means
    are monotone.

    Examples
    --------
    >>> import pandas as pd
    >>> from lmmkit.design.design import build_design
    >>> from lmmkit.likelihood.lmm import Criterion
    >>> data = pd.DataFrame({"y": [1.0, 2, 4, 5, 9, 8], "g": list("aabbcc")})
    >>> criteria = [Criterion(build_design("y ~ 1 + (1 | g)", rows)) for rows in (data, data[1:])]
    >>> [has_one_valley(criterion, criterion.sums.lead) for criterion in criteria]
    [True, False]
    """
    if len(terms.structures) != 1 or not isinstance(terms.structures[0], Unstructured):
        return False
    if not terms.layout.has_rows:
        return False
    design = terms.design
    return np.array_equal(design.terms[0].Z, design.coordinates.X) and alike(lead)
