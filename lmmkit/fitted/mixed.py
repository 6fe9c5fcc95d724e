"""The numbers of a fitted mixed model: estimates, likelihood, random effects, fitted values, residuals."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from scipy.sparse import block_diag, csr_array, hstack

from ..errors import ModelError
from ..numerics import arguments
from ..numerics.arrays import Array
from ..partitions.design import SummedDesign
from ..structures.structure import Structure
from ..structures.unstructured import Unstructured
from .call import PLAIN
from .fit import RESIDUALS, ResidualKind
from .random_effects import RandomEffects
from .varcorr import VarCorr

if TYPE_CHECKING:
    from ..design.design import Design, RandomTerm
    from ..likelihood.estimate import Estimate
    from ..likelihood.lmm import Criterion
    from .call import Call
    from .derivatives import Optimum
    from .row_distribution import RowDistribution


SINGULAR = 1e-4  # lme4's isSingular(tol = 1e-4)


class MixedFit(RandomEffects):
    """What a fit found, under the names that the field uses; the base of `MixedModel`.

    Parameters
    ----------
    estimate : Estimate
        What the fitter handed over.
    """

    def __init__(self, estimate: Estimate, call: Call, criterion: Criterion | None = None) -> None:
        self.estimate, self.call, self._criterion = estimate, call, criterion
        self.design, self.family = estimate.design, estimate.family
        self.beta, self.cov_unscaled = estimate.beta, estimate.cov_unscaled
        # was a residual variance or dispersion parameter estimated?
        self._free_scale = estimate.family is None or bool(call.options["family"].estimates_dispersion)

    @classmethod
    def of(cls, design: Design, call: Call) -> Self:
        """The model of a design, fitted as the call asks; the fitter itself is loaded by the first fit."""
        options = call.options
        if call.function == "lmer":
            if options["start"] is None and not options["optimize"]:
                raise ModelError("optimize=False evaluates the model at a given theta; give it as start=")
            from ..likelihood.fit_lmm import fit_criterion
            from ..likelihood.lmm import Criterion

            criterion = Criterion(design, options["reml"])
            return cls(fit_criterion(criterion, options["start"], options["optimize"]), call, criterion)
        if call.has_parts:
            _check_plain(options)
            from ..likelihood.part_glmm import fit_parts  # loaded for a model with several parts only

            return cls(fit_parts(design, options["family"]), call)
        from ..likelihood.fit_glmm import fit_glmm  # loaded for a GLMM only

        asked = {name: options[name] for name in ("n_agq", "start", "optimize")}
        return cls(fit_glmm(design, options["family"], **asked), call)

    @property
    def criterion(self) -> Criterion:
        """The (RE)ML criterion of a linear model, holding the response that was fitted."""
        if self._criterion is None:
            from ..likelihood.lmm import Criterion

            self._criterion = Criterion(self.design, self.is_reml)
        return self._criterion

    @cached_property
    def derivatives(self) -> Optimum:
        """The criterion at the estimate, for what is derived from its curvature.

        Raises
        ------
        ModelError
            For a GLMM, whose tests are the z tests of its coefficient table.
        """
        if self.family is not None:
            raise ModelError(
                "denominator degrees of freedom exist for linear mixed models only; "
                "a generalised one has z tests"
            )
        from .derivatives import Optimum

        return Optimum.at(self.criterion, self.par)

    @property
    def is_reml(self) -> bool:
        """Whether the fit is by REML (lme4: ``isREML``)."""
        return self.estimate.reml

    # ---- variance components ----

    @property
    def sigma(self) -> float:
        """Residual standard deviation; 1.0 for families without a scale (lme4: ``sigma``)."""
        return self.estimate.sigma

    @property
    def theta(self) -> Array:
        """Entries of the relative covariance factors in lme4's order (``getME(fit, "theta")``).

        Those of a structured term depend on its few parameters, which are in :attr:`par`.
        """
        return self.estimate.theta.copy()

    @property
    def par(self) -> Array:
        """The covariance parameters that are estimated, relative to :attr:`sigma`, in lme4's order.

        Of an unstructured term the lower triangle of its factor, as in :attr:`theta`; of a structured one its
        standard deviations and its correlation (``getME(fit, "par")`` of lme4 2). A correlation that is undefined,
        because fewer than two effects vary, stands as 0 here and as NaN in :attr:`varcorr`.
        """
        found = []
        for term, par in zip(self.design.terms, self.estimate.par_of_terms, strict=True):
            own = par.copy()
            if term.structure.has_rho and np.isnan(term.structure.reading(own)[-1]):
                own[-1] = 0.0
            found.append(own)
        return np.concatenate([self.estimate.par[:0], *found])

    @property
    def Z(self) -> csr_array:
        """Model matrix of the random effects, sparse, n × q (``getME(fit, "Z")``).

        Columns term by term and level by level, each level's effects side by side, as in ``vcov_full()``.
        """
        blocks = []
        for term in self.design.terms:
            n, k = term.Z.shape
            columns = term.codes[:, None] * k + np.arange(k)
            shape = (n, len(term.levels) * k)
            blocks.append(csr_array((term.Z.ravel(), columns.ravel(), np.arange(n + 1) * k), shape=shape))
        return csr_array(hstack(blocks)) if blocks else csr_array((self.nobs, 0))

    @property
    def Lambda(self) -> csr_array:
        """Relative covariance factor of all random effects, sparse, q × q (``getME(fit, "Lambda")``).

        ``sigma**2 * Lambda @ Lambda.T`` is their covariance, in the order of the columns of :attr:`Z`.
        """
        pairs = zip(self.design.terms, self.estimate.factors, strict=True)
        blocks = [csr_array(T) for term, T in pairs for _ in term.levels]
        return csr_array(block_diag(blocks)) if blocks else csr_array((0, 0))

    @property
    def par_names(self) -> list[str]:
        """Names of :attr:`par`, as lme4 has them: ``Subject.(Intercept)``, ``Subject.rho``."""
        return [
            f"{term.group}.{name}" for term in self.design.terms for name in term.structure.names(term.names)
        ]

    def readings(self) -> list[tuple[Structure, Array]]:
        """Standard deviations and correlations of the random effects, as people read them.

        Returns
        -------
        list of (Structure, ndarray)
            For each term its structure and the values, under the names ``structure.labels(effects)``; NaN for a
            correlation with something that does not vary.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + cs(Days | Subject, hom = TRUE)", lk.load_data("sleepstudy"))
        >>> structure, values = fit.readings()[0]
        >>> structure.labels(["(Intercept)", "Days"]), values.round(2).tolist()
        (['sd_*', 'cor_rho'], [7.23, 0.59])
        """
        out = []
        for term, par in zip(self.design.terms, self.estimate.par_of_terms, strict=True):
            values = term.structure.reading(par)
            values[: term.structure.n_sds] *= self.sigma
            out.append((term.structure, values))
        return out

    @cached_property
    def varcorr(self) -> VarCorr:
        """Standard deviations and correlations of the random effects (lme4: ``VarCorr``)."""
        terms = self.design.terms
        covs = [self.sigma**2 * factor @ factor.T for factor in self.estimate.factors]
        return VarCorr(
            [term.group for term in terms],
            [term.names for term in terms],
            covs,
            self.sigma if self.has_scale else None,
            [
                (term.bar.tag, term.structure.homogeneous, float(values[-1]))
                for term, (_, values) in zip(terms, self.readings(), strict=True)
            ],
        )

    @property
    def has_scale(self) -> bool:
        """Whether the model has a residual variance (`lmer`, gaussian, gamma) (lme4's ``useScale``).

        Where a formula describes the dispersion it has none, but a part of its own.
        """
        if self.family is None:
            return True
        return self.family.name in ("gaussian", "gamma") and self.family.dispersion is not None

    @property
    def is_mixed(self) -> bool:
        """Whether some part of it has random effects."""
        return any(part.terms for part in (self.design, *self.design.components.values()))

    @property
    def has_parts(self) -> bool:
        """Whether it was fitted as a model with several parts (extra zeros, dispersion, shape)."""
        return bool(self.estimate.parts) or (self.family is not None and self.family.name not in PLAIN)

    @cached_property
    def rows(self) -> RowDistribution:
        """How the response of each row is distributed, at the conditional modes of the random effects."""
        from .row_distribution import distribution_of

        if self.family is None:
            raise ModelError("a linear mixed model has no family; its rows are normal around fit.fitted")
        if not self.has_parts:
            raise ModelError("a model with one part is asked by .fitted, .resid() and .predict()")
        return distribution_of(self.design, self.estimate, self.call.options["family"])

    @property
    def is_singular(self) -> bool:
        """Whether some random-effects covariance is singular: a variance of zero, or a correlation of ±1.

        As lme4's ``isSingular``: some diagonal element of a relative covariance factor is below 1e-4; of a
        structured term a relative standard deviation, or the distance of its correlation from a bound.
        Each effect is taken in the unit in which its predictor has mean square one, so that a slope per
        nanogram is not mistaken for none.
        """
        return any(self.singular_terms)

    @cached_property
    def singular_terms(self) -> list[bool]:
        """For each term whether its covariance is singular."""
        pairs = zip(self.design.terms, self.estimate.par_of_terms, strict=True)
        return [bool(is_singular(term, par)) for term, par in pairs]

    @cached_property
    def unit_free_factors(self) -> list[Array]:
        """Relative covariance factors for predictors of mean square one."""
        pairs = zip(self.design.terms, self.estimate.factors, strict=True)
        return [np.sqrt(term.mean_squares.diagonal())[:, None] * factor for term, factor in pairs]

    # ---- likelihood ----

    @property
    def loglik(self) -> float:
        """Log-likelihood; for a REML fit the restricted one, as lme4's ``logLik``."""
        return -float(self.estimate.objective) / 2

    @cached_property
    def deviance(self) -> float:
        """-2 log-likelihood of a fit by maximum likelihood (ML, Laplace or quadrature).

        For a REML fit it is the ML deviance at the REML estimates, as lme4's
        ``deviance(fit, REML = FALSE)``; the REML criterion itself is :attr:`reml_criterion`.
        """
        if not self.is_reml:
            return float(self.estimate.objective)
        from ..likelihood.fit_lmm import fit_lmm

        return float(fit_lmm(self.design, reml=False, start=self.estimate.par, optimize=False).objective)

    @property
    def reml_criterion(self) -> float:
        """REML criterion at convergence (lme4: ``REMLcrit``).

        Raises
        ------
        ModelError
            If the model was not fitted by REML.
        """
        if not self.is_reml:
            raise ModelError(
                "this model was fitted by maximum likelihood, so it has no REML criterion; see .deviance"
            )
        return float(self.estimate.objective)

    @property
    def npar(self) -> int:
        """Number of estimated parameters: fixed effects, :attr:`par`, and the scale if there is one to estimate.

        Of a model with several parts those of all parts.
        """
        own = len(self.estimate.beta) + len(self.estimate.par)
        if not self.has_parts:
            return own + int(self._free_scale)
        return own + sum(len(part.beta) + len(part.par) for part in self.estimate.parts.values())

    @property
    def nobs(self) -> int:
        """Number of rows used."""
        return self.design.n

    @property
    def df_resid(self) -> int:
        """:attr:`nobs` - :attr:`npar`, as lme4's ``df.residual``."""
        return self.nobs - self.npar

    @property
    def ngroups(self) -> pd.Series:
        """Number of levels of each grouping factor (lme4: ``ngrps``)."""
        sizes = {group: len(terms[0].levels) for group, terms in self._by_group().items()}
        return pd.Series({group: sizes[group] for group in sizes}, name="ngroups", dtype=int)

    # ---- the search ----

    @property
    def converged(self) -> bool:
        """Whether the search ended at an optimum."""
        return self.estimate.converged

    @property
    def optinfo(self) -> dict[str, Any]:
        """What the search did.

        Returns
        -------
        dict
            ``objective``, ``theta``, ``n_evaluations`` (on the ways downhill; a coarse grid before them is not
            counted), ``gradient_norm``, ``converged``, ``warnings``;
            ``trail``: a DataFrame with a column for each element of :attr:`par` and the objective, one row
            per accepted step; and ``places``: one row for each place from which the search went downhill,
            with ``why`` it began there, the parameters and the objective there, and the objective that it
            ``reached``. The columns are called ``theta1`` and so on, or ``par1`` where a term is structured.
        """
        e = self.estimate
        kind = "theta" if all(isinstance(own, Unstructured) for own, _ in self.readings()) else "par"
        columns = [f"{kind}{i + 1}" for i in range(len(e.par))]
        trail = pd.DataFrame([theta for theta, _ in e.trail], columns=columns)
        trail["objective"] = [value for _, value in e.trail]
        places = pd.DataFrame([theta for _, theta, _, _ in e.visits], columns=columns)
        places.insert(0, "why", [why for why, _, _, _ in e.visits])
        places["objective"] = [value for _, _, value, _ in e.visits]
        places["reached"] = [reached for _, _, _, reached in e.visits]
        return {
            "objective": float(e.objective),
            "theta": self.theta,
            "n_evaluations": e.n_evaluations,
            "gradient_norm": e.gradient_norm,
            "converged": e.converged,
            "warnings": list(e.warnings),
            "trail": trail,
            "places": places,
        }

    # ---- rows ----

    @property
    def has_rows(self) -> bool:
        """Whether the rows of the data are at hand; of data in parts there are only sums."""
        return not isinstance(self.design, SummedDesign)

    @property
    def fitted(self) -> Any:
        """Fitted values with all random effects, on the scale of the response (R: ``fitted``).

        A Series; of a Dask frame a lazy one, with the parts of the frame.
        """
        if isinstance(self.design, SummedDesign):
            return self.design.lazy_fitted(self.call.data, self.beta, self.estimate.modes, self._every_row)
        return super().fitted

    def resid(self, kind: ResidualKind = "response") -> Any:
        if isinstance(self.design, SummedDesign):
            return self._lazy_resid(arguments.one_of("kind", kind, RESIDUALS))
        return super().resid(kind)

    resid.__doc__ = RandomEffects.resid.__doc__

    def _lazy_resid(self, kind: ResidualKind) -> Any:
        assert isinstance(self.design, SummedDesign)
        if kind == "studentized":
            raise ModelError(
                "resid(kind='studentized') needs all rows at once, and a fit of data that come in parts holds only "
                "their sums; take kind='scaled'"
            )
        weighted, unit = kind in ("pearson", "deviance", "scaled"), self.sigma if kind == "scaled" else 1.0
        found = self.beta, self.estimate.modes, self._every_row
        return self.design.lazy_residuals(self.call.data, *found, weighted, unit)

    @property
    def _every_row(self) -> bool:
        return bool(self.call.options["na_action"] == "exclude")

    @property
    def _eta(self) -> Array:
        return self.estimate.fitted_eta if self.has_rows else self.design.y  # which says what is missing

    @cached_property
    def _mu(self) -> Array:
        if self.has_parts:
            return self.rows.mean
        return self._eta if self.family is None else self.family.linkinv(self._eta)

    def _resid(self, kind: str) -> Array:
        if not self.has_parts or kind == "response":
            return super()._resid(kind)
        if kind != "pearson":
            what = "deviance" if kind == "deviance" else kind
            raise ModelError(
                f"{what} residuals do not exist for a model with several parts; take kind='pearson', or look at "
                "simulated residuals"
            )
        rows = self.rows
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.design.y - rows.mean) * np.sqrt(self._counts / rows.variance))

    @property
    def _unit_of_pearson(self) -> float:
        return 1.0 if self.has_parts else self.sigma

    @property
    def _counts(self) -> Array | float:
        """How often each row counts: the prior weights, without the numbers of trials."""
        design, trials = self.design, self.rows.trials
        if design.weights is None or trials is None:
            return design.row_weights
        return np.divide(design.weights, trials, out=np.zeros_like(trials), where=trials > 0)


def is_singular(term: RandomTerm, par: Array) -> Any:
    """Whether the covariance of a term is singular, for parameters (..., m) in the units of the data."""
    structure = term.structure
    return structure.at_edge(structure.unit_free(par, term.mean_squares.diagonal()), SINGULAR)


def _check_plain(options: dict[str, Any]) -> None:
    """Refuse what a model with several parts does not know."""
    families = f"is for the families {', '.join(PLAIN)} without zero_inflation= and dispersion=; leave it out"
    if arguments.whole("n_agq", options["n_agq"], 0) != 1:
        raise ModelError(f"n_agq={options['n_agq']} {families}, for the Laplace approximation")
    if options["start"] is not None or not options["optimize"]:
        raise ModelError(f"{'start=' if options['start'] is not None else 'optimize=False'} {families}")
