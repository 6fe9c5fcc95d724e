"""Likelihood ratio tests by simulation."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from tests.inference.reference import model
from tests.lme4_reference import load


def test_statistic_and_chi_square_are_those_of_anova():
    table = lk.pb_modcomp(model("slopes"), model("no_days"), n_sim=20, seed=1, progress=False)
    row = lk.anova(model("no_days"), model("slopes")).iloc[1]
    assert table.loc["LRT"].tolist() == pytest.approx(row[["chisq", "df", "p_value"]].tolist())
    assert table.loc["PBtest", "p_value"] == pytest.approx(1 / 21)
    assert len(table.attrs["reference"]) == 20


def test_the_small_model_as_the_change_that_makes_it():
    two = [
        lk.pb_modcomp(model("slopes"), small, n_sim=3, seed=1) for small in (". ~ . - Days", model("no_days"))
    ]
    assert two[0].attrs["reference"] == two[1].attrs["reference"]
    table = lk.kr_modcomp(model("slopes"), ". ~ . - Days")  # pbkrtest 0.5.2: F(1, 17) = 45.8529616
    assert table[["den_df", "statistic"]].iloc[0].tolist() == pytest.approx([17, 45.8529616], rel=1e-5)
    with pytest.raises(lk.ModelError, match="small must be a fitted model"):
        lk.kr_modcomp(model("slopes"), "Days")


@pytest.mark.slow  # workers take their time to start
def test_the_same_for_any_number_of_workers():
    tables = [
        lk.pb_modcomp(model("slopes"), model("uncorrelated"), n_sim=12, seed=3, n_jobs=n, progress=False)
        for n in (1, 2)
    ]
    assert tables[0].attrs["reference"] == tables[1].attrs["reference"]


def test_without_a_random_effect_the_null_distribution_is_half_zero():
    data = load("Dyestuff")
    large, small = lk.lmer("Yield ~ 1 + (1 | Batch)", data), lk.lm("Yield ~ 1", data)
    reference = np.array(lk.pb_modcomp(large, small, n_sim=200, seed=1, progress=False).attrs["reference"])
    share = (reference < 1e-8).mean()
    # A share of zeros of about 0.66 (six batches), not the asymptotic half.
    assert 0.5 < share < 0.8


def test_counts_of_hits_are_simulated_and_refitted():
    table = lk.pb_modcomp(model("herds"), model("no_herds"), n_sim=30, seed=1, progress=False)
    assert table.loc["PBtest", "p_value"] == pytest.approx(1 / 31)
    assert table.loc["LRT", "p_value"] < 1e-3


def test_refusals():
    with pytest.raises(lk.ModelError, match="not a special case"):
        lk.pb_modcomp(model("intercepts"), model("slopes"), n_sim=2)


@pytest.mark.slow
def test_p_values_are_uniform_under_the_null():
    """Of 100 true nulls about a variance, each tested with 39 simulations, about 5% are rejected at 5%."""
    data = load("Dyestuff")
    small = lk.lm("Yield ~ 1", data)
    rejected = 0
    for number in range(100):
        y = small.simulate(1, seed=number)["sim_1"].to_numpy()
        again = data.assign(Yield=y)
        large = lk.lmer("Yield ~ 1 + (1 | Batch)", again)
        table = lk.pb_modcomp(large, lk.lm("Yield ~ 1", again), n_sim=39, seed=number, progress=False)
        rejected += table.loc["PBtest", "p_value"] <= 0.05
    print(f"rejected {rejected} of 100 true nulls at 5%")
    assert rejected <= stats.binom.ppf(0.999, 100, 0.05)
