"""A section of the catalogue that lacks something is named; nobody's measurements are given away by default."""

import pytest
from dictionary import catalogue, resource

MEASURED = {
    "title": "Beetles",
    "lecture": "our own",
    "source": "A. Colleague, 2024",
    "description": "Beetles in traps.",
    "models": ["count ~ 1"],
    "columns": {
        "Strain": {"levels": [], "about": "x"},
        "Dose": {"unit": "g", "about": "x"},
        "Weight": {"unit": "g", "about": "x"},
    },
}


def test_measured_data_are_given_away_by_nobody_but_their_owner():
    with pytest.raises(
        SystemExit, match=r"\[tables.mouse\]: synthetic, license is missing.*synthetic = false"
    ):
        resource("mouse", MEASURED, catalogue(), {})
    entry = resource("mouse", MEASURED | {"synthetic": False, "license": "other-open"}, catalogue(), {})
    assert entry["licenses"][0]["name"] == "other-open" and not entry["synthetic"] and entry["caveats"] == []


@pytest.mark.parametrize("key", ["title", "lecture", "description", "models", "columns"])
def test_a_missing_key_is_named(key):
    table = {name: value for name, value in MEASURED.items() if name != key} | {"source": "simulated"}
    with pytest.raises(SystemExit, match=f": {key} is missing; a section says title"):
        resource("mouse", table, catalogue(), {})


def test_an_unknown_license_is_named():
    with pytest.raises(SystemExit, match=r"no license 'mine'; there are CC0-1\.0"):
        resource("mouse", MEASURED | {"synthetic": False, "license": "mine"}, catalogue(), {})
