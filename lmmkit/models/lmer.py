"""`lmer` and `glmer`: from a formula and a data frame to a fitted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ..fitted.call import Call
from ..numerics.frames import Table
from ..numerics.r_names import answered
from .mixed import MixedModel

if TYPE_CHECKING:
    from ..families.family import Family
from ..fitted.refit import caller_name, design_of, table_for


@answered
def lmer(
    formula: str,
    data: Table,
    *,
    reml: bool = True,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: Literal["omit", "exclude", "raise"] = "omit",
    start: Any = None,
    optimize: bool = True,
    double_bar: Literal["split", "diag"] = "split",
) -> MixedModel:
    """Fit a linear mixed model.

    Parameters
    ----------
    formula : str
        In lme4's language: ``"Reaction ~ Days + (Days | Subject)"``.
    data : DataFrame
        One row per observation; of pandas, polars, pyarrow, or any other that narwhals reads. Text,
        categorical and boolean columns are factors. Dates and times
        group as they are; as predictors they count days from 1970-01-01. A frame of Dask, or a dataset of pyarrow,
        need not fit into memory: see the notes.
    reml : bool
        Fit by restricted maximum likelihood (the default) or by maximum likelihood.
    weights : column name, array or Series of length n, optional
        Prior weights, above zero: row i has residual variance ``sigma**2 / weights[i]``. Of data in parts a
        column name, as `offset`.
    offset : column name, array or Series of length n, optional
        A known addition to the linear predictor, besides any ``offset()`` in the formula.
    contrasts : dict, optional
        Factor -> ``"treatment"`` (the default), ``"sum"``, ``"helmert"``, ``"poly"``, ``"SAS"``;
        ``("treatment", "b")`` to compare with level b; or contrasts of your own, a row for each level: an array,
        a DataFrame, or by name, ``{"linear": [-1, 0, 1]}``.
    na_action : {"omit", "exclude", "raise"}
        Leave out rows with missing values (and say so in ``.messages``), or refuse them. With ``"exclude"``
        fitted values, residuals, predictions and simulations come back with all rows of the data, NaN where a
        row was left out.
    start : sequence of float, optional
        First ``.par`` of the search, in lme4's order: theta, and for a structured term its standard deviations
        relative to sigma and its correlation.
    optimize : bool
        With False nothing is searched: the model is evaluated at `start`.
    double_bar : {"split", "diag"}
        What ``(f || g)`` means for a factor f: as in lme4 by default a term in which the effects of the levels
        are correlated, or ``diag(f | g)``, without any correlation.

    Returns
    -------
    MixedModel
        Print it, ask it for ``.summary()``, ``.confint()``, ``.predict(new)``, ``.plot.fit()`` and more.

    Raises
    ------
    FormulaError
        When the formula cannot be read, or has no random effects.
    DataError
        When the data do not fit the formula: an unknown column, a response that is no number, no rows
        left, a grouping factor with one level or with as many levels as rows, more random effects than
        rows, and more.
    ModelError
        When `start` does not fit the model, or the fixed effects reproduce the response exactly.

    Notes
    -----
    Bates, Mächler, Bolker and Walker (2015), *Journal of Statistical Software* 67(1). Agrees with
    ``lme4::lmer``.

    A frame of Dask stays in its parts, wherever they are: three passes sum what the fit needs, and only the sums come
    here. Then ``fitted`` and ``resid()`` are lazy Series, and what needs all rows at once is refused: ``poly()``,
    ``bs()`` and ``ns()`` in the formula, influence, simulations, pictures of rows. Where Dask has no cluster it uses
    threads of this process.

    Examples
    --------
    >>> import lmmkit as lk
    >>> sleepstudy = lk.load_data("sleepstudy")
    >>> lk.lmer("Reaction ~ Days + (Days | Subject)", sleepstudy)
    Linear mixed model fit by REML ['lmerMod']
    Formula: Reaction ~ Days + (Days | Subject)
       Data: sleepstudy
    REML criterion at convergence: 1743.628
    Random effects:
     Groups   Name        Std.Dev. Corr
     Subject  (Intercept) 24.740
              Days         5.922   0.07
     Residual             25.592
    Number of obs: 180, groups:  Subject, 18
    Fixed Effects:
    (Intercept)         Days
         251.41        10.47
    """
    options = {
        "reml": reml, "weights": weights, "offset": offset, "contrasts": contrasts, "na_action": na_action,
        "start": start, "optimize": optimize, "double_bar": double_bar,
    }  # fmt: skip
    call = Call("lmer", formula, table_for("lmer", data), caller_name(data), options)
    return MixedModel.of(design_of(call), call)


@answered
def glmer(
    formula: str,
    data: Table,
    family: str | Family | type[Family],
    *,
    n_agq: int = 1,
    zero_inflation: str | None = None,
    dispersion: str | None = None,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: Literal["omit", "exclude", "raise"] = "omit",
    start: Sequence[float] | Mapping[str, Sequence[float]] | None = None,
    optimize: bool = True,
    double_bar: Literal["split", "diag"] = "split",
) -> MixedModel:
    """Fit a generalised linear mixed model.

    Parameters
    ----------
    formula : str
        In lme4's language. The response of a binomial model is 0/1, a factor of two levels,
        ``cbind(hits, misses)``, or a proportion with the numbers of trials as `weights`. With `zero_inflation` or
        `dispersion`, and for families that :func:`glm` does not have, it needs no random effects.
    data : DataFrame
        One row per observation, as in :func:`lmer`.
    family : str or Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"``, or one of ``lk.families``
        with a link of your choice, ``lk.families.Binomial(link="probit")``.
    n_agq : int
        1 is the Laplace approximation; more are points of adaptive Gauss-Hermite quadrature, for a model
        with a single scalar random effect. With 0, as in lme4, the fixed effects are found together with the
        random ones at each step of the search, and are not searched: a little off, for many fixed effects.
    zero_inflation : str, optional
        One-sided formula of the logit of the probability of an extra zero: ``"~ 1"``, ``"~ mined + (1 | site)"``.
        With a truncated family, and with amounts and shares, it is the probability of any zero (hurdle model).
        In ``"~ ."`` the dot stands for the terms of `formula`, without offsets, as in glmmTMB.
    dispersion : str, optional
        One-sided formula, without random effects, of the logarithm of the family's dispersion parameter:
        ``"~ sex"``. With ``family="gaussian"`` it describes the residual standard deviation (nlme's
        ``varIdent``).
    weights : column name, array or Series of length n, optional
        Each row's log density is multiplied by its weight; for a proportion, the numbers of trials.
    offset : column name, array or Series of length n, optional
        A known addition to the linear predictor, such as the logarithm of an exposure.
    contrasts : dict, optional
        Factor -> ``"treatment"`` (the default), ``"sum"``, ``"helmert"``, ``"poly"``, ``"SAS"``;
        ``("treatment", "b")`` to compare with level b; or contrasts of your own, a row for each level: an array,
        a DataFrame, or by name, ``{"linear": [-1, 0, 1]}``.
    na_action : {"omit", "exclude", "raise"}
        Leave out rows with missing values (and say so in ``.messages``), or refuse them. With ``"exclude"``
        fitted values, residuals, predictions and simulations come back with all rows of the data, NaN where a
        row was left out.
    start : sequence of float or dict, optional
        First ``.theta`` of the search (of a structured term its part of ``.par``), or
        ``{"theta": ..., "fixef": ...}``.
    optimize : bool
        With False nothing is searched: the model is evaluated at `start`, which must then have both (with
        ``n_agq=0`` the theta alone), and its standard errors take theta as known.
    double_bar : {"split", "diag"}
        As in :func:`lmer`.

    Returns
    -------
    MixedModel
        Print it, ask it for ``.summary()``, ``.confint()``, ``.predict(new)``, ``.plot.fit()`` and more.

    Raises
    ------
    FormulaError, DataError
        As :func:`lmer`; also for a response that the family cannot produce.
    ModelError
        For an unknown family or link, for ``n_agq > 1`` with more than one random effect per group, and for a
        `start` that does not fit the model.

    Notes
    -----
    Binomial and Poisson agree with ``lme4::glmer``. For gamma and negative binomial the dispersion is a
    parameter of the Laplace likelihood like any other, as in ``glmmTMB``; ``lk.families`` says how lme4
    differs. Standard errors come from the Hessian over all parameters (lme4's default); those of ``n_agq=0``
    take theta as known, as lme4's do. As in lme4, the
    log-likelihood of a binomial or Poisson fit with ``n_agq > 1`` is relative to the saturated model, and
    ``.messages`` says by how much.

    Examples
    --------
    >>> import pandas as pd, lmmkit as lk
    >>> herds = pd.DataFrame({
    ...     "herd": list("aaabbbcccddd"), "period": [1, 2, 3] * 4,
    ...     "ill": [2, 3, 4, 3, 1, 1, 8, 2, 0, 7, 4, 2],
    ...     "size": [14, 12, 9, 22, 18, 21, 22, 16, 16, 27, 20, 10],
    ... })
    >>> fit = lk.glmer("cbind(ill, size - ill) ~ period + (1 | herd)", herds, "binomial")
    >>> bool(fit.fixef["period"] < 0)
    True
    >>> shares = herds.assign(share=herds["ill"] / herds["size"]).query("share > 0")
    >>> lk.glmer("share ~ period", shares, "beta").npar
    3
    """
    from ..families.resolve import resolve

    options = {
        "family": resolve(family), "n_agq": n_agq, "zero_inflation": zero_inflation, "dispersion": dispersion,
        "weights": weights, "offset": offset, "contrasts": contrasts, "na_action": na_action,
        "start": start, "optimize": optimize, "double_bar": double_bar,
    }  # fmt: skip
    call = Call("glmer", formula, table_for("glmer", data), caller_name(data), options)
    return MixedModel.of(design_of(call), call)
