"""Pseudoreplication: three analyses, and who is wrong how often."""

import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._pseudoreplication import ANALYSES, false_positive_rates

result = explorers.pseudoreplication.result
ALL_ROWS, MEANS, MIXED = ANALYSES


def test_analyses_are_those_of_lm_and_lmer():
    r = result(bio=4, tech=3, effect=1.0)
    found = {a.name: a for a in r.analyses}
    line = lk.lm("y ~ arm", r.data)
    assert (found[ALL_ROWS].se, found[ALL_ROWS].df) == pytest.approx((line.se["armB"], 22))
    means = r.data.groupby(["arm", "sample"], as_index=False)["y"].mean()
    averaged = lk.lm("y ~ arm", means).coef_table().loc["armB"]
    assert (found[MEANS].se, found[MEANS].p) == pytest.approx((averaged["std_error"], averaged["p_value"]))
    mixed = lk.lmer("y ~ arm + (1 | sample)", r.data).coef_table().loc["armB"]
    assert (found[MIXED].se, found[MIXED].p) == pytest.approx((mixed["std_error"], mixed["p_value"]))


def test_error_rates():
    rates = false_positive_rates(bio=5, tech=8, sd_bio=1.0, sd_tech=0.5)
    assert rates[ALL_ROWS] > 0.4
    assert rates[MEANS] == pytest.approx(
        0.05, abs=0.012
    )  # exact; 4000 studies have a standard error of 0.0034
    assert rates[MIXED] == pytest.approx(0.05, abs=0.015)
    honest = false_positive_rates(bio=5, tech=8, sd_bio=0.0, sd_tech=1.0)
    assert honest[ALL_ROWS] == pytest.approx(0.05, abs=0.012)


def test_one_sample_an_arm_leaves_only_the_wrong_analysis():
    r = result(bio=1)
    assert [a.name for a in r.analyses] == [ALL_ROWS]
    assert "only more samples help" in explorers.pseudoreplication.sentence(r)
    assert result(bio=1, tech=1).analyses == ()


def test_without_technical_replicates_all_three_agree():
    r = result(tech=1)
    assert len({(a.se, a.p, a.false_positives) for a in r.analyses[1:]}) == 1
    assert r.analyses[0].se == pytest.approx(r.analyses[1].se)


@pytest.mark.parametrize(("sd_bio", "sd_tech"), [(0.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
def test_standard_deviations_of_zero(sd_bio, sd_tech):
    r = result(sd_bio=sd_bio, sd_tech=sd_tech)
    assert len(r.analyses) == (3 if sd_bio + sd_tech else 0)
    if sd_tech == 0 and sd_bio:
        assert r.analyses[2].se == r.analyses[1].se > r.analyses[0].se
