"""The page on scale: its table is what the benchmark prints, and what it says of data in parts is so."""

import importlib.util
import re
from pathlib import Path

import pytest

import lmmkit as lk
from tests import doc_tables

PAGE = doc_tables.text("workers.md")
ROOT = Path(__file__).parents[2]
TABLE = PAGE.split("<!-- larger: begin -->\n")[1].split("\n<!-- larger: end -->")[0].splitlines()


@pytest.fixture(scope="module")
def larger():
    spec = importlib.util.spec_from_file_location("larger", ROOT / "benchmarks" / "larger.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_growth_table_is_that_of_the_benchmark(larger):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE[2:]]
    points = [
        {
            "size": int(row[0].replace(",", "")), "folder": float(row[1]), "seconds": float(row[2]),
            "client": float(row[3]), "workers": [float(one) for one in row[4].split(",")],
            "objective": float(row[5]),
        }
        for row in rows[:-1]
    ]  # fmt: skip
    assert [point["size"] for point in points] == larger.SIZES
    before, last = points[-2:]
    slope = (last["seconds"] - before["seconds"]) / (last["size"] - before["size"])
    further = last["seconds"] + slope * (larger.FURTHER - last["size"])
    assert larger.table({"points": points, "further": further}) == TABLE
    assert max(max(point["client"], *point["workers"]) for point in points) < 2048
    assert larger.FORMULA in PAGE


def test_every_name_of_the_table_of_questions_is_there():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    asked = PAGE.split("### What you can ask of such a fit")[1].split("### How it grows")[0]
    names = set(re.findall(r"`(?:fit\.)?(?:lk\.)?([a-z_0-9]+)\(?[^`]*`", asked))
    arguments = {
        "weights",
        "offset",
        "reml",
        "contrasts",
        "na_action",
        "start",
        "optimize",
        "re_form",
        "messages",
    }
    formula = {"poly", "bs", "ns", "scale", "center"}
    lost = [name for name in names - arguments - formula if not (hasattr(fit, name) or hasattr(lk, name))]
    assert lost == []
