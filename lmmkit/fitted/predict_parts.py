"""Predictions from a model with several parts, with confidence and prediction intervals.

The linear predictors of a row err together: its coefficients were estimated together, and the conditional modes
move with them. :class:`PartEquations` knows the covariance of all these errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, hstack, identity
from scipy.sparse.linalg import SuperLU, splu

from ..design.design import RandomTerm
from ..errors import ModelError
from ..likelihood.parts import CONDITIONAL, DISPERSION, SHAPE, ZERO_INFLATION, PartRows, Stack, parts_of
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags, Index
from .open_fits import bounded
from .parts import component_fit, part_names
from .predict_rows import PredictedRows, new_rows, own_rows, requested, requested_of_part
from .row_distribution import RowDistribution

if TYPE_CHECKING:
    from .mixed import MixedFit

__all__ = ["PartEquations", "predict_parts"]

DRAWS = 2000  # of a prediction interval
BLOCK = 512  # rows at a time
#: Step of the differences that carry errors of linear predictors to the mean.
STEP = 1e-4
#: What each kind needs: the part that it is about, or "" for all of them.
KINDS = {
    "response": "",
    "conditional": "",
    "link": CONDITIONAL,
    "zero_probability": ZERO_INFLATION,
    "dispersion": DISPERSION,
}


@dataclass(frozen=True)
class _PartPrediction:
    """Rows of one part: its matrix row, its random effects as used, and as left out."""

    rows: PredictedRows
    effects: list[tuple[Index, Array]]
    eta: Array


class PartEquations:
    """Covariance of the errors of coefficients and conditional modes of all parts, at the estimates.

    Parameters
    ----------
    fit : MixedFit
        With parts.

    Notes
    -----
    Given the coefficients, the effects have the covariance of the Laplace approximation; the modes move with the
    coefficients as their equation says; and the coefficients have the covariance of the whole Hessian.
    """

    def __init__(self, fit: MixedFit) -> None:
        design = fit.design
        parts = parts_of(design, fit.call.options["family"])
        stack = Stack(parts)
        rows = PartRows.of(design, design.y, fit.call.options["family"], parts)
        jet = rows.at([fit.rows.etas[part.name] for part in parts], range(len(parts)), order=2)
        self.factors = _factors(fit)
        columns = [_sparse(term, factor) for term, factor in zip(stack.terms, self.factors, strict=True)]
        Z = csr_array(hstack(columns)) if columns else csr_array((stack.length, 0))
        weights = stack.weights(jet)
        self.factor: SuperLU = splu(csc_array(Z.T @ Z.multiply(weights[:, None]) + identity(Z.shape[1])))
        fixed = [
            stack.join([-jet[r, t][:, None] * part.X for r in stack.random]) for t, part in enumerate(parts)
        ]
        self.moved = self.factor.solve(np.asarray(Z.T @ np.concatenate(fixed, axis=1)))
        self.starts = np.cumsum([0, *(column.shape[1] for column in columns)])
        assert fit.estimate.cov_parts is not None
        self.cov = fit.estimate.cov_parts

    def covariance(
        self, gradients: Mapping[str, Array], effects: Mapping[str, csr_array]
    ) -> dict[tuple[str, str], Array]:
        """Covariance of the errors of the parts' linear predictors, one value per row and pair of parts.

        Parameters
        ----------
        gradients : mapping
            Part -> rows (m, p) over the coefficients of all parts.
        effects : mapping
            Part -> sparse rows (m, q) over the spherical effects of all parts.
        """
        through = {name: gradients[name] - effects[name] @ self.moved for name in gradients}
        found = {}
        for s in through:
            solved = self._solved(effects[s])
            for t in through:
                own = np.einsum("mp,pq,mq->m", through[s], self.cov, through[t])
                found[s, t] = own + np.asarray(effects[t].multiply(solved).sum(axis=1)).ravel()
        return found

    def _solved(self, rows: csr_array) -> csr_array:
        """``M^-1 z`` for each row z, on the pattern that products with other rows need."""
        pieces = [
            csr_array(self.factor.solve(rows[i : i + BLOCK].toarray().T).T)
            for i in range(0, rows.shape[0], BLOCK)
        ]
        return csr_array(np.concatenate([piece.toarray() for piece in pieces])) if pieces else rows


def _factors(fit: MixedFit) -> list[Array]:
    """Covariance factors of all terms, the conditional ones first, in units of the linear predictors."""
    own = [fit.sigma * factor for factor in fit.estimate.factors]
    return own + [factor for part in fit.estimate.parts.values() for factor in part.factors]


def _sparse(term: RandomTerm, factor: Array) -> csr_array:
    """``Z Lambda`` of one term."""
    return _spread(term.codes, term.Z, factor, len(term.levels))


def _spread(codes: Index, Z: Array, factor: Array, q: int) -> csr_array:
    m, k = Z.shape
    columns = codes[:, None] * k + np.arange(k)
    return csr_array(((Z @ factor).ravel(), columns.ravel(), np.arange(m + 1) * k), shape=(m, q * k))


def predict_parts(
    fit: MixedFit,
    newdata: pd.DataFrame | None,
    re_form: str | None,
    allow_new_levels: bool,
    kind: str,
    interval: str | None,
    level: float,
    se_fit: bool = False,
) -> pd.Series | pd.DataFrame:
    """:func:`~lmmkit.fitted.predict.predict` for a model with several parts; its arguments are checked there."""
    needed = KINDS[kind]
    if needed in (ZERO_INFLATION, DISPERSION) and needed not in fit.estimate.parts:
        raise ModelError(f"this model has no part for kind={kind!r}; it has {', '.join(part_names(fit))}")
    names = [name for name in part_names(fit) if name != SHAPE and needed in ("", name)]
    found = {
        name: _of_part(fit, name, newdata, re_form, allow_new_levels, interval == "prediction")
        for name in names
    }
    index, m = next(iter(found.values())).rows.index, len(next(iter(found.values())).eta)
    etas = {name: part.eta for name, part in found.items()}
    for name, known in fit.rows.etas.items():  # what has no coefficients is the same in every row
        etas.setdefault(name, np.full(m, known[0]))
    trials = found[CONDITIONAL].rows.sizes if CONDITIONAL in found else None
    rows = RowDistribution(fit.rows.family, etas, trials)
    point = _point(rows, kind)
    if interval is None and not se_fit:
        return pd.Series(point, index=index, name="fit")
    errors = _errors(fit, found)
    table = pd.DataFrame({"fit": point}, index=index)
    if se_fit:
        table["se"] = np.sqrt(_variance(rows, kind, errors, np.asarray))
    if interval is None:
        return table
    if interval == "confidence":
        low, high = _limits(rows, kind, errors, float(stats.norm.ppf(0.5 + level / 2)))
    else:
        low, high = _new_responses(fit, rows, found, errors, level)
    return bounded(fit, table, low, high)


def _of_part(
    fit: MixedFit,
    name: str,
    newdata: pd.DataFrame | None,
    re_form: str | None,
    new_levels: bool,
    response: bool,
) -> _PartPrediction:
    view = component_fit(fit, name)
    wanted = _wanted(view, name, re_form)
    if newdata is None or name not in (CONDITIONAL, *fit.design.components):
        rows = own_rows(view)
        if newdata is not None:  # an intercept
            m = len(newdata)
            rows = replace(rows, X=np.ones((m, 1)), offset=np.zeros(m), index=newdata.index)
    else:
        rows = new_rows(view, newdata, wanted, new_levels, response and name == CONDITIONAL)
    effects = rows.effects(wanted)
    eta = rows.X @ view.beta + rows.offset
    for (codes, Z), modes in zip(effects, view.estimate.modes, strict=True):
        eta = eta + (Z * modes[codes]).sum(axis=1)
    return _PartPrediction(rows, effects, eta)


def _wanted(view: MixedFit, name: str, re_form: str | None) -> list[Flags]:
    return requested(view, re_form) if name == CONDITIONAL else requested_of_part(view, re_form)


def _point(rows: RowDistribution, kind: str) -> Array:
    if kind == "link":
        return rows.etas[CONDITIONAL]
    if kind == "zero_probability":
        return rows.extra
    if kind == "dispersion":
        return np.exp(rows.etas[DISPERSION])
    return rows.mean if kind == "response" else rows.conditional_mean


# ---- intervals ----


def _errors(fit: MixedFit, found: Mapping[str, _PartPrediction]) -> dict[tuple[str, str], Array]:
    """Covariance of the errors of the linear predictors."""
    equations = PartEquations(fit)
    own = {CONDITIONAL: slice(0, len(fit.beta)), **{k: part.own for k, part in fit.estimate.parts.items()}}
    first = {CONDITIONAL: 0, ZERO_INFLATION: len(fit.design.terms)}
    gradients, effects = {}, {}
    for name, part in found.items():
        gradients[name] = np.zeros((len(part.eta), len(equations.cov)))
        gradients[name][:, own[name]] = part.rows.X
        effects[name] = _effect_rows(equations, part, first.get(name, 0))
    return equations.covariance(gradients, effects)


def _effect_rows(equations: PartEquations, part: _PartPrediction, first: int) -> csr_array:
    """Rows over the spherical effects of all parts."""
    m, total = len(part.eta), int(equations.starts[-1])
    rows = csr_array((m, total))
    for number, (codes, Z) in enumerate(part.effects, start=first):
        factor, start, stop = equations.factors[number], *equations.starts[number : number + 2]
        block = _spread(codes, np.nan_to_num(Z), factor, int(stop - start) // len(factor))
        sides = [csr_array((m, int(start))), block, csr_array((m, total - int(stop)))]
        rows = rows + csr_array(hstack(sides))
    return rows


def _limits(
    rows: RowDistribution, kind: str, errors: Mapping[tuple[str, str], Array], quantile: float
) -> tuple[Array, Array]:
    """Confidence limits: on the scale of a linear predictor, or of the logarithm (or logit) of the mean."""
    part = KINDS[kind] or (CONDITIONAL if _is_mu(rows, kind) else "")
    if part:
        half = quantile * np.sqrt(errors[part, part])
        ends = [
            _point(replace(rows, etas={**rows.etas, part: rows.etas[part] + s * half}), kind) for s in (-1, 1)
        ]
        return np.minimum(*ends), np.maximum(*ends)
    stretch = partial(_stretched, rows)
    half = quantile * np.sqrt(_variance(rows, kind, errors, stretch))
    centre = stretch(_point(rows, kind))
    return _unstretched(rows, centre - half), _unstretched(rows, centre + half)


def _is_mu(rows: RowDistribution, kind: str) -> bool:
    """Whether the mean is a function of the conditional predictor alone."""
    zeros = kind == "response" and ZERO_INFLATION in rows.etas
    return not zeros and rows.family.name != "truncated_negative_binomial"


def _variance(
    rows: RowDistribution,
    kind: str,
    errors: Mapping[tuple[str, str], Array],
    scale: Callable[[Array], Array],
) -> Array:
    """Variance of what is predicted, on a scale, from the errors of the linear predictors behind it."""
    names = sorted({name for name, _ in errors if name == KINDS[kind] or not KINDS[kind]})
    slopes = {name: _slope(rows, kind, name, scale) for name in names}
    return np.asarray(sum(slopes[s] * slopes[t] * errors[s, t] for s in names for t in names))


def _slope(rows: RowDistribution, kind: str, name: str, scale: Callable[[Array], Array]) -> Array:
    """Derivative of the prediction, on a scale, by one linear predictor."""
    up, down = (
        scale(_point(replace(rows, etas={**rows.etas, name: rows.etas[name] + h}), kind))
        for h in (STEP, -STEP)
    )
    return np.asarray((up - down) / (2 * STEP))


def _bounded(rows: RowDistribution) -> bool:
    return rows.family.name in ("binomial", "beta", "beta_binomial")


def _stretched(rows: RowDistribution, mean: Array) -> Array:
    """The scale on which errors of a mean are taken as normal."""
    with np.errstate(all="ignore"):
        return np.log(mean / (1 - mean)) if _bounded(rows) else np.log(mean)


def _unstretched(rows: RowDistribution, value: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-value)) if _bounded(rows) else np.exp(value))


def _new_responses(
    fit: MixedFit,
    rows: RowDistribution,
    found: Mapping[str, _PartPrediction],
    errors: Mapping[tuple[str, str], Array],
    level: float,
) -> tuple[Array, Array]:
    """Limits for new responses: quantiles of draws, each with errors of the predictors of its own."""
    names, m = list(found), len(rows.etas[CONDITIONAL])
    cov = np.stack([[errors[s, t] for t in names] for s in names]).transpose(2, 0, 1)
    for i, name in enumerate(names):
        cov[:, i, i] += _left_out(fit, name, found[name])
    low, high = np.full((2, m), np.nan)
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((DRAWS, len(names)))
    begin = rng.bit_generator.state
    for row in np.flatnonzero(np.isfinite(cov).all(axis=(1, 2)) & ~np.isnan(_point(rows, "response"))):
        i = int(row)
        rng.bit_generator.state = begin  # the same random numbers for each row: its limits are its own
        size, axes = np.linalg.eigh(cov[i])
        away = normal @ (axes * np.sqrt(np.maximum(size, 0.0))).T
        etas = {name: np.full(DRAWS, eta[i]) for name, eta in rows.etas.items()}
        etas |= {name: etas[name] + away[:, j] for j, name in enumerate(names)}
        trials = None if rows.trials is None else np.full(DRAWS, rows.trials[i])
        draws = RowDistribution(rows.family, etas, trials).draw(rng)
        low[i], high[i] = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], method="inverted_cdf")
    return low, high


def _left_out(fit: MixedFit, name: str, part: _PartPrediction) -> Array:
    """Variance of the random effects that a prediction does without."""
    view, total = component_fit(fit, name), np.zeros(len(part.eta))
    pairs: Iterator[tuple[tuple[Index, Array], tuple[Index, Array], Array]] = zip(
        part.rows.terms, part.effects, view.estimate.factors, strict=True
    )
    for (_, Z), (_, used), factor in pairs:
        total += view.sigma**2 * (((Z - used) @ factor) ** 2).sum(axis=1)
    return total
