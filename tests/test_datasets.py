"""The data sets load with the dictionary's types, everywhere, and damage is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit import datasets
from lmmkit.datasets import data_names

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"

LECTURES = [
    "mouse", "enzyme", "clinic", "biomarker", "protein_years", "plasma_age", "scrna", "genexpr",
    "genexpr_info", "simpson", "ex33", "owl_cort", "owl_wing", "sleepstudy", "sleepstudy_plus",
]  # fmt: skip


@pytest.mark.parametrize("name", data_names())
def test_types_and_levels_are_the_dictionary_s(name: str) -> None:
    frame, info = lk.load_data(name), lk.data_info(name)
    assert len(frame) == info.rows
    columns = frame if frame.index.name is None else frame.reset_index()
    assert list(columns.columns) == list(info.columns.index)
    for column, about in info.columns.iterrows():
        values = columns[column]
        if about["type"] == "factor":
            assert isinstance(values.dtype, pd.CategoricalDtype)
            assert not values.cat.ordered
            assert set(values) == set(values.cat.categories)
        elif about["type"] == "label":
            assert values.is_unique
        else:
            assert about["unit"]
            assert values.dtype == ("int64" if about["type"] == "integer" else "float64")
            assert np.isfinite(values.dropna()).all()
        assert about["description"]


@pytest.mark.parametrize("name", data_names())
def test_what_is_known_is_said(name: str) -> None:
    info = lk.data_info(name)
    assert info.title and info.description and info.source and info.license and info.lecture
    assert info.synthetic == (not name.startswith("sleepstudy"))
    assert info.license == ("CC0-1.0" if info.synthetic else "other-open")
    for shown in (repr(info), unescape(info._repr_html_())):
        assert info.title in shown
        assert "synthetic" in shown or "real" in shown
        assert all(str(column) in shown for column in info.columns.index[:3])


def test_the_lectures_order_of_levels() -> None:
    assert set(LECTURES) <= set(data_names())
    order = {
        ("owl_cort", "days"): ["before", "2", "20"],
        ("owl_cort", "Implant"): ["C", "P"],
        ("scrna", "disease"): ["D", "ND"],
        ("plasma_age", "group"): ["1", "2", "3", "4"],
        ("simpson", "Group"): ["G_1", "G_2", "G_3", "G_4", "G_5"],
        ("mouse", "Strain"): ["m1", "m2", "m3", "m4", "m5"],
    }
    for (name, column), levels in order.items():
        assert list(lk.load_data(name)[column].cat.categories) == levels
    assert list(lk.load_data("scrna")["sample"].cat.categories)[-2:] == ["s9", "s10"]
    assert list(lk.load_data("sleepstudy_plus")["Subject"].cat.categories)[-3:] == ["372", "374", "373"]


def test_each_call_gives_a_fresh_copy() -> None:
    first = lk.load_data("mouse")
    first.loc[:, "Weight"] = 0.0
    assert lk.load_data("mouse")["Weight"].min() > 0


def test_genes_fit_their_samples() -> None:
    expression, info = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    assert list(expression.columns) == list(info["ID"])
    assert list(expression.index)[1:] == list(lk.load_data("genexpr_truth").index)


def test_every_file_is_described() -> None:
    files = {path.stem for path in DATA.glob("*.csv")} - {"lecture_figures"}
    assert files == set(data_names())
    assert list(lk.data_info().index) == data_names()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("mouze", "mouse"), ("Sleepstudy", "sleepstudy"), ("owlcort", "owl_cort"), ("genexp", "genexpr")],
)
def test_a_misspelt_name_gets_a_suggestion(wrong: str, right: str) -> None:
    for ask in (lk.load_data, lk.data_info):
        with pytest.raises(lk.DataError, match=f"no data set '{wrong}'; did you mean '{right}'?"):
            ask(wrong)


@pytest.mark.parametrize("odd", ["", "zzzzzz", 7, None, ["mouse"]])
def test_an_odd_name_is_refused_plainly(odd: object) -> None:
    with pytest.raises(lk.DataError, match="there is no data set"):
        lk.load_data(odd)  # type: ignore[arg-type]


# --- damage -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of two data sets, to be damaged."""
    for name in ("mouse.csv", "owl_cort.csv", "datapackage.json"):
        shutil.copy(DATA / name, tmp_path / name)
    monkeypatch.setattr(datasets, "_folder", lambda: tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "mouse",
            "Strain,Dose,Weight",
            "Strain,Dos,Weight",
            r"it has no column 'Dose' \(but has a column 'Dos'\)",
        ),
        (
            "mouse",
            "Strain,Dose,Weight",
            "Strain,Dose,Weight,Note",
            "a column 'Note' that does not belong there",
        ),
        (
            "mouse",
            "m1,1,25.6670959",
            "m1,1,heavy",
            "column 'Weight' holds 'heavy' in line 2, which is not a number",
        ),
        (
            "mouse",
            "m1,1,25.6670959",
            "m1,1.5,25.6670959",
            "'Dose' holds '1.5' in line 2, which is not a whole number",
        ),
        ("mouse", "m1,1,25.6670959", "m1,1,inf", "column 'Weight' holds 'inf' in line 2"),
        ("mouse", "m1,1,25.6670959", "m1,,25.6670959", "column 'Dose' is empty in line 2"),
        ("mouse", "m1,1,25.6670959\n", "", "it has 49 rows and should have 50"),
        ("mouse", "m1,1,25.6670959\n", "m1,1,25.6670959\n" * 2, "it has 51 rows and should have 50"),
        (
            "mouse",
            "m1,1,25",
            "m9,1,25",
            "column 'Strain' holds 'm9' in line 2, and should hold one of m1, m2",
        ),
        ("mouse", "m1,1,25.6670959", 'm1,1,"25.6670959', "cannot be read as a table"),
        (
            "owl_cort",
            "34,before",
            "34,3",
            "column 'days' holds '3' in line 2, and should hold one of before, 2, 20",
        ),
    ],
)
def test_damage_is_named(folder: Path, file: str, old: str, new: str, message: str) -> None:
    replace(folder / f"{file}.csv", old, new)
    for ask in (lk.load_data, lk.data_info):
        with pytest.raises(lk.DataError, match=f"data file {file}.csv is damaged: .*{message}.*fresh copy"):
            ask(file)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_unreadable_files_are_named(folder: Path, content: bytes | None) -> None:
    path = folder / "mouse.csv"
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(lk.DataError, match=r"data file mouse\.csv is damaged"):
        lk.load_data("mouse")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"resources": [{}]}'])
def test_a_damaged_dictionary_is_named(folder: Path, content: str) -> None:
    datasets._entries.cache_clear()
    (folder / "datapackage.json").write_text(content)
    with pytest.raises(lk.DataError, match=r"dictionary of the data sets, .*cannot be read"):
        lk.load_data("mouse")


# --- the dictionary, the wheel ----------------------------------------------------------------------------


def test_frictionless_accepts_the_package() -> None:
    frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed")
    report = frictionless.validate(str(DATA / "datapackage.json"))
    assert report.valid, report.flatten(["path", "rowNumber", "fieldName", "message"])
    assert len(report.tasks) == len(data_names())


def test_frictionless_would_see_a_fault(tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="frictionless is not installed")
    package = json.loads((DATA / "datapackage.json").read_text())
    package["resources"] = package["resources"][:1]
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    shutil.copy(DATA / "mouse.csv", tmp_path / "mouse.csv")
    replace(tmp_path / "mouse.csv", "m1,1,25.6670959", "m1,1,heavy")
    assert not frictionless.validate(str(tmp_path / "datapackage.json")).valid


@pytest.mark.slow
def test_the_wheel_carries_the_data(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "tests", "lessons", "solutions", "exercises")
    )
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", format="zip")
    script = (
        "import lmmkit as lk, lmmkit.datasets as d; names = d.data_names(); [lk.load_data(n) for n in names];"
        "print(d._folder(), len(names))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    where, count = answer.stdout.split()
    assert Path(where) == tmp_path / "site" / "lmmkit" / "data"
    assert int(count) == len(data_names())


def test_the_truth_is_not_told_unasked() -> None:
    info = lk.data_info("forest")
    assert info.truth["sigma"] == 1.6
    assert "taller" in info.trap
    for shown in (repr(info), info._repr_html_()):
        assert "taller" not in shown
        assert "1.6" not in shown
        assert ".truth" in shown
    assert lk.data_info("mouse").truth == {}
