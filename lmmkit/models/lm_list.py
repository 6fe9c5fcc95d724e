"""`lm_list`: one linear model for each group, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..design.design import build_design
from ..design.rows import check_frame
from ..design.values import label
from ..errors import DataError, FormulaError, ModelError
from ..fitted.call import CHECKS
from ..formula.parse import parse
from ..formula.syntax import read
from ..formula.tree import Binary, children
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.frames import Table
from ..numerics.r_names import answered
from .linear import lm

if TYPE_CHECKING:
    from .linear import LinearModel

__all__ = ["LmList", "lm_list"]


@answered
@dataclass(frozen=True)
class LmList:
    """Linear models of the same formula, one for each group.

    Attributes
    ----------
    fits : dict
        Group -> its :class:`~lmmkit.models.linear.LinearModel`.
    group : str
        The grouping factor.
    messages : list of str
        Groups that could not be fitted, and why.

    Examples
    --------
    >>> import lmmkit as lk
    >>> each = lk.lm_list("Reaction ~ Days | Subject", lk.load_data("sleepstudy"))
    >>> each.coef.loc["308"].round(2).to_dict()
    {'(Intercept)': 244.19, 'Days': 21.76}
    """

    fits: dict[str, LinearModel] = field(repr=False)
    group: str
    messages: list[str]

    def __len__(self) -> int:
        return len(self.fits)

    def __iter__(self) -> Iterator[str]:
        return iter(self.fits)

    def __getitem__(self, level: str) -> LinearModel:
        if level not in self.fits:
            raise ModelError(
                f"there is no fit for '{level}' of {self.group}; there are {', '.join(self.fits)}"
            )
        return self.fits[level]

    @property
    def coef(self) -> pd.DataFrame:
        """Coefficients, groups × terms; NaN where a group does not tell one (R: ``coef``)."""
        table = pd.DataFrame({level: fit.fixef for level, fit in self.fits.items()}).T
        names = dict.fromkeys(name for fit in self.fits.values() for name in fit.fixef.index)
        return table[list(names)].rename_axis(self.group)

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of all groups together."""
        return sum(fit.df_resid for fit in self.fits.values())

    @property
    def sigma(self) -> float:
        """Residual standard deviation pooled over the groups (lme4: ``sigma(fit)``); NaN if none has rows left."""
        total = sum(fit.sigma**2 * fit.df_resid for fit in self.fits.values() if fit.df_resid > 0)
        return float(np.sqrt(total / self.df_resid)) if self.df_resid > 0 else float("nan")

    def coef_table(self, pool: bool = True) -> pd.DataFrame:
        """Tabulate each group's coefficients with standard errors and tests.

        Parameters
        ----------
        pool : bool
            Take the pooled residual standard deviation and its degrees of freedom for all groups, or each
            group's own.

        Returns
        -------
        DataFrame
            Columns ``group term estimate std_error df statistic p_value``.

        Notes
        -----
        As ``summary`` of ``lme4::lmList``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> each = lk.lm_list("Reaction ~ Days | Subject", lk.load_data("sleepstudy"))
        >>> each.coef_table().round(3).iloc[1, :4].to_dict()
        {'group': '308', 'term': 'Days', 'estimate': 21.765, 'std_error': 2.818}
        """
        rows = [row for level in self.fits for row in self._rows(level, arguments.flag("pool", pool))]
        table = pd.DataFrame(rows)
        table["statistic"] = table["estimate"] / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(table["statistic"].abs().to_numpy(), table["df"].to_numpy(float))
        return table

    def confint(self, level: float = 0.95, pool: bool = False) -> pd.DataFrame:
        """Confidence intervals of each group's coefficients.

        Parameters
        ----------
        level : float
            Coverage.
        pool : bool
            As in :meth:`coef_table`; by default each group has its own, as in lme4.

        Returns
        -------
        DataFrame
            Columns ``group term conf_low conf_high``.

        Notes
        -----
        As ``confint`` of ``lme4::lmList``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> each = lk.lm_list("Reaction ~ Days | Subject", lk.load_data("sleepstudy"))
        >>> each.confint()[["conf_low", "conf_high"]].iloc[1].round(2).tolist()
        [9.63, 33.9]
        """
        level = arguments.level(level)
        rows = [row for name in self.fits for row in self._rows(name, arguments.flag("pool", pool))]
        table = pd.DataFrame(rows)
        half = table["std_error"] * stats.t.ppf(0.5 + level / 2, table["df"].to_numpy(float))
        limits = {"conf_low": table["estimate"] - half, "conf_high": table["estimate"] + half}
        return table[["group", "term"]].assign(**limits)

    def _rows(self, level: str, pool: bool) -> list[dict[str, Any]]:
        fit = self.fits[level]
        sigma, df = (self.sigma, self.df_resid) if pool else (fit.sigma, fit.df_resid)
        errors = sigma * np.sqrt(np.diag(fit.cov_unscaled)) if df > 0 else np.full(len(fit.beta), np.nan)
        return [
            {"group": level, "term": name, "estimate": estimate, "std_error": error, "df": df}
            for name, estimate, error in zip(fit.fixef.index, fit.beta, errors, strict=True)
        ]


@answered
def lm_list(formula: str, data: Table, *, na_action: Literal["omit", "exclude", "raise"] = "omit") -> LmList:
    """Fit one linear model for each group: no pooling at all.

    Parameters
    ----------
    formula : str
        As for :func:`lmmkit.lm`, with the group after a bar: ``"Reaction ~ Days | Subject"``.
    data : DataFrame
        One row per observation; of pandas, polars, pyarrow, or any other that narwhals reads.
    na_action : {"omit", "exclude", "raise"}
        As for :func:`lmmkit.lm`.

    Returns
    -------
    LmList
        With ``.coef``, ``.sigma`` (pooled), ``.coef_table()`` and ``.confint()``; ``each["308"]`` is one of its
        fits.

    Raises
    ------
    FormulaError
        When the formula has not exactly one group, after a bar without brackets.
    DataError
        As :func:`lmmkit.lm`; when no group can be fitted.

    Notes
    -----
    As ``lme4::lmList``. A group that cannot be fitted is left out, and ``.messages`` says so. What a mixed model
    does with such estimates: ``explorers.pooling()`` of the course.

    Examples
    --------
    >>> import lmmkit as lk
    >>> each = lk.lm_list("Reaction ~ Days | Subject", lk.load_data("sleepstudy"))
    >>> len(each), round(each.sigma, 2)
    (18, 25.59)
    """
    na_action = CHECKS["na_action"]("na_action", na_action)
    parsed = parse(formula)
    sides = children(read(formula))
    if len(parsed.bars) != 1 or not (isinstance(sides[-1], Binary) and sides[-1].op == "|"):
        raise FormulaError(f"lm_list takes one group after a bar, as in 'y ~ x | group', not '{formula}'")
    bar = parsed.bars[0]
    data = check_frame(data, "data")
    design = build_design(parsed, data, na_action=na_action)
    own = f"{parsed.response} ~ {bar.lhs}"
    used = data if design.used is None else data[design.used]
    fits, messages = {}, _without_rows(data, bar.group, design.terms[0].levels)
    for code, level in enumerate(design.terms[0].levels):
        try:
            fits[level] = lm(own, used[design.terms[0].codes == code], na_action=na_action)
        except (DataError, ModelError) as error:
            messages.append(f"'{level}' of {bar.group} was left out: {error}")
    if not fits:
        raise DataError(f"no group could be fitted; {messages[0]}")
    return LmList(fits, bar.group, messages)


def _without_rows(data: pd.DataFrame, group: str, levels: Sequence[str]) -> list[str]:
    """Sentences about the groups of which every row has a missing value."""
    if group not in data.columns:
        return []
    there = dict.fromkeys(label(value) for value in data[group].dropna().unique())
    return [
        f"'{level}' of {group} was left out: each of its rows has a missing value"
        for level in there
        if level not in levels
    ]
