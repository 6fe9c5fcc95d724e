"""Nested or crossed: what formulas see, and when two are one."""

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._nested_crossed import _LM, KINDS
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.nested_crossed.result


def test_right_formula_sees_every_class_and_the_wrong_one_a_few():
    r = result(upper=6, lower=4, rows=5)
    assert r.right.groups == {"class:school": 24, "school": 6}
    assert r.tried.groups == {"school": 6, "class": 4}
    assert not r.same
    assert r.tried.se < r.right.se and r.tried.df > r.right.df


def test_unique_labels_make_both_formulas_one_model():
    r = result(labels="unique")
    assert r.same and r.tried.se == pytest.approx(r.right.se, rel=1e-5)
    assert "same model in other words" in explorers.nested_crossed.sentence(r)


def test_numbers_are_those_of_lmer():
    r = result(seed=5)
    row = lk.lmer(r.right.formula, r.data).coef_table().iloc[1]
    assert (r.right.estimate, r.right.se) == pytest.approx((row["estimate"], row["std_error"]))


def test_without_random_effects_it_is_lm():
    for design, kind in KINDS.items():
        r = result(design=design, tried=_LM)
        line = lk.lm(f"{kind.response} ~ {kind.treatment}", r.data)
        assert r.tried.estimate == pytest.approx(line.fixef.iloc[1])
        assert r.tried.se == pytest.approx(line.se.iloc[1])
        assert r.tried.df == line.df_resid


def test_one_row_for_every_class_leaves_the_school_alone():
    r = result(rows=1, tried="(1 | school/class)")
    assert r.right.formula == "score ~ method + (1 | school)" and r.right.groups == {"school": 6}
    assert "needs fewer levels than rows" in r.tried.refusal
    assert "is refused" in explorers.nested_crossed.sentence(r)
    plots = result(design="plots in treatments", rows=1)
    line = lk.lm("nitrogen ~ treatment", plots.data)
    assert plots.right.se == pytest.approx(line.se.iloc[1]) and plots.right.df == line.df_resid


def test_a_word_with_one_item_cannot_be_tested():
    r = result(design="subjects × items", lower=2)
    assert r.confounded and "no formula can test the word" in explorers.nested_crossed.sentence(r)
    assert not result(design="subjects × items", lower=3).confounded


def test_repeated_plot_labels_tie_plots_together():
    r = result(design="plots in treatments", tried="(1 | plot)", upper=2)
    assert r.right.groups == {"treatment:plot": 8} and r.tried.groups == {"plot": 4}
    unique = result(design="plots in treatments", labels="unique", tried="(1 | treatment:plot)", upper=2)
    assert unique.same


def test_subject_and_item_are_crossed():
    r = result(design="subjects × items", tried="(1 | subject/item)", upper=5, lower=6)
    assert r.right.groups == {"subject": 5, "item": 6} or r.right.groups == {"item": 6, "subject": 5}
    assert r.tried.groups == {"item:subject": 30, "subject": 5}


def kernels(kind, data, formula):
    """Which rows share which unit, by the formula read as text; and the units of each."""
    upper, lower = (data[name].astype(str).to_numpy() for name in (kind.upper, kind.lower))
    units = {kind.upper: upper, kind.lower: lower}
    for one, two in ((kind.lower, kind.upper), (kind.upper, kind.lower)):
        units[f"{one}:{two}"] = np.char.add(np.char.add(upper, "/"), lower)
    random = formula.split(" ~ ")[1]
    named = {
        f"(1 | {kind.upper}/{kind.lower})": (f"{kind.lower}:{kind.upper}", kind.upper),
        f"(1 | {kind.upper}) + (1 | {kind.lower})": (kind.upper, kind.lower),
        f"(1 | {kind.upper}:{kind.lower})": (f"{kind.upper}:{kind.lower}",),
        f"(1 | {kind.upper})": (kind.upper,),
        f"(1 | {kind.lower})": (kind.lower,),
    }
    for text, names in named.items():
        if text in random:
            return {name: units[name] for name in names}
    return {}


def told(claim, r, words):
    """SE, df and p that the sentence gives the right formula, or the one tried."""
    if claim is r.right:
        after = words.split("The right formula, ")[1].split("an SE of ")[1]
    else:
        name = claim.formula if "|" in claim.formula else f"{claim.formula} (lm)"
        after = words.split(f"{name} sees")[-1].split("claims ")[1]
    se, df = found("# (# df", after)
    p = after.split(" df, p ")[1]
    return se, df, (0.0 if p.startswith("<") else float(p[2:7]))


def holds(state, r, words, deep):
    """Levels counted in the table; SE, df and p from whole covariance matrices."""
    kind, data = KINDS[state["design"]], r.data
    confounded = state["design"] == "subjects × items" and state["lower"] == 2
    assert ("no formula can test" in words) == confounded, (state, words)
    y = data[kind.response].to_numpy()
    arm = data[kind.treatment].cat.codes.to_numpy()
    X = np.column_stack([np.ones_like(y), *(arm == level for level in range(1, arm.max() + 1))]).astype(float)
    claims = [r.tried] if confounded else [r.right, r.tried]
    for claim in claims:
        units = kernels(kind, data, claim.formula)
        if any(len(set(labels)) == len(y) for labels in units.values()):
            assert "is refused" in words and claim is r.tried, (state, words)
            continue
        if claim.formula not in words:
            continue
        if confounded and kind.lower in units:
            assert "for an SD of items that nothing tells" in words, (state, words)
            continue
        counts = {name: len(set(labels)) for name, labels in units.items()}
        for name, count in counts.items():
            assert f"{count} levels of {name}" in words, (state, words)
        if f"{claim.formula} sees" in words and "here it is the same model" in words:
            right = kernels(kind, data, r.right.formula)
            assert {tuple(np.unique(v, return_inverse=True)[1]) for v in units.values()} == {
                tuple(np.unique(v, return_inverse=True)[1]) for v in right.values()
            }
            continue
        if not deep or len(y) > 100:
            continue
        K = [(labels[:, None] == labels) * 1.0 for labels in units.values()]
        if not K:
            line = brute.least_squares(X, y)
            se, df = line.se[1], line.df
        else:
            sds, fit = brute.components(y, X, K)
            se = np.sqrt(fit.cov[1, 1])
            used = [i for i, sd in enumerate(sds) if sd > 1e-3]
            variances = fit.sigma2 * np.array([*(sds[i] ** 2 for i in used), 1.0])
            df = brute.satterthwaite(y, X, [K[i] for i in used], variances, np.eye(X.shape[1])[1])
        shown_se, shown_df, shown_p = told(claim, r, words)
        assert same(shown_se, se, room=2e-3 * se), (state, words, se)
        if "its fit is singular" not in words:
            assert abs(shown_df - df) <= 0.5 + 0.03 * df, (state, words, df)
        beta = brute.gls(y, X, np.eye(len(y))).beta[1] if not K else fit.beta[1]
        p = 2 * stats.t.sf(abs(beta) / se, shown_df)
        assert abs(shown_p - p) < 0.012, (state, words, p)


def test_sentences_of_a_few_states():
    for state, r, words in sweep("nested_crossed", 10):
        holds(state, r, words, deep=False)


@pytest.mark.slow
def test_sentences_of_many_states():
    for number, (state, r, words) in enumerate(sweep("nested_crossed", 200, seed=2)):
        holds(state, r, words, deep=number % 3 == 0)
