"""Held coefficients of a generalised linear model without random effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..families.family import Family
from ..numerics.arrays import Array
from ..numerics.trust_region import Trial, minimise
from .held import Held

__all__ = ["HeldGlmCoefficient", "held_parameters"]

if TYPE_CHECKING:
    from ..fitted.generalized import GeneralizedFit

State = tuple[float, Array]  # a value, and the other coefficients that belong to it


def held_parameters(fit: GeneralizedFit) -> tuple[dict[str, Held], float]:
    """Everything that can be held, by name, and -2 log-likelihood (but for a constant) at the estimates.

    Parameters
    ----------
    fit : GeneralizedFit
        An estimated dispersion, or theta of the negative binomial, is taken as known, as R's ``confint``
        takes it.
    """
    rows = _Rows(fit)
    held: dict[str, Held] = {
        name: HeldGlmCoefficient(fit, rows, j) for j, name in enumerate(fit.design.x_names)
    }
    return held, rows.deviance(fit.design.X[rows.counts] @ fit.fixef.to_numpy() + rows.offset)


class _Rows:
    """The rows of weight above zero."""

    def __init__(self, fit: GeneralizedFit) -> None:
        design, self.counts = fit.design, fit.counts
        self.family: Family = fit.family
        self.y, self.offset = design.y[self.counts], design.offset[self.counts]
        self.weights = design.row_weights[self.counts]

    def deviance(self, eta: Array) -> float:
        """-2 log-likelihood but for a constant; infinite where a mean is impossible."""
        with np.errstate(all="ignore"):
            value = -2 * float(self.family.derivatives(self.y, eta, self.weights)[0].sum())
        return value if np.isfinite(value) else np.inf


class HeldGlmCoefficient:
    """A coefficient: its column, times the value, belongs to the offset.

    The other coefficients are those of orthonormal columns in units in which the linear predictor moves by
    about one.
    """

    def __init__(self, fit: GeneralizedFit, rows: _Rows, j: int) -> None:
        self.rows = rows
        X = fit.design.X[rows.counts]
        eta = X @ fit.fixef.to_numpy() + rows.offset
        bounded = rows.family.link.name in ("sqrt", "identity", "inverse")
        unit = 0.3 * float(np.median(np.abs(eta))) if bounded else 1.0
        self.column, others = X[:, j], np.delete(X, j, axis=1)
        self.Q = np.linalg.qr(others)[0] * np.sqrt(len(X)) * unit
        self.estimate, self.bounds = float(fit.fixef.iloc[j]), (-np.inf, np.inf)
        away = self.column - self.Q @ np.linalg.lstsq(self.Q, self.column, rcond=None)[0]
        # The standard error of a separated coefficient says nothing; two units of the predictor do.
        self.scale = float(np.minimum(fit.se.iloc[j], 2 * unit / np.sqrt((away**2).mean())))
        self._optimum = np.linalg.lstsq(self.Q, eta - rows.offset - self.estimate * self.column, rcond=None)[
            0
        ]
        with np.errstate(all="ignore"):
            information = rows.family.expected_information(eta, rows.weights)[0]
        root = np.sqrt(np.where(np.isfinite(information) & (information > 0), information, 0.0))
        #: how the others follow the held one
        self._drift = -np.linalg.lstsq(self.Q * root[:, None], self.column * root, rcond=1e-8)[0]

    def start(self) -> State:
        return self.estimate, self._optimum

    def minimise(self, value: float, start: State) -> tuple[float, State]:
        offset = self.rows.offset + value * self.column
        before, free = start
        starts = (free + (value - before) * self._drift, free)
        deviances = [self.rows.deviance(offset + self.Q @ at) for at in starts]
        best = int(np.argmin(deviances))
        if not np.isfinite(deviances[best]):
            return np.inf, start
        if not self.Q.shape[1]:
            return deviances[best], (value, free)
        search = minimise(lambda at: self._trial(at, offset), starts[best], tolerance=1e-10)
        return search.value, (value, search.x)

    def look_again(self, value: float, start: State) -> tuple[float, State]:
        return min((self.minimise(value, at) for at in (start, self.start())), key=lambda found: found[0])

    def _trial(self, free: Array, offset: Array) -> Trial:
        rows, eta = self.rows, offset + self.Q @ free

        def curvature() -> Array:
            weight = rows.family.expected_information(eta, rows.weights)[0]
            return np.asarray(2 * (self.Q.T * weight) @ self.Q)

        def gradient() -> Array:
            return -2 * self.Q.T @ rows.family.derivatives(rows.y, eta, rows.weights)[1]

        return Trial(rows.deviance(eta), gradient, curvature)
