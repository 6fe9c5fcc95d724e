"""Testing a large model against a small one: Kenward and Roger's F test, and the parametric bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.refit import update
from ..fitted.refits import refit_or_none
from ..formatting.noted_table import Table
from ..formatting.wording import listed
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from ..numerics.workers import interrupted
from .contest import contrast_rows
from .kenward_roger import f_test
from .likelihood_ratio import criterion_value, has_maximum
from .nesting import check_comparable, check_nested, restriction, same_random_part
from .simulated_fits import BATCH, Values, criterion_values, from_simulated

__all__ = ["kr_modcomp", "pb_modcomp"]


@answered
def kr_modcomp(large: Any, small: Any) -> pd.DataFrame:
    """F test of fixed effects by Kenward and Roger's method.

    Parameters
    ----------
    large : MixedFit
        A linear mixed model. A fit by maximum likelihood is refitted by REML.
    small : MixedFit, str or array of shape (r, p)
        The same model with fewer fixed effects, the change that makes it (``". ~ . - Days"``), or contrasts ``L``
        for the hypothesis ``L beta = 0``.

    Returns
    -------
    DataFrame
        One row, columns ``num_df den_df statistic p_value``.

    Raises
    ------
    ModelError
        When the models are not nested, use different rows, differ in their random effects, or are
        generalised.

    Notes
    -----
    Agrees with the row ``Ftest`` of ``pbkrtest::KRmodcomp`` (Halekoh and Højsgaard 2014, *J. Stat. Softw.*
    59(9)).

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> large = lk.lmer("Reaction ~ Days + I(Days^2) + (Days | Subject)", sleepstudy)
    >>> small = lk.lmer("Reaction ~ 1 + (Days | Subject)", sleepstudy)
    >>> kr_modcomp(large, small).round(3)
            num_df  den_df  statistic p_value
    F test       2  39.817     23.365  <0.001
    """
    if arguments.fitted("large", large, mixed=True).family is not None:
        raise ModelError(
            "Kenward and Roger's test is for linear mixed models; use lk.pb_modcomp for a generalised one"
        )
    notes = []
    if not large.is_reml:
        large = update(large, reml=True)
        notes.append("Refitted by REML for this test.")
    small = update(large, small) if isinstance(small, str) and "~" in small else small
    given = isinstance(small, (np.ndarray, list, tuple))
    if large.estimate.is_open:
        raise ModelError(
            "the large model has no known residual variance to test by; its .messages tell why and what to look for"
        )
    L = contrast_rows(large.design.x_names, small)[0] if given else _contrasts(large, small)
    statistic, num_df, den_df = f_test(large, L)
    row = (int(num_df), den_df, statistic, float(stats.f.sf(statistic, num_df, den_df)))
    return Table([row], index=["F test"], columns=["num_df", "den_df", "statistic", "p_value"], notes=notes)


def _contrasts(large: Any, small: Any) -> Array:
    """The hypothesis that reduces one model to the other."""
    names = ["the small model", "the large model"]
    check_comparable([arguments.fitted("small", small), large], names)
    if not small.design.terms or not same_random_part(small, large):
        raise ModelError(
            "Kenward and Roger's test is about fixed effects, but the two models differ in their random "
            "effects; give both the same random part, or use lk.anova or lk.pb_modcomp"
        )
    check_nested(small, large, *names)
    L = restriction(small.design, large.design)
    if len(L) == 0:
        raise ModelError("the two models have the same fixed effects, so there is nothing to test")
    return L


@answered
def pb_modcomp(
    large: Any,
    small: Any,
    n_sim: int = 1000,
    seed: Any = None,
    *,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Likelihood ratio test whose null distribution is simulated from the small model.

    Parameters
    ----------
    large, small : fitted models
        The small one may have fewer fixed effects, fewer random effects, or both; also none of the latter
        (`lm`, `glm`). It may be the change that makes it: ``". ~ . - Days"``. REML fits are refitted by maximum
        likelihood.
    n_sim : int
        Number of simulated responses.
    seed : int, optional
        For the same result again, whatever `n_jobs` is.
    n_jobs : int
        Number of worker processes, -1 for one per core.
    progress : bool, optional
        Show a progress bar; by default only if it takes longer than two seconds.

    Returns
    -------
    DataFrame
        Rows ``LRT`` (chi-square approximation) and ``PBtest`` (share of simulated statistics that are as
        large, the observed one included), columns ``statistic df p_value``. ``.attrs["reference"]`` holds the
        simulated statistics.

    Raises
    ------
    ModelError
        When the models are not nested or use different rows.

    Notes
    -----
    As ``pbkrtest::PBmodcomp`` (Halekoh and Højsgaard 2014). Right at the boundary as well, where chi-square
    is not.

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> large = lk.lmer("Reaction ~ Days + (Days || Subject)", sleepstudy)
    >>> small = lk.lmer("Reaction ~ Days + (1 | Subject)", sleepstudy)
    >>> pb_modcomp(large, small, n_sim=50, seed=1, progress=False).round(4)
            statistic   df p_value
    LRT       42.0754  1.0  <0.001
    PBtest    42.0754  NaN   0.020
    """
    names = ["the small model", "the large model"]
    n_sim = arguments.whole("n_sim", n_sim)
    if isinstance(small, str) and "~" in small:
        small = update(arguments.fitted("large", large), small)
    check_comparable([arguments.fitted("small", small), arguments.fitted("large", large)], names)
    check_nested(small, large, *names)
    if small.npar == large.npar:
        raise ModelError("the two models have the same parameters, so there is nothing to test")
    small, large = (update(fit, reml=False) if fit.is_reml else fit for fit in (small, large))
    endless = [name for name, fit in zip(names, (small, large), strict=True) if not has_maximum(fit)]
    if endless:
        raise ModelError(
            f"next to no residual variance is left in {listed(endless)}, so the likelihood rises without end and "
            "there is no highest value to compare; .messages of the fit tells what to look for"
        )
    observed = likelihood_ratio(large, small)

    reference, done = null_distribution(large, small, n_sim, seed, n_jobs, progress)
    df = float(large.npar - small.npar)
    rows = [
        (observed, df, float(stats.chi2.sf(observed, df))),
        (observed, np.nan, exceeded(observed, reference)),
    ]
    failed, notes = done - len(reference), interrupted(done, n_sim)
    notes += [f"{failed} of {done} refits failed and are left out."] if failed else []
    table = Table(rows, index=["LRT", "PBtest"], columns=["statistic", "df", "p_value"], notes=notes)
    table.attrs["reference"] = reference.tolist()
    return table


def null_distribution(
    large: Any, small: Any, n_sim: int, seed: Any, n_jobs: int, progress: bool | None
) -> tuple[Array, int]:
    """Likelihood ratios of two models on responses simulated from the small one, failed refits left out; and how
    many refits were tried.

    Raises
    ------
    ModelError
        When all refits fail.
    """
    reml = bool(large.is_reml)
    given = [criterion_values(fit, reml) for fit in (small, large)]
    known = [own for own in given if own is not None]
    values = [own or Values(_each(fit, reml), BATCH) for fit, own in zip((small, large), given, strict=True)]

    def one(y: Array) -> float:
        again = [refit_or_none(fit, y) for fit in (large, small)]
        return np.nan if None in again else likelihood_ratio(*again)

    def many(Y: Array) -> list[float]:
        of_small, of_large = (own.of(Y) for own in values)
        return list(np.maximum(of_small - of_large, 0.0))

    drawn = np.array(
        from_simulated(
            small, one, many if known else None, n_sim, seed, n_jobs, progress, "null distribution",
            at_once=min((own.at_once for own in known), default=1),
        ),
        dtype=float,
    )  # fmt: skip
    reference = drawn[np.isfinite(drawn)]
    if len(reference) == 0:
        raise ModelError("none of the simulated responses could be fitted, so there is no null distribution")
    return reference, len(drawn)


def _each(fit: Any, reml: bool) -> Callable[[Array], Array]:
    """The criterion of refits that are made one after the other, as those of models without random effects."""

    def values(Y: Array) -> Array:
        refits = [refit_or_none(fit, y) for y in Y]
        return np.array([np.nan if again is None else criterion_value(again, reml) for again in refits])

    return values


def likelihood_ratio(large: Any, small: Any) -> float:
    """Twice the gain in log-likelihood, restricted if the large model was fitted so; never negative."""
    reml = bool(large.is_reml)
    return max(criterion_value(small, reml) - criterion_value(large, reml), 0.0)


def exceeded(observed: float, reference: Array) -> float:
    """Share of statistics that are as large as the observed one, itself included."""
    return (1 + int((reference >= observed - 1e-8).sum())) / (1 + len(reference))
