"""What data imply: the figures that R prints for `lm` and `lmer`, as plain functions of the data.

Everything here accepts complex numbers, because the search differentiates by a complex step:
f(x + ih) = f(x) + ih f'(x), so the imaginary part over h is the derivative, exact to the last digit. So there is
no `abs`, no `max`, and sorting goes by the real part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .printed import Key

Figures = dict[Key, np.number]
FIVE = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}


def five_numbers(residuals: np.ndarray, prefix: str) -> Figures:
    """Minimum, quartiles and maximum, quartiles as R's default does them."""
    ordered = residuals[np.argsort(residuals.real, kind="stable")]
    found = {}
    for name, q in FIVE.items():
        place = q * (len(ordered) - 1)
        below, part = int(place), place % 1
        above = min(below + 1, len(ordered) - 1)
        found[Key(prefix + name)] = ordered[below] * (1 - part) + ordered[above] * part
    return found


def linear(y: np.ndarray, X: np.ndarray, names: Sequence[str]) -> tuple[Figures, np.ndarray]:
    """The figures of `summary(lm(...))` and the residuals."""
    n, p = X.shape
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ (X.T @ y)
    residuals = y - X @ beta
    rss, tss = residuals @ residuals, ((y - y.mean()) ** 2).sum()
    variance = rss / (n - p)
    found = _coefficients(names, beta, np.sqrt(variance * np.diag(inverse)))
    found[Key("residual_standard_error")] = np.sqrt(variance)
    found[Key("r2")] = 1 - rss / tss
    found[Key("adj_r2")] = 1 - (rss / (n - p)) / (tss / (n - 1))
    found[Key("fstat")] = (tss - rss) / (p - 1) / variance
    return found | five_numbers(residuals, "resid_"), residuals


@dataclass(frozen=True)
class Mixed:
    """A mixed model whose rows come in blocks that share no random effect.

    Row i has the covariates `Z[i]` of its block's k random effects, whose relative Cholesky factor is
    sum_j theta_j basis_j. One grouping factor: a block a level, k the number of its effects. Crossed factors: a
    single block, k all their levels.
    """

    starts: np.ndarray  # (blocks,) first row of each block
    basis: np.ndarray  # (number of theta, k, k)
    names: tuple[str, ...]  # of the columns of X
    group: str = ""
    levels: dict[str, int] = field(default_factory=dict)  # block of each level whose effects are printed
    effects: tuple[str, ...] = ()
    reml: bool = True

    def figures(
        self, y: np.ndarray, X: np.ndarray, Z: np.ndarray, theta: np.ndarray
    ) -> tuple[Figures, np.ndarray, np.ndarray]:
        """The figures that `summary`, `ranef` and `coef` print; scaled residuals; the score for theta.

        The figures are those of the model *at* theta: theirs is the optimum where the score is 0.
        """
        n, p = X.shape
        factor = np.einsum("j,jab->ab", theta, self.basis)
        rows = np.column_stack([Z, X, y])
        cross = np.add.reduceat(rows[:, :, None] * rows[:, None, :], self.starts)
        k = Z.shape[1]
        inner = np.eye(k) + factor.T @ cross[:, :k, :k] @ factor
        left = factor.T @ cross[:, :k, :]
        shrunk = np.swapaxes(left, 1, 2) @ np.linalg.solve(inner, left)
        blocks = cross - shrunk  # [Z X y]' V^-1 [Z X y] of each block
        total = blocks.sum(axis=0)
        information, right = total[k : k + p, k : k + p], total[k : k + p, -1]
        inverse = np.linalg.inv(information)
        beta = inverse @ right
        rss = total[-1, -1] - right @ beta
        df = n - p if self.reml else n
        variance = rss / df
        criterion = _log_det(inner).sum() + df * (1 + np.log(2 * np.pi * variance))
        if self.reml:
            criterion = criterion + _log_det(information)

        contrast = np.concatenate([np.zeros(k), -beta, [1.0]])
        pull = blocks[:, :k, :] @ contrast  # Z' V^-1 (y - X beta), by block
        modes = pull @ factor @ factor.T
        fitted = X @ beta + (Z * np.repeat(modes, self._sizes(n), axis=0)).sum(axis=1)
        residuals = (y - fitted) / np.sqrt(variance)

        curvature = total[:k, :k] - df / rss * pull.T @ pull
        if self.reml:
            across = blocks[:, :k, k : k + p]
            curvature = curvature - np.einsum("gai,ij,gbj->ab", across, inverse, across)
        score = 2 * np.einsum("jab,ab->j", self.basis, curvature @ factor)

        found = _coefficients(self.names, beta, np.sqrt(variance * np.diag(inverse)))
        found |= {
            Key("sigma"): np.sqrt(variance),
            Key("var", "Residual"): variance,
            Key("loglik"): -criterion / 2,
        }
        found[Key("reml_criterion" if self.reml else "deviance")] = criterion
        count = p + len(theta) + 1 if self.basis.shape[1] > 1 else p + 2
        found |= {Key("aic"): criterion + 2 * count, Key("bic"): criterion + count * np.log(n)}
        if len(self.names) == 2:
            found[Key("fixcorr", "", "", *self.names)] = inverse[0, 1] / np.sqrt(
                inverse[0, 0] * inverse[1, 1]
            )
        if self.effects:
            found |= self._spread(variance * factor @ factor.T) | self._levels(modes, beta)
        return found | five_numbers(residuals, "scaled_resid_"), residuals, score

    def _sizes(self, n: int) -> np.ndarray:
        return np.diff(np.append(self.starts, n))

    def _spread(self, covariance: np.ndarray) -> Figures:
        """Variances, standard deviations and the correlation of the random effects."""
        found = {}
        for i, effect in enumerate(self.effects):
            found[Key("var", self.group, "", effect)] = covariance[i, i]
            found[Key("sd", self.group, "", effect)] = np.sqrt(covariance[i, i])
        if len(self.effects) == 2:
            both = np.sqrt(covariance[0, 0] * covariance[1, 1])
            found[Key("corr", self.group, "", *self.effects)] = covariance[0, 1] / both
        return found

    def _levels(self, modes: np.ndarray, beta: np.ndarray) -> Figures:
        """`ranef` and `coef`, level by level."""
        found = {}
        for level, block in self.levels.items():
            own_effects = dict(zip(self.effects, modes[block], strict=True))
            for effect, value in own_effects.items():
                found[Key("ranef", self.group, level, effect)] = value
            for name, value in zip(self.names, beta, strict=True):
                found[Key("coef", self.group, level, name)] = value + own_effects.get(name, 0.0)
        return found


def one_factor(
    group: str,
    labels: Sequence[str],
    effects: Sequence[str],
    names: Sequence[str],
    *,
    reml: bool = True,
    rank: int = 0,
    shown: int = 12,
) -> Mixed:
    """A model with one grouping factor; rows of a level stand together.

    `rank = 1` is the boundary where the effects are perfectly correlated: only the first column of the factor is
    free. The effects of the first `shown` levels are given.
    """
    levels, starts = np.unique(np.asarray(labels), return_index=True)
    order = np.argsort(starts)
    levels, starts = levels[order], starts[order]
    k = len(effects)
    free = [(i, j) for j in range(rank or k) for i in range(j, k)]
    basis = np.zeros((len(free), k, k))
    for place, (i, j) in enumerate(free):
        basis[place, i, j] = 1.0
    blocks = {str(level): block for block, level in enumerate(levels[:shown])}
    return Mixed(starts, basis, tuple(names), group, blocks, tuple(effects), reml)


def _coefficients(names: Sequence[str], beta: np.ndarray, se: np.ndarray) -> Figures:
    found = {}
    for name, estimate, error in zip(names, beta, se, strict=True):
        found[Key("fixef", term=name)] = estimate
        found[Key("se", term=name)] = error
        found[Key("statistic", term=name)] = estimate / error
    return found


def _log_det(matrix: np.ndarray) -> np.ndarray:
    sign, log = np.linalg.slogdet(matrix)
    return log + np.log(sign)
