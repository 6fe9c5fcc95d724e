"""What a user asks of `lm` and `glm` alike: what a mixed model is asked that needs no random effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..errors import ModelError
from ..fitted.fit import ResidualKind
from ..fitted.fixed import FixedFit
from ..numerics import arguments
from ..numerics.frames import Table
from ..numerics.r_names import answered
from .asked import AskedOfAny

if TYPE_CHECKING:
    from ..inference.coef_tests import Ddf
    from ..plots.namespace import LinearPlots
    from ..report.summary_linear import LinearSummary

__all__ = ["FixedEffectsModel"]


@answered
class FixedEffectsModel(AskedOfAny, FixedFit):
    """What :class:`LinearModel` and :class:`GeneralizedLinearModel` share: the members of a mixed model that
    make sense without random effects. Each hands its question to a room below.
    """

    # ---- tables ----

    def coef_table(self, ddf: Ddf = "residual") -> pd.DataFrame:
        """Tabulate the coefficients with standard errors and tests.

        Parameters
        ----------
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            Without random effects the first three are the same, n - p; ``"none"`` leaves out the p-values.
            Models without a scale (binomial, poisson, negative binomial) have z tests, whatever `ddf` says.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``estimate std_error df statistic p_value``; z tests have no ``df``,
            and ``ddf="none"`` has neither ``df`` nor ``p_value``.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As ``coef(summary(fit))`` of R.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).coef_table().round(3)
                     estimate  std_error  df  statistic p_value
        (Intercept)    26.964      0.937  48     28.772  <0.001
        Dose           -2.439      0.295  48     -8.270  <0.001
        """
        from ..inference.coef_tests import coef_table

        return coef_table(self, ddf)

    # ---- predicting ----

    def predict(
        self,
        newdata: Table | None = None,
        *,
        kind: Literal["response", "link"] = "response",
        interval: Literal["confidence", "prediction"] | None = None,
        level: float = 0.95,
        se_fit: bool = False,
    ) -> pd.Series | pd.DataFrame:
        """Predict old or new rows, with standard errors or intervals if asked.

        Parameters
        ----------
        newdata : DataFrame, optional
            New rows, in a frame of any library; those of the fit otherwise.
        kind : {"response", "link"}
            The scale: of the response, or of the linear predictor.
        interval : {"confidence", "prediction"}, optional
            For the mean of such rows, or for a new observation (of the weight that its row has, if weights
            came from a column).
        level : float
            Coverage of the interval.
        se_fit : bool
            Add the column ``se``, the standard error of the mean that is predicted, on its scale.

        Returns
        -------
        Series, or DataFrame with columns ``fit conf_low conf_high``, ``fit se`` or all of these
            Under the index of `newdata`.

        Raises
        ------
        DataError
            When `newdata` lacks a column or has an unseen level.
        ModelError
            For an unknown kind or interval.

        Notes
        -----
        As R's ``predict.lm``. A glm's confidence interval is that of the linear predictor, carried over by
        the link; its prediction interval is made of 2000 simulated responses, as for a mixed model.

        Examples
        --------
        >>> import lmmkit as lk, pandas as pd
        >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
        >>> fit.predict(pd.DataFrame({"Dose": [1, 5]}), interval="confidence").round(2)
             fit  conf_low  conf_high
        0  24.52     23.16      25.89
        1  14.77     13.31      16.23
        """
        from ..fitted.predict import predict

        predicted = predict(self, newdata, None, False, kind, interval, level, se_fit)
        return self.on_all_rows(predicted) if newdata is None else predicted

    # ---- inference ----

    def confint(
        self,
        level: float = 0.95,
        method: Literal["t", "wald", "profile"] | None = None,
        parm: str | int | Sequence[str | int] | None = None,
    ) -> pd.DataFrame:
        """Confidence intervals of the coefficients.

        Parameters
        ----------
        level : float
            Coverage.
        method : {"t", "wald", "profile"}, optional
            ``t`` (the default of a linear model, where it is exact) takes quantiles of t, ``wald`` of the
            normal distribution; ``profile`` (the default of a glm) is where the likelihood has fallen too
            far.
        parm : str, int or list of these, optional
            Which coefficients, by name or by position from 0; all otherwise.

        Returns
        -------
        DataFrame
            Index: coefficients. Columns ``conf_low conf_high``. A limit of a profile is infinite where the
            likelihood never falls far enough (a separated outcome), NaN where its curve could not be
            followed; ``.notes`` says so.

        Raises
        ------
        ModelError
            For an unknown method or coefficient.

        Notes
        -----
        As R's ``confint`` (for a glm that of MASS), and ``confint.default`` for ``"wald"``. For a linear
        model the profile of the likelihood with sigma taken as known gives the t interval, so ``profile`` is
        ``t`` there.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).confint().round(2)
                     conf_low  conf_high
        (Intercept)     25.08      28.85
        Dose            -3.03      -1.85
        """
        from ..inference.confint import confint_fixed

        return confint_fixed(self, level, method, parm)

    def contest(
        self, L: Any, rhs: Any = 0, *, ddf: Ddf = "residual", joint: bool = True, level: float = 0.95
    ) -> pd.DataFrame:
        """Test ``L beta = rhs``, together or one by one.

        Parameters
        ----------
        L : array of shape (p,) or (r, p), DataFrame, or dict
            One contrast of the coefficients per row. A DataFrame's columns, and the keys of a dict, are names
            of coefficients, the others counting 0: ``{"Days": 1}``; the index of a DataFrame names the
            contrasts. A dict of dicts names each contrast.
        rhs : float or array of shape (r,)
            What the contrasts are equal to under the hypothesis.
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            All the same here, n - p.
        joint : bool
            One test of all contrasts together (F; chi-square for families without a scale), or one t (or z)
            test of each.
        level : float
            Coverage of the intervals of single contrasts.

        Returns
        -------
        DataFrame
            Together one row ``num_df den_df statistic p_value``; one by one a row for each contrast,
            ``estimate std_error df statistic p_value conf_low conf_high``.

        Raises
        ------
        ModelError
            For contrasts that are not numbers, do not fit the coefficients or are all zero; for a `rhs` that
            contradicts itself; for another `ddf`.

        Notes
        -----
        As ``lmerTest::contest``, which agrees with ``car::linearHypothesis`` here. Contrasts that
        repeat others do not count.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lm("Weight ~ Dose", lk.load_data("mouse"))
        >>> fit.contest({"Dose": 1}, rhs=-2, joint=False).round(3)
           estimate  std_error  df  statistic p_value  conf_low  conf_high
        0    -2.439      0.295  48     -1.488   0.143    -3.032     -1.846
        """
        from ..inference.contest import contest

        return contest(self, L, rhs, ddf=ddf, joint=joint, level=level)

    def anova(self, type: Literal[1, 2, 3] = 3, ddf: Ddf = "residual") -> pd.DataFrame:
        """Test each term."""
        raise NotImplementedError

    def drop1(self) -> pd.DataFrame:
        """What each term contributes that may be dropped: those that no interaction contains.

        Returns
        -------
        DataFrame
            Index ``<none>`` and the terms. Columns ``df aic chisq p_value``: likelihood ratio tests, with the
            AIC of the model without the term.

        Raises
        ------
        ModelError
            When the rows used change because the dropped term has missing values.

        Notes
        -----
        As R's ``drop1(fit, test = "Chisq")``, with the likelihood ratio in place of the scaled deviance.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose + Strain", lk.load_data("mouse")).drop1().round(2)
                 df     aic   chisq p_value
        <none>  NaN  143.21     NaN     NaN
        Dose    1.0  253.98  112.77  <0.001
        Strain  4.0  245.57  110.36  <0.001
        """
        from ..inference.likelihood_ratio import drop1

        return drop1(self)

    # ---- tables ----

    def tidy(
        self,
        effects: Literal["fixed"] = "fixed",
        *,
        conf_int: bool = False,
        level: float = 0.95,
        ddf: Ddf = "residual",
    ) -> pd.DataFrame:
        """The coefficients as a tidy table, one row each.

        Parameters
        ----------
        effects : {"fixed"}
            There are no others.
        conf_int : bool
            Add ``conf_low conf_high`` (:meth:`confint`).
        level : float
            Their coverage.
        ddf : str
            As in :meth:`coef_table`.

        Returns
        -------
        DataFrame
            Columns ``effect term estimate std_error df statistic p_value``.

        Raises
        ------
        ModelError
            For other effects.

        Notes
        -----
        As broom's ``tidy``, with underscores for dots.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).tidy(conf_int=True).iloc[:, 1:].round(2)
                  term  estimate  std_error  df  statistic p_value  conf_low  conf_high
        0  (Intercept)     26.96       0.94  48      28.77  <0.001     25.08      28.85
        1         Dose     -2.44       0.29  48      -8.27  <0.001     -3.03      -1.85
        """
        if arguments.names("effects", effects) != ["fixed"]:
            raise ModelError(
                f"a model without random effects has only 'fixed' effects, not {arguments.shown(effects)}"
            )
        level = arguments.level(level)
        table = self.coef_table(ddf)
        if arguments.flag("conf_int", conf_int):
            table = table.join(self.confint(level))
        table = table.rename_axis("term").reset_index()
        table.insert(0, "effect", "fixed")
        return table

    def glance(self) -> pd.DataFrame:
        """One row about the whole model."""
        raise NotImplementedError

    def augment(self) -> pd.DataFrame:
        """The rows used, with what the model says about each.

        Returns
        -------
        DataFrame
            The columns used and ``_fitted _resid _hat _cooksd _std_resid``: leverage, Cook's distance, and
            the residual divided by its standard deviation; for a linear model ``_sigma`` as well, sigma
            without the row. A glm's `_resid` is the deviance residual. A name that the data have already
            gets another underscore.

        Notes
        -----
        As broom's ``augment``, whose dots in front are underscores here. Sources: R's ``hatvalues``,
        ``influence``, ``cooks.distance``, ``rstandard``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).augment().filter(like="_").round(3).head(2)
           _fitted  _resid   _hat  _sigma  _cooksd  _std_resid
        0   24.525   1.142  0.063   2.734    0.006       0.435
        1   22.086   3.495  0.030   2.690    0.026       1.309
        """
        from ..report.tidy import with_measures

        measures = self.influence().filter(["hat", "sigma", "cooksd", "std_resid"])
        kind: ResidualKind = "response" if self.family is None else "deviance"
        return with_measures(self, {"fitted": self.row_fitted, "resid": self.row_residuals(kind), **measures})

    def influence(self) -> pd.DataFrame:
        """How much each row decides."""
        raise NotImplementedError

    @property
    def plot(self) -> LinearPlots:
        """Pictures of the model: ``fit.plot.residuals()`` and more; see :mod:`lmmkit.plots.namespace`."""
        from ..plots.namespace import LinearPlots

        return LinearPlots(self)

    # ---- telling ----

    def summary(self, ddf: Ddf = "residual") -> LinearSummary:
        """The model as R prints it.

        Parameters
        ----------
        ddf : {"residual", "satterthwaite", "kenward_roger", "none"}
            As in :meth:`coef_table`; ``"none"`` leaves out the p-values.

        Returns
        -------
        LinearSummary
            Printed, or shown in a notebook, it is the text; ``.coefficients`` is its table in full precision.

        Raises
        ------
        ModelError
            For another `ddf`.

        Notes
        -----
        As R's ``summary.lm`` and ``summary.glm`` (R ≥ 4.3).

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).summary().coefficients.round(2)
                     estimate  std_error  df  statistic p_value
        (Intercept)     26.96       0.94  48      28.77  <0.001
        Dose            -2.44       0.29  48      -8.27  <0.001
        """
        from ..report.summary_linear import LinearSummary

        return LinearSummary(self, ddf)

    def _repr_html_(self) -> str:
        from ..report.summary_linear import html

        return html(self)

    def __repr__(self) -> str:
        from ..report.summary_linear import print_lines

        return "\n".join(line.rstrip() for line in print_lines(self))
