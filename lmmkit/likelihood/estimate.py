"""What a fit hands over: numbers only, no printing.

`lmm.fit_lmm` and `glmm.fit_glmm` make an `Estimate`; `result.MixedModel` answers questions about it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..numerics.arrays import Array

if TYPE_CHECKING:
    from ..design.design import Design
    from ..design.undivided import Undivided
    from ..families.family import Family


#: Said of a binomial fit whose search cannot be trusted to have found the best of several ends.
REPRODUCED = (
    "Under this fit nearly every outcome is certain: effects of this size predict so few rows almost without "
    "error. There may be other such fits, as good or better, and Laplace's approximation is poor here. So rest "
    "nothing on these estimates; it takes more rows, or fewer terms."
)
#: Begins what is said of rows with a dispersion of their own that are fitted exactly.
EXACT = "Some rows have a dispersion of their own, and the model reproduces them"
#: Said of a tweedie fit whose power goes to 1.
MULTIPLES = (
    "As the power goes to 1 the likelihood rises without end: then all amounts above zero are multiples of one size, "
    "which these few are, or as good as. So the estimates are those at which the search was stopped, and there are "
    "no p-values. Give the power, as in lk.families.Tweedie(power=1.5), or model only whether there is any amount."
)


@dataclass(frozen=True)
class PartEstimate:
    """What a fit found for one part of a model beside the conditional one: extra zeros, dispersion or shape.

    Attributes
    ----------
    x_names : list of str
        The part's coefficients.
    beta : array of shape (p,)
    own : slice
        Where they stand in :attr:`Estimate.cov_parts`.
    eta : array of shape (n,)
        Linear predictor with offset and random effects.
    factors : list of arrays (k, k)
        Lower-triangular factor of each term's covariance, in the order of the part's terms.
    modes : list of arrays (q, k)
        Conditional modes of its random effects.
    par : array
        Its covariance parameters in lme4's order.
    conditional_cov : callable
        Returns one array (q, k, k) per term, as :attr:`Estimate.conditional_cov`.
    """

    x_names: list[str]
    beta: Array
    own: slice
    eta: Array
    factors: list[Array]
    modes: list[Array]
    par: Array
    conditional_cov: Callable[[], list[Array]] = field(repr=False)


@dataclass
class Estimate:
    """Everything that fitting a (generalised) linear mixed model finds.

    The random effects of term t have covariance ``sigma**2 * T_t @ T_t.T``, where ``T_t`` is ``factors[t]``.

    Attributes
    ----------
    design : Design
        The response, model matrix and random-effects terms that were fitted.
    reml : bool
        True for REML; False for ML and for every GLMM.
    par : ndarray
        Covariance parameters in lme4's order, term by term: the lower triangle column by column, or for a
        structured term standard deviations and the correlation.
    theta : ndarray
        The distinct entries of the factors in lme4's order: term by term, column by column.
    factors : list of ndarray, each (k, k)
        Lower-triangular relative Cholesky factor of each term, with a non-negative diagonal.
    beta : ndarray (p,)
        Fixed effects.
    cov_unscaled : ndarray (p, p)
        Covariance of ``beta`` divided by ``sigma**2``.
    sigma : float
        Residual standard deviation; 1.0 for families without a scale, sqrt(phi) for the others.
    objective : float
        The REML criterion, or -2 log-likelihood (ML, Laplace or adaptive Gauss-Hermite), as lme4 reports it.
    modes : list of ndarray, each (q, k)
        Conditional modes of the random effects, on the scale of the linear predictor.
    fitted_eta : ndarray (n,)
        Linear predictor with offset and random effects.
    n_evaluations : int
        How often the search evaluated the objective.
    trail : list of (ndarray, float)
        Parameters and objective at each step of the search.
    visits : list of (str, ndarray, float, float)
        The places from which the search went downhill: why there, the parameters, the objective there, and where the
        way down ended.
    converged : bool
        Whether the search ended at a point where the (projected) gradient vanishes.
    gradient : callable
        Returns that gradient. A function, because it costs as much as a step of the search.
    warnings : list of str
        Plain sentences from the search.
    family : Family or None
        None for a linear mixed model.
    conditional_cov : callable
        Returns one array (q, k, k) per term: conditional covariance of the modes given y, theta and beta,
        divided by ``sigma**2``. A function, because it costs more than the fit and is seldom asked for.
    endless : bool
        The likelihood has no maximum: it rises for ever as the residual variance, or what stands for it, goes to
        the end of its range, and the numbers are those of the point where the search was stopped.
    undivided : Undivided or None
        An effect of which only the sum of its variance and the residual variance has an estimate.
    n_agq : int
        Quadrature points per random effect (1 is Laplace); not used by a linear mixed model.
    parts : dict
        The other parts of a model with several (extra zeros, dispersion, shape), by name.
    cov_parts : ndarray or None
        Covariance of the coefficients of all parts side by side, the conditional ones first.
    """

    design: Design
    reml: bool
    par: Array
    theta: Array
    factors: list[Array]
    beta: Array
    cov_unscaled: Array
    sigma: float
    objective: float
    modes: list[Array]
    fitted_eta: Array
    n_evaluations: int
    trail: list[tuple[Array, float]]
    visits: list[tuple[str, Array, float, float]]
    converged: bool
    gradient: Callable[[], Array] = field(repr=False)
    conditional_cov: Callable[[], list[Array]] = field(repr=False)
    warnings: list[str] = field(default_factory=list)
    family: Family | None = None
    endless: bool = False
    undivided: Undivided | None = None
    n_agq: int = 1
    parts: dict[str, PartEstimate] = field(default_factory=dict)
    cov_parts: Array | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        """Whether no one value of the residual variance fits best, so that nothing can be tested by it."""
        return self.endless or self.undivided is not None

    @property
    def par_of_terms(self) -> list[Array]:
        """``par``, one array per term."""
        sizes = [term.structure.size for term in self.design.terms]
        return np.split(self.par, np.cumsum(sizes)[:-1]) if sizes else []

    @property
    def gradient_norm(self) -> float:
        """Largest absolute entry of the gradient at the end."""
        return float(np.abs(self.gradient()).max(initial=0.0))
