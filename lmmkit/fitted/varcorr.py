"""The standard deviations and correlations of the random effects, printed as lme4's ``VarCorr``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..design.names import make_unique
from ..formatting.r_text import format_numbers, matrix_lines
from ..numerics.arrays import Array


@dataclass(frozen=True)
class Component:
    """Covariance of one random-effects term.

    Attributes
    ----------
    group : str
        Name of the grouping factor; a second term on the same factor gets ``.1`` behind it, as in lme4.
    names : tuple of str
        The k effects that vary between the group's levels.
    cov : ndarray (k, k)
        Their covariance.
    tag : str
        Its structure.
    homogeneous : bool
        Whether it has one standard deviation for all effects.
    rho : float
        The structure's single correlation; NaN where nothing tells it.
    """

    group: str
    names: tuple[str, ...]
    cov: Array
    tag: str = "us"
    homogeneous: bool = False
    rho: float = np.nan

    @property
    def has_rho(self) -> bool:
        """Whether a single correlation stands for all."""
        return self.tag not in ("us", "diag")

    @property
    def shown(self) -> int:
        """Rows of the printed table: of one standard deviation and one correlation the first says all."""
        return 1 if self.homogeneous and self.has_rho else len(self.names)

    @property
    def sd(self) -> Array:
        """Standard deviations, shape (k,)."""
        return np.sqrt(np.diag(self.cov))

    @property
    def cor(self) -> Array:
        """Correlations, shape (k, k); NaN where a standard deviation is zero."""
        with np.errstate(invalid="ignore", divide="ignore"):
            cor = self.cov / np.outer(self.sd, self.sd)
        np.fill_diagonal(cor, 1.0)
        return np.clip(cor, -1.0, 1.0)

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Row and column of each correlation, down the columns of the lower triangle."""
        k = len(self.names)
        return ((i, j) for j in range(k) for i in range(j + 1, k))


class VarCorr:
    """Variance components of a fitted model.

    Parameters
    ----------
    groups : list of str
        Grouping factor of each term.
    names : list of list of str
        Effects of each term.
    covs : list of ndarray, each (k, k)
        Covariance of each term.
    sigma : float or None
        Residual standard deviation; None for a family without one.
    structures : list of (str, bool, float), optional
        For each term the tag of its structure, whether that is homogeneous, and its correlation if it has a
        single one.

    Notes
    -----
    Agrees with ``lme4::VarCorr``.

    Examples
    --------
    >>> vc = VarCorr(["Subject"], [["(Intercept)", "Days"]], [np.array([[612.1, 9.6], [9.6, 35.07]])], 25.592)
    >>> print(vc)
     Groups   Name        Std.Dev. Corr
     Subject  (Intercept) 24.741
              Days         5.922   0.066
     Residual             25.592
    >>> vc["Subject"]
                 (Intercept)   Days
    (Intercept)        612.1   9.60
    Days                 9.6  35.07
    """

    def __init__(
        self,
        groups: list[str],
        names: list[list[str]],
        covs: list[Array],
        sigma: float | None,
        structures: list[tuple[str, bool, float]] | None = None,
    ) -> None:
        unique = distinct_names(groups)
        kinds = [("us", False, np.nan)] * len(groups) if structures is None else structures
        self.components = [
            Component(group, tuple(name), cov, *kind)
            for group, name, cov, kind in zip(unique, names, covs, kinds, strict=True)
        ]
        self.sigma = sigma

    @property
    def frame(self) -> pd.DataFrame:
        """One row per standard deviation and correlation.

        Returns
        -------
        DataFrame
            Columns ``grp var1 var2 vcov sdcor``: for a standard deviation `var2` is missing, `vcov` is the
            variance and `sdcor` its root; for a correlation they are the covariance and the correlation.
            A structured term is listed in full, the zeros of a diagonal one included.
            The residual stands last. Agrees with R's ``as.data.frame(VarCorr(fit))``.
        """
        rows: list[tuple[str, str | None, str | None, float, float]] = []
        for part in self.components:
            rows += [
                (part.group, name, None, part.cov[i, i], part.sd[i]) for i, name in enumerate(part.names)
            ]
            cor = part.cor
            rows += [
                (part.group, part.names[j], part.names[i], part.cov[i, j], cor[i, j]) for i, j in part.pairs()
            ]
        if self.sigma is not None:
            rows.append(("Residual", None, None, self.sigma**2, self.sigma))
        return pd.DataFrame(rows, columns=["grp", "var1", "var2", "vcov", "sdcor"])

    def __getitem__(self, group: str) -> pd.DataFrame:
        """Covariance matrix of one term, by the name under which it is printed."""
        for part in self.components:
            if part.group == group:
                return pd.DataFrame(part.cov, index=list(part.names), columns=list(part.names))
        known = ", ".join(part.group for part in self.components)
        raise KeyError(f"no random effects of '{group}' in this model; it has {known}")

    def lines(
        self, digits: int = 5, show: tuple[Literal["Variance", "Std.Dev."], ...] = ("Std.Dev.",)
    ) -> list[str]:
        """The printed table, line by line.

        Parameters
        ----------
        digits : int
            Significant digits; correlations get ``digits - 2`` decimals.
        show : tuple of {"Variance", "Std.Dev."}
            One of them or both.

        Returns
        -------
        list of str
            Heading first, ``Residual`` last.

        Examples
        --------
        >>> vc = VarCorr(["Subject"], [["(Intercept)"]], [np.array([[1378.2]])], 30.99)
        >>> print(*vc.lines(show=("Variance", "Std.Dev.")), sep="\\n")
         Groups   Name        Variance Std.Dev.
         Subject  (Intercept) 1378.20  37.124
         Residual              960.38  30.990
        """
        columns, rows = self.cells(digits, show)
        return matrix_lines(rows, columns) if rows else ["No random effects"]

    def cells(
        self, digits: int = 5, show: tuple[Literal["Variance", "Std.Dev."], ...] = ("Std.Dev.",)
    ) -> tuple[list[str], list[list[str]]]:
        """Column headings and text cells of the table, as R's ``formatVC``.

        Parameters
        ----------
        digits : int
            Significant digits; correlations get ``digits - 2`` decimals.
        show : tuple of {"Variance", "Std.Dev."}
            One of them or both.

        Returns
        -------
        tuple
            Headings, a list of str; and rows, a list of lists of str as long as the headings.

        Examples
        --------
        >>> vc = VarCorr(["Subject"], [["(Intercept)"]], [np.array([[1378.2]])], 30.99)
        >>> vc.cells()[1]
        [['Subject', '(Intercept)', '37.124'], ['Residual', '', '30.990']]
        """
        sds = np.concatenate(
            [np.empty(0), *(part.sd[: part.shown] for part in self.components), *self._residual()]
        )
        values = {"Variance": format_numbers(sds**2, digits), "Std.Dev.": format_numbers(sds, digits)}
        labels = [
            (part.group if i == 0 else "", name)
            for part in self.components
            for i, name in enumerate(part.names[: part.shown])
        ]
        if self.sigma is not None:
            labels.append(("Residual", ""))
        rows = [[*label, *(values[kind][i] for kind in show)] for i, label in enumerate(labels)]
        columns = ["Groups", "Name", *show]
        extra = max((_width(part) for part in self.components), default=0)
        if extra > 0:
            columns += ["Corr", *[""] * (extra - 1)]
            filled = [row for part in self.components for row in _corr_rows(part, max(2, digits - 2), extra)]
            filled += [[""] * extra] * (len(rows) - len(filled))
            rows = [row + corr for row, corr in zip(rows, filled, strict=True)]
        return columns, rows

    def _residual(self) -> list[Array]:
        return [] if self.sigma is None else [np.array([self.sigma])]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from ..formatting.html import table

        columns, rows = self.cells(digits=5, show=("Variance", "Std.Dev."))
        if not rows:
            return "<p>No random effects.</p>"
        return table(columns, rows, text_columns=2, caption="Random effects")


def _width(part: Component) -> int:
    """Columns that the term's correlations need."""
    if part.has_rho:
        return 1
    return 0 if part.tag == "diag" else len(part.names) - 1


def _corr_rows(part: Component, decimals: int, width: int) -> list[list[str]]:
    """Text of the correlations below the diagonal, one row per effect; a single one beside the first."""
    if part.has_rho or part.tag == "diag":
        rho = 1.0 if len(part.names) == 1 else part.rho  # as lme4 prints it of a single effect
        first = f"{_decimal(rho, decimals)} ({part.tag})" if part.has_rho else ""
        return [[first if i == j == 0 else "" for j in range(width)] for i in range(part.shown)]
    cor = part.cor
    texts = [[_decimal(value, decimals) for value in row] for row in cor]
    longest = max(len(text) for row in texts for text in row)
    return [
        [texts[i][j].rjust(longest) if j < i else "" for j in range(width)] for i in range(len(part.names))
    ]


def _decimal(value: float, decimals: int) -> str:
    return "NaN" if np.isnan(value) else f"{round(value, decimals) + 0.0:.{decimals}f}"


def distinct_names(groups: list[str]) -> list[str]:
    """R's ``make.names(unique = TRUE)``, which lme4 applies as soon as two terms share a grouping factor."""
    if len(set(groups)) == len(groups):
        return list(groups)
    return make_unique([re.sub(r"[^\w.]", ".", group) for group in groups])
