"""A fitted model with several parts: what its rows are like, and each part as a fit of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..errors import ModelError
from ..families.part_scale import DispersionScale, ZeroScale
from ..likelihood.parts import CONDITIONAL, DISPERSION, SHAPE, ZERO_INFLATION
from ..numerics import arguments
from .call import PLAIN

if TYPE_CHECKING:
    from ..families.family import Family
    from .mixed import MixedFit

__all__ = [
    "Component",
    "asked_parts",
    "component_fit",
    "one_part",
    "part_names",
    "refuse_parts",
    "require_effects",
]

#: What a user can ask for of a model with several parts.
Component = Literal["conditional", "zero_inflation", "dispersion", "shape", "all"]
COMPONENTS = (CONDITIONAL, ZERO_INFLATION, DISPERSION, SHAPE, "all")
SCALES: dict[str, type[Family]] = {ZERO_INFLATION: ZeroScale, DISPERSION: DispersionScale}


def part_names(fit: MixedFit) -> list[str]:
    """The parts that have coefficients, the conditional one first."""
    return [CONDITIONAL, *(name for name, part in fit.estimate.parts.items() if len(part.beta))]


def asked_parts(fit: Any, component: Component | Literal["response"]) -> dict[str, Any]:
    """The parts that are asked for, each as a fit of its own; of a model without parts it is the fit itself.

    Parameters
    ----------
    fit : Fit
    component : str
        One of :data:`COMPONENTS`, or R's short form of it.

    Raises
    ------
    ModelError
        When there is no such part.
    """
    short = {"cond": CONDITIONAL, "zi": ZERO_INFLATION, "disp": DISPERSION}
    name = arguments.one_of("component", component, COMPONENTS, short)
    if not getattr(fit, "has_parts", False):
        if name in (CONDITIONAL, "all"):
            return {CONDITIONAL: fit}
        raise ModelError(f"this model has no part '{name}'; it has a conditional one only")
    wanted = part_names(fit) if name == "all" else [name]
    return {each: component_fit(fit, each) for each in wanted}


def one_part(fit: Any, component: Component | Literal["response"]) -> Any:
    """The part that is asked for, as a fit of its own.

    Raises
    ------
    ModelError
        When there is no such part, or all are asked for.
    """
    parts = asked_parts(fit, component)
    if len(parts) > 1:
        raise ModelError(f"component='all' is for tables of coefficients; choose one of {', '.join(parts)}")
    return next(iter(parts.values()))


def refuse_parts(fit: Any, what: str) -> None:
    """Refuse a question that a model with several parts has no answer to.

    Raises
    ------
    ModelError
    """
    if getattr(fit, "has_parts", False):
        which = "" if fit.family.name in PLAIN else f", or of the {fit.family.name} family"
        raise ModelError(
            f"{what} for a model with several parts{which}; compare models by lk.anova or .aic, and look at "
            "simulated residuals"
        )


def require_effects(fit: Any, what: str) -> None:
    """Refuse a question about random effects where the conditional part has none.

    Parameters
    ----------
    fit : Fit
    what : str
        What was to be done with them: ``"to draw"``.

    Raises
    ------
    ModelError
    """
    if not fit.design.terms:
        raise ModelError(f"this model has no random effects {what}")


def component_fit(fit: MixedFit, name: str) -> MixedFit:
    """One part of a fitted model, in the form of a fit whose coefficients can be tabled, tested and averaged.

    Parameters
    ----------
    fit : MixedFit
    name : str
        ``"conditional"`` gives the fit itself.

    Raises
    ------
    ModelError
        When the model has no such part.
    """
    if name == CONDITIONAL:
        return fit
    part, design = fit.estimate.parts.get(name), fit.design.components.get(name)
    if part is None or not len(part.beta):
        parts = ", ".join(part_names(fit))
        raise ModelError(f"this model has no part '{name}' with coefficients; it has {parts}")
    if design is None:  # an intercept
        n = len(fit.design.y)
        blank = fit.design.take(np.ones(n, bool))
        design = replace(blank, X=np.ones((n, 1)), x_names=part.x_names, terms=[], components={}, assign=[0])
        design = replace(design, offset=np.zeros(n), term_labels=[], dropped=[], kept=[0])
    design = replace(design, response=name)
    thetas = [t.structure.theta(T) for t, T in zip(design.terms, part.factors, strict=True)]
    assert fit.estimate.cov_parts is not None
    estimate = replace(
        fit.estimate,
        design=design,
        par=part.par,
        theta=np.concatenate([np.empty(0), *thetas]),
        factors=part.factors,
        beta=part.beta,
        cov_unscaled=fit.estimate.cov_parts[part.own, part.own],
        sigma=1.0,
        modes=part.modes,
        conditional_cov=part.conditional_cov,
        fitted_eta=part.eta,
        family=SCALES.get(name, DispersionScale)(),
        parts={},
        cov_parts=None,
        warnings=[],
    )
    return type(fit)(estimate, fit.call)
