"""What a mixed model is asked about itself: intervals, tests of terms, explained variance, influence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..fitted.mixed import MixedFit
from ..numerics.r_names import answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..inference.coef_tests import Ddf
    from .step import Steps

__all__ = ["MixedQuestions"]


@answered
class MixedQuestions(MixedFit):
    """Inference and diagnostics of a mixed model."""

    def confint(
        self,
        level: float = 0.95,
        method: Literal["profile", "wald", "boot"] = "profile",
        parm: str | int | Sequence[str | int] | None = None,
        *,
        n_sim: int | None = None,
        seed: int | None = None,
        n_jobs: int | None = None,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Confidence intervals of everything that the model estimates.

        Parameters
        ----------
        level : float
            Coverage.
        method : {"profile", "wald", "boot"}
            ``profile`` is where the deviance, minimised over all other parameters, has risen too far.
            ``wald`` is the estimate ± a normal quantile times its standard error, for fixed effects only.
            ``boot`` takes the quantiles of estimates from simulated responses.
        parm : str, int or list of these, optional
            Names from the index of the result, or positions in it from 0; ``"theta_"`` for all standard
            deviations and correlations and sigma, ``"beta_"`` for all fixed effects; everything otherwise.
        n_sim : int, optional
            For ``boot``: number of simulations, 1000 if not given.
        seed : int, optional
            For ``boot``: for the same result again, whatever `n_jobs` is.
        n_jobs : int, optional
            For ``boot``: number of worker processes, -1 for one per core; one if not given.
        progress : bool, optional
            For ``boot``: show a progress bar; by default only if it takes longer than two seconds.

        Returns
        -------
        DataFrame
            Index: lme4's new names. Columns ``conf_low conf_high``. A limit of a profile is infinite where
            the likelihood never falls far enough (a separated outcome), NaN where its curve could not be
            followed, and where the likelihood has no maximum (``.messages``); ``.notes`` says so.

        Raises
        ------
        ModelError
            For an unknown method or parameter, a level outside (0, 1), or an argument of ``boot`` with
            another method.

        Notes
        -----
        Agrees with ``confint(fit, oldNames = FALSE)`` of lme4; profiles and bootstrap are by
        maximum likelihood where lme4's are (profiles always, the bootstrap as the model was fitted). Bates et
        al. (2015), *Journal of Statistical Software* 67(1), section 5.1; Venzon and Moolgavkar (1988),
        *Applied Statistics* 37:87-94.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"), reml=False)
        >>> fit.confint().round(2)
                                conf_low  conf_high
        sd_(Intercept)|Subject     26.01      52.94
        sigma                      27.81      34.59
        (Intercept)               231.99     270.82
        Days                        8.89      12.05
        """
        from ..inference.confint import confint

        of_boot = {"n_sim": n_sim, "seed": seed, "n_jobs": n_jobs, "progress": progress}
        given = {name: value for name, value in of_boot.items() if value is not None}
        return confint(self, level=level, method=method, parm=parm, **given)

    def contest(
        self, L: Any, rhs: Any = 0, *, ddf: Ddf = "satterthwaite", joint: bool = True, level: float = 0.95
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
        ddf : str
            Degrees of freedom of the t or F tests, as in :meth:`coef_table`.
        joint : bool
            One test of all contrasts together (F; chi-square for a GLMM), or one t (or z) test of each.
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
        Agrees with ``lmerTest::contest``. Contrasts that repeat others do not count.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.contest({"Days": 1}, rhs=10, joint=False).round(3)
           estimate  std_error    df  statistic p_value  conf_low  conf_high
        0    10.467      1.546  17.0      0.302   0.766     7.206     13.729
        """
        from ..inference.contest import contest

        return contest(self, L, rhs, ddf=ddf, joint=joint, level=level)

    def anova(self, type: Literal[1, 2, 3] = 3, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Test each fixed term by an F test of type 1, 2 or 3.

        Parameters
        ----------
        type : {1, 2, 3}
            1 adds the terms one by one; 2 tests a term after all others that do not contain it; 3 does
            not depend on how many rows there are in each cell. A factor is not contained in its interaction
            with a number (lmerTest's and SAS's rule, not car's): it is tested where the number is 0.
        ddf : str
            How the denominator degrees of freedom are found, as in :meth:`coef_table`; ``"none"`` gives F
            statistics only.

        Returns
        -------
        DataFrame
            Index: terms. Columns ``num_df den_df statistic p_value``. A GLMM has Wald chi-square tests
            instead: ``num_df statistic p_value``.

        Raises
        ------
        ModelError
            For another type or `ddf`.

        Notes
        -----
        Agrees with ``anova(fit, type =, ddf =)`` of lmerTest.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.anova().round(3)
              num_df  den_df  statistic p_value
        Days       1    17.0     45.853  <0.001
        """
        from ..inference.f_tests import anova_table

        return anova_table(self, type=type, ddf=ddf)

    def drop1(self, test: Literal["chisq", "f"] = "chisq", ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """What each fixed term contributes that may be dropped: those that no interaction contains.

        Parameters
        ----------
        test : {"chisq", "f"}
            Likelihood ratio tests, for which a REML fit is refitted by maximum likelihood, or F tests of a
            linear mixed model.
        ddf : str
            For ``test="f"``: denominator degrees of freedom, as in :meth:`anova`.

        Returns
        -------
        DataFrame
            Index ``<none>`` and the terms. ``test="chisq"``: columns ``df aic chisq p_value``, with the AIC
            of the model without the term. ``test="f"``: ``num_df den_df statistic p_value``, without the row
            ``<none>``.

        Raises
        ------
        ModelError
            For another `test`, and when the rows used change because the dropped term has missing values.

        Notes
        -----
        Agrees with ``drop1(fit, test = "Chisq")`` of lme4 and ``drop1(fit)`` of lmerTest.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.drop1().round(3)
                 df       aic   chisq p_value
        <none>  NaN  1763.939     NaN     NaN
        Days    1.0  1785.476  23.537  <0.001
        Fitted by maximum likelihood (ML) instead of REML.
        """
        from ..inference.likelihood_ratio import drop1

        return drop1(self, test=test, ddf=ddf)

    def step(
        self,
        ddf: Ddf = "satterthwaite",
        alpha_random: float = 0.1,
        alpha_fixed: float = 0.05,
        *,
        reduce_random: bool = True,
        reduce_fixed: bool = True,
        keep: Sequence[str] = (),
    ) -> Steps:
        """Backward elimination: leave out random effects, then fixed terms, that a test finds no sign of.

        Parameters
        ----------
        ddf : str
            Degrees of freedom of the F tests, as in :meth:`anova`.
        alpha_random, alpha_fixed : float
            What has a p-value above this goes, the largest first.
        reduce_random, reduce_fixed : bool
            Leave this part of the model as it is; its tests are shown.
        keep : sequence of str
            Fixed terms that stay.

        Returns
        -------
        Steps
            Two tables, ``.random`` and ``.fixed``, and the model found, ``.fit``. Print it.

        Raises
        ------
        ModelError
            For a term of `keep` that is not there, another `ddf`, or an alpha not between 0 and 1.

        Notes
        -----
        As ``lmerTest::step``: random effects by likelihood ratio tests of their (restricted) likelihoods, fixed
        terms by F tests of those that no interaction contains; fixed terms of a generalised model by likelihood
        ratio tests. What such a search finds is no evidence: its p-values are those of the last model alone.

        Examples
        --------
        >>> import lmmkit as lk
        >>> implants = lk.load_data("implants")
        >>> steps = lk.lmer("mass ~ implant * day + (day | nest) + (1 | nest:chick)", implants).step()
        >>> steps.fit.call.formula
        'mass ~ implant * day + (day | nest) + (1 | nest:chick)'
        """
        from .step import step

        return step(self, ddf, alpha_random, alpha_fixed, reduce_random, reduce_fixed, keep)

    def r2(self) -> pd.Series:
        """Marginal and conditional R²: what the fixed effects explain, alone and with the random effects.

        Returns
        -------
        Series
            ``marginal`` (fixed effects alone) and ``conditional`` (with the random effects), from 0 to 1.

        Raises
        ------
        ModelError
            For a binomial model with the cauchit link.

        Notes
        -----
        Agrees with ``performance::r2_nakagawa``. Nakagawa, Johnson and Schielzeth (2017),
        *Journal of the Royal Society Interface* 14:20170213; with random slopes Johnson (2014), *Methods in
        Ecology and Evolution* 5:944.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.r2().round(3).to_dict()
        {'marginal': 0.279, 'conditional': 0.799}
        """
        from ..diagnostics.explained_variance import r2

        return r2(self)

    def icc(self) -> pd.Series:
        """Intraclass correlation: the share of the variance that lies between groups.

        Returns
        -------
        Series
            ``adjusted``: of the variance that the fixed effects leave; ``unadjusted``: of all variance.

        Notes
        -----
        Agrees with ``performance::icc``. With several grouping factors or random slopes it is the
        share of all random effects together, averaged over the rows.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.icc().round(3).to_dict()
        {'adjusted': 0.589, 'unadjusted': 0.424}
        """
        from ..diagnostics.explained_variance import icc

        return icc(self)

    def variance_partition(self) -> pd.Series:
        """Share of the variance that each term of a linear mixed model explains.

        Returns
        -------
        Series
            Random terms by name (by their formula if a fixed term has that name), fixed terms, ``Residuals``
            (``.Residuals`` if a term has that name); they add up to 1. A random term counts with the variance
            that it gives to an average row (for a random intercept, its variance). A fixed term counts with
            the population variance of its part of the linear predictor; where there are several, they are
            scaled so that together they have the variance of the whole fixed part.

        Raises
        ------
        ModelError
            For a GLMM, whose residual variance depends on the mean.

        Notes
        -----
        As ``variancePartition::calcVarPart`` (Hoffman and Schadt 2016, *BMC Bioinformatics*
        17:483), which has no random slopes; for those see Johnson (2014), *Methods in Ecology and Evolution*
        5:944.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse"))
        >>> fit.variance_partition().round(3).to_dict()
        {'Strain': 0.503, 'Dose': 0.442, 'Residuals': 0.055}
        """
        from ..diagnostics.variance_fractions import variance_fractions

        return variance_fractions(self)

    def influence(
        self, by: str | None = None, refit: bool = False, progress: bool | None = None
    ) -> pd.DataFrame:
        """What becomes of the model when single rows, or all rows of a group, are left out.

        Parameters
        ----------
        by : str, optional
            A grouping factor of the model or a column of the data: leave out each of its levels in turn.
            Single rows otherwise.
        refit : bool
            Fit again each time. Otherwise theta is held at its estimate and the answer comes from formulas;
            for a GLMM from those of the working linear model at the end of the search (one step).
        progress : bool, optional
            For ``refit=True``: show a bar; by default only if it takes longer than two seconds.

        Returns
        -------
        DataFrame
            Index: rows or levels. ``hat`` is leverage (of a group, the mean of its rows'; not with `refit`),
            ``cooksd`` Cook's distance of the fixed effects, ``sigma`` the residual standard deviation without
            the rows, ``dfbetas_<coefficient>`` by how many standard errors the coefficient changes when they
            are left out. With `refit` also the standard deviations and correlations without them. NaN where
            what is left does not determine all fixed effects.

        Raises
        ------
        DataError
            When `by` is neither a grouping factor nor a column.

        Notes
        -----
        Cook's distance is ``d' vcov^-1 d / p`` for the change ``d`` of the fixed effects
        (Demidenko and Stukel 2005, *Statistics in Medicine* 24:893-909), with the residual variance divided by
        n - p for a fit by maximum likelihood as well, so that without random effects it is that of
        :func:`lmmkit.lm`. lme4 multiplies by (m - p) / m, where m is the number of rows or groups left out in
        turn. ``dfbetas`` is as lme4's ``dfbetas(influence(fit))``, and ``hat`` as its ``hatvalues``; for a GLMM
        it is that of the working weights, as for a ``glm`` in R.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.influence(by="Subject")["cooksd"].nlargest(2).round(3)
        Subject
        309    0.149
        335    0.129
        Name: cooksd, dtype: float64
        """
        from ..diagnostics.influence import influence

        return influence(self, by=by, refit=refit, progress=progress)

    def re_pca(self) -> pd.DataFrame:
        """Principal components of the random effects of each grouping factor.

        Returns
        -------
        DataFrame
            Columns ``group component sd proportion cumulative``. ``sd`` is the component's standard deviation
            relative to sigma, ``proportion`` its share of the variance of these effects, ``cumulative`` the
            shares added up. A component with (almost) no share says that the model has more random effects
            than the data show.

        Notes
        -----
        As ``lme4::rePCA``; Bates, Kliegl, Vasishth and Baayen (2015), *Parsimonious mixed models*,
        arXiv:1506.04967. Shares depend on the units of the predictors.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.re_pca().round(3)
             group  component     sd  proportion  cumulative
        0  Subject          1  0.967       0.946       0.946
        1  Subject          2  0.231       0.054       1.000
        """
        from ..diagnostics.collinearity import re_pca

        return re_pca(self)

    def all_fit(
        self, methods: Sequence[str] | None = None, *, n_starts: int = 2, seed: Any = None
    ) -> pd.DataFrame:
        """Fit again by other searches and from other starts, to see whether they end at the same place.

        Parameters
        ----------
        methods : list of str, optional
            Methods of ``scipy.optimize.minimize``: ``"bfgs"`` and ``"l_bfgs_b"``, which use the gradient,
            ``"nelder_mead"`` and ``"powell"``, which do not; all four otherwise. Each begins where random
            effects are about as variable as the residuals.
        n_starts : int
            Searches of lmmkit's own that begin at random places near there.
        seed : int, optional
            For the same random places again.

        Returns
        -------
        DataFrame
            Index: the searches, first ``lmmkit``, the usual fit. Columns ``objective`` (REML criterion or -2
            log-likelihood), ``difference`` (from the lowest of them), ``seconds``, ``evaluations``, ``converged``
            (what the search says of itself), and all parameters at its end. ``.notes`` says in words whether
            they agree.

        Raises
        ------
        ModelError
            For another method, or a number of starts that is no whole number from 0.

        Notes
        -----
        As ``lme4::allFit``, which has other methods. Those without a gradient take long where there are many
        parameters.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> fit.all_fit(["bfgs"], n_starts=1, seed=1)[["objective", "difference", "Days"]].round(3)
                         objective  difference    Days
        lmmkit            1786.465         0.0  10.467
        bfgs              1786.465         0.0  10.467
        lmmkit, start 1   1786.465         0.0  10.467
        All 3 searches end within 0.0001 of the lowest objective.
        """
        from ..inference.all_fit import all_fit

        return all_fit(self, methods, n_starts, seed)
