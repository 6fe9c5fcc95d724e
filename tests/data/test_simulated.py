"""Simulated data sets: redrawn to the byte, described with their truth, and with the trap that they promise."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk

DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = sorted(path.stem for path in (DATA / "synthesis" / "simulated").glob("[a-z]*.py"))
PACKAGE = {entry["name"]: entry for entry in json.loads((DATA / "datapackage.json").read_text())["resources"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_gives_the_committed_file(name: str) -> None:
    script = importlib.import_module(f"simulated.{name}")
    made = script.make().to_csv(index=False, lineterminator="\n")
    assert made == (DATA / f"{name}.csv").read_text()
    assert PACKAGE[name]["truth"] == script.TRUTH
    assert lk.data_info(name).truth == script.TRUTH


def test_the_genes_are_redrawn_to_the_byte() -> None:
    for name, table in importlib.import_module("calibrated.genexpr").make().items():
        assert table.to_csv(index=False, lineterminator="\n") == (DATA / f"{name}.csv").read_text()


def test_the_dictionary_is_up_to_date() -> None:
    dictionary = importlib.import_module("dictionary")
    truths = {name: entry["truth"] for name, entry in PACKAGE.items()}
    package = dictionary.datapackage(truths)
    assert dictionary.as_json(package) == (DATA / "datapackage.json").read_text()
    assert dictionary.readme(package) == (DATA / "README.md").read_text()
    assert list(package["resources"][0]) == list(PACKAGE["mouse"])


@pytest.mark.slow
def test_make_data_has_nothing_to_do() -> None:
    words = [sys.executable, str(DATA / "synthesis" / "make_all.py"), "--check"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all data are as made" in done.stdout


# --- the truth comes back ----------------------------------------------------------------------------------

RECOVERED = {
    "happiness": ("happiness ~ zoom_hours + (zoom_hours | department)", "fixef"),
    "groups20": ("length ~ 1 + (1 | group)", "fixef"),
    "herbivory": ("nitrogen ~ treatment + (1 | plot)", "fixef"),
    "management": ("species ~ management + (1 | field)", "fixef"),
    "implants": ("mass ~ day * implant + (1 | nest) + (day | chick)", "fixef"),
    "schools": ("score ~ hours + (1 | school/class)", "fixef"),
    "words": ("rt ~ condition + (condition | subject) + (1 | item)", "fixef"),
    "behaviour": ("activity ~ time + I(temperature - 15) + (1 | animal) + (1 | day)", "fixef"),
    "owls": ("mass ~ I(age - 25) * implant + (I(age - 25) | brood/ring)", "fixef (age centred at 25)"),
}


@pytest.mark.parametrize("name", RECOVERED)
def test_the_right_model_finds_the_truth(name: str) -> None:
    formula, key = RECOVERED[name]
    fit, truth = lk.lmer(formula, lk.load_data(name)), lk.data_info(name).truth
    missed = (fit.fixef.to_numpy() - np.array(list(truth[key].values()))) / fit.se.to_numpy()
    assert np.abs(missed).max() < 3
    assert fit.sigma == pytest.approx(truth["sigma"], rel=0.25)


# --- the traps ---------------------------------------------------------------------------------------------


def slope(frame: pd.DataFrame, x: str, y: str) -> float:
    return float(np.polyfit(frame[x], frame[y], 1)[0])


def test_happiness_has_the_lecture_s_line() -> None:
    data = lk.load_data("happiness")
    line = np.polyfit(data["zoom_hours"], data["happiness"], 1)
    assert np.round(line, 3).tolist() == [-0.5, 10.0]


def test_groups20_reaches_from_one_to_two_hundred() -> None:
    sizes = lk.load_data("groups20").groupby("group", observed=True).size()
    assert (len(sizes), sizes.min(), sizes.max()) == (20, 1, 200)


def test_herbivory_deceives_who_counts_cores() -> None:
    data = lk.load_data("herbivory")
    assert set(data.groupby("plot", observed=True).size()) == {10}
    assert set(data.groupby("treatment", observed=True)["plot"].nunique()) == {4}
    a, b = (data.loc[data["treatment"] == level, "nitrogen"] for level in ("grazed", "excluded"))
    naive = abs(a.mean() - b.mean()) / np.sqrt(a.var() / len(a) + b.var() / len(b))
    fit = lk.lmer("nitrogen ~ treatment + (1 | plot)", data)
    honest = abs(fit.fixef.iloc[1] / fit.se.iloc[1])
    assert naive > 3 > 1.5 > honest


def test_implants_are_two_and_two_in_every_nest() -> None:
    chicks = lk.load_data("implants").drop_duplicates("chick")
    counts = chicks.groupby(["nest", "implant"], observed=True).size()
    assert len(counts) == 30
    assert set(counts) == {2}


def test_forest_rises_between_transects_and_falls_within() -> None:
    data = lk.load_data("forest").dropna()
    fit = lk.lmer("height ~ slope + section + (1 | transect/plot)", data)
    assert slope(data, "slope", "height") > 0.05
    assert abs(fit.fixef["slope"] + 0.12) < 3 * fit.se["slope"]
    assert fit.fixef["slope"] < -3 * fit.se["slope"]
    assert set(data["plot"]) == {"1", "2", "3", "4", "5", "6"}
    assert 0 < lk.load_data("forest")["height"].isna().sum() < 20


def test_fields_leaves_a_trend_in_the_residuals() -> None:
    data = lk.load_data("fields")
    assert len(data) == 126
    blind = lk.lmer("species ~ nitrate + (1 | field)", data)
    seeing = lk.lmer("species ~ nitrate + distance + I(distance^2) + (1 | field)", data)
    residuals = np.asarray(blind.resid())
    assert np.corrcoef(residuals, data["distance"])[0, 1] < -0.6
    assert abs(blind.fixef["nitrate"] + 0.15) > 5 * blind.se["nitrate"]
    assert abs(seeing.fixef["nitrate"] + 0.15) < 3 * seeing.se["nitrate"]
    assert abs(np.corrcoef(np.asarray(seeing.resid()), data["distance"])[0, 1]) < 0.1


def test_schools_repeat_their_labels() -> None:
    data = lk.load_data("schools")
    schools_per_class = data.groupby("class", observed=True)["school"].nunique()
    assert schools_per_class["c1"] == 12
    right = lk.lmer("score ~ hours + (1 | school/class)", data)
    wrong = lk.lmer("score ~ hours + (1 | school) + (1 | class)", data)
    assert right.reml_criterion < wrong.reml_criterion - 10


def test_behaviour_needs_its_days() -> None:
    data = lk.load_data("behaviour")
    without = lk.lmer("activity ~ time + temperature + (1 | animal)", data)
    within = lk.lmer("activity ~ time + temperature + (1 | animal) + (1 | day)", data)
    assert within.se["temperature"] > 3 * without.se["temperature"]


def test_words_cross_subjects_and_items() -> None:
    data = lk.load_data("words")
    seen = data.groupby(["subject", "item"], observed=True).size()
    assert set(seen) == {1}
    assert len(seen) > 0.9 * 30 * 24
    assert data.groupby("item", observed=True)["condition"].nunique().eq(2).all()


def test_counts_are_possible() -> None:
    herds, ticks = lk.load_data("herds"), lk.load_data("ticks")
    assert ((herds["infected"] >= 0) & (herds["infected"] <= herds["cows"])).all()
    assert herds.groupby("herd", observed=True)["milking"].nunique().eq(1).all()
    assert (ticks["ticks"] >= 0).all()
    litters = ticks.groupby("litter", observed=True)
    assert litters["altitude"].nunique().eq(1).all()
    within = litters["ticks"].agg(["var", "mean"]).loc[lambda t: t["mean"] > 3]
    assert (within["var"] / within["mean"]).mean() > 1.5  # more than Poisson, inside litters too
