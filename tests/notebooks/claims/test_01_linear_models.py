"""What lesson 1 and its exercise say of meetings, plasma, nests and pupils."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.diagnostic import het_breuschpagan

import lmmkit as lk
from lmmkit.course import explorers


@pytest.fixture(scope="module")
def happy():
    return lk.load_data("happiness")


@pytest.fixture(scope="module")
def plasma():
    """The patients, with the residuals of the line that knows of no clinics."""
    data = lk.load_data("plasma_age")
    return data.assign(residual=ols("conc ~ age", data).fit().resid)


@pytest.fixture(scope="module")
def pupils():
    """The pupils, with their classroom and the residuals of one line for all."""
    data = lk.load_data("schools")
    return data.assign(
        room=data["school"].astype(str) + " " + data["class"].astype(str),
        residual=ols("score ~ hours", data).fit().resid,
    )


def trends(data, y, x, by):
    """The slope of y on x within each group."""
    return {name: np.polyfit(rows[x], rows[y], 1)[0] for name, rows in data.groupby(by, observed=True)}


def test_who_spent_how_many_hours(happy):
    """“Sixty-six people from a university spent a day with video meetings. Some had none, some sat
    through ten hours.”"""
    assert len(happy) == 66
    assert happy["zoom_hours"].agg(["min", "max"]).tolist() == [0, 10]


def test_the_common_line(happy):
    """“10 minus five times 0.5” and “A dashed line falls from … points at no hours to … at ten”"""
    slope, start = np.polyfit(happy["zoom_hours"], happy["happiness"], 1)
    assert (round(start), round(slope, 1)) == (10, -0.5)
    spared = happy.loc[happy["zoom_hours"] == 0, "happiness"]
    assert spared.min() < 8 and spared.max() > 12  # an average of people, not what each of them says
    assert (start, slope) == pytest.approx((10.000023, -0.500014), abs=1e-6)  # R 4.2.2: coef(lm)


def test_many_are_far_from_the_line(happy):
    """“Many dots are far from the line”"""
    residual = ols("happiness ~ zoom_hours", happy).fit().resid
    assert (residual.abs() > 1).mean() > 0.5
    # R 4.2.2: mean(abs(resid(lm(happiness ~ zoom_hours))) > 1)
    assert (residual.abs() > 1).mean() == pytest.approx(0.515152, abs=1e-6)


def test_every_department_has_its_price(happy):
    """“One plain lm, fixed effects only, and an hour costs between … and … points, depending on the
    department”"""
    slopes = trends(happy, "happiness", "zoom_hours", "department")
    # R 4.2.2: lm(happiness ~ zoom_hours * department)
    assert max(slopes.values()) == pytest.approx(-0.189355, abs=1e-6)
    assert min(slopes.values()) == pytest.approx(-1.025809, abs=1e-6)


def test_a_rising_line_with_a_small_p(plasma):
    """“With every year the concentration is … µmol/L higher (…).”"""
    fit = ols("conc ~ age", plasma).fit()
    # R 4.2.2: summary(lm(conc ~ age))
    assert fit.params["age"] == pytest.approx(1.312344, abs=1e-6)
    assert fit.pvalues["age"] == pytest.approx(1.281839e-05, rel=1e-5)
    assert fit.rsquared == pytest.approx(0.39790, abs=1e-5)


def test_three_promises_are_kept(plasma):
    """“Left and middle: no bend, no funnel, and the bell curve is fair.” and in the answers “a straight line is as
    good as a bent one here” and “the scatter is much the same everywhere”"""
    assert stats.shapiro(plasma["residual"]).pvalue > 0.5
    assert ols("conc ~ age + I(age**2)", plasma).fit().pvalues["I(age ** 2)"] > 0.5
    assert het_breuschpagan(plasma["residual"], np.c_[np.ones(40), plasma["age"]])[1] > 0.5
    # R 4.2.2: shapiro.test 0.8927362; p of I(age^2) in lm 0.9514545; 40 times R² of the squared residuals 0.5942608
    assert stats.shapiro(plasma["residual"]).pvalue == pytest.approx(0.8927362, abs=1e-3)
    bend = ols("conc ~ age + I(age**2)", plasma).fit().pvalues["I(age ** 2)"]
    spread = het_breuschpagan(plasma["residual"], np.c_[np.ones(40), plasma["age"]])[1]
    assert (bend, spread) == pytest.approx((0.9514545, 0.5942608), abs=1e-6)


def test_four_falling_streaks(plasma):
    """“on the right the residuals come in four falling streaks, one for each clinic”"""
    slopes = trends(plasma, "residual", "age", "group")
    assert len(slopes) == 4
    assert max(slopes.values()) < -2
    # R 4.2.2: lm of the residuals on age, clinic by clinic
    assert list(slopes.values()) == pytest.approx([-4.346180, -3.188516, -3.936890, -2.540391], abs=1e-5)


def test_clinic_and_age_give_the_sign_away(plasma):
    """“Tell me the clinic and the age, and I can tell you of most patients whether they lie above the
    line or below.” and “clinic and age together give away most residuals' signs”"""
    guess = ols("residual ~ age * group", plasma).fit().fittedvalues
    assert ((guess > 0) == (plasma["residual"] > 0)).mean() >= 0.8
    # The clinic alone does not: each has patients on both sides.
    signs = (plasma["residual"] > 0).groupby(plasma["group"], observed=True).mean()
    assert signs.to_list() == pytest.approx([0.8, 0.3, 0.4, 0.5])  # R 4.2.2: signs of resid(lm), by clinic
    assert ((guess > 0) == (plasma["residual"] > 0)).mean() == pytest.approx(0.85)  # R 4.2.2


def test_the_sign_turns(plasma):
    """“The sign has turned!” and “one level per clinic, one common slope, and it falls” and in the answers
    “303.5 minus 82.1”"""
    fit = ols("conc ~ age + group", plasma).fit()
    # R 4.2.2: lm(conc ~ age + group)
    assert fit.params["Intercept"] == pytest.approx(303.454, abs=1e-3)
    assert fit.params["age"] == pytest.approx(-1.902191, abs=1e-6)
    assert fit.params["group[T.3]"] == pytest.approx(-82.142424, abs=1e-6)


def test_nobody_is_zero_years_old(plasma):
    """“Nobody is zero years old here. An intercept may lie far from all data.”"""
    assert plasma["age"].min() > 17


def test_older_clinics_have_higher_levels(plasma):
    """“Clinics with older patients happen to have higher levels” and “the higher the older the clinic's patients”"""
    ages = plasma.groupby("group", observed=True)["age"].mean()
    levels = ols("conc ~ 0 + group + age", plasma).fit().params.filter(like="group")
    assert list(np.argsort(ages)) == list(np.argsort(levels.to_numpy()))
    # R 4.2.2: coef(lm(conc ~ 0 + group + age))
    assert levels.to_list() == pytest.approx([303.45407, 192.51965, 221.31164, 258.69229], abs=1e-4)


def test_the_streaks_are_gone(plasma):
    """“The streaks are gone: this model knows where the levels are” and “the four clinics now lie on top of each
    other around zero”"""
    left = plasma.assign(left=ols("conc ~ age + group", plasma).fit().resid)
    slopes = trends(left, "left", "age", "group").values()
    assert min(slopes) < 0 < max(slopes)
    assert max(np.abs(list(slopes))) < 1.2
    above = (left["left"] > 0).groupby(left["group"], observed=True).sum()
    assert (above == 5).all()  # R 4.2.2: 5 5 5 5
    # R 4.2.2: lm of the residuals of lm(conc ~ age + group) on age, clinic by clinic
    assert list(slopes) == pytest.approx([-1.131646, 0.026018, -0.722356, 0.674144], abs=1e-5)


def test_false_alarms_of_chicks_in_nests():
    """“Nests differ, though (some parents hunt better), as much as chicks within a nest do.” and “That of
    nest means is flat. That of chicks has a tower of … studies below 0.05, where 100 are expected.”"""
    # No R number: simulated with our own seed. The formula is that of a balanced analysis of variance.
    # The t of all chicks is one of nest means, too small in its error: F(1, 6) against chicks' mean square.
    rng = np.random.default_rng(20)
    between = rng.chisquare(6, 100_000) * 11 / 6  # mean squares: 10 + 1 between nests, 1 within
    arms = rng.chisquare(1, 100_000) * 11
    within = rng.chisquare(72, 100_000) / 72
    all_rows = arms / ((6 * between + 72 * within) / 78)
    alarms = np.mean(all_rows > stats.f.ppf(0.95, 1, 78))
    assert 0.38 < alarms < 0.48  # "nearly one in two", and far from one in four
    assert np.mean(arms / between > stats.f.ppf(0.95, 1, 6)) == pytest.approx(0.05, abs=0.003)


def test_ten_chicks_of_a_nest_are_worth_two():
    """“Ten chicks of one nest are worth fewer than two independent ones; the test believes in ten.”"""
    variance_of_mean = 1 + 1 / 10
    assert (1 + 1) / variance_of_mean < 2


def test_neither_replicates_nor_samples_calm_the_alarms():
    """“More replicates make them worse. More samples hardly help” and in the answers “More samples hardly
    mend a wrong analysis”"""

    # No R number: the explorer's alarms are counted in studies simulated with our own seed.
    def alarms(tech, bio):
        return explorers.pseudoreplication.result(tech=tech, bio=bio).analyses[0].false_positives

    assert alarms(2, 4) < alarms(6, 4) < alarms(10, 4) < alarms(20, 4)
    assert alarms(6, 20) > 0.9 * alarms(6, 4)
    assert alarms(10, 20) > 0.9 * alarms(10, 4) > 0.4


def test_the_means_keep_to_five_per_cent():
    """“What helps is another analysis: the means of the samples, or a mixed model”"""
    # No R number: counted in studies simulated with our own seed.
    for tech, bio in ((2, 4), (20, 4), (6, 20)):
        _, means, mixed = explorers.pseudoreplication.result(tech=tech, bio=bio).analyses
        assert means.false_positives == pytest.approx(0.05, abs=0.01)
        assert mixed.false_positives == pytest.approx(0.05, abs=0.01)


def test_a_pupil_with_fifty_points(pupils):
    """“Fewer points than the line promises for five hours, so the residual is negative.”"""
    fit = ols("score ~ hours", pupils).fit()
    # R 4.2.2: lm(score ~ hours)
    assert fit.params.tolist() == pytest.approx([50.3602087, 1.6679964], abs=1e-6)
    assert 50 - fit.params["Intercept"] - 5 * fit.params["hours"] < 0


def test_rooms_differ_more_than_cards_dealt(pupils):
    """“About twice what chance alone would give: pupils of a room err together.” and “the means of the rooms
    differ about twice as much as chance alone would make them.”"""
    spread = pupils.groupby("room")["residual"].mean().std()
    # R 4.2.2: sd(tapply(resid(lm(score ~ hours)), room, mean))
    assert spread == pytest.approx(4.271518, abs=1e-5)
    # The deals are shuffled with our own seed: no R number for them.
    rng = np.random.default_rng(3)
    dealt = [
        pupils.assign(residual=rng.permutation(pupils["residual"])).groupby("room")["residual"].mean().std()
        for _ in range(200)
    ]
    assert 1.8 < spread / np.median(dealt) < 2.4
    assert max(dealt) < spread


def test_pupils_of_a_room_lie_mostly_on_one_side(pupils):
    """“In some classrooms most pupils lie above the line, in others most lie below it”"""
    above = pupils.groupby("room")["residual"].agg(lambda residual: (residual > 0).mean())
    assert (above > 0.75).sum() >= 5 and (above < 0.25).sum() >= 5
    assert ((above > 0.75).sum(), (above < 0.25).sum()) == (7, 6)  # R 4.2.2: signs of resid(lm)


def test_the_pupils_keep_three_promises(pupils):
    """“The band in the left picture neither bends nor opens like a funnel” and “In the middle the residuals
    pile up in one even hump, close to a bell curve”"""
    # R 4.2.2: lm(score ~ hours + I(hours^2)), p = 0.725; shapiro.test, p = 0.8211
    bent = ols("score ~ hours + I(hours**2)", pupils).fit().pvalues["I(hours ** 2)"]
    assert bent == pytest.approx(0.72537, abs=1e-4)
    assert stats.shapiro(pupils["residual"]).pvalue == pytest.approx(0.8211, abs=1e-3)
    spread = het_breuschpagan(pupils["residual"], np.c_[np.ones(len(pupils)), pupils["hours"]])[1]
    # R 4.2.2: n times R² of lm(resid^2 ~ hours) by chi-square
    assert spread == pytest.approx(0.7006704, abs=1e-6)


def test_sparrowhawks_within_each_sex():
    """“within each sex the masses show one even hump” and “the model promises normality only within each
    sex”"""
    rng = np.random.default_rng(7)
    sex = np.repeat(["female", "male"], 60)
    mass = np.where(sex == "female", 285.0, 155.0) + rng.normal(0, 16, 120)
    # R 4.2.2: shapiro.test of these 120 masses, and of each sex
    assert stats.shapiro(mass).pvalue == pytest.approx(4.24131805e-11, rel=0.02)
    each = [stats.shapiro(mass[sex == name]).pvalue for name in ("female", "male")]
    assert each == pytest.approx([0.98514980, 0.95098265], abs=1e-3)


def test_the_female_is_nearly_twice_as_heavy():
    """“In sparrowhawks the female is nearly twice as heavy as the male.”"""
    assert 1.8 < 285 / 155 < 2


def test_days_without_sleep():
    """“Start plus a slope for each day: about ten milliseconds slower every day.”"""
    # R 4.2.2, lme4 1.1-31: fixef(lmer(Reaction ~ Days + (Days | Subject), sleepstudy)), 10.46729 a day
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    assert 5 * fit.fixef["Days"] == pytest.approx(5 * 10.46729, abs=5e-4)
    assert 9.5 < fit.fixef["Days"] < 11
