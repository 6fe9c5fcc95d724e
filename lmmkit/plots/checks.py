"""What looks wrong with the assumptions of a model, in plain words. Pictures judge better; these say where to look."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from ..fitted.mixed import MixedFit
from ..numerics.arrays import Array
from . import style

__all__ = ["warnings_of"]


#: A finding must be hard to explain by chance, and large enough to matter.
CHANCE = 0.01
FEW = 8  # random effects fewer than this say nothing about their distribution


def warnings_of(fit: MixedFit) -> list[str]:
    """Findings about the residuals and random effects of a model.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    list of str
        One plain sentence or two each, with what to try; empty if nothing looks wrong.

    Notes
    -----
    Bend: F test of the square of the fixed part in the residuals (Tukey's test for non-additivity). Spread:
    rank correlation of absolute residuals with fitted values. Tails and skewness: D'Agostino's tests.
    Outliers: residuals beyond what the largest of so many normal values reaches once in a hundred data sets.
    Each needs p < 0.01 and a size that can be seen.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> [sentence.split(":")[0] for sentence in warnings_of(fit)]
    ['Heavy tails', 'Outliers']
    """
    scaled = fit.row_residuals("scaled")
    fitted = style.predictor(fit)
    fixed = fit.design.X @ fit.fixef.to_numpy()  # shrinkage makes residuals rise with what else is fitted
    findings = [*_singular(fit)] if fit.design.terms else []
    if fit.family is None:
        findings += [
            *_bend(fixed, scaled),
            *_shrinkage(fitted, fixed, scaled),
            *_spread(fitted, scaled),
            *_shape(scaled),
            *_outliers(fit, scaled),
        ]
    else:
        findings += [*_dispersion(fit, scaled)]
    return [*findings, *_random_effects(fit)] if fit.design.terms else findings


def _singular(fit: MixedFit) -> Iterator[str]:
    if fit.is_singular:
        yield (
            "Singular fit: a variance is estimated as zero or a correlation as ±1; see .messages for what "
            "to do."
        )


def _bend(fitted: Array, scaled: Array) -> Iterator[str]:
    n = len(fitted)
    if np.ptp(fitted) == 0 or n < 10:
        return
    z = (fitted - fitted.mean()) / fitted.std()
    X = np.column_stack([np.ones(n), z, z**2])
    left = scaled - X[:, :2] @ np.linalg.lstsq(X[:, :2], scaled, rcond=None)[0]
    rest = left - X @ np.linalg.lstsq(X, left, rcond=None)[0]
    before, after = float(left @ left), float(rest @ rest)
    F = (before - after) / (after / (n - 3))
    if stats.f.sf(F, 1, n - 3) < CHANCE and 1 - after / before > 0.02:
        yield (
            "Bend: the residuals follow a curve along the fitted values, so a straight line misses "
            "something; try a square of a predictor, an interaction, or the log of the response."
        )


def _shrinkage(fitted: Array, fixed: Array, scaled: Array) -> Iterator[str]:
    random = fitted - fixed
    if np.ptp(random) == 0:
        return
    r, p = stats.pearsonr(random, scaled)
    if p < CHANCE and r > 0.2:
        yield (
            "Slope: the residuals rise with the fitted values because random effects are drawn towards zero "
            "(partial pooling); that is the model's doing, and no fault."
        )


def _spread(fitted: Array, scaled: Array) -> Iterator[str]:
    if np.ptp(fitted) == 0:
        return
    rho, p = (float(value) for value in stats.spearmanr(fitted, np.abs(scaled)))
    if p < CHANCE and abs(rho) > 0.1:
        way = "grows" if rho > 0 else "shrinks"
        advice = "try the log of the response" if rho > 0 else "check how the response is measured"
        yield f"Spread: the size of the residuals {way} with the fitted values; {advice}, or weights."


def _shape(scaled: Array) -> Iterator[str]:
    if len(scaled) < 20:
        return
    skewness, tails = float(stats.skew(scaled)), float(stats.kurtosis(scaled))
    if stats.skewtest(scaled).pvalue < CHANCE and abs(skewness) > 0.5:
        way = "right" if skewness > 0 else "left"
        advice = "; try the log of the response" if skewness > 0 else ""
        yield f"Skewness: the residuals have a longer tail to the {way} than a normal distribution{advice}."
    if stats.kurtosistest(scaled).pvalue < CHANCE and tails > 1:
        yield (
            "Heavy tails: more residuals lie far out than a normal distribution makes; estimates stay "
            "sound, but look at the rows farthest out."
        )


def _outliers(fit: MixedFit, scaled: Array) -> Iterator[str]:
    limit = float(stats.norm.isf(CHANCE / 2 / len(scaled)))
    far = np.flatnonzero(np.abs(scaled) > limit)
    if len(far):
        order = far[np.argsort(-np.abs(scaled[far]))]
        rows = ", ".join(str(fit.design.frame.index[i]) for i in order[:4]) + (", …" if len(far) > 4 else "")
        plural = "s" if len(far) > 1 else ""
        yield (
            f"Outliers: {len(far)} residual{plural} beyond {limit:.1f} standard deviations (row{plural} "
            f"{rows}); check for slips of the pen, and whether results change without."
        )


def _dispersion(fit: MixedFit, scaled: Array) -> Iterator[str]:
    assert fit.family is not None
    bernoulli = fit.family.name == "binomial" and (
        fit.design.weights is None or fit.design.weights.max() <= 1
    )
    if fit.family.name in ("poisson", "binomial") and not bernoulli:
        ratio = float(scaled @ scaled) / fit.df_resid
        if stats.chi2.sf(scaled @ scaled, fit.df_resid) < CHANCE and ratio > 1.2:
            wider = {"poisson": "negative binomial", "binomial": "beta-binomial"}[fit.family.name]
            yield (
                f"Overdispersion: the residuals vary {ratio:.1f} times as much as the {fit.family.name} "
                f"distribution allows; try the {wider} family, or a random effect for each row."
            )
    yield (
        "Residuals of such a model are not normal even if all is well; lk.simulate_residuals(fit) compares "
        "them with what the model itself makes."
    )


def _random_effects(fit: MixedFit) -> Iterator[str]:
    for term, modes in zip(fit.design.terms, fit.estimate.modes, strict=True):
        for name, values in zip(term.names, modes.T, strict=True):
            if len(values) < FEW or np.ptp(values) < 1e-8 * max(1.0, float(np.abs(values).max())):
                continue
            result = stats.shapiro(values[:5000])
            if result.pvalue < CHANCE and result.statistic < 0.95:
                far = term.levels[int(np.argmax(np.abs(values)))]
                yield (
                    f"Random effects: those of {name} for {term.group} do not look normal; look at {far}, "
                    "which is farthest out."
                )
