"""The functions of a formula that remember what they saw: poly, bs, ns, scale, center, dummy.

Each transform is fitted once, on the data of the fit, and is then a plain function of new values. So
predictions use the fit's knots, means and orthogonal polynomials, never those of the new rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..errors import DataError
from ..numerics.arrays import Array
from .values import label


class Transform(Protocol):
    """A fitted transform: values (n,) -> columns (n, k), named as R names them."""

    @property
    def names(self) -> list[str]: ...

    def __call__(self, x: Array) -> Array: ...


def _numbered(k: int) -> list[str]:
    return [str(i) for i in range(1, k + 1)]


@dataclass(frozen=True)
class Shift:
    """`(x - mean) / sd`: R's `scale`, and `center`."""

    mean: float
    sd: float

    @classmethod
    def fit(cls, x: Array, center: bool | float = True, scale: bool | float = True) -> "Shift":
        mean = float(x.mean()) if center is True else float(center)
        sd = 1.0 if scale is False else float(scale)
        if scale is True:
            sd = float(np.sqrt(np.sum((x - mean) ** 2) / max(len(x) - 1, 1)))
        return cls.checked(mean, sd)

    @classmethod
    def checked(cls, mean: float, sd: float) -> "Shift":
        """With an `sd` that can be divided by."""
        if not sd > 0:
            raise DataError("scale() cannot divide by a standard deviation of zero: all values are the same")
        return cls(mean, sd)

    @property
    def names(self) -> list[str]:
        return [""]

    def __call__(self, x: Array) -> Array:
        return ((x - self.mean) / self.sd)[:, None]


@dataclass(frozen=True)
class Indicators:
    """A column of 0 and 1 for each level kept: lme4's `dummy`."""

    levels: tuple[str, ...]
    kept: tuple[str, ...]

    @classmethod
    def fit(cls, levels: Sequence[str], kept: object, text: str) -> "Indicators":
        named = tuple(label(one) for one in (kept if isinstance(kept, list) else [kept]))
        lacking = [name for name in named if name not in levels]
        if lacking or not named:
            what = f"the level '{lacking[0]}', which there is not" if lacking else "no level"
            raise DataError(f"{text} asks for {what}; the levels are {', '.join(levels)}")
        return cls(tuple(levels), named)

    @property
    def names(self) -> list[str]:
        return [""] if len(self.kept) == 1 else list(self.kept)

    def __call__(self, x: Array) -> Array:
        """Of the levels' numbers, NaN where a row has none."""
        places = np.array([self.levels.index(name) for name in self.kept])
        return np.where(np.isnan(x)[:, None], np.nan, x[:, None] == places)


@dataclass(frozen=True)
class Poly:
    """Orthogonal polynomials by their three-term recurrence: R's `poly`, with its `alpha` and `norm2`.

    `p[k+1] = (x - alpha[k]) p[k] - norm2[k+1] / norm2[k] p[k-1]`, each scaled to unit length on the fit's
    rows (Kennedy & Gentle 1980, *Statistical Computing*, 343-4, as R cites).
    """

    alpha: tuple[float, ...]
    norm2: tuple[float, ...]

    @classmethod
    def fit(cls, x: Array, degree: float = 1) -> "Poly":
        distinct = len(np.unique(x))
        if degree >= distinct:
            raise DataError(f"poly() of degree {degree:g} needs more than {distinct} distinct values")
        alpha: list[float] = []
        norm2 = [1.0, float(len(x))]
        before, now = np.zeros_like(x), np.ones_like(x)
        for _ in range(int(degree)):
            alpha.append(float(np.sum(x * now**2) / norm2[-1]))
            before, now = now, (x - alpha[-1]) * now - norm2[-1] / norm2[-2] * before
            norm2.append(float(np.sum(now**2)))
        made = cls(tuple(alpha), tuple(norm2))
        columns = made(x)
        if not np.abs(columns.T @ columns - np.eye(int(degree))).max() < 1e-6:
            raise DataError(
                f"poly() of degree {degree:g} cannot be computed for these values to enough digits; take a lower "
                "degree, or a spline: ns() or bs()"
            )
        return made

    @property
    def names(self) -> list[str]:
        return _numbered(len(self.alpha))

    def __call__(self, x: Array) -> Array:
        columns = []
        before, now = np.zeros_like(x), np.ones_like(x)
        for k, alpha in enumerate(self.alpha, start=1):
            before, now = now, (x - alpha) * now - self.norm2[k] / self.norm2[k - 1] * before
            columns.append(now / np.sqrt(self.norm2[k + 1]))
        return np.stack(columns, axis=1)


@dataclass(frozen=True)
class RawPoly:
    """`x, x^2, ...`: R's `poly(raw = TRUE)`."""

    degree: int

    @property
    def names(self) -> list[str]:
        return _numbered(self.degree)

    def __call__(self, x: Array) -> Array:
        return x[:, None] ** np.arange(1, self.degree + 1)


@dataclass(frozen=True)
class BSpline:
    """R's `bs`: a B-spline basis; beyond the boundary knots the outermost polynomials go on."""

    knots: Array  # with the boundary knots repeated
    degree: int
    intercept: bool

    @classmethod
    def fit(
        cls,
        x: Array,
        df: float | None = None,
        knots: Sequence[float] | float | None = None,
        degree: float = 3,
        intercept: bool = False,
        boundary: Sequence[float] | None = None,
    ) -> "BSpline":
        low, high = _boundary(x, boundary, "bs")
        least = int(degree) + int(intercept)
        inner = _inner_knots(x, (low, high), df, knots, least, "bs")
        return cls(_full_knots(inner, low, high, int(degree)), int(degree), bool(intercept))

    @property
    def names(self) -> list[str]:
        return _numbered(len(self.knots) - self.degree - 2 + self.intercept)

    def __call__(self, x: Array) -> Array:
        basis = _spline_basis(self.knots, self.degree)(x)
        return basis if self.intercept else basis[:, 1:]


@dataclass(frozen=True)
class NaturalSpline:
    """R's `ns`: cubic B-splines, rotated so that the second derivative vanishes at both boundary knots.

    Beyond the boundary knots the curve goes on as a straight line.
    """

    knots: Array  # with the boundary knots repeated
    intercept: bool
    rotation: Array  # (B-splines, columns)

    @classmethod
    def fit(
        cls,
        x: Array,
        df: float | None = None,
        knots: Sequence[float] | float | None = None,
        intercept: bool = False,
        boundary: Sequence[float] | None = None,
    ) -> "NaturalSpline":
        low, high = _boundary(x, boundary, "ns")
        inner = _inner_knots(x, (low, high), df, knots, 1 + int(intercept), "ns")
        full = _full_knots(inner, low, high, 3)
        curvature = _spline_basis(full, 3)(np.array([low, high]), nu=2)
        curvature = curvature if intercept else curvature[:, 1:]
        rotation = np.linalg.qr(curvature.T, mode="complete")[0][:, 2:]  # its columns have no curvature there
        return cls(full, bool(intercept), rotation)

    @property
    def names(self) -> list[str]:
        return _numbered(self.rotation.shape[1])

    def __call__(self, x: Array) -> Array:
        spline = _spline_basis(self.knots, 3)
        inside = np.clip(x, self.knots[0], self.knots[-1])
        basis = spline(inside) + spline(inside, nu=1) * (x - inside)[:, None]
        return (basis if self.intercept else basis[:, 1:]) @ self.rotation


def _spline_basis(knots: Array, degree: int):  # type: ignore[no-untyped-def]
    """All B-splines on these knots as one vector-valued spline; SciPy's module is loaded only here."""
    from scipy.interpolate import BSpline as SciPySpline

    return SciPySpline(knots, np.eye(len(knots) - degree - 1), degree, extrapolate=True)


def _full_knots(inner: Array, low: float, high: float, degree: int) -> Array:
    return np.concatenate([np.repeat(low, degree + 1), np.sort(inner), np.repeat(high, degree + 1)])


def _boundary(x: Array, boundary: Sequence[float] | None, function: str) -> tuple[float, float]:
    low, high = (x.min(), x.max()) if boundary is None else sorted(boundary)
    if not low < high:
        raise DataError(f"{function}() needs at least two distinct values")
    return float(low), float(high)


def _inner_knots(
    x: Array,
    boundary: tuple[float, float],
    df: float | None,
    knots: Sequence[float] | float | None,
    least: int,
    function: str,
) -> Array:
    """The given inner knots, or `df - least` of them at quantiles of the values inside the boundary knots."""
    low, high = boundary
    if knots is not None:
        inner = np.atleast_1d(np.asarray(knots, dtype=float))
        trouble = "its knots must lie"
    else:
        count = 0 if df is None else int(df) - least
        if count < 0:
            raise DataError(f"{function}() needs df of at least {least} here, not {df:g}")
        inside = x[(x >= low) & (x <= high)]
        inner = np.quantile(inside if len(inside) else [low], np.linspace(0, 1, count + 2)[1:-1])
        trouble = "for so large a df it needs more distinct values"
    if ((inner <= low) | (inner >= high)).any():
        raise DataError(f"{function}(): {trouble} between the boundary knots {low:g} and {high:g}")
    return inner
