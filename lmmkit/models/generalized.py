"""`GeneralizedLinearModel`: a fitted `glm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ..fitted.generalized import GeneralizedFit
from ..numerics.r_names import answered
from .fixed_effects import FixedEffectsModel

if TYPE_CHECKING:
    from ..inference.coef_tests import Ddf

__all__ = ["GeneralizedLinearModel"]


@answered
class GeneralizedLinearModel(FixedEffectsModel, GeneralizedFit):
    """A fitted generalised linear model, as made by :func:`lmmkit.glm`.

    Parameters
    ----------
    design : Design
        Response and model matrix.
    call : Call
        What was asked for.

    Attributes
    ----------
    family : Family
        Distribution and link; the dispersion (gamma) or theta (negative binomial) is the estimated one.
    df_resid : int
        Residual degrees of freedom, n - p.
    npar : int
        Number of parameters: the coefficients, and the dispersion or theta if it was estimated.
    n_iter : int
        Steps of iteratively reweighted least squares in the last fit.
    converged : bool
        Whether they ended at a maximum.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson")
    >>> round(fit.deviance, 2), fit.df_resid, round(fit.aic, 1)
    (558.51, 498, 1635.8)
    """

    def anova(self, type: Literal[1, 2, 3] = 3, ddf: Ddf = "residual") -> pd.DataFrame:
        """Test each term.

        Parameters
        ----------
        type : {1, 2, 3}
            1 adds the terms one by one and compares likelihoods, as R's ``anova``; 2 and 3 are Wald tests of
            the hypotheses that a mixed model's table has.
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            For a gamma model, as in :meth:`LinearModel.anova`; chi-square tests need none.

        Returns
        -------
        DataFrame
            Index: terms. Columns ``num_df statistic p_value``, chi-square tests; with an estimated dispersion
            (gamma) ``num_df den_df statistic p_value``, F tests.

        Raises
        ------
        ModelError
            For another type.

        Notes
        -----
        Type 1 agrees with R's ``anova(fit, test = "Chisq")`` and ``test = "F"``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson").anova(type=1).round(2)
                 num_df  statistic p_value
        disease       1      273.6  <0.001
        """
        from ..inference.f_tests import deviance_table

        return deviance_table(self, type, ddf)

    def r2(self) -> pd.Series:
        """How much of the deviance the model explains: ``deviance_explained nagelkerke``.

        Returns
        -------
        Series
            The share by which the deviance falls from that of the model without predictors, and Nagelkerke's
            (1991) generalisation of R²; the latter is NaN where a dispersion is estimated or rows have
            weights (as hits out of several trials have), because it needs to know what one observation is.

        Notes
        -----
        Agrees with ``performance::r2_nagelkerke``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("Days ~ Reaction", lk.load_data("sleepstudy"), "poisson").r2().round(3).to_dict()
        {'deviance_explained': 0.217, 'nagelkerke': 0.435}
        """
        residual, null, n = self.deviance, self.null_deviance, self.nobs
        nagelkerke = np.nan
        if not self.has_scale and self.design.weights is None and null > 0:
            nagelkerke = -np.expm1((residual - null) / n) / -np.expm1(-null / n)
        explained = 1 - residual / null if null > 0 else np.nan
        return pd.Series({"deviance_explained": explained, "nagelkerke": nagelkerke})

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        Returns
        -------
        DataFrame
            ``null_deviance df_null loglik aic bic deviance df_residual nobs``.

        Notes
        -----
        As broom's ``glance``, with underscores for dots.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("counts ~ disease", lk.load_data("scrna"), "poisson").glance().iloc[:, :5].round(2)
           null_deviance  df_null  loglik      aic      bic
        0          832.1      499 -815.88  1635.76  1644.19
        """
        row = {
            "null_deviance": self.null_deviance, "df_null": self.df_null,
            "loglik": self.loglik, "aic": self.aic, "bic": self.bic,
            "deviance": self.deviance, "df_residual": self.df_resid, "nobs": self.nobs,
        }  # fmt: skip
        return pd.DataFrame([row])

    def influence(self) -> pd.DataFrame:
        """How much each row decides, by the weighted least squares of the last step.

        Returns
        -------
        DataFrame
            ``hat`` (leverage), ``cooksd`` (Cook's distance), ``std_resid`` (deviance residual divided by its
            standard deviation).

        Notes
        -----
        As R's ``hatvalues``, ``cooks.distance`` and ``rstandard``; Pregibon (1981), *Annals of Statistics*
        9(4).

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.glm("Days ~ Reaction", lk.load_data("sleepstudy"), "poisson").influence().head(2).round(3)
             hat  cooksd  std_resid
        0  0.009   0.015     -2.562
        1  0.008   0.007     -1.550
        """
        from ..diagnostics.influence import influence_of_working_rows

        return influence_of_working_rows(self)
