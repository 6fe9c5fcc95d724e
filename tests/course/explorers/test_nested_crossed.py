"""Nested or crossed: what formulas see, and when two are one."""

import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._nested_crossed import _LM, KINDS

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
