"""What a design must have before a mixed model is fitted to it."""

from __future__ import annotations

from ..errors import DataError
from ..structures.unstructured import Unstructured
from .design import Design

__all__ = ["check_grouping"]


def check_grouping(design: Design, *, gaussian: bool) -> None:
    """Refuse random effects that the data cannot tell apart, as lme4 does before it fits.

    Parameters
    ----------
    design : Design
    gaussian : bool
        True for `lmer`, where the residual variance is to be estimated besides, so that as many levels (or
        random effects) as rows are already too many; False for `glmer`.

    Raises
    ------
    DataError
        A grouping factor has a single level, or there are too many levels or random effects for the rows;
        with `gaussian` also for a `cbind()` response and for weights of zero.

    Notes
    -----
    lme4's `checkNlevels` and `checkZdims` with the defaults of `lmerControl` and `glmerControl`.
    """
    n = design.n
    if gaussian and design.trials is not None:
        raise DataError(
            f"the response {design.response} counts hits and misses; fit it by glmer, as binomial"
        )
    if gaussian and design.has_zero_weights:
        raise DataError("weights must be above zero; leave out the rows with weight zero")
    room = n - 1 if gaussian else n
    for term in design.terms:
        q = len(term.levels)
        if q < 2:
            raise DataError(f"the grouping factor '{term.group}' has one level; it needs at least two")
        if q > room:
            raise DataError(
                f"the grouping factor '{term.group}' has {q} levels for {n} rows; "
                f"it needs {'fewer levels than rows' if gaussian else 'at most one level for each row'}"
            )
    if any(not isinstance(term.structure, Unstructured) for term in design.terms):
        return  # a few parameters for many effects: there lme4 asks no more than that they can be told apart
    for term in design.terms:
        effects = len(term.levels) * term.k
        if effects > room:
            raise DataError(
                f"the term {term.bar.term} has {effects} random effects for {n} rows, "
                "so their variances cannot be told apart; leave out a slope or use '||'"
            )
