"""What the appendix says of the lectures' own numbers, computed from the data."""

import numpy as np
import pytest

import lmmkit as lk


def test_three_draws_have_other_rows_and_one_fit():
    """“nobody can have the same rows again without the seed, but everybody can have the same fit”
    “Means, variances and correlation are exact in every draw.”
    “Three seeds give three sets of rows, and one fit.”
    """
    draws = [lk.simulate_simpson(seed=seed) for seed in (1, 2, 3)]
    assert np.abs(draws[0]["V1"] - draws[1]["V1"]).max() > 0.1 < np.abs(draws[1]["V1"] - draws[2]["V1"]).max()
    moments = [
        np.hstack([rows.groupby("Group", observed=True)[["V1", "V2"]].agg(["mean", "var"]).to_numpy().ravel(),
                   [mine["V1"].corr(mine["V2"]) for _, mine in rows.groupby("Group", observed=True)]])
        for rows in draws
    ]  # fmt: skip
    np.testing.assert_allclose(moments[1:], [moments[0]] * 2, atol=1e-9)
    criteria = [lk.lmer("V2 ~ V1 + (1 | Group)", rows).reml_criterion for rows in draws]
    np.testing.assert_allclose(criteria, criteria[0], atol=1e-6)
    assert criteria[0] == pytest.approx(
        304.124757, abs=1e-5
    )  # R 4.2.2, lme4 1.1-31: REMLcrit, of the stored rows


def test_five_samples_ten_rows_each():
    """“the tables that follow are of five samples with ten replicates each”"""
    rows = lk.load_data("enzyme").groupby("Sample", observed=True).size()
    assert rows.tolist() == [10] * 5


def test_a_swap_leaves_r_squared_as_it_was():
    """“A swap alone leaves R² as it was. The slides print two different ones.”"""
    enzyme = lk.load_data("enzyme")
    pairs = {"22": ("Value", "Value2"), "swapped": ("Value2", "Value"), "23": ("Pheno", "Enzyme")}
    squared = {name: enzyme[a].corr(enzyme[b]) ** 2 for name, (a, b) in pairs.items()}
    # R 4.2.2: summary(lm(Value2 ~ Value))$r.squared and summary(lm(Enzyme ~ Pheno))$r.squared
    np.testing.assert_allclose(squared["swapped"], squared["22"], rtol=1e-12)
    np.testing.assert_allclose([squared["22"], squared["23"]], [0.5555, 0.5515], atol=5e-5)


def test_every_draw_gives_one_fit():
    """“Its printed digits are what rounding left over.”"""
    fits = [lk.lmer("V2 ~ V1 + (1 | Group)", lk.simulate_simpson(seed=seed)) for seed in (11, 12, 13)]
    for fit in fits:
        # R 4.2.2, lme4 1.1-31, fixef, VarCorr: 0.94959508, 3.082501, 0.312566
        assert fit.fixef["V1"] == pytest.approx(0.94959508, abs=1e-5)
        assert fit.varcorr.frame["sdcor"].to_list() == pytest.approx([3.082501, 0.312566], abs=1e-4)
        assert fit.ranef()["Group"]["(Intercept)"].iloc[2] == pytest.approx(0, abs=1e-6)
