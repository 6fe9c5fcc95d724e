"""What a user asks of every fitted model in the same way: new responses, another fit, its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from ..fitted.fit import Fit
from ..numerics.frames import Table
from ..numerics.r_names import answered

if TYPE_CHECKING:
    from numpy.random import Generator

    from ..inference.bootstrap import Bootstrap
    from ..report.equation import Equation
    from ..report.explain import Explanation

__all__ = ["AskedOfAny"]


@answered
class AskedOfAny(Fit):
    """The members that are the same for models with and without random effects."""

    def simulate(
        self,
        n_sim: int = 1,
        seed: int | Generator | None = None,
        *,
        re_form: str | None = "~0",
        newdata: Table | None = None,
        allow_new_levels: bool = False,
    ) -> pd.DataFrame:
        """Draw new responses from the fitted model: new random effects, new residuals, the same design.

        Parameters
        ----------
        n_sim : int
            Number of responses, from 1.
        seed : int or numpy.random.Generator, optional
            For the same draws again. More draws from one seed begin with the same ones.
        re_form : str or None
            Which random effects are kept as they were estimated; the others are drawn. ``"~0"`` keeps none,
            None all, and ``"~(1 | school)"`` those of schools.
        newdata : DataFrame, optional
            Rows to simulate for, instead of those of the fit, in a frame of any library; needs no response.
        allow_new_levels : bool
            Draw effects for groups of `newdata` that the fit has not seen; else they are refused.

        Returns
        -------
        DataFrame
            Columns ``sim_1``, ``sim_2``, …, under the index of the rows. Where the response is
            ``cbind(hits, misses)``, the number of hits. Each column for the rows of the fit can be given to
            :meth:`refit`.

        Raises
        ------
        ModelError
            When `n_sim` is not a positive whole number, or `re_form` asks for what the model does not have.
        DataError
            When `newdata` lacks a column, or has groups that the fit has not seen.

        Notes
        -----
        Parameters are taken as known. As ``lme4::simulate.merMod`` (whose ``use.u = TRUE`` is
        ``re_form=None``), and R's ``simulate`` for ``lm`` and ``glm``. Prior weights divide the residual
        variance, which lme4 forgets. Where all effects are kept, a new group gets new ones, and in lme4 zero;
        where a part of a correlated term is kept, the other effects are drawn given the kept ones, and in
        lme4 both are drawn and the kept ones added.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.simulate(3, seed=1).shape
        (180, 3)
        >>> sleep = lk.load_data("sleepstudy")
        >>> fit.simulate(1, seed=1, re_form=None, newdata=sleep[["Subject", "Days"]].head(2)).shape
        (2, 1)
        """
        from ..fitted.simulate import simulate

        draws = simulate(self, n_sim, seed, re_form, newdata, allow_new_levels)
        return self.on_all_rows(draws) if newdata is None else draws

    def refit(self, y: Any) -> Self:
        """Fit the same model to another response.

        Parameters
        ----------
        y : array, Series or DataFrame of length n
            The new response for the rows used, on the scale of the left side of the formula (of ``log(y)``
            the logarithms); a Series or DataFrame is matched by its index. It may cover all rows of the data:
            those that the fit left out do not count. A DataFrame has one column, as :meth:`simulate` gives
            it. Where the response is ``cbind(hits, misses)``, the number of hits, with the trials as they
            were, or two columns, hits and misses; where it has two levels, also these levels.

        Returns
        -------
        MixedModel, LinearModel or GeneralizedLinearModel
            A new model of the same kind; this one stays as it is.

        Raises
        ------
        DataError
            When `y` has the wrong length, missing or infinite values, or values that the family cannot
            produce.

        Notes
        -----
        As ``lme4::refit``. The design is not touched again: for a linear mixed model only the sums with y are
        renewed.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> again = fit.refit(fit.simulate(seed=1)["sim_1"])
        >>> again.nobs
        180
        """
        from ..fitted.new_response import refit

        return refit(self, y)

    def update(self, formula: str | None = None, **changes: Any) -> Self:
        """Fit again with another formula or other arguments.

        Parameters
        ----------
        formula : str, optional
            The change, as in R's ``update``: `.` stands for what was there, on either side of the tilde, and
            terms are added by ``+`` and taken away by ``-``, random-effects terms as well:
            ``". ~ . - Days + (1 | lab)"``.
        **changes
            Any argument of the function that fitted the model: ``data=other``, ``weights="w"``,
            ``reml=False``, ``family="poisson"``.

        Returns
        -------
        MixedModel, LinearModel or GeneralizedLinearModel
            A new model of the same kind; this one stays as it is.

        Raises
        ------
        ModelError
            For an argument that the function does not have, or when a refitted model is given a formula to
            which its new response does not belong.
        FormulaError, DataError
            As :func:`lmmkit.lmer`.

        Notes
        -----
        As R's ``update``. A `start` is not carried over to another formula or other data.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.update(". ~ . - (Days | Subject) + (1 | Subject)", reml=False).npar
        4
        """
        from ..fitted.refit import update

        return update(self, formula, **changes)

    def bootstrap(
        self,
        n_sim: int,
        stat: Callable[[Self], Any] | None = None,
        seed: int | None = None,
        n_jobs: int = 1,
        progress: bool | None = None,
    ) -> Bootstrap:
        """Parametric bootstrap: refit the model to responses simulated from it.

        Parameters
        ----------
        n_sim : int
            Number of simulations.
        stat : callable, optional
            Takes a fitted model, gives a number, a Series, a dict or an array of numbers. By default all
            standard deviations, correlations, sigma (where it is estimated) and fixed effects.
        seed : int, optional
            For the same result again, whatever `n_jobs` is.
        n_jobs : int
            Number of worker processes, -1 for one per core.
        progress : bool, optional
            Show a progress bar; by default only if it takes longer than two seconds.

        Returns
        -------
        Bootstrap
            With ``.replicates``, ``.summary`` and ``.interval()``.

        Raises
        ------
        ModelError
            When `n_sim` is not a positive whole number, `stat` gives something else, or values under other
            names for a refit than for the model.

        Notes
        -----
        As ``lme4::bootMer(fit, use.u = FALSE, type = "parametric")``: random effects are drawn
        anew. Without random effects as ``boot::boot(sim = "parametric")`` with R's ``simulate``. Davison and
        Hinkley (1997), *Bootstrap Methods and their Application*.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> boot = fit.bootstrap(20, seed=1, progress=False)
        >>> list(boot.replicates.columns)
        ['sd_(Intercept)|Subject', 'sigma', '(Intercept)', 'Days']
        """
        from ..inference.bootstrap import bootstrap

        return bootstrap(self, n_sim, stat, seed=seed, n_jobs=n_jobs, progress=progress)

    def vif(self) -> pd.DataFrame:
        """How much the other terms widen the standard errors of each: variance inflation factors.

        Returns
        -------
        DataFrame
            Index: the fixed terms. ``gvif`` is the generalised factor of a term with `df` coefficients, and
            ``per_df`` is ``gvif ** (1 / (2 df))``: by how much standard errors are widened. For a number
            `gvif` is the usual factor; it is 1 for a term that has nothing to do with the others.

        Raises
        ------
        ModelError
            For a model with fewer than two terms.

        Notes
        -----
        As ``car::vif``, from the correlations of the coefficients; Fox and Monette (1992), *Journal of the
        American Statistical Association* 87:178-183. Terms beside their own interaction have large factors
        unless predictors are centred; that is no fault of the model.

        Examples
        --------
        >>> import lmmkit as lk
        >>> lk.lm("Weight ~ Dose + Strain", lk.load_data("mouse")).vif().round(2)
                gvif  df  per_df
        Dose    1.07   1    1.03
        Strain  1.07   4    1.01
        """
        from ..diagnostics.collinearity import vif

        return vif(self)

    def equation(self, *, estimates: bool = False) -> Equation:
        r"""Write the model as LaTeX, with its own variable names.

        Parameters
        ----------
        estimates : bool
            Put the estimates in place of the Greek letters.

        Returns
        -------
        Equation
            A str: an ``aligned`` environment, to be set between ``$$``; a notebook shows it as a formula. The
            first line is the distribution of the response, the second its mean, then follow the random
            effects, one line per term. ``b_{0,Subject[i]}`` is the effect of the Subject to which row i
            belongs.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> print(fit.equation())
        \begin{aligned}
        \mathrm{Reaction}_i &\sim \mathcal{N}(\mu_i,\ \sigma^2) \\
        \mu_i &= \beta_0 + \beta_1\,\mathrm{Days}_i + b_{0,\mathrm{Subject}[i]} \\
        b_{0,\mathrm{Subject}} &\sim \mathcal{N}(0,\ \tau_{0,\mathrm{Subject}}^2), \quad 18 \text{ levels}
        \end{aligned}
        """
        from ..report.equation import equation

        return equation(self, estimates=estimates)

    def explain(self) -> Explanation:
        """Say the model in plain English.

        Returns
        -------
        Explanation
            A str, in Markdown: what is described by what, each fixed effect in a sentence, what differs
            between groups and by how much, what is left, and the model's messages. Printed, no line is
            longer than 72 characters.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
        >>> print(fit.explain())  # doctest: +ELLIPSIS
        This linear mixed model describes Reaction by Days, and lets the 18
        levels of Subject differ. It was fitted to 180 rows by restricted
        maximum likelihood (REML).
        ...
        """
        from ..report.explain import explain

        return explain(self)
