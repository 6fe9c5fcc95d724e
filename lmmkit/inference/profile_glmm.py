"""Held parameters of a generalised linear mixed model, whose fixed effects are searched as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..design.design import Design
from ..errors import ModelError
from ..families.family import Family
from ..likelihood.glmm import GlmmCriterion
from ..numerics.arrays import Array
from .held import Held, HeldEntry, held_covariances, with_first
from .parameters import random_names, scale_name

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit


class JointGLMM:
    """-2 log-likelihood as a function of whitened theta, the fixed effects and the dispersion.

    Parameters
    ----------
    design : Design
    family : Family
        As asked for, with its dispersion left open if that was estimated.
    n_agq : int
    par : list of arrays
        Covariance parameters of each term at the optimum, in units of the linear predictor.
    beta : array of shape (p,)
    dispersion : float or None
    """

    def __init__(
        self,
        design: Design,
        family: Family,
        n_agq: int,
        par: list[Array],
        beta: Array,
        dispersion: float | None,
    ) -> None:
        self.parts = (family, n_agq)
        self.design, self.par, self.beta, self.dispersion = design, par, beta, dispersion
        self.criterion = GlmmCriterion(design, family, n_agq)
        rest = self.criterion.pack(beta, 1.0 if dispersion is None else dispersion)
        self.optimum = np.concatenate([self.criterion.from_original(np.concatenate(par)), rest])

    def reordered(self, t: int, first: list[int]) -> JointGLMM:
        """The same with some effects of term t moved to the front."""
        moved = with_first(self.design, self.par, t, first)
        if moved is None:
            return self
        return JointGLMM(moved[0], *self.parts, moved[1], self.beta, self.dispersion)

    def with_last(self, j: int) -> JointGLMM:
        """The same with column j of X behind the others, so that one entry belongs to it alone."""
        order = [*(i for i in range(len(self.beta)) if i != j), j]
        design = replace(self.design, X=self.design.X[:, order])
        return JointGLMM(design, *self.parts, self.par, self.beta[order], self.dispersion)

    def trial(self, at: Array) -> tuple[float, Callable[[], tuple[Array, Array]]]:
        """The deviance, and a function that gives its gradient and an approximate Hessian."""
        trial = self.criterion.trial(at)
        return trial.value, lambda: (trial.gradient(), trial.curvature())


def held_parameters(fit: MixedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and the deviance at the minimum.

    Raises
    ------
    ModelError
        For a fit whose fixed effects are not at the likelihood's maximum.
    """
    estimate = fit.estimate
    if estimate.n_agq == 0:
        raise ModelError(
            "profile intervals follow the likelihood from its maximum, and a fit with n_agq=0 is not quite there; "
            "fit with n_agq=1, or ask for method='wald'"
        )
    assert fit.family is not None
    family: Family = fit.call.options["family"]
    open_ended = family.estimates_dispersion
    pairs = zip(fit.design.terms, estimate.par_of_terms, strict=True)
    par = [term.structure.in_units(own, estimate.sigma * np.eye(term.structure.k)) for term, own in pairs]
    joint = JointGLMM(
        fit.design,
        family,
        estimate.n_agq,
        par,
        estimate.beta,
        fit.family.dispersion if open_ended else None,
    )
    held = dict(zip(random_names(fit), held_covariances(joint, fit, _held_sd), strict=True))
    if fit.has_scale and open_ended:
        scale = fit.sigma / np.sqrt(2 * fit.nobs)
        held[scale_name(fit)] = HeldEntry(joint, -1, fit.sigma, (0.0, np.inf), scale, lambda v: 2 * np.log(v))
    place = joint.criterion.n_theta + joint.criterion.p - 1
    for j, name in enumerate(fit.design.x_names):
        own = joint.with_last(j)
        size = float(own.criterion.R[-1, -1])
        limits = (-np.inf, np.inf)
        beta, se = float(estimate.beta[j]), float(fit.se.iloc[j])
        held[name] = HeldEntry(own, place, beta, limits, se, partial(float.__mul__, size))
    return held, joint.trial(joint.optimum)[0]


def _held_sd(joint: JointGLMM, t: int, estimate: float, entry: int = 0) -> HeldEntry:
    """A standard deviation of term t."""
    criterion = joint.criterion
    unit = float(criterion.whitenings[t].matrix[entry, entry])
    structure = criterion.structures[t]
    place = criterion.of_term[t].start + entry
    scale = max(estimate, 0.1 * unit) / np.sqrt(2 * len(joint.design.terms[t].levels))
    return HeldEntry(
        joint, place, estimate, (0.0, np.inf), scale, lambda v: structure.entry_of_sd(v / unit)[0]
    )
