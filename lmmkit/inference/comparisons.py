"""Contrasts between means: which there are, what they are called, and p-values adjusted for their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np

from ..design.transforms import Poly
from ..errors import ModelError
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arguments import shown
from ..numerics.arrays import Array

__all__ = [
    "OF_INTERVALS", "Adjust", "adjusted", "checked_adjust", "coefficients", "critical", "kind_of",
]  # fmt: skip

Adjust = Literal["tukey", "holm", "bonferroni", "sidak", "fdr", "none"]
#: The adjustments that make intervals as well; the others work on p-values in their order.
OF_INTERVALS = ("tukey", "bonferroni", "sidak", "none")
CONTRASTS = (
    "pairwise", "reverse_pairwise", "trt_vs_ctrl", "trt_vs_last", "consecutive", "mean_change", "effects",
    "deleted_effects", "poly",
)  # fmt: skip
#: How R's emmeans calls them.
R_NAMES = {
    "revpairwise": "reverse_pairwise",
    "trt.vs.ctrl": "trt_vs_ctrl",
    "trt.vs.ctrl1": "trt_vs_ctrl",
    "trt.vs.ctrlk": "trt_vs_last",
    "mean_chg": "mean_change",
    "del.eff": "deleted_effects",
    "dunnett": "trt_vs_ctrl",
    "consec": "consecutive",
    "eff": "effects",
    "tukey": "pairwise",
}
DEGREES = ("linear", "quadratic", "cubic", "quartic", "degree 5", "degree 6")


def kind_of(contrasts: Any) -> str | Mapping[str, Sequence[float]]:
    """Contrasts asked for: our name of them, or a dict of coefficients.

    Parameters
    ----------
    contrasts : str or dict
        R's names are taken, too.

    Raises
    ------
    ModelError
        When there are none of that name.

    Examples
    --------
    >>> kind_of("trt.vs.ctrl")
    'trt_vs_ctrl'
    """
    if isinstance(contrasts, Mapping) and contrasts:
        return contrasts
    name = R_NAMES.get(contrasts, contrasts) if isinstance(contrasts, str) else None
    if name not in CONTRASTS:
        known = ", ".join(repr(known) for known in CONTRASTS)
        raise ModelError(
            f"contrasts must be one of {known} or a dict of coefficients, not {shown(contrasts)}"
        )
    return name


def coefficients(
    contrasts: str | Mapping[str, Sequence[float]], labels: Sequence[str], ratio: bool = False
) -> dict[str, Array]:
    """Names of contrasts, and one coefficient for each mean.

    Parameters
    ----------
    contrasts : str or dict
        As :func:`kind_of` gives them.
    labels : sequence of str
        Names of the means.
    ratio : bool
        Whether differences will be shown as ratios: ``A / B``.

    Raises
    ------
    ModelError
        For coefficients that do not fit the means, or a single mean.

    Examples
    --------
    >>> list(coefficients("pairwise", ["A", "B", "C"], ratio=True))
    ['A / B', 'A / C', 'B / C']
    >>> coefficients("poly", ["1", "2", "3"])["quadratic"]
    array([ 1., -2.,  1.])
    """
    m, eye = len(labels), np.eye(len(labels))
    if not isinstance(contrasts, str):
        return {str(name): _checked(str(name), given, m) for name, given in contrasts.items()}
    if m < 2:
        raise ModelError("there is only one mean, so there is nothing to contrast")
    if contrasts == "effects":
        return {f"{labels[i]} effect": eye[i] - 1 / m for i in range(m)}
    if contrasts == "deleted_effects":
        return {f"{labels[i]} effect": (m * eye[i] - 1) / (m - 1) for i in range(m)}
    if contrasts == "mean_change":
        after = [np.arange(m) > i for i in range(m - 1)]
        return {
            f"{labels[i]}|{labels[i + 1]}": late / late.sum() - ~late / (~late).sum()
            for i, late in enumerate(after)
        }
    if contrasts == "poly":
        return dict(zip(DEGREES, _polynomials(m), strict=False))
    pairs = {
        "pairwise": list(combinations(range(m), 2)),
        "reverse_pairwise": [(j, i) for i, j in combinations(range(m), 2)],
        "trt_vs_ctrl": [(i, 0) for i in range(1, m)],
        "trt_vs_last": [(i, m - 1) for i in range(m - 1)],
        "consecutive": [(i, i - 1) for i in range(1, m)],
    }[contrasts]
    sign = "/" if ratio else "-"
    return {f"{labels[i]} {sign} {labels[j]}": eye[i] - eye[j] for i, j in pairs}


def _checked(name: str, given: Any, m: int) -> Array:
    try:
        numbers = np.asarray(given, dtype=float).ravel()
    except (TypeError, ValueError, OverflowError):
        raise ModelError(f"the contrast {name!r} must be a list of {m} numbers, not {shown(given)}") from None
    if len(numbers) != m or not np.isfinite(numbers).all():
        raise ModelError(f"the contrast {name!r} has {len(numbers)} coefficients for {m} means")
    return numbers


def _polynomials(m: int) -> list[Array]:
    """Orthogonal polynomials over evenly spaced means, in whole numbers where these exist (as R's emmeans)."""
    found = []
    grid = np.arange(1.0, m + 1)
    for column in Poly.fit(grid, degree=min(6, m - 1))(grid).T:
        smallest = column[column > 0.01].min()
        column = column / smallest
        off = np.abs(column - np.round(column)).max()
        while off > 0.05:
            column = column / off
            off = np.abs(column - np.round(column)).max()
        found.append(np.round(column) + 0.0)
    return found


def checked_adjust(adjust: Any) -> Adjust | None:
    """An adjustment, as Python or R spell it, or None.

    Parameters
    ----------
    adjust : str or None

    Raises
    ------
    ModelError
        For anything else.

    Examples
    --------
    >>> checked_adjust("BH")
    'fdr'
    """
    word: Adjust | None = arguments.one_of("adjust", adjust, (*get_args(Adjust), None), {"bh": "fdr"})
    return word


def adjusted(statistic: Array, df: Array, adjust: str, n_means: int) -> Array:
    """Two-sided p-values, adjusted for their number.

    Parameters
    ----------
    statistic, df : arrays of shape (m,)
        t statistics and their degrees of freedom.
    adjust : str
        One of :data:`Adjust`.
    n_means : int
        Between how many means all pairs are compared (Tukey).

    Examples
    --------
    >>> adjusted(np.array([2.0, 3.0]), np.array([np.inf, np.inf]), "bonferroni", 2).round(4)
    array([0.091 , 0.0054])
    """
    if adjust == "tukey":
        return np.asarray(stats.studentized_range.sf(np.abs(statistic) * np.sqrt(2), n_means, df))
    p = np.asarray(2 * stats.t.sf(np.abs(statistic), df))
    m = int(np.isfinite(p).sum())
    if adjust == "bonferroni":
        return np.minimum(p * m, 1.0)
    if adjust == "sidak":
        return np.asarray(-np.expm1(m * np.log1p(-p)))
    if adjust == "fdr":
        from scipy.stats import false_discovery_control  # a slow import

        p[np.isfinite(p)] = false_discovery_control(p[np.isfinite(p)])
        return p
    if adjust == "holm":
        order = np.argsort(p)  # missing ones come last
        factors = np.arange(m, m - len(p), -1).clip(1)
        out = np.empty(len(p))
        out[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
        return out
    return p


def critical(level: float, df: Array, adjust: str, n_means: int) -> Array:
    """Half-widths of intervals in standard errors, adjusted for their number so that all hold at once.

    Parameters
    ----------
    level : float
        The probability that they do.
    df : array of shape (m,)
    adjust : str
        One of :data:`Adjust`; by Bonferroni's method where it is not among :data:`OF_INTERVALS`.
    n_means : int
        Between how many means all pairs are compared (Tukey).

    Examples
    --------
    >>> critical(0.95, np.array([48.0]), "tukey", 3).round(4)  # R: qtukey(0.95, 3, 48) / sqrt(2)
    array([2.4185])
    """
    if adjust == "tukey":
        return np.asarray(stats.studentized_range.ppf(level, n_means, df) / np.sqrt(2))
    m = 1 if adjust == "none" else max(int((~np.isnan(df)).sum()), 1)
    outside = -np.expm1(np.log(level) / m) if adjust == "sidak" else (1 - level) / m
    return np.asarray(stats.t.ppf(1 - outside / 2, df))
