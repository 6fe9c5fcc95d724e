"""The tests whose power is simulated: p-values of models fitted to simulated responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..design.design import Design
from ..errors import DataError, ModelError
from ..fitted.mixed import MixedFit
from ..fitted.refits import GeneralizedRefits, LinearRefits, refit_or_none, refits_of
from ..likelihood.many_criterion import ManyCriterion
from ..likelihood.many_glmm_fit import Numbers
from ..likelihood.many_search import ManyOptima, fit_responses
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array, Flags
from .coef_tests import joint_test
from .many_satterthwaite import many_df
from .simulated_fits import from_simulated

__all__ = ["simulated_p_values"]


def simulated_p_values(
    model: MixedFit, names: list[str], test: Any, n_sim: int, seed: Any, n_jobs: int, progress: bool | None
) -> Array:
    """p-values of responses simulated from a model, NaN where it cannot be fitted.

    Parameters
    ----------
    model : MixedFit
    names : list of str
        The coefficients that are tested.
    test : str or callable
        As in :func:`lmmkit.power`.
    n_sim, seed, n_jobs, progress
        As in :func:`lmmkit.numerics.workers.replicates`.

    Returns
    -------
    array of shape (n_sim,)
        Shorter when it was interrupted.
    """

    def one(again: MixedFit | None) -> float:
        if again is None:
            return np.nan
        try:
            given = test(again) if callable(test) else _p_value(again, names, test)
        except (DataError, ModelError, np.linalg.LinAlgError):
            return np.nan  # a simulated response for which there is no test
        return _checked(given)

    many = formulas = None
    refits = refits_of(model)
    if refits is not None:
        formulas = _side_by_side(refits, names, test)
        many = formulas or (lambda Y: list(map(one, refits.models(Y))))
    found = from_simulated(
        model, lambda y: one(refit_or_none(model, y)), many, n_sim, seed, n_jobs, progress, "power",
        at_once=1 if refits is None else refits.at_once, models=formulas is None,
    )  # fmt: skip
    return np.array(found, dtype=float)


def _side_by_side(
    refits: LinearRefits | GeneralizedRefits, names: list[str], test: Any
) -> Callable[[Array], list[float]] | None:
    """The test of many responses at once, where there are formulas for that."""
    if isinstance(refits, GeneralizedRefits):
        return _generalized(refits, names, test)
    design = refits.fit.design
    if test == "lr":
        with_them, without = (ManyCriterion(one, reml=False) for one in (design, _without(design, names)))
        if without.suits and without.grid is not None:
            return lambda Y: list(_likelihood_ratios(without, with_them, Y, len(names)))
    elif test in ("satterthwaite", "residual") and len(names) == 1:
        at = design.x_names.index(names[0])
        df = None if test == "satterthwaite" else float(len(design.y) - len(design.x_names))
        return lambda Y: list(_t_tests(*refits.fits(Y), at, df))
    return None


def _generalized(
    refits: GeneralizedRefits, names: list[str], test: Any
) -> Callable[[Array], list[float]] | None:
    """The test of many responses of a generalised model at once; None for one of the user's own."""
    design = refits.fit.design
    if callable(test):
        return None
    if test != "lr":
        at = [design.x_names.index(name) for name in names]
        return lambda Y: list(_wald_tests(refits.numbers(Y, covariances=True), at))
    small = GeneralizedRefits(refits.fit, _without(design, names))

    def ratios(Y: Array) -> list[float]:
        lr = np.maximum(small.objectives(Y) - refits.objectives(Y), 0.0)
        return list(np.asarray(stats.chi2.sf(lr, len(names)), dtype=float))

    return ratios


def _wald_tests(numbers: Numbers, at: list[int]) -> Array:
    """p-values of Wald's test of coefficients, (B,)."""
    beta, cov = numbers.beta[:, at], numbers.cov[:, at][:, :, at]
    known = ~numbers.failed & ~numbers.endless & np.isfinite(cov).all(axis=(1, 2))
    cov = np.where(known[:, None, None], cov, np.eye(len(at)))
    chisq = np.einsum("br,br->b", beta, np.linalg.solve(cov, beta[..., None])[..., 0])
    return np.where(known, stats.chi2.sf(chisq, len(at)), np.nan)


def _t_tests(fitted: Flags, optima: ManyOptima | None, at: int, df: float | None) -> Array:
    """p-values of one coefficient, (B,); Satterthwaite's degrees of freedom where none are given."""
    out = np.full(len(fitted), np.nan)
    if optima is not None:
        with np.errstate(all="ignore"):
            own = many_df(optima)[:, at] if df is None else np.full(len(optima.sigma), df)
            p = 2 * stats.t.sf(np.abs(optima.beta[:, at] / optima.se[:, at]), own)
        out[fitted] = np.where(np.isfinite(optima.objective) & ~optima.open, p, np.nan)
    return out


def _likelihood_ratios(small: ManyCriterion, large: ManyCriterion, Y: Array, df: int) -> Array:
    """p-values of the likelihood ratio test, (B,)."""
    objectives = np.full((2, len(Y)), np.nan)
    for own, criterion in zip(objectives, (small, large), strict=True):
        fitted, optima = fit_responses(criterion, Y)
        if optima is not None:
            own[fitted] = np.where(np.isfinite(optima.objective), optima.objective, np.nan)
    return np.asarray(stats.chi2.sf(np.maximum(objectives[0] - objectives[1], 0.0), df))


def _p_value(fit: MixedFit, names: list[str], test: Any) -> float:
    """The p-value of a single fit."""
    if test == "lr":
        return _likelihood_ratio(fit, names)
    known = fit.design.x_names
    return joint_test(fit, np.eye(len(known))[[known.index(name) for name in names]], test)[3]


def _checked(given: Any) -> float:
    """What the test gave; one of the user's own may give anything."""
    if not isinstance(given, (int, float, np.integer, np.floating)) or given < 0 or given > 1:
        raise ModelError(f"test must give a p-value between 0 and 1; it gave {arguments.shown(given)}")
    return float(given)


def _without(design: Design, names: list[str]) -> Design:
    """The design without these coefficients."""
    keep = [j for j, name in enumerate(design.x_names) if name not in names]
    return replace(
        design, X=design.X[:, keep], x_names=[design.x_names[j] for j in keep],
        assign=[design.assign[j] for j in keep],
    )  # fmt: skip


def _likelihood_ratio(fit: MixedFit, names: list[str]) -> float:
    """p-value of the likelihood ratio test of a model without these coefficients."""
    small = _without(fit.design, names)
    if fit.family is None:
        from ..likelihood.fit_lmm import fit_lmm

        objectives = [fit_lmm(one, reml=False).objective for one in (small, fit.design)]
    else:
        from ..likelihood.fit_glmm import fit_glmm

        options = fit.call.options
        without = fit_glmm(small, options["family"], n_agq=options["n_agq"])
        objectives = [without.objective, fit.estimate.objective]
    return float(stats.chi2.sf(max(0.0, objectives[0] - objectives[1]), len(names)))
