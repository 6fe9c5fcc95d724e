"""Comparing models by their likelihoods: `anova` of several fits, and `drop1`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..design.design import Design
from ..errors import ModelError
from ..fitted.generalized import GeneralizedFit
from ..fitted.mixed import MixedFit
from ..fitted.refit import update
from ..formatting.noted_table import Table
from ..formatting.wording import listed, p_value
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.r_names import answered, caller
from .coef_tests import Ddf, checked_ddf
from .contrasts import dropped_contrasts
from .f_tests import confounded_note, term_tests
from .nesting import (
    adds_zeros,
    aic_to_compare,
    boundary,
    check_comparable,
    check_nested,
    is_limit,
)  # fmt: skip

__all__ = [
    "anova",
    "criterion_value",
    "drop1",
    "drop1_f",
    "droppable",
    "has_maximum",
    "linear_criterion",
    "mixture_p_value",
    "no_maximum_note",
]


@answered
def anova(*models: Any, refit: bool = True, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Compare nested models by likelihood ratio tests.

    Parameters
    ----------
    *models : fitted models
        Two or more of `lmer` and `lm`, or of `glmer` and `glm`; sorted here by their number of parameters. A
        Poisson model may stand beside a negative binomial one, of which it is the limit, and so may a binomial
        beside a beta-binomial. A single mixed model gives its table of F tests.
    refit : bool
        Refit models fitted by REML by maximum likelihood first, because restricted likelihoods of different
        fixed parts are about different data. With False, REML criteria are compared, which is right as long
        as the fixed parts are the same.
    names : sequence of str, optional
        What to call the models; their names in the calling code otherwise.

    Returns
    -------
    DataFrame
        One row per model, columns ``npar aic bic loglik deviance chisq df p_value``; each model is tested
        against the one above. The notes under the table (``.notes``) say if models were refitted, and what
        the p-value is worth where a variance is tested.

    Raises
    ------
    ModelError
        When the models are fitted to different rows or responses, or are not nested, or when REML fits with
        different fixed parts are to be compared with ``refit=False``.

    Notes
    -----
    Agrees with ``anova(m0, m1, refit = TRUE)`` of lme4. Where the larger model has one variance more, the
    null hypothesis puts it on the boundary, and the statistic follows a mixture of two chi-square
    distributions (Stram and Lee 1994, *Biometrics* 50, 1171-1177); the p-value in the table is then too
    large, and the mixture's is in the notes. So it is where only the larger model has extra zeros.

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> m0 = lk.lmer("Reaction ~ 1 + (Days | Subject)", sleepstudy, reml=False)
    >>> m1 = lk.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy, reml=False)
    >>> anova(m0, m1).round(3)
        npar       aic       bic   loglik  deviance   chisq   df p_value
    m0     5  1785.476  1801.441 -887.738  1775.476     NaN  NaN     NaN
    m1     6  1763.939  1783.097 -875.970  1751.939  23.537  1.0  <0.001
    """
    if not models:
        raise ModelError("anova needs at least one model; give it two to compare them")
    refit = arguments.flag("refit", refit)
    for number, model in enumerate(models, start=1):
        arguments.fitted(f"model {number}", model)
    if len(models) == 1:
        return _single(models[0])
    names = _names(models, names)
    order = sorted(range(len(models)), key=lambda i: models[i].npar)
    fits, names = [models[i] for i in order], [names[i] for i in order]
    check_comparable(fits, names)
    for small, large, a, b in zip(fits, fits[1:], names, names[1:], strict=False):
        if small.npar == large.npar:
            raise ModelError(
                f"{a} and {b} both have {small.npar} parameters, so neither is smaller than the other; "
                f"compare {aic_to_compare(small, large)} instead"
            )
        check_nested(small, large, a, b)
    fits, notes = _by_same_criterion(fits, names, refit)
    notes += _dispersion_note(fits, names)
    table = _comparison(fits, names)
    maxima = [has_maximum(fit) for fit in fits]
    table.loc[~np.array([True, *(a and b for a, b in pairwise(maxima))]), "p_value"] = np.nan
    notes += [
        note
        for i in range(1, len(fits))
        if maxima[i - 1] and maxima[i] and (note := _boundary_note(fits, names, table, i))
    ]
    notes += no_maximum_note([name for name, found in zip(names, maxima, strict=True) if not found])
    return Table(table, notes=notes)


def _single(model: Any) -> pd.DataFrame:
    if not hasattr(model, "anova"):
        raise ModelError(
            "anova of a single model without random effects is not offered; give it two to compare them"
        )
    table: pd.DataFrame = model.anova()
    return table


def _names(models: Sequence[Any], given: Sequence[str] | None) -> list[str]:
    """The names given, or those that the models have in the code that called :func:`anova`."""
    if given is not None:
        given = arguments.names("names", given)
        if len(given) != len(models):
            raise ModelError(f"names has {len(given)} entries for {len(models)} models")
        return list(given)
    frame = caller(2)
    scope = frame.f_globals | frame.f_locals
    names = []
    for number, model in enumerate(models, start=1):
        own = [name for name, value in scope.items() if value is model and not name.startswith("_")]
        names.append(own[0] if own else f"model {number}")
    return names


def _by_same_criterion(fits: list[Any], names: list[str], refit: bool) -> tuple[list[Any], list[str]]:
    """The fits, by maximum likelihood if need be, and a sentence about it."""
    if not any(fit.is_reml for fit in fits):
        return fits, []
    if refit:
        refitted = [name for fit, name in zip(fits, names, strict=True) if fit.is_reml]
        note = (
            f"Refitted by maximum likelihood (ML) instead of REML for this comparison: {', '.join(refitted)}."
        )
        return [update(fit, reml=False) if fit.is_reml else fit for fit in fits], [note]
    first = fits[0].design.X
    if not all(fit.design.X.shape == first.shape and np.allclose(fit.design.X, first) for fit in fits):
        raise ModelError(
            "REML criteria of models with different fixed effects cannot be compared, because each is about "
            "its own residuals; leave out refit=False to have the models refitted by maximum likelihood"
        )
    if any(not fit.is_reml and isinstance(fit, MixedFit) for fit in fits):
        raise ModelError(
            "some models are fitted by REML and some by ML; leave out refit=False, or fit all in one way"
        )
    return fits, ["Compared by their REML criteria."]


def _dispersion_note(fits: list[Any], names: list[str]) -> list[str]:
    """Whose log-likelihood in the table is not that which the fit tells, and why."""
    found = [
        n for fit, n in zip(fits, names, strict=True) if isinstance(fit, GeneralizedFit) and fit.has_scale
    ]
    if not found:
        return []
    return [
        f"The log-likelihood of {listed(found)} is that at the most likely dispersion, which a likelihood ratio "
        "needs; .loglik of the fit takes deviance / n, as R does."
    ]


def has_maximum(fit: Any) -> bool:
    """Whether a likelihood has a highest value, which a likelihood ratio needs."""
    return not (isinstance(fit, MixedFit) and fit.estimate.endless)


def no_maximum_note(names: list[str]) -> list[str]:
    """Which models cannot be compared by their likelihoods, and why."""
    if not names:
        return []
    return [
        f"No p-values of comparisons with {listed(names)}: the likelihood rises without end there, "
        "so that there is no highest value to compare."
    ]


def criterion_value(fit: Any, reml: bool) -> float:
    """-2 log-likelihood, restricted or not, of a mixed model fitted so or of a fixed-effects model.

    That of a gamma `glm` is at the most likely dispersion; its `.loglik` takes deviance / n, as R's does.
    """
    if not reml or fit.is_reml:
        return -2 * float(fit.highest_loglik if isinstance(fit, GeneralizedFit) else fit.loglik)
    return float(linear_criterion(fit.design, fit.deviance, reml))


def linear_criterion(design: Design, deviance: Any, reml: bool) -> Any:
    """-2 log-likelihood, restricted or not, of a linear model without random effects.

    Parameters
    ----------
    design : Design
    deviance : float or array
        Residual sum of squares.
    reml : bool
    """
    rows = design.row_weights > 0
    root = np.sqrt(design.row_weights[rows])
    nu = int(rows.sum())
    log_det = -2 * float(np.log(root).sum())
    if reml:
        triangle = np.linalg.qr(design.X[rows] * root[:, None], mode="r")
        nu -= design.X.shape[1]
        log_det += 2 * float(np.log(np.abs(np.diag(triangle))).sum())
    return nu * (1 + np.log(2 * np.pi * deviance / nu)) + log_det


def _comparison(fits: list[Any], names: list[str]) -> pd.DataFrame:
    reml = any(fit.is_reml for fit in fits)
    npar = np.array([fit.npar for fit in fits])
    deviance = np.array([criterion_value(fit, reml) for fit in fits])
    chisq = np.append(np.nan, np.maximum(-np.diff(deviance), 0.0))
    df = np.append(np.nan, np.diff(npar).astype(float))
    columns = {
        "npar": npar,
        "aic": deviance + 2 * npar,
        "bic": deviance + np.log(fits[0].nobs) * npar,
        "loglik": -deviance / 2,
        "deviance": deviance,
        "chisq": chisq,
        "df": df,
        "p_value": stats.chi2.sf(chisq, df),
    }
    return pd.DataFrame(columns, index=names)


def mixture_p_value(chisq: float, df: int) -> float:
    """P-value of a likelihood ratio that tests one variance, and df - 1 parameters besides.

    Parameters
    ----------
    chisq : float
    df : int
        Difference in the number of parameters.

    Returns
    -------
    float
        From equal parts of the chi-square distributions with df - 1 and df degrees of freedom.

    Examples
    --------
    >>> round(mixture_p_value(2.7055, 1), 4)
    0.05
    """
    below = stats.chi2.sf(chisq, df - 1) if df > 1 else float(chisq <= 0)
    return float((below + stats.chi2.sf(chisq, df)) / 2)


def _boundary_note(fits: list[Any], names: list[str], table: pd.DataFrame, i: int) -> str | None:
    """What to say when row i tests a variance, extra zeros, or a family or a correlation against its limit."""
    small, large = fits[i - 1], fits[i]
    found, family, zeros = boundary(small, large), is_limit(small, large), adds_zeros(small, large)
    extra, limits = found.variances, len(found.correlations) + family
    count = extra + limits + bool(zeros)
    if not count:
        return None
    p, chisq, df = (float(table[name].iloc[i]) for name in ("p_value", "chisq", "df"))
    more = [] if not extra else ["a variance" if extra == 1 else f"{extra} variances"]
    more += ["a probability of extra zeros"] if zeros else []
    more += [f"the correlation rho of {term}" for term in found.correlations]
    more += [f"{large.family.dispersion_name} of its family"] if family else []
    where = (
        "zero" if not limits else "at the end of its range" if count == 1 else "at the ends of their ranges"
    )
    start = (
        f"{names[i]} has {listed(more)} more than {names[i - 1]}, which under {names[i - 1]} "
        f"{'is' if count == 1 else 'are'} {where}, on the boundary of what is possible: {p_value(p)} is "
        "conservative (too large)."
    )
    if count == 1 and zeros < 2 and not found.undefined:
        parts = f"χ²({int(df) - 1}) and χ²({int(df)})"
        return f"{start} The equal mixture of {parts} gives {p_value(mixture_p_value(chisq, int(df)))}."
    return f"{start} lk.pb_modcomp finds the p-value by simulation."


def drop1(fit: Any, test: Literal["chisq", "f"] = "chisq", ddf: Ddf = "satterthwaite") -> pd.DataFrame:
    """Each term that can go, tested by leaving it out: `fit.drop1`."""
    test, ddf = arguments.one_of("test", test, ("chisq", "f"), {"lrt": "chisq"}), checked_ddf(ddf)
    labels = droppable(fit.design)
    if test == "f":
        return drop1_f(fit, labels, ddf)
    notes = ["Fitted by maximum likelihood (ML) instead of REML."] if fit.is_reml else []
    full = update(fit, reml=False) if fit.is_reml else fit
    rows = {"<none>": (np.nan, full.aic, np.nan, np.nan)}
    endless = [] if has_maximum(full) else ["the full model"]
    for label in labels:
        reduced = update(full, f". ~ . - {label}")
        if reduced.nobs != full.nobs:
            raise ModelError(
                f"without '{label}' the model uses {reduced.nobs} rows in place of {full.nobs}; "
                "drop the rows with missing values from the data and fit again"
            )
        df = full.npar - reduced.npar
        chisq = max(criterion_value(reduced, False) - criterion_value(full, False), 0.0) if df else np.nan
        if not has_maximum(reduced):
            endless.append(f"the model without {label}")
        known = has_maximum(full) and has_maximum(reduced)
        rows[label] = (float(df), reduced.aic, chisq, float(stats.chi2.sf(chisq, df)) if known else np.nan)
    notes += confounded_note([label for label, row in rows.items() if row[0] == 0])
    notes += no_maximum_note(endless)
    return Table(
        list(rows.values()), index=list(rows), columns=["df", "aic", "chisq", "p_value"], notes=notes
    )


def droppable(design: Design) -> list[str]:
    """The fixed terms that no other contains; numeric predictors count here as factors do (R's drop.scope)."""
    terms = {term.label: set(term.variables) for term in design.model_matrix.terms.terms}
    return [label for label, own in terms.items() if not any(own < other for other in terms.values())]


def drop1_f(fit: Any, labels: list[str], ddf: Ddf) -> pd.DataFrame:
    """F tests of fixed terms, each against the model without it.

    Raises
    ------
    ModelError
        For a generalised model.
    """
    if fit.family is not None:
        raise ModelError("a generalised linear mixed model has no F tests; use test='chisq'")
    return term_tests(fit, {label: dropped_contrasts(fit.design, label) for label in labels}, ddf)
