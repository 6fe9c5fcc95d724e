"""The rows to simulate responses for, and which of their random effects are kept as they were estimated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..design.design import Design, NewRows
from ..errors import DataError
from ..likelihood.parts import CONDITIONAL
from ..numerics.arrays import Array, Flags, Index
from .mixed import MixedFit
from .parts import component_fit
from .predict_rows import new_sizes, requested, requested_of_part

if TYPE_CHECKING:
    from .fit import Fit

__all__ = ["SimulatedRows", "SimulatedTerm"]


@dataclass(frozen=True)
class SimulatedTerm:
    """One random-effects term on these rows.

    Attributes
    ----------
    codes : ndarray (m,)
        Levels of the rows: first those of the fit, then new ones.
    n_levels : int
    Z : ndarray (m, k)
    factor : ndarray (k, k)
        Relative covariance factor.
    sigma : float
    modes : ndarray (q, k)
        Estimated effects of the levels of the fit.
    kept : ndarray of bool (k,)
        Which of them are taken as they were estimated; the others are drawn.
    """

    codes: Index
    n_levels: int
    Z: Array
    factor: Array
    sigma: float
    modes: Array
    kept: Flags

    def draw(self, rng: np.random.Generator) -> Array:
        """What the effects add to each row, (m,)."""
        known = len(self.modes)
        if self.kept.all() and self.n_levels == known:
            effects = self.modes
        else:
            effects = self.sigma * rng.standard_normal((self.n_levels, len(self.factor))) @ self.factor.T
        if self.kept.any() and effects is not self.modes:
            effects[:known] = self._given_kept(effects[:known])
        return np.asarray((self.Z * effects[self.codes]).sum(axis=1))

    def added(self, normal: Array) -> Array:
        """What effects add to each row, (B, m), that are made of standard normal numbers (B, levels, k)."""
        effects = self.sigma * normal @ self.factor.T
        return np.einsum("mk,bmk->bm", self.Z, effects[:, self.codes])

    def _given_kept(self, drawn: Array) -> Array:
        """Draws moved to where the kept effects are, and the others with them, as their covariance says."""
        cov = self.factor @ self.factor.T
        shift = self.modes[:, self.kept] - drawn[:, self.kept]
        moved = drawn + shift @ np.linalg.pinv(cov[np.ix_(self.kept, self.kept)]) @ cov[self.kept]
        return np.where(self.kept, self.modes, moved)


@dataclass(frozen=True)
class SimulatedRows:
    """The rows to simulate.

    Attributes
    ----------
    index : Index
    fixed : mapping
        Part -> its linear predictor without random effects, (m,).
    terms : mapping
        Part -> its random-effects terms.
    weights : ndarray (m,)
        Prior weights; ones where none were given.
    trials : ndarray (m,) or None
        Numbers of trials behind a binomial response.
    counted : ndarray (m,) or None
        Hits plus misses of ``cbind(hits, misses)``.
    """

    index: pd.Index
    fixed: Mapping[str, Array]
    terms: Mapping[str, list[SimulatedTerm]]
    weights: Array
    trials: Array | None
    counted: Array | None

    @classmethod
    def own(cls, fit: Fit, re_form: str | None = "~0") -> SimulatedRows:
        """The rows of the fit."""
        design = fit.design
        fixed, terms = {}, {}
        for name, view in _parts(fit).items():
            fixed[name] = view.design.X @ view.beta + view.design.offset
            terms[name] = _terms(view, view.design, _kept(view, name, re_form), True)
        return cls(design.frame.index, fixed, terms, design.row_weights, design.row_trials, design.trials)

    @classmethod
    def new(cls, fit: Fit, newdata: pd.DataFrame, re_form: str | None, new_levels: bool) -> SimulatedRows:
        """Other rows.

        Raises
        ------
        DataError
            When `newdata` lacks a column, or has levels that the fit has not seen and these are not allowed.
        """
        design = fit.design
        rows = design.new_rows(newdata)
        m = len(rows.index)
        fixed, terms = {}, {}
        for name, view in _parts(fit).items():
            known = name in (CONDITIONAL, *design.components)
            own = view.design.new_rows(newdata) if known else None
            fixed[name] = np.full(m, view.beta[0]) if own is None else own.X @ view.beta + own.offset
            kept = _kept(view, name, re_form)
            terms[name] = [] if own is None else _terms(view, own, kept, new_levels)
        sizes = new_sizes(fit, rows)
        weights = np.ones(m) if sizes is None else sizes
        return cls(rows.index, fixed, terms, weights, sizes, rows.trials)


def _parts(fit: Fit) -> dict[str, Fit]:
    """The parts whose linear predictors differ between rows, or between draws."""
    parts = [CONDITIONAL]
    if isinstance(fit, MixedFit):
        parts += [name for name, part in fit.estimate.parts.items() if len(part.beta) > 0]
        return {name: component_fit(fit, name) for name in parts}
    return {CONDITIONAL: fit}


def _kept(view: Fit, name: str, re_form: str | None) -> list[Flags]:
    return requested(view, re_form) if name == CONDITIONAL else requested_of_part(view, re_form)


def _terms(view: Fit, rows: Design | NewRows, kept: list[Flags], new_levels: bool) -> list[SimulatedTerm]:
    if not isinstance(view, MixedFit):
        return []
    out = []
    for i, (term, mask) in enumerate(zip(view.design.terms, kept, strict=True)):
        if isinstance(rows, Design):
            codes, Z, n_levels = term.codes, term.Z, len(term.levels)
        else:
            Z = rows.terms[i][1]
            codes, unseen = term.grouping.all_codes(rows.evaluator)
            n_levels = len(term.levels) + len(unseen)
            if unseen and not new_levels:
                shown = "a missing level" if unseen[0] == "NA" else f"the level '{unseen[0]}'"
                raise DataError(
                    f"'{term.group}' has {shown}, which the fit has not seen; with allow_new_levels=True the "
                    "effects of such groups are drawn anew"
                )
        own = view.estimate
        out.append(SimulatedTerm(codes, n_levels, Z, own.factors[i], view.sigma, own.modes[i], mask))
    return out
