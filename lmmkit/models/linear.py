"""Models without random effects: `lm` and `glm`.

statsmodels fits them, on the same `Design` that the mixed models use. Here they get R's names, R's print and
the members of a fitted mixed model, so that a lesson can lay both side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.call import PLAIN, Call
from ..fitted.linear import EXACT, LinearFit
from ..fitted.refit import caller_name, design_of
from ..numerics import distributions as stats
from ..numerics.frames import Table, as_pandas
from ..numerics.r_names import answered
from .fixed_effects import FixedEffectsModel
from .generalized import GeneralizedLinearModel

if TYPE_CHECKING:
    from ..families.family import Family
    from ..inference.coef_tests import Ddf

__all__ = ["GeneralizedLinearModel", "LinearModel", "glm", "lm"]


@answered
def lm(
    formula: str,
    data: Table,
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: Literal["omit", "exclude", "raise"] = "omit",
) -> LinearModel:
    """Fit a linear model by least squares.

    Parameters
    ----------
    formula : str
        As for :func:`lmmkit.lmer`, without random effects: ``"Weight ~ Dose * Strain"``.
    data : DataFrame
        One row per observation; of pandas, polars, pyarrow, or any other that narwhals reads.
    weights : column name, array or Series of length n, optional
        Row i has residual variance ``sigma**2 / weights[i]``; a row of weight zero does not count.
    offset : column name, array or Series of length n, optional
        A known addition to the linear predictor.
    contrasts : dict, optional
        Factor -> ``"treatment"`` (the default), ``"sum"``, ``"helmert"``, ``"poly"``, ``"SAS"``;
        ``("treatment", "b")`` to compare with level b; or contrasts of your own, a row for each level: an array,
        a DataFrame, or by name, ``{"linear": [-1, 0, 1]}``.
    na_action : {"omit", "exclude", "raise"}
        Leave out rows with missing values (and say so in ``.messages``), or refuse them. With ``"exclude"``
        fitted values, residuals, predictions and simulations come back with all rows of the data, NaN where a
        row was left out.

    Returns
    -------
    LinearModel
        Print it, ask it for ``.summary()``, ``.confint()``, ``.predict(new)`` and more.

    Raises
    ------
    FormulaError
        When the formula cannot be read, or has random effects.
    DataError
        When the data do not fit the formula.
    ModelError
        When the formula leaves no coefficient to estimate.

    Notes
    -----
    Agrees with R's ``lm``. Fitted by ``statsmodels.regression.linear_model.WLS``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> mouse = lk.load_data("mouse")
    >>> lk.lm("Weight ~ Dose", mouse)
    <BLANKLINE>
    Call:
    lm(formula = Weight ~ Dose, data = mouse)
    <BLANKLINE>
    Coefficients:
    (Intercept)         Dose
         26.964       -2.439
    <BLANKLINE>
    """
    options = {"weights": weights, "offset": offset, "contrasts": contrasts, "na_action": na_action}
    call = Call("lm", formula, as_pandas("data", data), caller_name(data), options)
    return LinearModel(design_of(call), call)


@answered
def glm(
    formula: str,
    data: Table,
    family: str | Family | type[Family],
    *,
    weights: Any = None,
    offset: Any = None,
    contrasts: Mapping[str, Any] | None = None,
    na_action: Literal["omit", "exclude", "raise"] = "omit",
) -> GeneralizedLinearModel:
    """Fit a generalised linear model by maximum likelihood.

    Parameters
    ----------
    formula : str
        As for :func:`lmmkit.glmer`, without random effects. The response of a binomial model is 0/1, a factor
        of two levels, ``cbind(hits, misses)``, or a proportion with the numbers of trials as `weights`.
    data : DataFrame
        One row per observation; of pandas, polars, pyarrow, or any other that narwhals reads.
    family : str or Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"``, or one of ``lk.families`` with these
        names; other families, and extra zeros or a modelled dispersion, are fitted by :func:`lmmkit.glmer`, which
        needs no random effects for them.
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

    Returns
    -------
    GeneralizedLinearModel
        Print it, ask it for ``.summary()``, ``.confint()``, ``.predict(new)`` and more.

    Raises
    ------
    FormulaError, DataError
        As :func:`lm`; also for a response that the family cannot produce.
    ModelError
        For an unknown family or link, and when the search leaves the range of the link.

    Notes
    -----
    Agrees with R's ``glm``, and with ``MASS::glm.nb`` for the negative binomial, whose theta is estimated by
    maximum likelihood. Fitted by ``statsmodels.genmod.generalized_linear_model.GLM``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> cells = lk.load_data("scrna")
    >>> lk.glm("counts ~ disease", cells, "poisson").fixef.round(3).to_dict()
    {'(Intercept)': 1.131, 'diseaseND': -1.108}
    """
    from ..families.resolve import resolve

    if isinstance(family, str) and family.strip().lower() in ("gaussian", "normal"):
        raise ModelError("the gaussian family gives the linear model; fit it with lk.lm")
    found = resolve(family)
    if found.name not in PLAIN:
        raise ModelError(
            f"lk.glm fits the families {', '.join(PLAIN)}; fit the {found.name} family with lk.glmer, which needs "
            "no random effects for it"
        )
    options = {
        "family": found, "weights": weights, "offset": offset, "contrasts": contrasts,
        "na_action": na_action,
    }  # fmt: skip
    call = Call("glm", formula, as_pandas("data", data), caller_name(data), options)
    return GeneralizedLinearModel(design_of(call), call)


@answered
class LinearModel(FixedEffectsModel, LinearFit):
    """A fitted linear model, as made by :func:`lmmkit.lm`.

    Parameters
    ----------
    design : Design
        Response and model matrix.
    call : Call
        What was asked for.

    Attributes
    ----------
    df_resid : int
        Residual degrees of freedom, n - p.
    npar : int
        Number of parameters: the coefficients and sigma.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
    >>> round(fit.sigma, 3), round(fit.r_squared, 4), fit.df_resid
    (2.711, 0.5876, 48)
    """

    # ---- how well it fits ----

    @property
    def r_squared(self) -> float:
        """Share of the sum of squares that the model explains (R: ``summary(fit)$r.squared``).

        NaN where the response is constant, so that there is nothing to explain.
        """
        total = self.model_ss + self.deviance
        spread = total > EXACT * float(self.design.row_weights @ (self.design.y - self.design.offset) ** 2)
        return self.model_ss / total if spread else np.nan

    @property
    def adj_r_squared(self) -> float:
        """R² with variances in place of sums of squares."""
        return (
            1 - (1 - self.r_squared) * (self.nobs - int(self.has_intercept)) / self.df_resid
            if self.df_resid
            else np.nan
        )

    @cached_property
    def f_test(self) -> pd.Series:
        """F test of all coefficients but the intercept: ``statistic num_df den_df p_value``."""
        num_df = len(self.beta) - int(self.has_intercept)
        statistic = self.model_ss / num_df / self.sigma**2 if num_df else np.nan
        p_value = stats.f.sf(statistic, num_df, self.df_resid) if num_df else np.nan
        return pd.Series(
            {"statistic": statistic, "num_df": num_df, "den_df": self.df_resid, "p_value": p_value}
        )

    def anova(self, type: Literal[1, 2, 3] = 3, ddf: Ddf = "residual") -> pd.DataFrame:
        """F test of each term.

        Parameters
        ----------
        type : {1, 2, 3}
            1 adds the terms one by one (R's ``anova``); 2 tests a term after all others that do not contain
            it; 3 does not depend on how many rows there are per cell. As for a mixed model, a factor is tested
            where a number that it interacts with is 0 (not so in R's car).
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            All the same, n - p; ``"none"`` leaves out the p-values.

        Returns
        -------
        DataFrame
            Index: terms. Columns ``sum_sq mean_sq num_df den_df statistic p_value``.

        Raises
        ------
        ModelError
            For another type or `ddf`.

        Notes
        -----
        Agrees with R's ``anova(fit)`` (type 1) and with ``car::Anova`` (types 2 and 3, the latter under sum
        contrasts).

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).anova().round(2)
              sum_sq  mean_sq  num_df  den_df  statistic p_value
        Dose  502.55   502.55       1      48       68.4  <0.001
        """
        from ..inference.f_tests import sums_of_squares

        return sums_of_squares(self, type, ddf)

    def r2(self) -> pd.Series:
        """R² and adjusted R².

        Returns
        -------
        Series
            ``r_squared``, the share of the sum of squares that the model explains, and ``adj_r_squared``, the
            same with variances in place of sums of squares.

        Notes
        -----
        As R's ``summary(fit)$r.squared`` and ``$adj.r.squared``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).r2().round(3).to_dict()
        {'r_squared': 0.588, 'adj_r_squared': 0.579}
        """
        return pd.Series({"r_squared": self.r_squared, "adj_r_squared": self.adj_r_squared})

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        Returns
        -------
        DataFrame
            ``r_squared adj_r_squared sigma statistic p_value df loglik aic bic deviance df_residual nobs``;
            `statistic`, `p_value` and `df` belong to the F test.

        Notes
        -----
        As broom's ``glance``, with underscores for dots.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).glance().iloc[:, :6].round(3)
           r_squared  adj_r_squared  sigma  statistic  p_value   df
        0      0.588          0.579  2.711     68.396      0.0  1.0
        """
        test = self.f_test
        row = {
            "r_squared": self.r_squared, "adj_r_squared": self.adj_r_squared, "sigma": self.sigma,
            "statistic": test["statistic"], "p_value": test["p_value"], "df": test["num_df"],
            "loglik": self.loglik,
            "aic": self.aic, "bic": self.bic, "deviance": self.deviance, "df_residual": self.df_resid,
            "nobs": self.nobs,
        }  # fmt: skip
        return pd.DataFrame([row])

    def influence(self) -> pd.DataFrame:
        """How much each row decides.

        Returns
        -------
        DataFrame
            ``hat`` (leverage), ``sigma`` (without the row), ``cooksd`` (Cook's distance), ``std_resid``
            (residual divided by its standard deviation), ``dffits``, and ``dfbetas_<coefficient>``: how many
            standard errors the coefficient moves when the row is left out.

        Notes
        -----
        As R's ``influence.measures``; Belsley, Kuh and Welsch (1980), *Regression
        Diagnostics*.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).influence().nlargest(2, "cooksd").round(3)
              hat  sigma  cooksd  std_resid  dffits  dfbetas_(Intercept)  dfbetas_Dose
        21  0.063  2.605   0.154     -2.143  -0.577               -0.568         0.476
        20  0.063  2.627   0.129     -1.963  -0.524               -0.516         0.432
        """
        from ..diagnostics.influence import influence_of_rows

        return influence_of_rows(self)
