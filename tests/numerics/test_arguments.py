"""The checks of what a caller gives, one by one; every function that uses them is in `test_odd_arguments.py`."""

import re

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.numerics import arguments


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("kenward_roger", "kenward_roger"),
        ("Kenward-Roger", "kenward_roger"),
        (" KENWARD ROGER ", "kenward_roger"),
        ("asymptotic", "none"),
    ],
)
def test_words_may_be_spelled_as_in_r(given, meant):
    assert arguments.one_of("ddf", given, ("kenward_roger", "none"), {"asymptotic": "none"}) == meant


@pytest.mark.parametrize("given", [3, "3", "III", "iii", 3.0, np.int64(3)])
def test_numbers_may_be_written_as_text_or_in_roman_figures(given):
    found = arguments.one_of("type", given, (1, 2, 3))
    assert found == 3 and isinstance(found, int)


@pytest.mark.parametrize("given", [None, 4, "IV", True, [3], np.array([1, 2]), pd.NA, "", float("nan")])
def test_other_choices_are_refused(given):
    with pytest.raises(lk.ModelError, match="type must be one of 1, 2, 3, not "):
        arguments.one_of("type", given, (1, 2, 3))


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        (lambda: arguments.level("0.95"), "level must be a number, not '0.95'; write it without quotes"),
        (lambda: arguments.level(95), "level must lie between 0 and 1, not 95; write 0.95 for 95 %"),
        (lambda: arguments.level(0), "level must lie between 0 and 1, not 0"),
        (lambda: arguments.seed("a"), "seed must be a whole number from 0, not 'a'; or leave it out"),
        (lambda: arguments.seed([1, -1]), "seed must be a whole number from 0, not -1; or leave it out"),
        (lambda: arguments.workers(0), "n_jobs must be a whole number from 1, or -1 for one per core, not 0"),
        (lambda: arguments.flag("reml", "ML"), "reml must be True or False, not 'ML'"),
        (lambda: arguments.whole("n_sim", 1.5), "n_sim must be a whole number from 1, not 1.5"),
        (lambda: arguments.whole("n_sim", 10**400), "n_sim must be a whole number from 1, not 1000"),
        (lambda: arguments.names("by", 3), "by must be a name or a list of names, not 3"),
        (lambda: arguments.numbers("start", "abc"), "start must be a list of numbers, not 'abc'"),
        (lambda: arguments.fitted("fit", None), "fit must be a fitted model, as made by "),
        (lambda: arguments.axes(3), "ax must be axes of matplotlib, as from plt.subplots(), not 3"),
        (lambda: arguments.function("stat", 3), "stat must be a function of a fitted model, not 3"),
    ],
)
def test_what_makes_no_sense_is_refused_by_one_sentence(check, sentence):
    with pytest.raises(lk.ModelError, match=re.escape(sentence)) as caught:
        check()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


def test_a_seed_makes_the_same_children_however_it_is_given():
    first = np.random.default_rng(arguments.seed_sequence(7).spawn(1)[0]).random()
    for given in (np.int64(7), np.random.SeedSequence(7), np.random.default_rng(7)):
        assert np.random.default_rng(arguments.seed_sequence(given).spawn(1)[0]).random() == first


def test_rs_spellings_reach_the_functions():
    data = lk.load_data("sleepstudy")
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", data, na_action="na.omit")
    pd.testing.assert_frame_equal(fit.coef_table(ddf="Kenward-Roger"), fit.coef_table(ddf="kenward_roger"))
    pd.testing.assert_frame_equal(fit.anova(type="III"), fit.anova(type=3))
    pd.testing.assert_series_equal(fit.predict(re_form="NA"), fit.predict(re_form="~0"))
    pd.testing.assert_frame_equal(fit.confint(method="Wald"), fit.confint(method="wald"))
    pd.testing.assert_frame_equal(fit.drop1(test="Chisq"), fit.drop1())
    assert "Kenward" in str(fit.summary(ddf="Kenward-Roger"))


def test_words_that_mean_nothing_are_no_longer_taken():
    data = lk.load_data("sleepstudy")
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", data)
    for call in (
        lambda: lk.lmer("Reaction ~ Days + (1 | Subject)", data, reml="ML"),
        lambda: fit.update(reml="ML"),
        lambda: fit.drop1(ddf="nonsense"),
        lambda: fit.tidy(level=1.5),
        lambda: fit.predict(allow_new_levels="no"),
        lambda: lk.rand_test(fit, n_sim=""),
        lambda: lk.emmeans(fit, "Days", at=""),
    ):
        with pytest.raises(lk.ModelError):
            call()
