"""Adaptive Gauss-Hermite quadrature for a GLMM with one scalar random effect per group.

Each group's integral over its own effect is a sum over nodes that are centred at the conditional mode and
scaled by its curvature:

    L_j = tau_j sum_k w_k exp(z_k^2 / 2 + h_j(u_j + tau_j z_k)),   h_j(u) = sum_i log f(y_i | u) - u^2 / 2.

With one node this is the Laplace approximation. The gradient is exact for the sum: it follows the nodes as
they move with the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from ..numerics.arrays import Array
from .laplace import LaplacePoint


@dataclass
class _Averages:
    """Averages over the nodes with their posterior probabilities; first per row, then per group."""

    first: Array  # of each row's first derivative
    first_u: Array  # of that times u
    drift: Array  # of dh/du
    drift_z: Array  # of dh/du times the node


@dataclass
class QuadraturePoint(LaplacePoint):
    """The objective by quadrature at one set of parameters; a :class:`LaplacePoint` for everything else.

    Attributes
    ----------
    n_agq : int
        Number of nodes.
    """

    n_agq: int = field(default=1, kw_only=True)

    @cached_property
    def _nodes(self) -> tuple[Array, Array]:
        """Nodes for the standard normal density, and log weights with the density divided out."""
        nodes, weights = hermegauss(self.n_agq)
        with np.errstate(divide="ignore"):
            return nodes, np.log(weights) - 0.5 * np.log(2 * np.pi) + nodes**2 / 2

    @property
    def _z(self) -> Array:
        return self.layout.lead.Z[:, 0]

    @property
    def _root(self) -> float:
        return float(self.search.roots[0][0, 0])

    @property
    def _u(self) -> Array:
        return self.mode.u[0][:, 0]

    @cached_property
    def _tau(self) -> Array:
        """Posterior standard deviation of each group's effect, by the curvature at the mode."""
        return self.precision.posterior_sd()

    def _sum(self, values: Array) -> Array:
        """Over the rows of each group."""
        return np.asarray(np.bincount(self.layout.lead.codes, values, self.layout.lead.q), dtype=np.float64)

    def _eta(self, node: float) -> tuple[Array, Array]:
        """Effects at a node, and the linear predictor there."""
        u = self._u + self._tau * node
        return u, self.search.fixed + self._root * self._z * u[self.layout.lead.codes]

    @cached_property
    def _heights(self) -> Array:
        """Log of each group's summands, shape (nodes, q)."""
        nodes, log_weights = self._nodes
        heights = np.empty((self.n_agq, self.layout.lead.q))
        with np.errstate(all="ignore"):
            for k, node in enumerate(nodes):
                u, eta = self._eta(node)
                density = self.search.rows.at(eta)[0]
                heights[k] = log_weights[k] + self._sum(density) - u**2 / 2
        # A node outside the link's domain has density zero.
        return np.where(np.isfinite(heights), heights, -np.inf)

    @cached_property
    def _peak(self) -> Array:
        return np.asarray(self._heights.max(axis=0))

    @cached_property
    def objective(self) -> float:
        """-2 log-likelihood, all constants included."""
        total = np.log(np.exp(self._heights - self._peak).sum(axis=0)) + self._peak + np.log(self._tau)
        return float(-2 * total.sum() - 2 * self.constant)

    @cached_property
    def _shares(self) -> Array:
        """Posterior probability of each node within its group, shape (nodes, q)."""
        shares = np.exp(self._heights - self._peak)
        return np.asarray(shares / shares.sum(axis=0))

    @cached_property
    def _averages(self) -> _Averages:
        codes, n, q = self.layout.lead.codes, len(self._z), self.layout.lead.q
        sums = _Averages(np.zeros(n), np.zeros(n), np.zeros(q), np.zeros(q))
        for node, share in zip(self._nodes[0], self._shares, strict=True):
            u, eta = self._eta(node)
            with np.errstate(all="ignore"):
                first = self.search.rows.at(eta)[1]
            first = np.where(share[codes] > 0, first, 0.0)
            drift = share * (self._root * self._sum(self._z * first) - u)
            sums.first += share[codes] * first
            sums.first_u += (share * u)[codes] * first
            sums.drift += drift
            sums.drift_z += drift * node
        return sums

    @cached_property
    def _weight_pull(self) -> Array:
        """``d log L_j / d M_j`` through ``tau_j = M_j^-1/2``: ``-tau^3 (1 / tau + E[z dh/du]) / 2``, shape (q,)."""
        return -0.5 * self._tau**3 * (1 / self._tau + self._averages.drift_z)

    @cached_property
    def _mode_pull(self) -> Array:
        """``(E[dh/du] + d log L_j / d M_j * dM_j/du_j) / (1 + T^2 z'Wz)``: how ``log L_j`` answers to ``u_j``."""
        bend = self._sum(self._z**3 * self.information[1])
        curvature = 1 + self._root**2 * self._sum(-(self._z**2) * self.mode.rows[2])
        return np.asarray((self._averages.drift + self._weight_pull * self._root**3 * bend) / curvature)

    @cached_property
    def row_slopes(self) -> Array:
        codes, z, T = self.layout.lead.codes, self._z, self._root
        through_weight = self._weight_pull[codes] * T**2 * z**2 * self.information[1]
        through_mode = self._mode_pull[codes] * T * z * self.mode.rows[2]
        return np.asarray(-2 * (self._averages.first + through_weight + through_mode))

    @property
    def root_slope(self) -> Array:
        """Derivative by the single covariance parameter, shape (1,)."""
        z, T, u = self._z, self._root, self._u
        weight, bend = self.information
        _, first, second, _ = self.mode.rows
        explicit = z @ self._averages.first_u
        through_weight = self._weight_pull @ (
            2 * T * self._sum(z**2 * weight) + T**2 * u * self._sum(z**3 * bend)
        )
        through_mode = self._mode_pull @ (self._sum(z * first) + T * u * self._sum(z**2 * second))
        return np.array([-2 * (explicit + through_weight + through_mode)])

    @property
    def dispersion_slope(self) -> float:
        rows, T = self.search.rows, self._root
        density = 0.0
        for node, share in zip(self._nodes[0], self._shares, strict=True):
            with np.errstate(all="ignore"):
                here = rows.family.nuisance(rows.y, self._eta(node)[1], rows.weights).density
            of_row = share[self.layout.lead.codes]
            density += float(of_row @ np.where(of_row > 0, here, 0.0))
        _, score, weight = self.nuisance
        through_weight = self._weight_pull @ (T**2 * self._sum(self._z**2 * weight))
        through_mode = self._mode_pull @ (T * self._sum(self._z * score))
        return -2 * float(density + through_weight + through_mode)
