"""Each figure that the lectures print, computed by lmmkit and compared at its printed digits."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

import lmmkit as lk
from tools import ledger, make_ledger
from tools.ledger import Ledger, Verdict, agrees, read_figures

FIGURES = read_figures()

# The exceptions, by name: nothing else may differ from what was printed.
EXCEPTIONS = {
    "text against output": ["F000-097", "F000-098"],
    "rounded in speech": ["F000-254", "F000-261", "F000-270", "F000-297"],
    "exactly five": ["F000-288", "F000-293"],
    "noise of a near-zero variance": ["F000-309", "F000-310"],
    "rounding": ["F001-010"],
    "optimiser noise": ["F001-092", "F001-093"],
    "exactly zero": ["F003-027"],
    "truncated": ["F004-016", "F004-018", "F004-019"],
}


@pytest.fixture(scope="session")
def answers() -> Ledger:
    return Ledger()


@pytest.mark.parametrize("figure", FIGURES, ids=[figure.id for figure in FIGURES])
def test_figure(figure: ledger.Figure, answers: Ledger) -> None:
    verdict = answers.judge(figure)
    if figure.exception:
        assert verdict.stands, f"{figure.what}: we stand by {figure.stands}, computed {verdict.ours}"
        assert not verdict.matches, f"{figure.what} matches: it is no exception any more"
    else:
        assert verdict.matches, f"{figure.what}: printed {figure.printed}, computed {verdict.ours}"


def test_no_figure_is_missing(answers: Ledger) -> None:
    assert len(FIGURES) == len({figure.id for figure in FIGURES}) == 622
    assert Counter(figure.lecture for figure in FIGURES) == {
        "000": 324,
        "001": 101,
        "002": 57,
        "003": 66,
        "004": 74,
    }
    words = Counter(answers.judge(figure).word for figure in FIGURES)
    assert words["match"] >= 600
    assert words["match"] + words["exception"] == 622


def test_exceptions_are_the_named_ones() -> None:
    found: dict[str, list[str]] = {}
    for figure in FIGURES:
        if figure.exception:
            found.setdefault(figure.exception, []).append(figure.id)
        assert bool(figure.exception) == bool(figure.stands)
    assert found == EXCEPTIONS
    assert set(ledger.REASONS) == set(EXCEPTIONS)


# ------------------------------------------------------------------------------------------------------------
# A damaged value is noticed

DATASETS = sorted({figure.dataset for figure in FIGURES})

# One value of each data set: column and row.
DAMAGED = {
    "biomarker": ("Disease", 7),
    "clinic": ("Value", 7),
    "enzyme": ("Pheno", 7),
    "ex33": ("PCV", 7),
    "fields": ("nitrate", 7),
    "genexpr": ("s1", 0),
    "genexpr_info": ("Age", 3),
    "groups20": ("group", 17),
    "happiness": ("happiness", 7),
    "herbivory": ("plot", 0),
    "implants": ("implant", 0),
    "mouse": ("Weight", 7),
    "owl_cort": ("totCort", 7),
    "owl_wing": ("Wing", 7),
    "plasma_age": ("conc", 7),
    "protein_years": ("Value", 7),
    "scrna": ("counts", 7),
    "simpson": ("V2", 7),
    "sleepstudy": ("Reaction", 3),
    "sleepstudy_plus": ("Reaction", 180),
}


# Of these, all that is printed is how many rows are complete.
LOST = {"fields"}


def damage(frame: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The data set with one value changed: a number doubled, a label replaced, a value lost."""
    column, row = DAMAGED[dataset]
    frame = frame.copy()
    place = frame.index[row], column
    value = frame.loc[place]
    if dataset in LOST:
        frame.loc[place] = None
    elif pd.api.types.is_numeric_dtype(frame[column]):
        frame.loc[place] = 2 * value + 1
    else:
        frame.loc[place] = next(other for other in frame[column].unique() if other != value)
    return frame


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_damaged_value_is_noticed(dataset: str) -> None:
    def load(name: str) -> pd.DataFrame:
        return damage(lk.load_data(name), name) if name == dataset else lk.load_data(name)

    damaged = Ledger(load)
    words = [damaged.judge(figure).word for figure in FIGURES if figure.dataset == dataset]
    assert "FAIL" in words


# ------------------------------------------------------------------------------------------------------------
# The comparison is as strict as the print


@pytest.mark.parametrize(
    ("printed", "inside", "outside"),
    [
        ("2.842", 2.8424, 2.8426),
        ("-1.00", -1.0049, -1.0051),
        ("48", 48.4, 48.6),
        ("8.63e-11", 8.6349e-11, 8.6351e-11),
        ("~1.5", 1.54, 1.56),
        (".01", 0.0149, 0.0151),
        ("< 2e-16", 1.9e-16, 2.1e-16),
        ("<2e-16", 1.9e-16, 2.1e-16),
        ("A", "A", "B"),
    ],
)
def test_agreement_is_half_a_unit(printed: str, inside: float | str, outside: float | str) -> None:
    assert agrees(printed, inside)
    assert not agrees(printed, outside)


def test_dropped_zeros_count_as_digits() -> None:
    assert agrees("15", 15.004, four_digits=True)
    assert not agrees("15", 15.006, four_digits=True)
    assert agrees("2.33", 2.3304, four_digits=True)
    assert not agrees("2.33", 2.3306, four_digits=True)


@pytest.mark.parametrize(
    ("printed", "value", "shown"),
    [
        ("2.842", 2.8417712, "2.84177"),
        ("<2e-16", 3.14e-21, "3.1e-21"),
        ("48", 48.0, "48"),
        ("-1.00", -1.0, "-1.0000"),
        ("1.121e-05", 1.12025e-05, "1.12025e-05"),
        ("0.000000", -1.4e-10, "0.00000000"),
    ],
)
def test_ours_is_shown_in_the_manner_of_the_print(printed: str, value: float, shown: str) -> None:
    assert make_ledger.like(printed, value) == shown


def test_a_wrong_answer_fails() -> None:
    figure = next(figure for figure in FIGURES if not figure.exception)
    assert Verdict(figure, 0.0, matches=False, stands=False).word == "FAIL"
    exception = next(figure for figure in FIGURES if figure.exception)
    assert Verdict(exception, 0.0, matches=False, stands=False).word == "FAIL"
    assert Verdict(exception, 0.0, matches=True, stands=True).word == "FAIL"


def test_the_page_is_up_to_date(answers: Ledger) -> None:
    """Word by word; another machine's arithmetic may change the digits that go beyond the printed ones."""
    page = make_ledger.page([answers.judge(figure) for figure in FIGURES]).split()
    stored = make_ledger.PAGE.read_text(encoding="utf-8").split()
    assert len(page) == len(stored), "run `make ledger`"
    for ours, theirs in zip(page, stored, strict=True):
        assert ours == theirs or float(ours) == pytest.approx(float(theirs), rel=1e-4), "run `make ledger`"


def test_the_printed_biomarker_fit_is_not_the_optimum(answers: Ledger) -> None:
    stalled, optimum = answers.model("biomarker_rs"), answers.model("biomarker_optimum")
    assert 0 < stalled.reml_criterion - optimum.reml_criterion < 0.01
