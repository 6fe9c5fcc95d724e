"""Levels of numbers are spelled as R's factor() spells them (tests/reference/levels.csv, made by make_levels.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.design.values import label

TABLE = Path(__file__).parents[1] / "reference" / "levels.csv"


def test_a_thousand_numbers_are_spelled_as_r_spells_them():
    rows = [line.split(",") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    assert len(rows) > 1000
    assert [label(float(value)) for value, _ in rows] == [level for _, level in rows]


def sites(dtype: type) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.integers(1, 6, (60, 2)) * 100000, columns=["dose", "site"], dtype=dtype)
    return data.assign(y=rng.normal(size=60))


@pytest.mark.parametrize(("dtype", "other"), [(int, float), (float, int)])
def test_levels_of_whole_numbers_are_known_in_either_type(dtype, other):
    """R, too, writes 1e+05 for a double and 100000 for an integer."""
    fit = lk.lmer("y ~ factor(dose) + (1 | site)", sites(dtype))
    assert fit.fixef.index[1] == f"factor(dose){'200000' if dtype is int else '2e+05'}"
    for same in (sites(dtype), sites(other)):
        assert fit.predict(same).tolist() == fit.fitted.tolist()
    assert lk.emmeans(fit, "dose", at={"dose": [300000, 1e5]})["estimate"].notna().all()
    chosen = lk.lmer("y ~ factor(dose, levels = c(500000, 4e5, 1e5, 2e5, 3e5)) + (1 | site)", sites(dtype))
    assert chosen.fitted.to_numpy() == pytest.approx(fit.fitted.to_numpy())


def test_small_doses_are_levels_as_in_r():
    data = sites(float).assign(dose=lambda d: d["dose"] / 1e9)
    fit = lk.lmer("y ~ 0 + factor(dose) + (1 | site)", data)
    assert fit.fixef.index.tolist() == [f"factor(dose){n}e-04" for n in range(1, 6)]
    assert fit.predict(data).tolist() == fit.fitted.tolist()
    with pytest.raises(lk.DataError, match="has the level '6e-04'"):
        fit.predict(data.assign(dose=6e-4))


def test_zero_has_one_name_whatever_its_sign():
    """R 4.2.2: levels(factor(c(-0.0, 1, 0))) is "0", "1"."""
    data = sites(float).assign(dose=np.resize([-0.0, 1.0, 0.0], len(sites(float))))
    fit = lk.lmer("y ~ 0 + factor(dose) + (1 | site)", data)
    assert fit.fixef.index.tolist() == ["factor(dose)0", "factor(dose)1"]
