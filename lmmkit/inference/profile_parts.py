"""Held parameters of a model with several parts, all of whose coefficients are searched as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..design.design import Design
from ..families.family import Family
from ..fitted.parts import component_fit
from ..likelihood.part_glmm import PartCriterion
from ..likelihood.parts import CONDITIONAL, ZERO_INFLATION
from ..numerics.arrays import Array
from .held import Held, HeldEntry, held_covariances, with_first
from .parameters import part_parameters, random_names, scale_name

if TYPE_CHECKING:
    from ..fitted.mixed import MixedFit

__all__ = ["held_parameters"]


class JointParts:
    """-2 log-likelihood as a function of whitened theta and the coefficients of all parts.

    Parameters
    ----------
    design : Design
    family : Family
        As asked for.
    par : list of arrays
        Covariance parameters of all terms at the optimum, in units of the linear predictors.
    betas : dict
        Part -> coefficients at the optimum.
    """

    def __init__(self, design: Design, family: Family, par: list[Array], betas: dict[str, Array]) -> None:
        self.design, self.family, self.par, self.betas = design, family, par, betas
        self.criterion = PartCriterion(design, family)
        beta = np.concatenate([betas[part.name] for part in self.criterion.parts])
        self.optimum = np.concatenate(
            [self.criterion.from_original(np.concatenate([np.empty(0), *par])), self.criterion.R @ beta]
        )

    def reordered(self, t: int, first: list[int]) -> JointParts:
        """The same with some effects of term t moved to the front."""
        own = len(self.design.terms)
        if t < own:
            moved = with_first(self.design, self.par[:own], t, first)
            if moved is None:
                return self
            return JointParts(moved[0], self.family, moved[1] + self.par[own:], self.betas)
        zeros = self.design.components[ZERO_INFLATION]
        moved = with_first(zeros, self.par[own:], t - own, first)
        if moved is None:
            return self
        design = self._with_component(ZERO_INFLATION, moved[0])
        return JointParts(design, self.family, self.par[:own] + moved[1], self.betas)

    def _with_component(self, name: str, part: Design) -> Design:
        return replace(self.design, components={**self.design.components, name: part})

    def with_last(self, name: str, j: int) -> JointParts:
        """The same with column j of a part's X behind the others, so that one entry belongs to it alone."""
        beta = self.betas[name]
        order = [*(i for i in range(len(beta)) if i != j), j]
        betas = {**self.betas, name: beta[order]}
        if name == CONDITIONAL:
            design = replace(self.design, X=self.design.X[:, order])
        elif name in self.design.components:
            part = self.design.components[name]
            design = self._with_component(name, replace(part, X=part.X[:, order]))
        else:
            return self
        return JointParts(design, self.family, self.par, betas)

    def trial(self, at: Array) -> tuple[float, Callable[[], tuple[Array, Array]]]:
        """The deviance, and a function that gives its gradient and an approximate Hessian."""
        trial = self.criterion.trial(at)
        return trial.value, lambda: (trial.gradient(), trial.curvature())


def held_parameters(fit: MixedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and the deviance at the minimum."""
    estimate, family = fit.estimate, fit.call.options["family"]
    pairs = zip(fit.design.terms, estimate.par_of_terms, strict=True)
    par = [term.structure.in_units(own, fit.sigma * np.eye(term.structure.k)) for term, own in pairs]
    par += (
        component_fit(fit, ZERO_INFLATION).estimate.par_of_terms if ZERO_INFLATION in estimate.parts else []
    )
    betas = {CONDITIONAL: estimate.beta, **{name: part.beta for name, part in estimate.parts.items()}}
    joint = JointParts(fit.design, family, par, betas)
    held: dict[str, Held] = dict(zip(random_names(fit), held_covariances(joint, fit, _held_sd), strict=True))
    if fit.has_scale and family.estimates_dispersion:
        held[scale_name(fit)] = _held_sigma(joint, fit)
    held |= _held_coefficients(joint, CONDITIONAL, list(fit.design.x_names), fit.se.to_numpy())
    for name, names in part_parameters(fit).items():
        view = component_fit(fit, name)
        own = len(fit.design.terms)
        spreads = held_covariances(joint, view, _held_sd, own) if view.design.terms else ()
        held |= dict(zip(names[: len(names) - len(view.beta)], spreads, strict=True))
        held |= _held_coefficients(joint, name, names[len(names) - len(view.beta) :], view.se.to_numpy())
    return held, joint.trial(joint.optimum)[0]


def _held_coefficients(joint: JointParts, name: str, names: list[str], errors: Array) -> dict[str, Held]:
    held: dict[str, Held] = {}
    for j, label in enumerate(names):
        own = joint.with_last(name, j)
        criterion = own.criterion
        number = [part.name for part in criterion.parts].index(name)
        last = criterion.own[number].stop - 1
        size, beta = float(criterion.R[last, last]), float(joint.betas[name][j])
        place, limits = criterion.n_theta + last, (-np.inf, np.inf)
        scale = float(errors[j]) if np.isfinite(errors[j]) and errors[j] < 100 else 1.0
        held[label] = HeldEntry(own, place, beta, limits, scale, partial(float.__mul__, size))
    return held


def _held_sigma(joint: JointParts, fit: MixedFit) -> HeldEntry:
    """The residual standard deviation; a gamma's dispersion is its square."""
    power = 2.0 if joint.family.name == "gamma" else 1.0
    criterion = joint.criterion
    place = criterion.n_theta + criterion.own[-1].stop - 1
    scale = fit.sigma / np.sqrt(2 * fit.nobs)
    return HeldEntry(joint, place, fit.sigma, (0.0, np.inf), scale, lambda v: power * np.log(v))


def _held_sd(joint: JointParts, t: int, estimate: float, entry: int = 0) -> HeldEntry:
    """A standard deviation of term t."""
    criterion = joint.criterion
    unit, structure = float(criterion.whitenings[t].matrix[entry, entry]), criterion.structures[t]
    scale = max(estimate, 0.1 * unit) / np.sqrt(2 * len(criterion.design.terms[t].levels))
    place = criterion.of_term[t].start + entry
    return HeldEntry(
        joint, place, estimate, (0.0, np.inf), scale, lambda v: structure.entry_of_sd(v / unit)[0]
    )
