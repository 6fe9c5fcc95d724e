"""The rows to predict: those of the fit or new ones, and which of their random effects are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..design.design import build_design
from ..errors import DataError, FormulaError, ModelError
from ..formula.functions import columns_of
from ..formula.parse import parse
from ..formula.syntax import read
from ..numerics import arguments
from ..numerics.arrays import Array, Flags, Index

if TYPE_CHECKING:
    from ..design.design import Design, NewRows, RandomTerm
    from .fit import Fit

__all__ = ["PredictedRows", "new_rows", "new_sizes", "own_rows", "requested", "requested_of_part"]


@dataclass(frozen=True)
class PredictedRows:
    """The rows to predict.

    Attributes
    ----------
    X : ndarray (m, p)
    offset : ndarray (m,)
    terms : list of (codes, Z)
        Of each random-effects term; code -1 is a level that the fit has not seen.
    sizes : ndarray (m,) or None
        Prior weights or numbers of trials, for a prediction interval.
    index : Index
    """

    X: Array
    offset: Array
    terms: list[tuple[Index, Array]]
    sizes: Array | None
    index: pd.Index

    def without_fixed(self) -> PredictedRows:
        """The rows with nothing but their random effects."""
        return replace(self, X=np.zeros_like(self.X), offset=np.zeros_like(self.offset))

    def effects(self, wanted: list[Flags]) -> list[tuple[Index, Array]]:
        """The terms with zeros in Z for effects that are not wanted and in rows of unseen levels."""
        return [
            (np.maximum(codes, 0), np.where((codes >= 0)[:, None] & mask, Z, 0.0))
            for (codes, Z), mask in zip(self.terms, wanted, strict=True)
        ]


def requested(fit: Fit, re_form: str | None) -> list[Flags]:
    """For each term which of its effects `re_form` asks for, boolean (k,)."""
    terms = fit.design.terms
    if re_form is None or (isinstance(re_form, str) and re_form.strip().upper() == "NULL"):  # R's None
        return [np.ones(len(term.names), dtype=bool) for term in terms]
    if isinstance(re_form, str) and re_form.strip().upper() == "NA":  # lme4's word for none
        re_form = "~0"
    if not isinstance(re_form, str):
        raise FormulaError(
            f"re_form is None or text such as '~0' or '~(1 | school)', not {arguments.shown(re_form)}"
        )
    formula = parse(re_form, one_sided=True, double_bar=fit.design.formula.double_bar)
    if not formula.bars:
        if formula.fixed not in ("0", "1"):
            raise FormulaError(f"re_form '{re_form}' names no random effects; write '~0' for none")
        asked = set()
    else:
        design = build_design(formula, fit.design.levels_frame)
        asked = {(term.group, name) for term in design.terms for name in term.names}
        _check_structures(terms, design.terms)
    present = {(term.group, name) for term in terms for name in term.names}
    for group, name in sorted(asked - present):
        raise ModelError(
            f"re_form asks for the random effect {name} of {group}, which this model does not have"
        )
    return [np.array([(term.group, name) in asked for name in term.names]) for term in terms]


def _check_structures(terms: list[RandomTerm], asked: list[RandomTerm]) -> None:
    """A structure named in `re_form` must be the model's own; a plain bar names effects alone."""
    for wanted in asked:
        own = [term for term in terms if term.group == wanted.group and set(wanted.names) <= set(term.names)]
        kinds = [(term.structure.tag, term.structure.homogeneous) for term in own]
        structure = wanted.structure
        if structure.tag != "us" and own and (structure.tag, structure.homogeneous) not in kinds:
            raise ModelError(
                f"re_form names {wanted.bar.term}, but the model has {own[0].bar.term}; effects are kept as they are "
                f"estimated there, so write ({wanted.bar.text})"
            )


def requested_of_part(view: Fit, re_form: str | None) -> list[Flags]:
    """The same for a part beside the conditional one: what `re_form` names of another part is not this part's."""
    try:
        return requested(view, re_form)
    except ModelError:
        return [np.zeros(len(term.names), dtype=bool) for term in view.design.terms]


def own_rows(fit: Fit) -> PredictedRows:
    design = fit.design
    terms = [(term.codes, term.Z) for term in design.terms]
    return PredictedRows(design.X, design.offset, terms, new_sizes(fit, design), design.frame.index)


def new_rows(
    fit: Fit,
    newdata: pd.DataFrame,
    wanted: list[Flags],
    allow_new_levels: bool,
    new_response: bool,
    fixed: bool = True,
) -> PredictedRows:
    """New rows; columns that only unwanted effects need may be missing."""
    design = fit.design
    pairs = list(zip(design.terms, wanted, strict=True))
    needed = {name for term, mask in pairs if mask.any() for name in _columns(term, slopes=True)}
    if fixed:
        texts = (design.formula.fixed, *design.formula.offsets)
        needed |= {name for text in texts for name in columns_of(read(text))}
    spare = {
        name for term, mask in pairs if not mask.any() for name in _columns(term, slopes=not new_response)
    }
    rows = design.new_rows(newdata, [name for name in spare - needed if name not in newdata])
    if not allow_new_levels:
        for term, mask, (codes, _) in zip(design.terms, wanted, rows.terms, strict=True):
            if mask.any() and (codes < 0).any():
                first = rows.new_levels[term.group][0]
                shown = "a missing level" if first == "NA" else f"the level '{first}'"
                raise DataError(
                    f"'{term.group}' has {shown}, which the fit has not seen; with allow_new_levels=True such "
                    "rows are predicted with a random effect of zero"
                )
    sizes = new_sizes(fit, rows) if new_response else None
    m = len(rows.index)
    X, offset = (rows.X, rows.offset) if fixed else (np.zeros((m, len(fit.beta))), np.zeros(m))
    return PredictedRows(X, offset, rows.terms, sizes, rows.index)


def _columns(term: RandomTerm, slopes: bool) -> set[str]:
    """Columns behind a term: those of the grouping factor, and with `slopes` those left of the bar."""
    texts = [*term.bar.factors, *([term.bar.lhs] if slopes else [])]
    return {name for text in texts for name in columns_of(read(text))}


def new_sizes(fit: Fit, rows: Design | NewRows) -> Array | None:
    """What the spread of a new response depends on besides its mean: numbers of trials, or prior weights.

    In the other families a weight says how often a row counts; a new response is one observation.
    """
    if fit.family is None:
        return rows.weights
    if fit.family.name not in ("binomial", "beta_binomial"):
        return None
    return rows.weights if rows.trials is None else rows.trials
