"""A linear mixed model fitted the plain way: the n × n matrix V, textbook formulas, a general optimiser.

Nothing here is shared with the library beyond the design, and nothing is fast. It is what the engine, the
predictions and their intervals are checked against.

    y = X beta + offset + Z b + e,   b ~ N(0, sigma² Sigma),   e ~ N(0, sigma² W^-1)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import minimize


def triangle(theta, k):
    """The lower triangle with theta down its columns."""
    factor = np.zeros((k, k))
    columns, rows = np.triu_indices(k)
    factor[rows, columns] = theta
    return factor


def split(design, theta):
    """One triangle per term."""
    sizes = [term.Z.shape[1] for term in design.terms]
    stops = np.cumsum([k * (k + 1) // 2 for k in sizes])
    return [triangle(part, k) for part, k in zip(np.split(theta, stops[:-1]), sizes, strict=True)]


def dense_Z(terms, sizes):
    """The full model matrix of the random effects, level by level within term; code -1 gives a zero row."""
    blocks = []
    for (codes, Z), levels in zip(terms, sizes, strict=True):
        indicator = (codes[:, None] == np.arange(levels)).astype(float)
        blocks.append((indicator[:, :, None] * Z[:, None, :]).reshape(len(codes), -1))
    return np.hstack(blocks)


@dataclass
class Dense:
    """The model at one theta."""

    design: object
    theta: np.ndarray
    reml: bool = True

    @cached_property
    def Sigma(self):
        """Relative covariance of all random effects."""
        pairs = zip(self.design.terms, split(self.design, self.theta), strict=True)
        return block_diag(*[np.kron(np.eye(len(term.levels)), T @ T.T) for term, T in pairs])

    @cached_property
    def Z(self):
        terms = self.design.terms
        return dense_Z([(term.codes, term.Z) for term in terms], [len(term.levels) for term in terms])

    @cached_property
    def V(self):
        weights = self.design.weights
        residual = np.ones(len(self.design.y)) if weights is None else 1 / weights
        return self.Z @ self.Sigma @ self.Z.T + np.diag(residual)

    @cached_property
    def V_inverse(self):
        return np.linalg.inv(self.V)

    @cached_property
    def cov_unscaled(self):
        return np.linalg.inv(self.design.X.T @ self.V_inverse @ self.design.X)

    @cached_property
    def beta(self):
        return self.cov_unscaled @ self.design.X.T @ self.V_inverse @ (self.design.y - self.design.offset)

    @cached_property
    def residual(self):
        return self.design.y - self.design.offset - self.design.X @ self.beta

    @property
    def nu(self):
        n, p = self.design.X.shape
        return n - p if self.reml else n

    @cached_property
    def sigma(self):
        return np.sqrt(self.residual @ self.V_inverse @ self.residual / self.nu)

    @cached_property
    def objective(self):
        """REML criterion or -2 log-likelihood, as lme4 reports it: relative to the unweighted measure."""
        value = self.nu * (1 + np.log(2 * np.pi * self.sigma**2)) + np.linalg.slogdet(self.V)[1]
        if self.reml:
            value -= np.linalg.slogdet(self.cov_unscaled)[1]
        return value

    @cached_property
    def b(self):
        """Conditional modes of all random effects."""
        return self.Sigma @ self.Z.T @ self.V_inverse @ self.residual

    @cached_property
    def cov_b(self):
        """Covariance of the random effects given y and the fixed effects."""
        image = self.Z @ self.Sigma
        return self.sigma**2 * (self.Sigma - image.T @ self.V_inverse @ image)

    def error_variance(self, x, z):
        """Variance of x'beta_hat + z'b_hat - (x'beta + z'b), by writing the prediction as a linear map of y.

        Parameters
        ----------
        x : array (m, p)
        z : array (m, q)
        """
        to_beta = self.cov_unscaled @ self.design.X.T @ self.V_inverse
        to_b = self.Sigma @ self.Z.T @ self.V_inverse @ (np.eye(len(self.V)) - self.design.X @ to_beta)
        L = x @ to_beta + z @ to_b
        total = L @ self.V @ L.T - 2 * L @ self.Z @ self.Sigma @ z.T + z @ self.Sigma @ z.T
        return self.sigma**2 * np.diag(total)


def dense_fit(design, reml=True):
    """The optimum, found by a general-purpose bounded search from two starts."""
    sizes = [term.Z.shape[1] for term in design.terms]
    start = np.concatenate([np.eye(k)[np.triu_indices(k)] for k in sizes])
    bounds = [(0, None) if value == 1 else (None, None) for value in start]
    runs = [
        minimize(
            lambda theta: Dense(design, theta, reml).objective, scale * start, bounds=bounds,
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000},
        )
        for scale in (1.0, 0.3)
    ]  # fmt: skip
    return Dense(design, min(runs, key=lambda run: run.fun).x, reml)
