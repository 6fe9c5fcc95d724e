"""`MixedModel`: a fitted mixed model and everything that can be asked of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

import pandas as pd

from ..numerics.frames import Table
from ..numerics.r_names import answered
from .asked import AskedOfAny
from .groups import AskedOfGroups
from .questions import MixedQuestions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..fitted.parts import Component
    from ..inference.coef_tests import Ddf
    from ..numerics.arrays import Array
    from ..plots.namespace import Plots
    from ..report.summary import Summary
    from ..report.tidy import Effects


@answered
class MixedModel(AskedOfAny, AskedOfGroups, MixedQuestions):
    """A fitted mixed model, as made by :func:`lmmkit.lmer` and :func:`lmmkit.glmer`.

    Parameters
    ----------
    estimate : Estimate
        What the fitter found.
    call : Call
        What was asked for.
    criterion : Criterion, optional
        The design's sums, kept so that :meth:`refit` need not touch the rows again (linear models only).

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> fit.fixef.round(2).to_dict()
    {'(Intercept)': 251.41, 'Days': 10.47}
    """

    def _studentized(self) -> Array:
        from ..fitted.joint_covariance import studentized

        return studentized(self)

    def vcov_full(self) -> pd.DataFrame:
        """Joint covariance of the conditional modes and the fixed effects.

        Returns
        -------
        DataFrame (q + p, q + p)
            The random effects first, term by term, each level's effects side by side, under names such as
            ``Subject.308.Days``; then the fixed effects. It is the covariance of the errors of prediction.

        Raises
        ------
        ModelError
            When it would not fit into memory.

        Notes
        -----
        Agrees with ``vcov(fit, full = TRUE)`` of lme4 2.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.vcov_full().shape
        (20, 20)
        """
        from ..fitted.joint_covariance import vcov_full

        return vcov_full(self)

    def vcov_adjusted(self) -> pd.DataFrame:
        """Kenward and Roger's covariance of the fixed effects, widened for the uncertainty of the variances.

        Returns
        -------
        DataFrame (p, p)
            What the standard errors of ``coef_table(ddf="kenward_roger")`` are the square roots of.

        Raises
        ------
        ModelError
            For a GLMM or a fit by maximum likelihood.

        Notes
        -----
        Agrees with ``pbkrtest::vcovAdj``; prior weights count, which there they do not.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days || Subject)", lk.load_data("sleepstudy"))
        >>> fit.vcov_adjusted().round(4)
                     (Intercept)    Days
        (Intercept)      47.4085 -1.9806
        Days             -1.9806  2.4322
        """
        from ..inference.kenward_roger import adjusted_vcov

        return adjusted_vcov(self)

    # ---- tables ----

    def coef_table(self, ddf: Ddf = "satterthwaite", component: Component = "conditional") -> pd.DataFrame:
        """Tabulate the fixed effects with standard errors and tests.

        Parameters
        ----------
        ddf : str
            Denominator degrees of freedom of the t tests: ``"satterthwaite"``, ``"kenward_roger"``,
            ``"kenward_roger_observed"``, ``"between_within"``, ``"containment"``, ``"residual"`` or
            ``"none"``. The first three approximate them from the estimated variances, the third by the
            observed information (as SAS); ``"between_within"`` (nlme's) and ``"containment"`` (SAS's default)
            count them from the design; ``"residual"`` is n - p; ``"none"`` leaves p-values out. A GLMM has z
            tests, whatever it says.
        component : {"conditional", "zero_inflation", "dispersion", "shape", "all"}
            The part whose coefficients are wanted, of a model with several; ``"all"`` stacks them, under an
            index of component and term.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``estimate std_error df statistic p_value``; a GLMM has no
            ``df``, and ``ddf="none"`` has neither ``df`` nor ``p_value``.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As ``coef(summary(fit))`` of lmerTest, and of lme4 for ``ddf="none"`` and for GLMMs.
        Satterthwaite (1946), *Biometrics Bulletin* 2:110-114; Kenward and Roger (1997), *Biometrics*
        53:983-997.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.coef_table(ddf="none").round(3)
                     estimate  std_error  statistic
        (Intercept)   251.405      6.825     36.838
        Days           10.467      1.546      6.771
        """
        from ..inference.coef_tests import part_table

        return part_table(self, ddf, component)

    def tidy(
        self,
        effects: Effects | Sequence[Effects] = "fixed",
        *,
        conf_int: bool = False,
        level: float = 0.95,
        ddf: Ddf = "satterthwaite",
        exponentiate: bool = False,
        component: Component = "conditional",
    ) -> pd.DataFrame:
        """Put the estimates into a tidy table, one row each.

        Parameters
        ----------
        effects : {"fixed", "ran_pars", "ran_vals"} or list of these
            ``"fixed"``: the fixed effects. ``"ran_pars"``: standard deviations and correlations of the random
            effects and of the residuals. ``"ran_vals"``: the conditional modes of the random effects. Several
            are stacked.
        conf_int : bool
            Add ``conf_low conf_high``: estimate ± quantile × standard error, of the t distribution where
            there are degrees of freedom, else of the normal; for ``ran_pars`` the limits of
            ``fit.confint()``, by the profile of the likelihood.
        level : float
            Coverage of the intervals.
        ddf : str
            Degrees of freedom of the t tests, as in :meth:`coef_table`.
        exponentiate : bool
            Fixed effects as factors: odds ratios (logit link), rate ratios (log link of counts), ratios of
            means. Standard errors are multiplied by the estimate, limits of intervals are exponentiated; the
            test remains that of the coefficient.
        component : {"conditional", "zero_inflation", "dispersion", "shape", "all"}
            The part of a model with several; ``"all"`` stacks them, with a column ``component`` in front.

        Returns
        -------
        DataFrame
            Columns ``effect group level term estimate std_error df statistic p_value conf_low conf_high``,
            without those that are empty for what was asked.

        Raises
        ------
        ModelError
            For other effects, and for `exponentiate` where ``exp(coefficient)`` means nothing.

        Notes
        -----
        As ``broom.mixed::tidy.merMod``, with underscores in column names.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.tidy("ran_pars").round(2)
             effect     group             term  estimate
        0  ran_pars   Subject  sd__(Intercept)     37.12
        1  ran_pars  Residual  sd__Observation     30.99
        """
        from ..report.tidy import tidy

        return tidy(
            self,
            effects,
            conf_int=conf_int,
            level=level,
            ddf=ddf,
            exponentiate=exponentiate,
            component=component,
        )

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        Returns
        -------
        DataFrame
            Columns ``nobs sigma loglik aic bic``, ``reml_criterion`` (REML) or ``deviance`` (ML),
            ``df_residual``.

        Notes
        -----
        As ``broom.mixed::glance.merMod``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.glance().round(2)
           nobs  sigma  loglik      aic      bic  reml_criterion  df_residual
        0   180  30.99 -893.23  1794.47  1807.24         1786.47          176
        """
        from ..report.tidy import glance

        return glance(self)

    def augment(self) -> pd.DataFrame:
        """The rows used, with fitted values and residuals beside them.

        Returns
        -------
        DataFrame
            The columns that the model uses, and ``_fitted`` (with all random effects), ``_resid`` (response -
            fitted), ``_hat`` (leverage), ``_cooksd`` (Cook's distance), ``_fixed`` (prediction without random
            effects) and ``_scaled`` (the residual over its standard deviation), all on the scale of the
            response. A model with several parts has no ``_hat`` and ``_cooksd``. A name that the data have
            already gets another underscore: ``__hat``.

        Notes
        -----
        As ``broom.mixed::augment.merMod``, whose dots in front are underscores here; leverage and
        Cook's distance as lme4's ``hatvalues`` and ``cooks.distance``. For a GLMM the leverage is that of the
        working weights, as for a ``glm`` in R (lme4 takes the prior weights there, and warns).

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.augment().filter(like="_").round(2).head(2)
           _fitted  _resid  _hat  _cooksd  _fixed  _scaled
        0   292.19  -42.63  0.11     0.13  251.41    -1.38
        1   302.66  -43.95  0.10     0.13  261.87    -1.42
        """
        from ..report.tidy import augment

        return augment(self)

    # ---- predicting ----

    def predict(
        self,
        newdata: Table | None = None,
        *,
        re_form: str | None = None,
        allow_new_levels: bool = False,
        kind: Literal["response", "link", "conditional", "zero_probability", "dispersion"] = "response",
        interval: Literal["confidence", "prediction"] | None = None,
        level: float = 0.95,
        se_fit: bool = False,
        random_only: bool = False,
    ) -> pd.Series | pd.DataFrame:
        """Predict old or new rows, with standard errors or intervals if asked.

        Parameters
        ----------
        newdata : DataFrame, optional
            The rows, in a frame of any library; those of the fit by default. Needs no response.
        re_form : str, optional
            Which random effects to use: None for all, ``"~0"`` for none (then no grouping column is needed),
            or some, such as ``"~(1 | school)"``.
        allow_new_levels : bool
            Predict rows of unseen groups with a random effect of zero, the mean of all groups; else they are
            refused.
        kind : {"response", "link", "conditional", "zero_probability", "dispersion"}
            The scale of a generalised model's predictions. Of a model with several parts, ``"response"`` is
            the mean with the extra zeros, ``"conditional"`` the one without, ``"link"`` the conditional linear
            predictor, ``"zero_probability"`` the probability of an extra zero (glmmTMB: ``"zprob"``), and
            ``"dispersion"`` the dispersion parameter.
        interval : {"confidence", "prediction"}, optional
            ``"confidence"``: where the expected response lies. The interval covers the errors of the fixed
            effects and of the conditional modes together, with their covariance; where random effects are
            left out (by `re_form` or because the level is new) it is about the mean over groups.
            ``"prediction"``: where a new response lies; adds the residual variance, and the full variance of
            every random effect that is left out.
        level : float
            Coverage.
        se_fit : bool
            Add the column ``se``, the standard error of what is predicted: of the errors that the confidence
            interval covers. On the scale of the response it is multiplied by the slope of the inverse link.
        random_only : bool
            Only what the random effects add, without the fixed effects and the offset (`newdata` then needs
            no other column than theirs).

        Returns
        -------
        Series or DataFrame
            Under the index of the rows. With `interval` the columns ``fit conf_low conf_high``, with `se_fit`
            ``fit se``. NaN where a row of `newdata` has missing values.

        Raises
        ------
        DataError
            When `newdata` lacks a column or has a level that the fit has not seen; for a prediction interval
            also when it lacks the weights (of a linear model) or the numbers of trials.
        FormulaError, ModelError
            When `re_form` is not a formula or asks for random effects that the model does not have; for
            `random_only` with a prediction interval or a model with several parts.

        Notes
        -----
        The point predictions agree with ``lme4::predict.merMod``. The variance of ``x'beta_hat +
        z'b_hat``, as an estimate of ``x'beta + z'b``, is that of Henderson's mixed-model equations, with
        theta taken as known, and limits are normal quantiles; ``predict(se.fit = TRUE)`` of lme4 since 1.1-34
        computes the same for a linear model. For a GLMM the covariance of ``beta_hat`` is here the one from
        the Hessian over all parameters (``fit.vcov``), and in lme4 that of Henderson's equations, so standard
        errors differ a little; glmmTMB's are larger, as they count in that theta was estimated. For a
        generalised model, intervals are made on the scale of the linear predictor and carried to the response
        by the inverse link; its prediction intervals are quantiles of 2000 simulated responses, made for each
        row from the same random numbers.

        Examples
        --------
        >>> import pandas as pd, lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> new = pd.DataFrame({"Days": [5, 12], "Subject": ["308", "somebody new"]})
        >>> fit.predict(new, allow_new_levels=True, interval="confidence").round(1)
             fit  conf_low  conf_high
        0  352.0     336.3      367.7
        1  377.0     340.0      414.0
        >>> fit.predict(new.head(1), se_fit=True).round(2)
              fit    se
        0  351.99  8.02
        >>> fit.predict(new.head(1), random_only=True).round(2).tolist()
        [48.25]
        """
        from ..fitted.predict import predict

        predicted = predict(
            self, newdata, re_form, allow_new_levels, kind, interval, level, se_fit, random_only
        )
        return self.on_all_rows(predicted) if newdata is None else predicted

    @property
    def plot(self) -> Plots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots.namespace`."""
        from ..plots.namespace import Plots

        return Plots(self)

    # ---- telling ----

    @cached_property
    def messages(self) -> list[str]:
        """What a reader of this fit should know, and what to do; see :mod:`lmmkit.fitted.messages`."""
        from ..fitted.messages import messages

        return messages(self)

    def summary(self, ddf: Ddf = "satterthwaite") -> Summary:
        """The model as lme4 and lmerTest print it.

        Parameters
        ----------
        ddf : {"satterthwaite", "kenward_roger", "kenward_roger_observed", "between_within", "containment",
            "residual", "none"} Degrees of freedom of the t tests, as in :meth:`coef_table`; ``"none"`` leaves
            out the p-values, as lme4 does without lmerTest.

        Returns
        -------
        Summary
            Printed, or shown in a notebook, it is the text; ``.coefficients`` is its table of fixed effects
            in full precision.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As ``summary(fit)`` of lmerTest, and of lme4 for a GLMM and for ``ddf="none"``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.summary().coefficients.round(2)
                     estimate  std_error      df  statistic p_value
        (Intercept)    251.41       9.75   22.81      25.79  <0.001
        Days            10.47       0.80  161.00      13.02  <0.001
        """
        from ..report.summary import Summary

        return Summary(self, ddf)

    def __repr__(self) -> str:
        from ..report.summary import print_lines

        return "\n".join(print_lines(self))

    def _repr_html_(self) -> str:
        from ..report.notebook import model

        return model(self)
