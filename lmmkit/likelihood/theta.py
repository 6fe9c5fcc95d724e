"""The covariance parameters of all random-effects terms, in the units in which they are searched."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..crossprod.factors import factors_of
from ..crossprod.layout import Layout
from ..design.design import Design
from ..numerics.arrays import Array, Flags
from ..numerics.trust_region import Search
from .covariance import Whitening, canonical, factor_from_theta, lower_indices, n_theta, theta_from_factor
from .search import Place

#: A singular value of ``T`` below this is next to none.
LACKING = 1e-2
#: Standard deviation that it is given where the search tries again from off the edge.
LIFT = 0.3


class Terms:
    """Where each term's parameters stand in ``theta``, and how they act; what every criterion shares.

    Parameters
    ----------
    design : Design
    scale : array of shape (n,)
        Multiplies each row of the left sides.
    unit : float
        Root mean square of the whitened columns.

    Attributes
    ----------
    ks : list of int
        Effects per level of each term.
    of_term : list of slice
        Each term's part of ``theta``.
    whitenings : list of Whitening
    layout : Layout
        The blocks of the whitened columns' cross-products.
    owned : list of (int, int, slice)
        Grouping factor, term, and which of the factor's columns are the term's.
    """

    sparse = False  # whether a criterion can do with a sparse Schur complement

    def __init__(self, design: Design, scale: Array, unit: float = 1.0) -> None:
        self.design = design
        self.ks = [term.Z.shape[1] for term in self.design.terms]
        stops = np.cumsum([n_theta(k) for k in self.ks])
        self.of_term = [
            slice(int(stop - n_theta(k)), int(stop)) for stop, k in zip(stops, self.ks, strict=True)
        ]
        self.whitenings, columns = [], []
        for term in self.design.terms:
            Z = term.Z * scale[:, None]
            whitening = Whitening.of(Z.T @ Z / (len(scale) * unit**2))
            self.whitenings.append(whitening)
            columns.append(Z @ whitening.matrix)
        self.layout = Layout(factors_of(self.design.terms, columns), sparse=self.sparse)
        self.owned = [(f, t, s) for f, factor in enumerate(self.layout.factors) for t, s in factor.terms]

    def split(self, theta: Array) -> list[Array]:
        """One lower triangle per term."""
        return [factor_from_theta(theta[own], k) for own, k in zip(self.of_term, self.ks, strict=True)]

    def roots(self, factors: list[Array]) -> list[Array]:
        """One relative covariance factor per grouping factor, block diagonal in its terms."""
        roots = [np.zeros((factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self.owned:
            roots[f][own, own] = factors[t]
        return roots

    def many_roots(self, theta: Array) -> tuple[list[Array], list[Array]]:
        """Lower triangles (B, k, k) per term, and block-diagonal ones per grouping factor, for (B, m)."""
        terms = []
        for own, k in zip(self.of_term, self.ks, strict=True):
            T = np.zeros((len(theta), k, k))
            T[(slice(None), *lower_indices(k))] = theta[:, own]
            terms.append(T)
        roots = [np.zeros((len(theta), factor.k, factor.k)) for factor in self.layout.factors]
        for f, t, own in self.owned:
            roots[f][:, own, own] = terms[t]
        return terms, roots

    @staticmethod
    def settled(theta: Array) -> Array:
        """``theta`` with zero for entries below 1e-7: in whitened units they change no fitted value visibly."""
        return np.where(np.abs(theta) < 1e-7, 0.0, theta)

    def to_original(self, theta: Array) -> list[Array]:
        """Relative covariance factors in the units of the data, lme4's convention, one per term."""
        parts = self.split(self.settled(theta))
        return [w.original(T) for w, T in zip(self.whitenings, parts, strict=True)]

    def from_original(self, theta: Array) -> Array:
        """Whitened ``theta`` for a ``theta`` in lme4's units."""
        pairs = zip(self.whitenings, self.split(theta), strict=True)
        return np.concatenate([theta_from_factor(w.whitened(T)) for w, T in pairs])

    @property
    def has_slopes(self) -> bool:
        """Whether some term has more than an intercept."""
        return any(bool((term.Z != 1).any()) for term in self.design.terms)

    def identity(self) -> Array:
        """``T = I`` in whitened units: random effects as variable as the residuals."""
        return np.concatenate([theta_from_factor(np.eye(k)) for k in self.ks])

    def directions(self, factors: list[Array], scores: list[Array]) -> list[Array]:
        """``dSigma/dtheta_i`` times the scores: (levels, k, m) per factor."""
        m = self.of_term[-1].stop
        out = [np.zeros((*score.shape, m)) for score in scores]
        for f, t, own in self.owned:
            T, score = factors[t], scores[f][:, own]
            image = score @ T
            rows, columns = lower_indices(self.ks[t])
            for i, a, b in zip(range(self.of_term[t].start, m), rows, columns, strict=False):
                target = out[f][:, own, i]  # a view
                target[:, a] += image[:, b]
                target += score[:, a, None] * T[:, b]
        return out

    def spread(self, per_factor: list[Array]) -> tuple[Array, Array]:
        """Split per-factor columns into the leading factor's and the rest's."""
        m = per_factor[0].shape[2]
        rest = [part.reshape(-1, m) for part in per_factor[1:]]
        return per_factor[0], np.concatenate(rest) if rest else np.zeros((0, m))

    def second_order(self, slopes: list[Array]) -> Array:
        """``<slope, d2(T T')>``: couples entries of the same column of the same ``T``."""
        m = self.of_term[-1].stop
        hessian = np.zeros((m, m))
        for f, t, own in self.owned:
            rows, columns = lower_indices(self.ks[t])
            same = columns[:, None] == columns[None, :]
            block = slopes[f][own, own][rows[:, None], rows]
            hessian[self.of_term[t], self.of_term[t]] = 2 * block * same
        return hessian

    def nearer_zero(self, x: Array, share: float) -> Array:
        """The same point with ``theta``, its first entries, multiplied by ``share``."""
        m = self.of_term[-1].stop
        return np.concatenate([share * x[:m], x[m:]]) if share != 1 else x

    def second_opinions(self, search: Search) -> list[Place]:
        """Other places worth a try: a singular vector-valued term is where criteria have several minima."""
        theta, rest = search.x[: self.of_term[-1].stop], search.x[self.of_term[-1].stop :]
        if not self.vector_singular(theta[None])[0]:
            return []
        others = self.beside_singular(theta[None])
        return [Place(why, np.concatenate([other[0], rest])) for why, other in others.items()]

    def vector_singular(self, theta: Array) -> Flags:
        """Whether some term of several effects is singular, for each of (B, m)."""
        flags = np.zeros(len(theta), dtype=bool)
        for T in self.many_roots(theta)[0]:
            if T.shape[1] > 1:
                flags |= np.linalg.svd(T, compute_uv=False)[:, -1] < LACKING
        return flags

    def beside_singular(self, theta: Array) -> dict[str, Array]:
        """Starts beside a singular covariance of several effects, each (B, m): without it, and lifted off zero."""
        without, off_zero = theta.copy(), theta.copy()
        for own, T in zip(self.of_term, self.many_roots(theta)[0], strict=True):
            if T.shape[1] > 1:
                axes, spread, _ = np.linalg.svd(T)
                lacking = axes * (spread < LACKING)[:, None, :]
                singular = spread[:, -1] < LACKING
                # T T' + LIFT^2 U U' has this root, which QR makes triangular.
                root = np.concatenate([T, LIFT * lacking], axis=2)[singular]
                triangle = np.asarray(np.linalg.qr(root.transpose(0, 2, 1), mode="r"))
                rows, columns = lower_indices(T.shape[1])
                off_zero[singular, own] = triangle[:, columns, rows]
                without[singular, own] = 0.0
        return {"without the singular terms": without, "off the edge of the singular terms": off_zero}

    def beside(self, search: Search, tolerance: float) -> Iterator[Array]:
        """Points a little way in a direction that ``Sigma`` lacks and that leads downhill.

        With ``U`` the left singular vectors of ``T`` that have (nearly) no singular value, and ``v`` the
        eigenvector of ``U' (d objective / d Sigma) U`` with the most negative eigenvalue, these are the roots
        of ``T T' + length^2 U v v' U'``.
        """
        point, rest = search.state, search.x[self.of_term[-1].stop :]
        for f, t, own in self.owned:
            axes, spread, _ = np.linalg.svd(point.factors[t])
            lacking = axes[:, spread < LACKING]
            if not lacking.size:
                continue
            values, vectors = np.linalg.eigh(lacking.T @ point.slopes[f][own, own] @ lacking)
            if values.min(initial=0.0) >= -tolerance:
                continue
            for length in (0.01, 0.03, 0.1, 0.3, 1.0):
                root = canonical(np.column_stack([point.factors[t], length * lacking @ vectors[:, 0]]))
                moved = [root if number == t else T for number, T in enumerate(point.factors)]
                yield np.concatenate([*(theta_from_factor(T) for T in moved), rest])
