"""The table of differences between packages, and the page made from it. Nothing here needs a network or R."""

import importlib.util
import json
import math
from pathlib import Path

import pytest

import lmmkit as lk
from lmmkit.course.neighbours import TRAPS

ROOT = Path(__file__).parents[1]
FINDINGS = ROOT / "findings"
ROWS = json.loads((FINDINGS / "differences.json").read_text(encoding="utf-8"))
SCRIPTS = sorted(path for path in FINDINGS.glob("*.sh") if path.name != "run.sh")

spec = importlib.util.spec_from_file_location("findings_page", FINDINGS / "page.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def same(stored, printed: str) -> bool:
    """Whether a value of the table is the one that a script printed."""
    if isinstance(stored, str):
        return stored == printed
    return stored == float(printed) or (math.isnan(stored) and math.isnan(float(printed)))


def test_page_is_what_the_table_gives():
    assert (ROOT / "docs" / "differences.md").read_text(encoding="utf-8") == page.page(ROWS)


def test_table_is_large_enough():
    assert len(ROWS) >= 40
    assert sum(not page.agrees(row) for row in ROWS) >= 20


@pytest.mark.parametrize("script", sorted({row["script"] for row in ROWS}))
def test_values_are_what_the_script_printed(script):
    printed = page.kept(script)
    for row in (row for row in ROWS if row["script"] == script):
        assert same(row["value"], printed[row["key"]]), row["key"]
        assert row["version"] == printed[f"version {row['package']}"]


def test_right_values_are_what_r_printed():
    printed = page.kept("reference")
    for row in (row for row in ROWS if "right_key" in row):
        assert same(row["right"], printed[row["right_key"]]), row["right_key"]


def test_lmmkit_is_right_wherever_it_was_asked():
    asked = [row for row in ROWS if row["package"] == "lmmkit"]
    assert len(asked) >= 20
    assert all(page.agrees(row) for row in asked)


def test_lmmkit_still_says_so():
    """Six of its rows again, with the library as it is now."""
    data = lk.load_data("sleepstudy")
    number = data["Subject"].rank(method="dense").astype(int)
    formula = "Reaction ~ Days + (Days | Subject)"
    fit, part = lk.lmer(formula, data), lk.lmer(formula, data[data["Days"] >= number % 6])
    weighted = lk.lmer("Reaction ~ Days + (1 | Subject)", data.assign(w=1 + data["Days"] / 3), weights="w")
    now = {
        "sleep.reml.loglik": fit.loglik,
        "sleep.reml.aic": fit.aic,
        "sleep.df.slope": fit.coef_table().loc["Days", "df"],
        "few.kr.df.slope": part.coef_table(ddf="kenward_roger").loc["Days", "df"],
        "few.kr.se.slope": part.coef_table(ddf="kenward_roger").loc["Days", "std_error"],
        "sleepw.loglik.reml": weighted.loglik,
    }
    printed = page.kept("reference")
    for key, value in now.items():
        assert value == pytest.approx(float(printed[key]), rel=1e-4), key


def test_every_row_says_how_it_is_known():
    for row in ROWS:
        assert all(
            row[field] != "" for field in ("package", "version", "data", "call", "quantity", "how", "date")
        )


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_finding_has_its_form(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n# ")
    assert "# Guess: " in text
    assert "==" in text  # its packages are pinned
    assert "lmmkit" not in text


def test_every_row_has_a_guess_that_can_be_judged():
    assert all(row["guess"] for row in ROWS)
    assert sum(row["expected"] != "seen" for row in ROWS) > 2 * len(ROWS) / 3
    assert 0 < sum(page.missed(row) for row in ROWS if row["expected"] != "seen") < len(ROWS)


@pytest.mark.parametrize(
    ("expected", "value", "wrong"),
    [
        ("right", 2.0, False), ("right", 2.1, True), ("off", 2.1, False), ("off", 2.0, True), ("nan", "nan", False),
        ("error", "nan", True), ("error", "no such thing", False), ("178", 178.0, False), ("2.05..2.2", 2.1, False),
        ("-3..-2.2", -2.1, True),
    ],
)  # fmt: skip
def test_a_guess_is_judged(expected, value, wrong):
    assert page.missed({"expected": expected, "value": value, "right": 2.0}) is wrong


def test_the_doctor_speaks_of_the_versions_that_were_asked():
    asked = {(row["package"], row["version"]) for row in ROWS}
    assert {(name, version) for name, (version, _) in TRAPS.items()} <= asked
