"""Every number the five lectures print, computed here.

`data/lecture_figures.csv` has one row per printed figure. A `Ledger` loads the data set that the row names,
fits the model that it names (`MODELS`), asks the fit, through lmmkit's public interface, for the quantity
that it names (`FROM_FIT`, `FROM_DATA`), and compares what it gets with what was printed: within half a unit
of the last printed digit. No answer is stored. Where a printed figure cannot be had, because it is rounding
or noise, the row names the exception (`REASONS`), and the value that we stand by is asserted at its own
digits.

`tests/test_lecture_figures.py` runs it row by row; `make ledger` writes `lessons/LEDGER.md`.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import lmmkit as lk

FIGURES = Path(__file__).parents[1] / "data" / "lecture_figures.csv"

LECTURES = {
    "000": "Linear mixed models (BIOM285, 2025)",
    "001": "Introduction to mixed models (NBIS, 2025)",
    "002": "Linear mixed models (Data Club, 2022)",
    "003": "Mixed-effects models (SciNet, 2025)",
    "004": "Linear mixed models (IMPRS for Organismal Biology)",
}

REASONS = {
    "exactly five": "With six samples measured in the same five years the degrees of freedom are exactly "
    "5; what is printed is the noise of a numerical derivative.",
    "noise of a near-zero variance": "A variance of 1e-5 is zero for every purpose; its third digit "
    "depends on where the search happened to stop.",
    "optimiser noise": "The printed search stopped a little before the optimum of a flat criterion.",
    "rounding": "Our data set meets the other twenty figures of this fit and misses this one by a hair: "
    "1.31235 would round to it.",
    "exactly zero": "The five groups lie symmetrically about the middle one, so its effect is exactly "
    "zero; what is printed is rounding noise.",
    "truncated": "The slide cut the digits off instead of rounding; the tables after it print them in full.",
    "rounded in speech": "1.5750 rounds to 1.6; the slide says “~1.5”.",
    "text against output": "The slide's sentence says 10 samples with 5 replicates; the model printed two "
    "slides later has 5 samples, and so 10 replicates of each.",
}


@dataclass(frozen=True)
class Figure:
    """One printed figure: a row of `data/lecture_figures.csv`."""

    id: str
    lecture: str
    slide: str
    dataset: str
    model: str
    quantity: str
    group: str
    level: str
    term: str
    term2: str
    printed: str
    exception: str
    stands: str
    repeats: str
    note: str

    @property
    def place(self) -> str:
        """Where it is printed: a slide's number or a section's name."""
        return f"slide {self.slide}" if self.slide.isdigit() else self.slide

    @property
    def what(self) -> str:
        """The quantity in words."""
        if self.group == "Residual":
            return "residual variance"
        words = WORDS[self.quantity].format(f=self)
        return f"{words}, {HYPOTHESES[self.level]}" if self.level in HYPOTHESES else words


@dataclass(frozen=True)
class Verdict:
    """What became of a figure.

    `matches` compares with the printed digits; `stands` with the digits of the value that we stand by, which
    is the printed value itself where there is no exception. `beside` is what a companion model says (see
    `BESIDE`).
    """

    figure: Figure
    ours: float | str
    matches: bool
    stands: bool
    beside: tuple[str, float] | None = None

    @property
    def word(self) -> str:
        """`match`, `exception` (a named one, whose value stands) or `FAIL`."""
        if self.figure.exception:
            return "exception" if self.stands and not self.matches else "FAIL"
        return "match" if self.matches else "FAIL"


def read_figures(path: Path = FIGURES) -> list[Figure]:
    """All printed figures, in the order of the lectures."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Figure(**row) for row in csv.DictReader(file)]


# ------------------------------------------------------------------------------------------------------------
# Comparing at the printed digits


def as_number(printed: str) -> Decimal | None:
    """The printed figure as an exact decimal (`~1.5` and `< 2e-16` without their sign), None for a word."""
    try:
        return Decimal(printed.lstrip("~< "))
    except InvalidOperation:
        return None


def unit(printed: str, four_digits: bool = False) -> float:
    """One unit of the last printed digit; of the fourth significant digit where R drops trailing zeros."""
    number = as_number(printed)
    assert number is not None
    last = 10.0 ** int(number.as_tuple().exponent)
    return min(last, 10.0 ** (number.adjusted() - 3)) if four_digits else last


def agrees(printed: str, ours: float | str, four_digits: bool = False) -> bool:
    """Whether `ours` is what was printed, within half a unit of its last digit; bounds and text as such."""
    number = as_number(printed)
    if number is None or isinstance(ours, str):
        return str(ours) == printed
    if printed.startswith("<"):
        return ours < float(number)
    half = unit(printed, four_digits) / 2
    return abs(ours - float(number)) <= half * (1 + 1e-9)  # the 1e-9 is for the binary form of the decimals


# ------------------------------------------------------------------------------------------------------------
# Models

# The printed random-slope fit of the biomarker is a point where the search stalled on a flat ridge.
BIOMARKER_STALLED_AT = (1.207703175, 0.014691126, 0.002973204)

OWL_CORT = "log(totCort) ~ Implant + days + Implant:days + (1 | Ring)"
PROTEIN = "Value ~ Year + (Year | Sample)"
PROTEIN_NULL = "Value ~ (Year | Sample)"

Data = Callable[[str], pd.DataFrame]

MODELS: dict[str, Callable[[Data], Any]] = {
    "happiness_line": lambda data: lk.lm("happiness ~ zoom_hours", data("happiness")),
    "mouse_lm": lambda data: lk.lm("Weight ~ Dose", data("mouse")),
    "mouse_ri": lambda data: lk.lmer("Weight ~ Dose + (1 | Strain)", data("mouse")),
    "mouse_rs": lambda data: lk.lmer("Weight ~ Dose + (Dose | Strain)", data("mouse")),
    "enzyme_lm22": lambda data: lk.lm("Value2 ~ Value", data("enzyme")),
    "enzyme_lm23": lambda data: lk.lm("Enzyme ~ Pheno", data("enzyme")),
    "enzyme_ri": lambda data: lk.lmer("Enzyme ~ Pheno + (1 | Sample)", data("enzyme")),
    "clinic_lm": lambda data: lk.lm("Value ~ Dose", data("clinic")),
    "clinic_rs": lambda data: lk.lmer("Value ~ Dose + (Dose | Gender)", data("clinic")),
    "biomarker_lm": lambda data: lk.lm("Disease ~ Biomarker", data("biomarker")),
    "biomarker_rs": lambda data: lk.lmer(
        "Disease ~ Biomarker + (Biomarker | Cohort)",
        data("biomarker"),
        start=np.array(BIOMARKER_STALLED_AT),
        optimize=False,
    ),
    "biomarker_optimum": lambda data: lk.lmer(
        "Disease ~ Biomarker + (Biomarker | Cohort)", data("biomarker")
    ),
    "protein_rs": lambda data: lk.lmer(PROTEIN, data("protein_years")),
    "protein_null": lambda data: lk.lmer(PROTEIN_NULL, data("protein_years")),
    "scrna_pois": lambda data: lk.glmer("counts ~ disease + (1 | sample)", data("scrna"), family="poisson"),
    "plasma_lm": lambda data: lk.lm("conc ~ age", data("plasma_age")),
    "plasma_lm_group": lambda data: lk.lm("conc ~ age + group", data("plasma_age")),
    "plasma_ri": lambda data: lk.lmer("conc ~ age + (1 | group)", data("plasma_age")),
    "plasma_rs": lambda data: lk.lmer("conc ~ age + (1 + age | group)", data("plasma_age")),
    "gene1_vp": lambda data: lk.lmer("gene1 ~ Age + (1|Individual) + (1|Tissue)", gene1(data), reml=False),
    "simpson_ri": lambda data: lk.lmer("V2 ~ V1 + (1 | Group)", data("simpson")),
    "ex33_slope": lambda data: lk.lmer("PCV ~ time + (0 + time | animal_id)", data("ex33")),
    "owl_cort_reml": lambda data: lk.lmer(OWL_CORT, data("owl_cort")),
    "owl_cort_ml": lambda data: lk.lmer(OWL_CORT, data("owl_cort"), reml=False),
    "owl_wing_ml": lambda data: lk.lmer(
        "Wing ~ Age + Implant + Age:Implant + (Age | Ring)", data("owl_wing"), reml=False
    ),
}


def lrt_as_printed(small: Any, large: Any) -> pd.DataFrame:
    """Likelihood-ratio test of two fits as they are; `lk.anova` refuses REML fits like the lecture's."""
    chisq, df = 2 * (large.loglik - small.loglik), large.npar - small.npar
    tests = {"chisq": [np.nan, chisq], "df": [np.nan, df], "p_value": [np.nan, stats.chi2.sf(chisq, df)]}
    return pd.DataFrame({"npar": [small.npar, large.npar], "loglik": [small.loglik, large.loglik], **tests})


# Likelihood-ratio tests of two models: the lecture's, of REML fits, and the right one, which refits by ML.
TESTS: dict[str, tuple[str, str, Callable[..., pd.DataFrame]]] = {
    "protein_lrt": ("protein_null", "protein_rs", lrt_as_printed),
    "protein_lrt_ml": ("protein_null", "protein_rs", lambda small, large: lk.anova(small, large)),
}

# The same quantity from the model that we would rather show, printed beside.
BESIDE = {
    "biomarker_rs": ("at the optimum", "biomarker_optimum"),
    "protein_lrt": ("by ML", "protein_lrt_ml"),
}


def gene1(data: Data) -> pd.DataFrame:
    """The design of the gene expression study with the first gene's expression as a column."""
    expression = pd.Series(data("genexpr").loc["gene1"])
    return data("genexpr_info").assign(
        gene1=lambda info: info["ID"].astype(str).map(expression).astype(float)
    )


# ------------------------------------------------------------------------------------------------------------
# Quantities of a fitted model


def _varcorr(fit: Any, f: Figure, column: str, var2: str | None = None) -> float:
    frame = fit.varcorr.frame
    row = frame["grp"].eq(f.group)
    if f.group != "Residual":
        row &= frame["var1"].eq(f.term) & (frame["var2"].eq(var2) if var2 else frame["var2"].isna())
    return float(frame.loc[row, column].item())


def _level(table: pd.DataFrame, f: Figure) -> float:
    return float(table.set_axis(table.index.astype(str))[f.term][f.level])


def _quantile(fit: Any, f: Figure, kind: str, q: float) -> float:
    return float(np.quantile(np.asarray(fit.resid(kind)), q))


def _fixcorr(fit: Any, f: Figure) -> float:
    return float(fit.vcov.loc[f.term, f.term2] / (fit.se[f.term] * fit.se[f.term2]))


def _wald(fit: Any, f: Figure, column: str) -> float:
    """From the coefficient table: lme4's t needs no degrees of freedom, every p-value and df does."""
    table = fit.coef_table(ddf="none") if column == "statistic" else fit.coef_table()
    return float(table.loc[f.term, column])


def _predict(fit: Any, f: Figure) -> float:
    column, value = f.term.split("=")
    return float(np.asarray(fit.predict(pd.DataFrame({column: [float(value)]})))[0])


def _singular_messages(fit: Any) -> int:
    return sum("singular" in message for message in fit.messages)


FIVE = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}

FROM_FIT: dict[str, Callable[[Any, Figure], float | str]] = {
    **{f"resid_{name}": partial(_quantile, kind="response", q=q) for name, q in FIVE.items()},
    **{f"scaled_resid_{name}": partial(_quantile, kind="scaled", q=q) for name, q in FIVE.items()},
    "fixef": lambda fit, f: float(fit.fixef[f.term]),
    "se": lambda fit, f: float(fit.se[f.term]),
    "statistic": partial(_wald, column="statistic"),
    "df": partial(_wald, column="df"),
    "p": partial(_wald, column="p_value"),
    "fixcorr": _fixcorr,
    "var": partial(_varcorr, column="vcov"),
    "sd": partial(_varcorr, column="sdcor"),
    "corr": lambda fit, f: _varcorr(fit, f, "sdcor", f.term2),
    "ranef": lambda fit, f: _level(fit.ranef()[f.group], f),
    "coef": lambda fit, f: _level(fit.coef()[f.group], f),
    "sigma": lambda fit, f: fit.sigma,
    "residual_standard_error": lambda fit, f: fit.sigma,
    "df_resid": lambda fit, f: fit.df_resid,
    "nobs": lambda fit, f: fit.nobs,
    "ngroups": lambda fit, f: fit.ngroups[f.group],
    "reml_criterion": lambda fit, f: fit.reml_criterion,
    "aic": lambda fit, f: fit.aic,
    "bic": lambda fit, f: fit.bic,
    "loglik": lambda fit, f: fit.loglik,
    "deviance": lambda fit, f: fit.deviance,
    "r2": lambda fit, f: fit.glance()["r_squared"].item(),
    "adj_r2": lambda fit, f: fit.glance()["adj_r_squared"].item(),
    "fstat": lambda fit, f: fit.glance()["statistic"].item(),
    "fstat_df1": lambda fit, f: fit.glance()["df"].item(),
    "fstat_df2": lambda fit, f: fit.glance()["df_residual"].item(),
    "fstat_p": lambda fit, f: fit.glance()["p_value"].item(),
    "convergence_code": lambda fit, f: 0 if fit.converged else 1,
    "n_lme4_warnings": lambda fit, f: _singular_messages(fit),
    "n_optimizer_warnings": lambda fit, f: len(fit.messages) - _singular_messages(fit),
    "predict": _predict,
    "variance_fraction": lambda fit, f: float(fit.variance_partition()[f.term]),
    "effect_of_year": lambda fit, f: float(fit.fixef["Year"]),
    "effect_of_disease": lambda fit, f: -float(fit.fixef["diseaseND"]),  # D against ND
    "exp_of_effect": lambda fit, f: math.exp(round(-float(fit.fixef["diseaseND"]), 1)),
    "fold_change": lambda fit, f: math.exp(-float(fit.fixef["diseaseND"])),
}

# Quantities of a likelihood-ratio test: a column of lk.anova's table, and the row, smaller model first.
FROM_TEST: dict[str, tuple[str, int]] = {
    "chisq": ("chisq", 1),
    "chisq_df": ("df", 1),
    "lrt_p": ("p_value", 1),
    "p_in_words": ("p_value", 1),
}


def _from_test(table: pd.DataFrame, f: Figure) -> float:
    column, row = FROM_TEST.get(f.quantity, (f.quantity, list(HYPOTHESES).index(f.level) if f.level else 0))
    return float(table[column].iloc[row])


# ------------------------------------------------------------------------------------------------------------
# Quantities of a data set


def _cell(frame: pd.DataFrame, f: Figure) -> float | str:
    """A cell of the design table; lettered or numbered alike, as printed."""
    value = frame.loc[frame["ID"].astype(str) == f.level, f.term].item()
    return value if isinstance(value, str) else float(value)


def _added_row(frame: pd.DataFrame, f: Figure) -> float:
    column, value = f.term.split("=")
    row = frame["Subject"].astype(str).eq(f.level) & frame[column].eq(float(value))
    return float(frame.loc[row, "Reaction"].item())


def _within_group_correlation(frame: pd.DataFrame, f: Figure) -> float:
    """Pooled over groups: the correlation of what is left when each group's mean is taken away."""
    values = frame[["V1", "V2"]]
    inside = values - values.groupby(frame["Group"], observed=True).transform("mean")
    return float(inside.corr().to_numpy()[0, 1])


def _sizes(frame: pd.DataFrame, group: str) -> pd.Series:
    return frame.groupby(group, observed=True).size()


def _levels_per_group(frame: pd.DataFrame, f: Figure) -> float:
    """How many different `term` each group has; only those whose `term2` is the level, if one is named."""
    rows = frame[frame[f.term2] == f.level] if f.level else frame
    return _same(rows.groupby(f.group, observed=True)[f.term].nunique())


def _same(values: pd.Series) -> float:
    """The one value that all groups share; NaN, which matches nothing, when they differ."""
    return float(values.iloc[0]) if values.nunique() == 1 else math.nan


FROM_DATA: dict[str, Callable[[pd.DataFrame, Figure], float | str]] = {
    "nobs": lambda frame, f: len(frame.dropna()),
    "nvars": lambda frame, f: frame.shape[1],
    "cell": _cell,
    "row_value": lambda frame, f: float(frame[f.term].iloc[int(f.level) - 1]),
    "added_row": _added_row,
    "n_levels": lambda frame, f: frame[f.group].nunique(),
    "n_groups": lambda frame, f: frame[f.group].nunique(),
    "level_name": lambda frame, f: str(frame[f.group].astype("category").cat.categories[int(f.level) - 1]),
    "level_code": lambda frame, f: (
        int(frame[f.group].astype("category").cat.codes.iloc[int(f.level) - 1]) + 1
    ),
    "rows_per_group": lambda frame, f: _same(_sizes(frame, f.group)),
    "levels_per_group": _levels_per_group,
    "n_min": lambda frame, f: int(_sizes(frame, f.group).min()),
    "n_max": lambda frame, f: int(_sizes(frame, f.group).max()),
    "within_group_correlation": _within_group_correlation,
}


# ------------------------------------------------------------------------------------------------------------
# The ledger


class Ledger:
    """Answers for every figure; each data set is loaded and each model fitted once.

    Parameters
    ----------
    load : callable
        Gives a data set by name. Tests hand in one that damages a value, to see the ledger fail.
    """

    def __init__(self, load: Data = lk.load_data) -> None:
        self._load = load
        self._data: dict[str, pd.DataFrame] = {}
        self._models: dict[str, Any] = {}

    def data(self, name: str) -> pd.DataFrame:
        """The data set, loaded once."""
        if name not in self._data:
            self._data[name] = self._load(name)
        return self._data[name]

    def model(self, name: str) -> Any:
        """The fitted model, or the table of a likelihood-ratio test."""
        if name not in self._models:
            if name in TESTS:
                small, large, test = TESTS[name]
                self._models[name] = test(self.model(small), self.model(large))
            else:
                self._models[name] = MODELS[name](self.data)
        return self._models[name]

    def answer(self, figure: Figure, model: str | None = None) -> float | str:
        """The figure's quantity, computed from its data; from another model when one is named."""
        name = model or figure.model
        if not name:
            return FROM_DATA[figure.quantity](self.data(figure.dataset), figure)
        if name in TESTS:
            return _from_test(self.model(name), figure)
        return FROM_FIT[figure.quantity](self.model(name), figure)

    def judge(self, figure: Figure) -> Verdict:
        """Compute the figure and compare it with what was printed, and with what we stand by."""
        ours = self.answer(figure)
        four = figure.quantity in FOUR_DIGITS
        matches = agrees(figure.printed, ours, four)
        stands = agrees(figure.stands, ours) if figure.exception else matches
        beside = None
        if figure.model in BESIDE:
            label, other = BESIDE[figure.model]
            beside = (label, float(self.answer(figure, other)))
        return Verdict(figure, ours, matches, stands, beside)


# R prints these with four significant digits and drops trailing zeros: "15" is 15.00.
FOUR_DIGITS = {"residual_standard_error", "r2", "adj_r2", "fstat"}

QUARTILES = {
    "min": "smallest",
    "q1": "first quartile of the",
    "median": "median",
    "q3": "third quartile of the",
}
QUARTILES["max"] = "largest"

HYPOTHESES = {"null": "smaller model", "alt": "larger model"}

# How each quantity is called on the page.
WORDS: dict[str, str] = {
    **{f"resid_{k}": f"{v} residual{'s' if k in ('q1', 'q3') else ''}" for k, v in QUARTILES.items()},
    **{
        f"scaled_resid_{k}": f"{v} scaled residual{'s' if k in ('q1', 'q3') else ''}"
        for k, v in QUARTILES.items()
    },
    "fixef": "estimate of `{f.term}`",
    "se": "standard error of `{f.term}`",
    "statistic": "test statistic of `{f.term}`",
    "df": "degrees of freedom of `{f.term}`",
    "p": "p-value of `{f.term}`",
    "fixcorr": "correlation of the estimates of `{f.term}` and `{f.term2}`",
    "var": "variance, `{f.group}` `{f.term}`",
    "sd": "standard deviation, `{f.group}` `{f.term}`",
    "corr": "correlation, `{f.group}` `{f.term}` and `{f.term2}`",
    "ranef": "random effect of `{f.group}` {f.level}, `{f.term}`",
    "coef": "coefficient of `{f.group}` {f.level}, `{f.term}`",
    "sigma": "residual standard deviation",
    "residual_standard_error": "residual standard error",
    "df_resid": "residual degrees of freedom",
    "nobs": "number of observations",
    "ngroups": "number of groups, `{f.group}`",
    "reml_criterion": "REML criterion",
    "aic": "AIC",
    "bic": "BIC",
    "loglik": "log-likelihood",
    "deviance": "deviance",
    "npar": "number of parameters",
    "r2": "R²",
    "adj_r2": "adjusted R²",
    "fstat": "F",
    "fstat_df1": "numerator degrees of freedom of F",
    "fstat_df2": "denominator degrees of freedom of F",
    "fstat_p": "p-value of F",
    "convergence_code": "convergence code",
    "n_lme4_warnings": "number of warnings about the fit",
    "n_optimizer_warnings": "number of warnings from the search",
    "predict": "prediction at {f.term}",
    "variance_fraction": "fraction of variance, `{f.term}`",
    "effect_of_year": "effect of year, in words",
    "effect_of_disease": "effect of disease, in words",
    "exp_of_effect": "exp(1.1), in words",
    "fold_change": "fold change, in words",
    "chisq": "χ² of the likelihood-ratio test",
    "chisq_df": "degrees of freedom of the test",
    "lrt_p": "p-value of the test",
    "p_in_words": "p-value, in words",
    "nvars": "number of columns",
    "cell": "`{f.term}` of {f.level}",
    "row_value": "row {f.level} of `{f.term}`",
    "added_row": "added row, subject {f.level}, {f.term}",
    "n_levels": "number of levels of `{f.group}`",
    "n_groups": "number of groups, `{f.group}`",
    "level_name": "name of level {f.level} of `{f.group}`",
    "level_code": "level number of `{f.group}` in row {f.level}",
    "rows_per_group": "rows per `{f.group}`",
    "levels_per_group": "number of `{f.term}` {f.level} per `{f.group}`",
    "n_min": "size of the smallest group",
    "n_max": "size of the largest group",
    "within_group_correlation": "correlation within groups",
}
