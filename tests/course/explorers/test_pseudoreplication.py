"""Pseudoreplication: three analyses, and who is wrong how often."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._pseudoreplication import ANALYSES, false_positive_rates
from tests.course.explorers.sweep import found, same, sweep

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


def holds(state, r, words):
    """Each number from the raw rows, by t tests."""
    bio, tech, a, b = (state[name] for name in ("bio", "tech", "sd_bio", "sd_tech"))
    y = r.data["y"].to_numpy().reshape(2, bio, tech)
    if a == b == 0:
        assert words == "Nothing varies here, so there is nothing to test."
        return
    if bio == 1 and tech == 1:
        assert "only more samples help" in words or "did samples differ" in words
        return
    rows = stats.ttest_ind(y[1].ravel(), y[0].ravel())
    if bio == 1:
        wrong = found("wrong in #% of studies", words)[0] / 100
        assert ("lm on all rows is right" in words) == (a == 0)
        if a == 0:
            assert abs(wrong - 0.05) < 0.02
        return
    means = stats.ttest_ind(y[1].mean(1), y[0].mean(1))
    se = abs((y[1].mean() - y[0].mean()) / means.statistic)
    own = tech * y.mean(2).var(1, ddof=1).mean()  # mean square between samples
    inside = y.var(2, ddof=1).mean() if tech > 1 else 0.0
    p, df = means.pvalue, 2 * bio - 2
    if tech > 1 and b > 0 and own < inside:  # no variance between samples: everything is pooled
        p, df, se = rows.pvalue, 2 * bio * tech - 2, abs((y[1].mean() - y[0].mean()) / rows.statistic)
    if tech == 1 or b == 0:
        assert ("measured once each" in words.lower()) == (tech == 1)
        assert same(found("SE #, p", words)[0], se, room=1e-4)
    else:
        n, told = found("lm on all # rows claims an SE of #", words)
        assert n == 2 * bio * tech
        assert same(told, abs((y[1].mean() - y[0].mean()) / rows.statistic), room=1e-6)
        told_se, told_df = found("the mixed model says # with # df", words)
        assert same(told_se, se, room=1e-4) and same(told_df, df, 0), (state, words)
        all_rows, effective = found("The # rows tell as much as # independent ones", words)
        true = a**2 / bio + b**2 / (bio * tech)  # variance of an arm's mean
        assert all_rows == n and same(effective, 2 * (a**2 + b**2) / true, 0)
    shown = words.split("p = ")[-1].split(")")[0].split(",")[0] if "p = " in words.split("says")[-1] else None
    if shown is not None and "mixed model says" in words:
        assert same(float(shown), p, 3, room=2e-4), (state, words)


def test_sentences_of_many_states():
    for state, r, words in sweep("pseudoreplication", 40):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_still_more_states():
    for state, r, words in sweep("pseudoreplication", 220, seed=2):
        holds(state, r, words)


@pytest.mark.slow
def test_error_rates_are_those_of_simulated_rows():
    """2000 studies row by row for each of 25 states: the shares differ by no more than chance."""
    rng = np.random.default_rng(5)
    for state, r, _ in sweep("pseudoreplication", 25, seed=3, effect=0.0):
        bio, tech, a, b = (state[name] for name in ("bio", "tech", "sd_bio", "sd_tech"))
        if a == b == 0 or bio * tech < 2:
            continue
        y = a * rng.standard_normal((2000, 2, bio, 1)) + b * rng.standard_normal((2000, 2, bio, tech))
        rows = stats.ttest_ind(y[:, 1].reshape(2000, -1), y[:, 0].reshape(2000, -1), axis=1).pvalue
        shares = {ALL_ROWS: np.mean(rows < 0.05)}
        if bio > 1:
            means = stats.ttest_ind(y[:, 1].mean(-1), y[:, 0].mean(-1), axis=1).pvalue
            shares[MEANS] = shares[MIXED] = np.mean(means < 0.05)
            if tech > 1:
                pooled = tech * y.mean(-1).var(-1, ddof=1).mean(-1) < y.var(-1, ddof=1).mean((1, 2))
                shares[MIXED] = np.mean(np.where(pooled, rows, means) < 0.05)
        for analysis in r.analyses:
            share = shares[analysis.name]
            chance = np.sqrt(max(share * (1 - share), 0.02) * (1 / 2000 + 1 / 4000))
            assert abs(analysis.false_positives - share) < 4.5 * chance, (state, analysis.name)
