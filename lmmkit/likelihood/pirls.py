"""Penalised iteratively reweighted least squares: the conditional modes of the random effects.

Given fixed effects and covariance, the modes ``u`` (spherical, ``b = Lambda u``) maximise

    sum_i log f(y_i | eta_i) - |u|^2 / 2,        eta = offset + X beta + Z Lambda u.

Each Newton step solves ``(Lambda'Z'WZ Lambda + I) d = Lambda'Z'g - u`` in the blocks of
:mod:`~lmmkit.crossprod.factors`: new weights change sums over levels, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..crossprod.blocks import by_rows, times
from ..crossprod.conditional_variances import VariancePattern, Variances, quadratic
from ..crossprod.elimination import DenseElimination
from ..crossprod.layout import Layout
from ..crossprod.passes import passes_of
from ..families.family import Family
from ..families.links import Derivatives
from ..numerics.arrays import Array

#: One array (levels, k) per grouping factor, the leading one first.
Effects = list[Array]

#: Newton steps for one set of parameters, and halvings of one step, before the point is given up.
MAX_STEPS = 100
MAX_HALVINGS = 40
#: Squared Newton decrement at which a mode is found. The log determinant errs by about its square root, and
#: differences of the gradient must not see that.
TOLERANCE = 1e-20
#: Squared move of the linear predictors beyond which a tiny decrement is no rounding error.
STILL = 1e-6
#: Times its own size that a step may move the linear predictor.
FAR = 100.0
#: Families and links whose log density is concave in the linear predictor, so that there is a single mode.
CONCAVE = {
    ("binomial", "logit"), ("binomial", "probit"), ("binomial", "cloglog"), ("binomial", "log"),
    ("poisson", "log"), ("poisson", "identity"), ("negative_binomial", "log"),
    ("gamma", "log"), ("gamma", "inverse"),
}  # fmt: skip
#: Spherical effects, on either side of zero, from which they may begin there.
ASIDE = (-2.0, 2.0)
#: Rounds in which levels may change to the other branch of a link that is not monotone.
ROUNDS = 5


class Observations(NamedTuple):
    """The responses and how they are distributed.

    Attributes
    ----------
    y : array of shape (n,)
    weights : array of shape (n,) or None
        Prior weights.
    family : Family
        At a known dispersion.
    """

    y: Array
    weights: Array | None
    family: Family

    def at(self, eta: Array) -> Derivatives:
        """Log density of each row, without its constant, and three derivatives.

        Outside the domain of the link NumPy would warn: the caller, who asks many times, has silenced it once.
        """
        return self.family.derivatives(self.y, eta, self.weights)

    def expected(self, eta: Array) -> tuple[Array, Array]:
        """Expected information of each row and its derivative."""
        with np.errstate(all="ignore"):
            return self.family.expected_information(eta, self.weights)

    @property
    def single_mode(self) -> bool:
        """Whether the random effects have one conditional mode whatever the parameters."""
        return (self.family.name, self.family.link.name) in CONCAVE

    @property
    def heavy_tails(self) -> bool:
        """Whether outcomes that a link makes unlikely stay possible however far out, so that a level may lie there."""
        return bool(self.family.link.name == "cauchit")

    @property
    def two_branches(self) -> bool:
        """Whether the mean is the same for ``eta`` and ``-eta``."""
        return bool(self.family.link.name == "sqrt")

    @property
    def newton_in_determinant(self) -> bool:
        """Whether the determinant of the Laplace approximation has the weights of Newton's method."""
        return self.family.is_canonical or self.family.information == "observed"


class Precision(DenseElimination):
    """``Lambda'Z'WZ Lambda + I``, the precision of the spherical effects given the data, for one ``W``.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite, which weights below zero can bring about.
    """

    #: The leading factor's own blocks of ``K``, once :meth:`leverages` has made them.
    _lead_of_k: Array | None = None

    def __init__(self, layout: Layout, roots: Sequence[Array], weights: Array) -> None:
        super().__init__(layout, passes_of(layout).grams(weights), roots)
        self.weights = weights

    def _sweep_d(self) -> None:
        """There are no columns besides those of ``Z``."""

    def solve(self, right: Effects) -> Effects:
        """``(Lambda'Z'WZ Lambda + I)^-1 right``."""
        return [own[:, :, 0] for own in self.solve_spherical(right[0][:, :, None], flatten(right[1:]))]

    def posterior_sd(self) -> Array:
        """Standard deviation of each spherical effect given the data, for one scalar effect per level."""
        return np.abs(self.root_inverse[:, 0, 0])

    def shrunk(self, right: Effects) -> Effects:
        """``(I + Z'WZ Lambda Lambda')^-1 right``, which stays meaningful where ``Lambda`` is singular."""
        return [image[:, :, 0] for image in self.z_vinv(right[0][:, :, None], flatten(right[1:]))]

    def variances(self, pattern: VariancePattern) -> Variances:
        """Covariances of the effects ``b`` given the data."""
        return pattern.variances(*self._pieces_of_k)

    def leverages(self, pattern: VariancePattern) -> Array:
        """``z_i' K z_i`` for every row: the variance of its linear predictor given the data, shape (n,)."""
        if not self.layout.rest:
            return quadratic(self.layout.lead, self._pieces_of_k[0])
        if not passes_of(self.layout).knows_products:
            return pattern.leverages(self.variances(pattern))
        lead, image, B = self._pieces_of_k
        spread, correction = pattern.multiply(image, B)
        self._lead_of_k = lead + correction
        return passes_of(self.layout).quadratic(self._lead_of_k, -spread, B)

    def block_sums(self) -> list[Array]:
        root = self.roots[0]
        if self._lead_of_k is None or np.abs(root.diagonal()).min() < 1e-3:
            return super().block_sums()
        # T invertible: of C = Z'V^-1 Z and K = T S^-1 T', T'CT = I - T^-1 K T'^-1.
        inverse = np.linalg.inv(root)
        left = self.layout.lead.q * np.eye(len(root)) - inverse @ self._lead_of_k.sum(axis=0) @ inverse.T
        rest = [self.rest_blocks(f).sum(axis=0) for f in range(len(self.layout.rest))]
        return [inverse.T @ left @ inverse, *rest]

    @cached_property
    def _pieces_of_k(self) -> tuple[Array, Array, Array]:
        """What :meth:`VariancePattern.variances` makes ``K`` of."""
        back = self.half_lead.transpose(0, 2, 1)
        lead = times(back, self.half_lead)
        if not self.layout.rest:
            return lead, np.empty(0), np.empty(0)
        return lead, self.layout.cross.scale(back, self.half_cross), self.B


def flatten(effects: Effects) -> Array:
    """The rest's effects one under the other, (R, 1)."""
    return np.concatenate([part.ravel() for part in effects])[:, None] if effects else np.zeros((0, 1))


def rows_of(layout: Layout, effects: Effects) -> Array:
    """``Z b``, shape (n,)."""
    return passes_of(layout).rows(effects)


def sums_of(layout: Layout, values: Array) -> Effects:
    """``Z'v`` for one value per row."""
    return passes_of(layout).sums(values)


def scaled(effects: Effects, roots: Sequence[Array]) -> Effects:
    """``Lambda u``."""
    return [by_rows(part, root.T) for part, root in zip(effects, roots, strict=True)]


def scaled_back(effects: Effects, roots: Sequence[Array]) -> Effects:
    """``Lambda' s``."""
    return [by_rows(part, root) for part, root in zip(effects, roots, strict=True)]


def dot(left: Effects, right: Effects) -> float:
    """Inner product."""
    total = 0.0
    for a, b in zip(left, right, strict=True):
        total += float(np.vdot(a, b))
    return total


@dataclass
class Mode:
    """The conditional modes for one set of parameters.

    Attributes
    ----------
    u : list of arrays (levels, k)
        Spherical effects per grouping factor.
    eta : array of shape (n,)
        Linear predictor there.
    rows : tuple of arrays of shape (n,)
        Log density per row, without constants, and three derivatives.
    penalised : float
        ``-2 sum log f + |u|^2``, without constants.
    precision : Precision or None
        With the weights of Newton's method at ``eta``; None before convergence.
    steps : int
        Newton steps taken.
    """

    u: Effects
    eta: Array
    rows: Derivatives
    penalised: float
    precision: Precision | None = None
    steps: int = 0


@dataclass(frozen=True)
class ModeSearch:
    """The penalised log density of one set of parameters as a function of the random effects.

    Attributes
    ----------
    layout : Layout
    rows : Observations
    fixed : array of shape (n,)
        Offset and fixed effects.
    roots : sequence of arrays (k, k)
        One relative covariance factor per grouping factor.
    """

    layout: Layout
    rows: Observations
    fixed: Array
    roots: Sequence[Array]

    def find(self, starts: Sequence[Effects], tolerance: float = TOLERANCE) -> Mode | None:
        """Maximise it.

        Parameters
        ----------
        starts : sequence of lists of arrays (levels, k)
            Spherical effects to start from: the best of them is taken, or zero where it leads nowhere.
            Where there may be several modes, the climb starts from each of them and from zero.
        tolerance : float
            Squared Newton decrement at which a mode is found.

        Returns
        -------
        Mode or None
            None where no mode is found within the bounds on steps and halvings.

        Notes
        -----
        lme4's PIRLS (Bates et al.), but with the observed information wherever it is positive, so that
        convergence is quadratic for every link.
        """
        with np.errstate(all="ignore"):
            if self.rows.single_mode:
                modes = [mode for mode in map(self.at, starts) if mode is not None]
                best = min(modes, key=lambda mode: mode.penalised, default=None)
                return self.climb(best, tolerance) or self.climb(self.at(self._zero()), tolerance)
            # From several sides, as the density may have several modes.
            mode = _best(self.climb(self.at(start), tolerance) for start in [*starts, self._zero()])
            return mode if mode is None or not self.rows.two_branches else self._best_branches(mode)

    def from_aside(self, mode: Mode) -> Mode:
        """The mode, or a higher one to which levels come that begin on either side of zero."""
        with np.errstate(all="ignore"):
            for f, part in enumerate(mode.u):
                for aside in ASIDE:
                    u = [np.full_like(part, aside) if g == f else other for g, other in enumerate(mode.u)]
                    found = self._mixed(mode, self.climb(self.at(u)), f)
                    mode = found if found is not None and found.penalised < mode.penalised - 1e-8 else mode
        return mode

    def _best_branches(self, mode: Mode) -> Mode:
        """The mode after all levels have tried the other branch of the link, and beginning on either side of zero."""
        mode = self.from_aside(mode)
        for _ in range(ROUNDS):
            other = _best(self._other_branch(mode, f) for f in range(len(self.layout.factors)))
            if other is None or not other.penalised < mode.penalised - 1e-8:
                break
            mode = other
        return mode

    def climb(self, mode: Mode | None, tolerance: float = TOLERANCE) -> Mode | None:
        """Newton's method from one start; None where it does not arrive."""
        largest = max([float(abs(root).max()) for root in self.roots if root.size], default=0.0)
        previous, reach = np.inf, largest * largest
        while mode is not None and mode.steps < MAX_STEPS:
            try:
                pull, step, precision = self._newton(mode)
            except np.linalg.LinAlgError:
                return None
            decrement = dot(pull, step)
            if not math.isfinite(decrement):
                return None
            # Where rows weigh little, a tiny decrement may yet move their predictors far.
            moves = reach * dot(step, step)
            # A tiny decrement that shrinks no more is the rounding error of Z'g.
            rounding = decrement < 1e-8 and decrement > 0.5 * previous and moves < STILL
            if rounding or (decrement < tolerance and moves < tolerance):
                mode.precision = precision
                return mode if precision is not None else self._settled_or_none(mode)
            previous = decrement
            mode = self._advance(mode, step, decrement, moves)
            # Where a row's third derivative is no larger than its second, the move is the factor of the decrement.
            arrives = max(decrement, moves) * moves < TOLERANCE
            if mode is not None and self.rows.single_mode and arrives:
                return self._settled_or_none(mode)
        return None

    def _newton(self, mode: Mode) -> tuple[Effects, Effects, Precision | None]:
        """Half the downhill gradient, Newton's step, and the precision where the step needs one.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the density has no precision there.
        """
        pull, weights = self._pull(mode), self._weights(mode)
        if self.layout.rest or not self.layout.lead.is_intercept:
            precision = Precision(self.layout, self.roots, weights)
            return pull, precision.solve(pull), precision
        spread = 1.0 + self.roots[0] ** 2 * sums_of(self.layout, weights)[0]
        return pull, [pull[0] / spread], None

    def _settled_or_none(self, mode: Mode) -> Mode | None:
        try:
            return self.settled(mode)
        except np.linalg.LinAlgError:
            return None

    def _other_branch(self, mode: Mode, f: int) -> Mode | None:
        """The mode after those levels of a grouping factor changed branch that gain by it.

        The levels are moved as near to ``-eta`` as their effects can; where that leads to a mode, each level
        takes the better of the two, and the climb goes on from there.
        """
        factor, root = self.layout.factors[f], self.roots[f]
        weights = self._weights(mode)
        Z = factor.Z @ root
        grams = np.stack(
            [np.stack([np.bincount(factor.codes, weights * a * b, factor.q) for b in Z.T]) for a in Z.T]
        )
        right = np.stack([np.bincount(factor.codes, -2 * weights * mode.eta * a, factor.q) for a in Z.T])
        move = np.linalg.solve(grams.transpose(2, 0, 1) + np.eye(factor.k), right.T[:, :, None])[:, :, 0]
        u = [part + move if g == f else part for g, part in enumerate(mode.u)]
        return self._mixed(mode, self.climb(self.at(u)), f)

    def _mixed(self, mode: Mode, other: Mode | None, f: int) -> Mode | None:
        """The better of another mode and one that takes of both, for each level of a grouping factor, the better."""
        if other is None:
            return None
        gain = self._of_levels(mode, f) - self._of_levels(other, f)
        mixed = list(mode.u)
        mixed[f] = np.where(gain[:, None] > 0, other.u[f], mode.u[f])
        return _best([other, self.climb(self.at(mixed))])

    def _of_levels(self, mode: Mode, f: int) -> Array:
        """Each level's part of the penalised log density, shape (q,)."""
        factor = self.layout.factors[f]
        rows = np.bincount(factor.codes, mode.rows[0], factor.q)
        return np.asarray((mode.u[f] ** 2).sum(axis=1) - 2 * rows)

    def at(self, u: Effects) -> Mode | None:
        """The penalised log density at given effects, None outside its domain (see :meth:`Observations.at`)."""
        eta = self.fixed + rows_of(self.layout, scaled(u, self.roots))
        derivatives = self.rows.at(eta)
        penalised = dot(u, u) - 2 * float(derivatives[0].sum())
        return Mode(u, eta, derivatives, penalised) if math.isfinite(penalised) else None

    def settled(self, mode: Mode) -> Mode:
        """The effects as they are, taken for the mode.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the density has no precision there.
        """
        mode.precision = Precision(self.layout, self.roots, self._weights(mode))
        return mode

    def _zero(self) -> Effects:
        return [np.zeros((factor.q, factor.k)) for factor in self.layout.factors]

    def follow(self, mode: Mode, newton: Precision, new: ModeSearch, scores: Array | float) -> Effects:
        """Where the mode goes, to first order, when these parameters change to new ones.

        Parameters
        ----------
        mode : Mode
            Found by this search.
        newton : Precision
            With the observed information there.
        new : ModeSearch
            The same rows with other parameters.
        scores : array of shape (n,) or 0
            Change of each row's first derivative that the new dispersion brings about.
        """
        change = [after - before for after, before in zip(new.roots, self.roots, strict=True)]
        with np.errstate(all="ignore"):
            shift = new.fixed - self.fixed
            if moved := any(part.any() for part in change):
                shift += rows_of(self.layout, scaled(mode.u, change))
            pull = scaled_back(sums_of(self.layout, mode.rows[2] * shift + scores), self.roots)
            if moved:
                straight = scaled_back(sums_of(self.layout, mode.rows[1]), change)
                pull = [a + b for a, b in zip(pull, straight, strict=True)]
            step = newton.solve(pull)
        return [u + part for u, part in zip(mode.u, step, strict=True)]

    def _pull(self, mode: Mode) -> Effects:
        """Half the downhill gradient, ``Lambda'Z'g - u``."""
        scores = scaled_back(sums_of(self.layout, mode.rows[1]), self.roots)
        return [score - u for score, u in zip(scores, mode.u, strict=True)]

    def _weights(self, mode: Mode) -> Array:
        """Observed information where it is positive, expected information elsewhere."""
        weights = -mode.rows[2]
        if weights.min(initial=0.0) >= 0:
            return weights
        return np.where(weights >= 0, weights, self.rows.expected(mode.eta)[0])

    def _advance(self, mode: Mode, step: Effects, decrement: float, moves: float) -> Mode | None:
        """One Newton step, halved until it goes downhill; it moves the squared predictor by `moves` at most."""
        length = 1.0
        if moves > FAR**2:  # where rows weigh next to nothing, too far to be halved back
            length = min(1.0, FAR * (1 + float(np.abs(mode.eta).max(initial=0.0))) / float(np.sqrt(moves)))
        # A full step from close by may change the objective by no more than rounding.
        slack = 1e-12 * (1 + abs(mode.penalised)) if decrement < 1e-3 else 0.0
        for _ in range(MAX_HALVINGS):
            moved = self.at([u + length * change for u, change in zip(mode.u, step, strict=True)])
            if moved and moved.penalised <= mode.penalised - 1e-4 * length * decrement + slack:
                moved.steps = mode.steps + 1
                return moved
            length /= 2
        return None


def _best(modes: Iterable[Mode | None]) -> Mode | None:
    """The one with the highest density."""
    return min((mode for mode in modes if mode), key=lambda mode: mode.penalised, default=None)
