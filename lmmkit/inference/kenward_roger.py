"""Kenward and Roger's adjusted covariance of the fixed effects, with their t and F tests.

Kenward and Roger (1997), *Biometrics* 53, 983-997, as implemented by R's pbkrtest (Halekoh and Højsgaard
2014): the covariance is widened for the uncertainty of the variances, and F is scaled and given the degrees
of freedom that match its first two moments.

With the relative covariance ``V = I + sum_r s_r G_r``, where ``G_r = Z D_r Z'``, everything needed is made of
``B = Z'V^-1 X`` and ``C = Z'V^-1 Z``:

    X'V^-1 G_r V^-1 X = B'D_r B,    X'V^-1 G_r V^-1 G_s V^-1 X = B'D_r C D_s B,    tr V^-1 G_r V^-1 G_s = tr C
    D_r C D_s,

so that no matrix of n rows by n columns appears. The method does not depend on how the variances are
parametrised as long as ``V`` is linear in them; the last parameter here is therefore the scale of the whole
of ``V`` instead of the residual variance, which makes its own terms trivial.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from ..crossprod.blocks import inner
from ..crossprod.elimination import Elimination
from ..errors import ModelError
from ..fitted.derivatives import Optimum
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..numerics.arrays import Array
from ..numerics.threads import threads_for
from .contrasts import uncorrelated
from .satterthwaite import singular_notes, t_table

__all__ = ["adjusted_vcov", "coef_tests", "ddf", "f_test"]


#: Columns of ``Z'V^-1 Z`` are made so many at a time that a slab has about this many numbers.
SLAB = 4_000_000


#: What was made for a fit, as long as its derivatives are there; by whether the information is the observed one.
_ADJUSTMENTS: WeakKeyDictionary[Optimum, dict[bool, Adjustment]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Adjustment:
    """Kenward and Roger's quantities in coordinates where the covariance of the fixed effects is ``I``.

    Attributes
    ----------
    root : array of shape (p, p)
        ``H`` with ``H'H`` the unadjusted covariance.
    P : array of shape (r, p, p)
        Derivatives of the information ``X'V^-1 X``, one for each variance parameter.
    W : array of shape (r, r)
        Covariance of the variance parameters, from the expected REML information, or from the observed one.
    inflation : array of shape (p, p)
        The adjusted covariance is ``H' inflation H``.
    """

    root: Array
    P: Array
    W: Array
    inflation: Array

    @classmethod
    def of(cls, fit: MixedFit, observed: bool = False) -> Adjustment:
        """Make it for a fit, once.

        Parameters
        ----------
        fit : MixedFit
        observed : bool
            Take the observed information about the variances, as SAS does, in place of the expected one.

        Raises
        ------
        ModelError
            For a GLMM or a fit by maximum likelihood.
        """
        optimum = fit.derivatives
        if not fit.is_reml:
            raise ModelError(
                "Kenward and Roger's method needs a fit by REML; use fit.update(reml=True), "
                "or ddf='satterthwaite'"
            )
        made = _ADJUSTMENTS.setdefault(optimum, {})
        if observed not in made:
            with threads_for(optimum.criterion.layout.width):
                made[observed] = cls._make(optimum, fit.sigma, observed)
        return made[observed]

    @classmethod
    def _make(cls, optimum: Optimum, sigma: float, observed: bool) -> Adjustment:
        P, Q, traces = _information(optimum)
        if observed:
            W = _observed_covariance(optimum)
        else:
            products = np.einsum("rij,sji->rs", P, P)
            information = traces - 2 * np.einsum("rsii->rs", Q) + products
            scale = np.sqrt(np.diag(information))
            W = 2 * np.linalg.pinv(information / np.outer(scale, scale), rcond=1e-10, hermitian=True)
            W /= np.outer(scale, scale)
        uncertainty = np.einsum("rs,rsij->ij", W, Q) - np.einsum("rs,rik,skj->ij", W, P, P, optimize=True)
        inflation = np.eye(len(uncertainty)) + uncertainty + uncertainty.T
        return cls(sigma * optimum.covariance_root, P, W, inflation)

    @property
    def vcov(self) -> Array:
        """The adjusted covariance, (p, p)."""
        return np.asarray(self.root.T @ self.inflation @ self.root)

    def moments(self, L: Array) -> tuple[float, float]:
        """Kenward and Roger's ``A1`` and ``A2`` for contrasts (r, p) of full rank."""
        basis = np.linalg.qr((L @ self.root.T).T)[0]
        S = basis.T @ self.P @ basis
        traces = np.einsum("rii->r", S)
        return float(traces @ self.W @ traces), float(np.einsum("rs,rij,sji->", self.W, S, S, optimize=True))


def adjusted_vcov(fit: MixedFit) -> pd.DataFrame:
    """Covariance of the fixed effects, adjusted for the uncertainty of the variances.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model fitted by REML.

    Returns
    -------
    DataFrame (p, p)

    Raises
    ------
    ModelError
        For a GLMM or a fit by maximum likelihood.

    Notes
    -----
    Agrees with ``pbkrtest::vcovAdj``; prior weights count, which there they do not.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days || Subject)", lk.load_data("sleepstudy"))
    >>> adjusted_vcov(fit).round(4)
                 (Intercept)    Days
    (Intercept)      47.4085 -1.9806
    Days             -1.9806  2.4322
    """
    names = fit.design.x_names
    return pd.DataFrame(Adjustment.of(fit).vcov, index=names, columns=names)


def ddf(fit: MixedFit, L: Array, observed: bool = False) -> Array:
    """Kenward and Roger's degrees of freedom of single contrasts.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model fitted by REML.
    L : array of shape (r, p)
        One contrast per row.
    observed : bool
        As in :meth:`Adjustment.of`.

    Returns
    -------
    array of shape (r,)

    Raises
    ------
    ModelError
        For a GLMM or a fit by maximum likelihood.

    Notes
    -----
    Agrees with ``pbkrtest::Lb_ddf``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> ddf(fit, np.eye(2)).round(3)
    array([17., 17.])
    """
    adjustment = Adjustment.of(fit, observed)
    L = np.atleast_2d(np.asarray(L, dtype=float))
    return np.array([2 / adjustment.moments(row[None])[1] for row in L])


def coef_tests(fit: MixedFit, L: Array, observed: bool = False) -> pd.DataFrame:
    """t test of each row of ``L beta = 0``, with the adjusted standard errors.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model fitted by REML.
    L : array of shape (r, p)
        One contrast per row; the identity tests the coefficients.
    observed : bool
        As in :meth:`Adjustment.of`.

    Returns
    -------
    DataFrame
        One row for each contrast, columns ``estimate std_error df statistic p_value``.

    Raises
    ------
    ModelError
        For a GLMM or a fit by maximum likelihood.

    Notes
    -----
    Agrees with ``coef(summary(fit, ddf = "Kenward-Roger"))`` of lmerTest.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days || Subject)", lk.load_data("sleepstudy"))
    >>> coef_tests(fit, np.eye(2)).round(3)
       estimate  std_error      df  statistic p_value
    0   251.405      6.885  18.187     36.513  <0.001
    1    10.467      1.560  18.187      6.712  <0.001
    """
    L = np.atleast_2d(np.asarray(L, dtype=float))
    std_error = np.sqrt(np.einsum("ri,ij,rj->r", L, Adjustment.of(fit, observed).vcov, L))
    return Table(t_table(L @ fit.estimate.beta, std_error, ddf(fit, L, observed)), notes=singular_notes(fit))


def f_test(
    fit: MixedFit, L: Array, beta: Array | None = None, observed: bool = False
) -> tuple[float, float, float]:
    """F test of ``L beta = 0``, all rows at once.

    Parameters
    ----------
    fit : MixedFit
        A linear mixed model fitted by REML.
    L : array of shape (r, p)
        Contrasts; rows that repeat others do not count.
    beta : array of shape (p,), optional
        In place of the estimates: these less what the hypothesis says of them.
    observed : bool
        As in :meth:`Adjustment.of`.

    Returns
    -------
    tuple
        Scaled F statistic, numerator and denominator degrees of freedom.

    Raises
    ------
    ModelError
        For a GLMM or a fit by maximum likelihood.

    Notes
    -----
    Agrees with the row ``Ftest`` of ``pbkrtest::KRmodcomp``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> np.round(f_test(fit, np.eye(2)), 3)
    array([705.844,   2.   ,  16.   ])
    """
    adjustment = Adjustment.of(fit, observed)
    L = uncorrelated(np.atleast_2d(np.asarray(L, dtype=float)), fit.vcov.to_numpy())[0]
    q = len(L)
    difference = L @ (fit.beta if beta is None else beta)
    raw = float(difference @ np.linalg.solve(L @ adjustment.vcov @ L.T, difference)) / q
    scaling, den_df = _scaling(q, *adjustment.moments(L))
    return scaling * raw, float(q), den_df


def _scaling(q: int, A1: float, A2: float) -> tuple[float, float]:
    """Scale and denominator degrees of freedom of F on q contrasts (Kenward and Roger 1997, section 3)."""
    B = (A1 + 6 * A2) / (2 * q)
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    below = 3 * q + 2 * (1 - g)
    V0, V1, V2 = 1 + g / below * B, 1 - (q - g) / below * B, 1 - (q + 2 - g) / below * B
    V0 = 0.0 if abs(V0) < 1e-10 else V0
    ratio = 1.0 if max(abs(1 - A2 / q), abs(V1)) < 1e-14 else (1 - A2 / q) / V1
    rho = ratio**2 * V0 / V2 / q
    df = 4 + (q + 2) / (q * rho - 1)
    return (1.0 if abs(df - 2) < 1e-2 else df * (1 - A2 / q) / (df - 2)), df


def _observed_covariance(optimum: Optimum) -> Array:
    """Covariance of the variances, covariances and the scale, from the observed information about theta.

    A variance of zero counts as known, as in SAS.
    """
    criterion, m = optimum.criterion, len(optimum.theta)
    rates = [
        (criterion.of_term[t], criterion.structures[t].tangent_rates(*optimum.of_term(t)))
        for _, t, _ in criterion.owned
    ]
    jacobian = np.zeros((sum(len(own) for _, own in rates) + 1, m + 1))
    jacobian[-1, m] = 1.0
    row = 0
    for part, own in rates:
        jacobian[row : row + len(own), part] = own
        row += len(own)
    return np.asarray(jacobian @ optimum.information_inverse @ jacobian.T)


def _information(optimum: Optimum) -> tuple[Array, Array, Array]:
    """Kenward and Roger's ``P`` (r, p, p), ``Q`` (r, r, p, p) and ``tr V^-1 G_r V^-1 G_s`` (r, r).

    In coordinates where ``X'V^-1 X`` is the identity. The last parameter scales all of ``V``.
    """
    criterion, point = optimum.criterion, optimum.point
    p = criterion.p
    B = [image[..., :p] @ point.root.T for image in point.images]
    directions = list(_directions(optimum))
    m = len(directions)
    P, Q, traces = np.zeros((m + 1, p, p)), np.zeros((m + 1, m + 1, p, p)), np.zeros((m + 1, m + 1))
    moved = [np.einsum("ab,lbj->laj", D, B[f]) for f, D in directions]
    for s, (f, D) in enumerate(directions):
        P[s] = -inner(B[f], moved[s])
        traces[s, m] = traces[m, s] = float((point.block_sums[f] * D).sum())
        image = _through(point.elimination, f, moved[s])
        for r, (g, _) in enumerate(directions):
            Q[r, s] = inner(moved[r], image[g])
    Q[m, :m] = Q[:m, m] = -P[:m]
    P[m], Q[m, m], traces[m, m] = -np.eye(p), np.eye(p), criterion.n
    traces[:m, :m] = _traces(point.elimination, directions)
    return P, Q, traces


def _directions(optimum: Optimum) -> Iterator[tuple[int, Array]]:
    """Grouping factor and symmetric (k, k) derivative of its covariance, for each way in which it can move.

    Of an unstructured term each variance and covariance. A structured one moves along its tangents: the method
    takes the covariance as linear in its parameters, as ``FIRSTORDER`` of SAS, so that it does not matter how
    they are chosen.
    """
    criterion = optimum.criterion
    for f, t, own in criterion.owned:
        k = criterion.layout.factors[f].k
        for tangent in criterion.structures[t].tangents(*optimum.of_term(t)):
            D = np.zeros((k, k))
            D[own, own] = tangent
            yield f, D


def _through(elimination: Elimination, f: int, right: Array) -> list[Array]:
    """``Z'V^-1 Z`` times columns (levels, k, d) that belong to factor f."""
    layout, d = elimination.layout, right.shape[2]
    lead, rest = np.zeros((layout.lead.q, layout.lead.k, d)), np.zeros((layout.width, d))
    if f == 0:
        lead = right
    else:
        rest[layout.columns(f - 1).ravel()] = right.reshape(-1, d)
    return elimination.z_vinv_z(lead, rest)


def _traces(elimination: Elimination, directions: list[tuple[int, Array]]) -> Array:
    """``tr C D_r C D_s`` for ``C = Z'V^-1 Z``."""
    factors = elimination.layout.factors
    if len(factors) == 1:  # C is block diagonal
        blocks = elimination.lead_blocks()
        sums = {(0, 0): np.einsum("lab,lcd->abcd", blocks, blocks, optimize=True)}
    else:
        sums = _squared_blocks(elimination)
    m = len(directions)
    out = np.empty((m, m))
    for r, (f, D) in enumerate(directions):
        for s, (g, E) in enumerate(directions):
            out[r, s] = np.einsum("abcd,ac,bd->", sums[f, g], D, E)
    return out


def _squared_blocks(elimination: Elimination) -> dict[tuple[int, int], Array]:
    """``sum C[la, jb] C[lc, jd]`` over levels l of one factor and j of another: (k, k', k, k') per pair."""
    factors = elimination.layout.factors
    ks = [factor.k for factor in factors]
    sums = {(f, g): np.zeros((ks[f], ks[g], ks[f], ks[g])) for f in range(len(ks)) for g in range(len(ks))}
    height = sum(factor.q * factor.k for factor in factors)
    for g, factor in enumerate(factors):
        slab = max(1, SLAB // (height * factor.k))
        for start in range(0, factor.q, slab):
            levels = np.arange(start, min(start + slab, factor.q))
            unit = np.zeros((factor.q, factor.k, len(levels), factor.k))
            for b in range(factor.k):
                unit[levels, b, np.arange(len(levels)), b] = 1.0
            for f, C in enumerate(_through(elimination, g, unit.reshape(factor.q, factor.k, -1))):
                flat = (
                    C.reshape(-1, ks[f], len(levels), ks[g]).transpose(0, 2, 1, 3).reshape(-1, ks[f] * ks[g])
                )
                sums[f, g] += (flat.T @ flat).reshape(sums[f, g].shape)
    return sums
