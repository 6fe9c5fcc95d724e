"""Fits to simulated responses: side by side where the model allows it, otherwise one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..fitted.fit import Fit
from ..fitted.linear import LinearFit
from ..fitted.refits import refits_of
from ..fitted.simulate import draw, draw_many
from ..fitted.simulated_rows import SimulatedRows
from ..numerics.arrays import Array
from ..numerics.workers import batches, replicates
from .likelihood_ratio import linear_criterion

T = TypeVar("T")

#: Responses at a time, whatever the number of workers: enough that few calls do much, few enough to interrupt.
BATCH = 500

__all__ = ["Values", "criterion_values", "from_simulated"]


class Values(NamedTuple):
    """The criterion of a model's refits.

    ``of`` takes responses (B, n), best ``at_once`` of them, and gives (B,), NaN where a refit fails.
    """

    of: Callable[[Array], Array]
    at_once: int


def from_simulated(
    source: Fit,
    one: Callable[[Array], T],
    many: Callable[[Array], list[T]] | None,
    n_sim: int,
    seed: Any,
    n_jobs: int,
    progress: bool | None,
    label: str,
    *,
    at_once: int = BATCH,
    models: bool = False,
) -> list[T]:
    """What is made from responses that are simulated from a model.

    Parameters
    ----------
    source : Fit
    one : callable
        Makes it from a response, (n,).
    many : callable or None
        Makes it from several at once, (B, n), and is preferred.
    n_sim, seed, n_jobs, progress, label
        As in :func:`lmmkit.numerics.workers.replicates`. The responses are the same either way.
    at_once : int
        So many responses suit ``many``.
    models : bool
        ``many`` asks each refit as a model, which takes its time: then workers share smaller batches.

    Returns
    -------
    list
        In order; when it is interrupted, of the responses that were finished.
    """
    rows = SimulatedRows.own(source)
    if many is None:
        return replicates(lambda rng: one(draw(source, rows, rng)), n_sim, seed, n_jobs, progress, label)
    size = max(1, min(25, n_sim // 20)) if models else min(BATCH, at_once)
    return batches(
        lambda rngs: many(draw_many(source, rows, rngs)), n_sim, size, seed, n_jobs, progress, label
    )


def criterion_values(fit: Fit, reml: bool) -> Values | None:
    """The criterion of a model's refits to many responses; None for models that are fitted one by one.

    Parameters
    ----------
    fit : Fit
    reml : bool
        The restricted one, as :func:`~lmmkit.inference.likelihood_ratio.criterion_value` has it.
    """
    if isinstance(fit, LinearFit):
        return Values(_linear_values(fit, reml), BATCH)
    refits = refits_of(fit)
    return None if refits is None or fit.is_reml != reml else Values(refits.objectives, refits.at_once)


def _linear_values(fit: LinearFit, reml: bool) -> Callable[[Array], Array]:
    root = np.sqrt(fit.design.row_weights)
    Q = np.linalg.qr(fit.design.X * root[:, None])[0]

    def values(Y: Array) -> Array:
        target = (Y - fit.design.offset) * root
        residual = target - (target @ Q) @ Q.T
        with np.errstate(divide="ignore"):
            return linear_criterion(fit.design, np.einsum("bn,bn->b", residual, residual), reml)

    return values
