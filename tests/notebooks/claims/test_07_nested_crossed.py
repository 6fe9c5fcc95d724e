"""What lesson 7 and its exercise say of owls, schools, words, chicks and marmots."""

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31.


@pytest.fixture(scope="module")
def owls():
    """The owls, with chicks numbered anew in each brood."""
    data = lk.load_data("owl_cort")
    number = data.groupby("Brood", observed=True)["Ring"].transform(
        lambda ring: pd.factorize(ring.astype(str))[0] + 1
    )
    return data.assign(chick="chick" + number.astype(str))


@pytest.fixture(scope="module")
def schools():
    return lk.load_data("schools")


@pytest.fixture(scope="module")
def words():
    return lk.load_data("words")


@pytest.fixture(scope="module")
def marmots():
    return lk.load_data("behaviour")


def variances(fit):
    return fit.varcorr.frame.set_index("grp")["vcov"]


def test_a_chick_is_measured_up_to_three_times(owls):
    """“a chick is measured up to three times”"""
    assert sorted(owls["Ring"].value_counts().unique()) == [1, 2, 3]


def test_every_ring_occurs_in_one_brood(owls):
    """“every ring occurs in one brood only” and “On the left each ring (column) has one brood (row)”"""
    assert (owls.groupby("Ring", observed=True)["Brood"].nunique() == 1).all()


def test_nearly_every_subject_has_met_every_word(words):
    """“on the right nearly every subject has met every word (a few answers were wrong and left out)”"""
    pairs = len(words[["subject", "item"]].drop_duplicates())
    possible = words["subject"].nunique() * words["item"].nunique()
    assert pairs == len(words) == 693
    assert 0.95 < pairs / possible < 1


def test_slash_and_plus_are_one_model(owls):
    """“rings have numbers of their own, so a ring names its brood. The two formulas are the same model,
    written twice.” and “If labels are unique, slash and plus are the same model”"""
    slash = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood/Ring)", owls, reml=False)
    plus = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood) + (1 | Ring)", owls, reml=False)
    assert slash.loglik == pytest.approx(-294.18391, abs=1e-4)  # logLik
    assert plus.loglik == pytest.approx(slash.loglik, abs=1e-5)
    assert slash.ngroups["Ring:Brood"] == plus.ngroups["Ring"] == 151


def test_chicks_in_many_broods_at_once(owls):
    """“chicks that live in many broods at once, chick1 in all …, chick6 in …” and
    “It finds no variance between them: the fit is singular. That, and the number of chicks it counts, are
    its signs.”"""
    sharing = owls.groupby("chick")["Brood"].nunique()
    assert sharing.to_dict() == {
        "chick1": 51,
        "chick2": 42,
        "chick3": 30,
        "chick4": 18,
        "chick5": 7,
        "chick6": 3,
    }
    wrong = lk.lmer("log(totCort) ~ Implant * days + (1 | Brood) + (1 | chick)", owls, reml=False)
    assert wrong.loglik == pytest.approx(-294.90521, abs=1e-4)  # logLik; VarCorr: chick 0.00000, singular
    assert variances(wrong)["chick"] == pytest.approx(0, abs=1e-8)
    assert wrong.is_singular and wrong.ngroups["chick"] == 6


def test_classes_of_schools(schools):
    """“All first classes are thrown into one group, all second classes into another, and so on.” and “In all
    schools together there are 34 classes.” and “no label goes beyond what you see here” and “The longest list
    of labels that you see has all of them.”"""
    assert schools["class"].nunique() == schools.loc[schools["school"] == "sch01", "class"].nunique() == 4
    assert len(schools[["school", "class"]].drop_duplicates()) == 34
    assert schools["school"].nunique() == 12


def test_where_the_classes_go(schools):
    """“The wrong model finds little difference between "classes"” and “The real differences between classes
    go into the residual, and a part of them into the schools”"""
    right = variances(lk.lmer("score ~ hours + (1 | school/class)", schools))
    wrong = variances(lk.lmer("score ~ hours + (1 | school) + (1 | class)", schools))
    # VarCorr: class:school 13.0551, school 2.7393, residual 35.5423; school 7.7299, class 1.2194, residual 43.7134
    assert right.to_dict() == pytest.approx(
        {"class:school": 13.0551, "school": 2.7393, "Residual": 35.5423}, abs=2e-3
    )
    assert wrong.to_dict() == pytest.approx(
        {"school": 7.7299, "class": 1.2194, "Residual": 43.7134}, abs=2e-3
    )
    to_residual, to_schools = 43.7134 - 35.5423, 7.7299 - 2.7393
    assert to_residual > to_schools > 13.0551 / 3


def test_standard_errors_per_class_become_too_small(schools):
    """“the standard errors of anything measured per class become too small”"""
    rng = np.random.default_rng(11)
    classes = schools[["school", "class"]].drop_duplicates()
    ratios = []
    for _ in range(10):
        data = schools.merge(classes.assign(measured=rng.normal(size=len(classes))), on=["school", "class"])
        wrong, right = (
            lk.lmer(f"score ~ hours + measured + {random}", data).se["measured"]
            for random in ("(1 | school) + (1 | class)", "(1 | school/class)")
        )
        ratios.append(wrong / right)
    # vcov of both lmer, with the same ten columns in R
    found = [
        0.495166,
        0.506217,
        0.512002,
        0.576098,
        0.601265,
        0.497124,
        0.557621,
        0.557801,
        0.530952,
        0.521672,
    ]
    assert ratios == pytest.approx(found, abs=1e-3)
    assert max(found) < 0.8


def test_labels_that_start_anew():
    """“the label alone throws units of different groups together: the formula counts fewer units than there
    are”"""

    def df(labels):
        state = {"design": "plots in treatments", "labels": labels, "upper": 2, "lower": 4, "rows": 5}
        result = explorers.nested_crossed.result(**state, tried="(1 | plot)")
        return result.tried.df, result.right.df

    # lmerTest 3.1-3 on the panel's rows: 5.99999943 df; by four "plots", each of them in both treatments, 35.00000003
    assert df("unique") == pytest.approx((6, 6), abs=1e-3)
    assert df("start anew in each group") == pytest.approx((35, 6), abs=1e-3)


def test_subjects_and_words(words):
    """“Subjects differ by a standard deviation of … ms, words by … ms. What is left, one trial of one
    subject with one word, scatters by … ms”"""
    both = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)
    assert both.varcorr.frame["sdcor"].to_list() == pytest.approx(
        [59.305, 34.906, 66.033], abs=5e-3
    )  # VarCorr
    assert not words.duplicated(["subject", "item"]).any()


def test_leaving_the_words_out_costs_precision(words):
    """“Here every word was met in both conditions, so leaving the words out only costs precision.” and
    “Every word was met in both conditions. Does the standard error of `primed` become `"larger"`” and
    “so the estimate would be, nearly” and “The differences between words went into the residual.”"""
    assert (words.groupby("item", observed=True)["condition"].nunique() == 2).all()
    without = lk.lmer("rt ~ condition + (1 | subject)", words)
    assert without.sigma == pytest.approx(74.68758, abs=1e-3)  # sigma; SE 5.677884 against 5.02153
    assert without.se["conditionprimed"] == pytest.approx(5.677884, abs=1e-3)
    # fixef of the model without the words, and of the crossed one
    assert without.fixef["conditionprimed"] == pytest.approx(-35.8817689, abs=1e-4)
    both = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)
    assert both.fixef["conditionprimed"] == pytest.approx(-34.9684637, abs=1e-3)
    assert abs(35.8817689 - 34.9684637) < 0.2 * 5.02153


def test_had_each_condition_its_own_words():
    """“the words' differences would have passed for an effect of the condition”"""
    rng = np.random.default_rng(70)
    alarms = []  # no R number: how often, over studies simulated with a seed of our own
    for _ in range(25):  # twelve words a condition, none of them an effect; subjects are left out for speed
        word = rng.normal(0, 35, 24)
        rows = pd.DataFrame({"item": np.repeat(np.arange(24).astype(str), 30)})
        rows["condition"] = np.where(np.arange(len(rows)) < 360, "primed", "unprimed")
        rows["rt"] = 600 + np.repeat(word, 30) + rng.normal(0, 66, len(rows))
        alarms.append(lk.lm("rt ~ condition", rows).coef_table()["p_value"].iloc[1] < 0.05)
    assert np.mean(alarms) > 0.3


def test_chicks_of_a_nest_are_alike():
    """“Most of what makes weights of one day differ is the nest.”"""
    fit = lk.lmer("mass ~ day * implant + (1 | nest/chick)", lk.load_data("implants"))
    parts = variances(fit)
    # VarCorr: chick:nest 89.7986, nest 315.4343, residual 61.0590
    assert parts.to_dict() == pytest.approx(
        {"chick:nest": 89.7986, "nest": 315.4343, "Residual": 61.0590}, abs=0.02
    )
    assert parts["nest"] / parts.sum() > 0.5


def test_marmots_and_days_are_crossed(marmots):
    """“the factors are crossed, and the model believes in many more days than there were”"""
    assert (pd.crosstab(marmots["animal"], marmots["day"]) == 4).all().all()
    colleague = lk.lmer("activity ~ time + temperature + (1 | animal/day)", marmots)
    assert colleague.ngroups["day:animal"] == 200  # ngrps(lmer)
    assert marmots["day"].nunique() == 20


def test_there_are_four_rows_for_each(marmots):
    """“there are four rows for each, one for every time of day, and the fit went through”"""
    assert (marmots.groupby(["animal", "day"], observed=True)["time"].nunique() == 4).all()


def test_what_the_mistake_costs(marmots):
    """“As many temperatures as days, not as many as pairs of animal and day.”"""
    assert marmots.groupby("day", observed=True)["temperature"].nunique().max() == 1
    nested, crossed = (
        lk.lmer(f"activity ~ time + temperature + {random}", marmots).se["temperature"]
        for random in ("(1 | animal/day)", "(1 | animal) + (1 | day)")
    )
    assert crossed / nested == pytest.approx(2.838331, abs=1e-3)  # from vcov of both
