"""What lesson 3 and its exercise say of meetings, clinics, four field studies, words and pupils."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3.


@pytest.fixture(scope="module")
def plasma():
    return lk.load_data("plasma_age")


@pytest.fixture(scope="module")
def clinics(plasma):
    return lk.lmer("conc ~ age + (1 | group)", plasma)


def sd(fit, place=0):
    return fit.varcorr.frame["sdcor"].iloc[place]


def slope_within(data, y, x, group):
    """The slope of deviations from the groups' means."""
    from_mean = data[[x, y]] - data.groupby(group, observed=True)[[x, y]].transform("mean")
    return float(from_mean[x] @ from_mean[y] / (from_mean[x] @ from_mean[x]))


def test_six_intercepts_for_sixty_six_people():
    """“everybody in a group shares the group's: six numbers for sixty-six people”"""
    happy = lk.load_data("happiness")
    assert len(happy) == 66 and (happy["department"].value_counts() == 11).all()
    fit = lk.lmer("happiness ~ zoom_hours + (1 | department)", happy)
    assert len(fit.ranef()["department"]) == 6  # nrow(ranef): 6
    assert fit.varcorr.frame["sdcor"].to_list() == pytest.approx([1.515701, 1.062100], abs=1e-4)  # VarCorr


def test_slopes_of_departments():
    """“Bottom left, all lines fan out from one start.” and “they may be slopes of a number, as in the third model”"""
    slopes = lk.lmer(
        "happiness ~ zoom_hours + (0 + zoom_hours | department)", lk.load_data("happiness")
    ).coef()["department"]["zoom_hours"]
    # coef(lmer(happiness ~ zoom_hours + (0 + zoom_hours | department)))
    assert slopes["Physics"] == slopes.min() == pytest.approx(-0.9402307, abs=1e-4)
    assert slopes["Law"] == slopes.max() == pytest.approx(-0.1655691, abs=1e-4)


def test_changes_have_a_random_intercept():
    """“What all rows of a patient share is a random intercept, and its standard deviation is that of the
    error of one measurement.” and “has a change that is too low at *every* later visit”"""
    # No R number: simulated with our own seed.
    rng = np.random.default_rng(6)
    error = rng.normal(0, 1.5, (20_000, 6))
    change = error[:, 1:] - error[:, :1]  # the slopes would come on top
    shared = np.cov(change.T)[np.triu_indices(5, 1)]  # the covariance of two rows of a patient
    assert np.sqrt(shared) == pytest.approx(np.full(10, 1.5), rel=0.02)


def test_three_data_sets_give_a_singular_fit():
    """“The fit then often ends at the edge of what is possible, with a correlation of plus or minus one.”"""
    singular = [  # VarCorr by bobyqa; isSingular is TRUE for all three
        ("mouse", "Weight ~ Dose + (Dose | Strain)", [3.440484, 0.200382, -1.0]),
        ("clinic", "Value ~ Dose + (Dose | Gender)", [67.320144, 241.894201, -1.0]),
        ("biomarker", "Disease ~ Biomarker + (Biomarker | Cohort)", [0.922927, 0.008886, 1.0]),
    ]
    for name, formula, of_lmer in singular:
        fit = lk.lmer(formula, lk.load_data(name))
        assert fit.is_singular
        assert fit.varcorr.frame["sdcor"].iloc[:3].to_list() == pytest.approx(of_lmer, rel=2e-3)
    fit = lk.lmer("happiness ~ zoom_hours + (zoom_hours | department)", lk.load_data("happiness"))
    assert not fit.is_singular
    assert sd(fit, 2) == pytest.approx(-0.433, abs=5e-4)  # VarCorr: Corr -0.433


def test_r_finds_the_cohorts_fit_with_bobyqa():
    """“`lmer`'s default search stops early there, warns, and shows another correlation.”"""
    fit = lk.lmer("Disease ~ Biomarker + (Biomarker | Cohort)", lk.load_data("biomarker"))
    # REMLcrit: bobyqa 137.37675, Corr 1.000; the default 137.37762, Corr 0.739, "failed to converge"
    assert -2 * fit.loglik == pytest.approx(137.37675, abs=1e-4)
    assert -2 * fit.loglik < 137.37762 - 5e-4


def test_levels_come_closer(plasma, clinics):
    """“Every level has come closer to the others, by up to … µmol/L. Most of that is due to the slope, which
    is not quite the same; at one and the same slope it is ….” and “it pulls them a little towards each
    other”"""
    fixed = ols("conc ~ 0 + group + age", plasma).fit().params
    at = plasma["age"].mean()
    apart = fixed.filter(like="group").to_numpy() + fixed["age"] * at
    # coef(lmer(conc ~ age + (1 | group)))$group
    drawn = np.array([299.46455, 191.06367, 219.11842, 255.68694])
    assert clinics.coef()["group"]["(Intercept)"].to_numpy() == pytest.approx(drawn, abs=1e-3)
    together = drawn - 1.829255 * at
    centre = apart.mean()
    assert (np.abs(together - centre) < np.abs(apart - centre)).all()
    means = plasma.groupby("group", observed=True)[["age", "conc"]].mean()
    same_slope = (means["conc"] + 1.829255 * means["age"]).to_numpy()
    pull = np.abs(drawn - same_slope)
    assert (np.sign(drawn - same_slope) == np.sign(same_slope.mean() - same_slope)).all()
    assert (pull < 0.5 * np.abs(together - apart)).all()
    assert pull.max() == pytest.approx(0.2, abs=0.05)


def test_the_spread_of_four_clinics_is_barely_known(clinics):
    """“But with four levels the standard deviation is barely known.” and “The SD between clinics is …, with a 95%
    interval from … to …; that within them is ….”"""
    low, high = clinics.confint(parm="sd_(Intercept)|group").iloc[0]
    # confint(method = "profile"): 22.235 100.458
    assert (low, high) == pytest.approx((22.235, 100.458), abs=0.02)


def test_clinics_differ_a_lot(clinics):
    """“The levels agree closely, for each clinic has ten patients and clinics differ a lot.”"""
    # VarCorr: 47.163922, residual 9.245074
    assert sd(clinics) == pytest.approx(47.163922, abs=1e-3)
    assert sd(clinics) > 5 * clinics.sigma


def test_the_mixture_leans_towards_within(plasma, clinics):
    """“Here the random intercept makes the mixture lean heavily towards "within", but a mixture it remains.”
    and “In truth that is a weighted mean of two slopes” and “random intercept alone …, of which within has a weight
    of …”"""
    within = slope_within(plasma, "conc", "age", "group")
    means = plasma.groupby("group", observed=True)[["age", "conc"]].mean()
    between = np.polyfit(means["age"], means["conc"], 1)[0]  # ten patients each
    # fixef(lmer(conc ~ age_within + clinic_age + (1 | group))): -1.902191, 1.949883
    assert (within, between) == pytest.approx((-1.902191, 1.949883), abs=1e-5)
    weight = (between - clinics.fixef["age"]) / (between - within)
    assert weight == pytest.approx((1.949883 + 1.829255) / (1.949883 + 1.902191), abs=1e-4)
    assert 0.95 < weight < 1


def test_average_ages_explain_the_levels(plasma):
    """“The clinics' average ages explain their levels so well that no variance between clinics is left”"""
    data = plasma.assign(mean_age=plasma.groupby("group", observed=True)["age"].transform("mean"))
    fit = lk.lmer("conc ~ I(age - mean_age) + mean_age + (1 | group)", data)
    assert fit.is_singular and sd(fit) == pytest.approx(0, abs=1e-6)  # VarCorr: 0.0000, residual 9.15911
    assert fit.sigma == pytest.approx(9.15911, abs=1e-5)


def test_the_weight_depends_on_rows_and_on_differences(plasma):
    """“With many rows per group *and* groups that differ a lot, as here, the mixture is nearly pure” and
    “With *few* rows per group, or groups that differ little, it can be bad.”"""
    # No R number: a closed form, in which only the ages are data.
    ages = plasma["age"] - plasma.groupby("group", observed=True)["age"].transform("mean")
    centres = plasma.groupby("group", observed=True)["age"].mean()
    inside = ages @ ages
    across = 10 * ((centres - centres.mean()) ** 2).sum()

    def weight(ratio, rows=10):
        """Of the within slope in the estimate by generalised least squares, at an SD ratio between to within."""
        information = rows / 10 * inside, rows / 10 * across / (1 + rows * ratio**2)
        return information[0] / sum(information)

    assert weight(5.1) > 0.98
    assert weight(0.5) < 0.5
    assert weight(0.2, rows=100) < 0.6
    assert weight(5.1, rows=1) < weight(5.1)


def test_hungry_nests():
    """“Alone it is only a part of the cure, for it assumes that there is no such connection. The nest's mean brings the
    truth back.”"""
    # Closed form: food = begging - 2 hunger + nest + noise, three chicks; hunger, begging and both errors have SD 1.
    between = 1 - 2 / (1 + 1 / 3)  # slope of nests' means: cov(hunger, mean begging) / var(mean begging)
    inside, across = 2.0, 3 * (1 + 1 / 3)  # sums of squares a nest
    left = 1 + 1 / 3 + 4 * (1 - 1 / (1 + 1 / 3))  # variance of nest means about their line
    tau2 = left - 1 / 3
    blend = np.array([inside, across / (1 + 3 * tau2)])
    assert (inside + between * across) / (inside + across) == pytest.approx(0, abs=0.1)  # ignored: 0.08
    assert 0.6 < blend @ [1, between] / blend.sum() < 0.85  # a random intercept is no cure
    inside_nests = lk.simulate_simpson(seed=1)  # and the mean is one, exactly, in any data with groups
    inside_nests["mean"] = inside_nests.groupby("Group", observed=True)["V1"].transform("mean")
    with_mean = lk.lmer("V2 ~ V1 + mean + (1 | Group)", inside_nests).fixef["V1"]
    assert with_mean == pytest.approx(slope_within(inside_nests, "V2", "V1", "Group"), abs=1e-6)
    # fixef(lmer) of these rows, and coef(lm(V2 ~ V1 + Group)): 0.95
    assert with_mean == pytest.approx(0.95, abs=1e-6)


def test_four_studies_are_balanced():
    """“The estimates are the same, since these four studies are balanced”"""
    studies = {
        "herbivory": ["treatment", "plot"],
        "management": ["management", "field"],
        "implants": ["nest", "chick", "day"],
        "behaviour": ["animal", "day", "time"],
    }
    for name, columns in studies.items():
        data = lk.load_data(name)
        for column in columns:
            assert data[column].value_counts().nunique() == 1, (name, column)


def test_standard_errors_go_either_way():
    """“Ignoring the groups took cores for plots and hours for days, and the standard error came out far too
    small” and “Ignoring the groups left their differences in the noise, and the standard error came out far
    too large.”"""
    # sqrt of vcov of lmer(nitrogen ~ treatment + (1 | plot)) and so on, against lm
    seen = {"herbivory": 0.2472333, "management": 0.8743685, "implants": 0.3142370, "behaviour": 0.2080520}
    formulas = {
        "herbivory": ("nitrogen ~ treatment", "treatment[T.excluded]"),
        "management": ("species ~ management", "management[T.B]"),
        "implants": ("mass ~ day * implant", "day:implant[T.P]"),
        "behaviour": ("activity ~ time + temperature", "temperature"),
    }
    ignored = {
        name: ols(formula, lk.load_data(name)).fit().bse[term] for name, (formula, term) in formulas.items()
    }
    # summary(lm) of the same formulas
    assert list(ignored.values()) == pytest.approx(
        [0.0890973376, 2.57697164, 0.611508308, 0.0570767588], rel=1e-6
    )
    ratio = {name: ignored[name] / seen[name] for name in seen}
    assert max(ratio["herbivory"], ratio["behaviour"]) < 0.4
    assert min(ratio["management"], ratio["implants"]) > 1.9


def test_degrees_of_freedom_can_be_counted():
    """“Six, for the deer: eight plots less two means. The days' temperatures are twenty less two; the
    fields' differences are twelve less one; and the sixty chicks' slopes are sixty less two.”"""
    cases = [
        ("herbivory", "nitrogen ~ treatment + (1 | plot)", "treatmentexcluded", 8 - 2),
        ("management", "species ~ management + (1 | field)", "managementB", 12 - 1),
        ("implants", "mass ~ day * implant + (1 | nest) + (day | chick)", "day:implantP", 60 - 2),
        ("behaviour", "activity ~ time + temperature + (1 | animal) + (1 | day)", "temperature", 20 - 2),
    ]
    for name, formula, term, df in cases:  # lmerTest: 5.999999, 11.00000, 58.00023, 17.99981
        assert lk.lmer(formula, lk.load_data(name)).coef_table().loc[term, "df"] == pytest.approx(
            df, abs=1e-3
        )


def test_plot_means_are_exact():
    """“In truth, for balanced data and a treatment of whole groups, the analysis of the group means is exact.”"""
    means = lk.load_data("herbivory").groupby(["treatment", "plot"], observed=True)["nitrogen"].mean()
    test = stats.ttest_ind(means["excluded"], means["grazed"])
    assert test.statistic == pytest.approx(-1.196137, abs=1e-6)  # lmerTest: t value -1.196137, p 0.2767628
    assert test.pvalue == pytest.approx(0.2767628, abs=1e-6)


def test_the_paired_t_test_is_a_mixed_model():
    """“The classical repeated-measures ANOVA, and the paired t-test, *are* mixed models of balanced data.” and
    “In truth fixed fields give the same answer here.”"""
    wide = lk.load_data("management").pivot(index="field", columns="management", values="species")
    test = stats.ttest_rel(wide["B"], wide["A"])
    assert test.statistic == pytest.approx(3.335741, abs=1e-6)  # lmerTest: t value 3.335741, p 6.643313e-03
    assert test.pvalue == pytest.approx(6.643313e-03, abs=1e-8)
    fixed = ols("species ~ management + field", lk.load_data("management")).fit()
    assert fixed.tvalues["management[T.B]"] == pytest.approx(3.335741, abs=1e-6)


def test_four_or_five_levels_span_half_to_twice():
    """“With four or five levels the interval spans from half to twice the estimate. It narrows slowly, and nothing
    special happens at any number.”"""
    # confint(parm = ".sig01") of each, divided by the SD
    few = [
        ("plasma_age", "conc ~ age + (1 | group)", "group", (0.47144778, 2.12996963)),
        ("simpson", "V2 ~ V1 + (1 | Group)", "Group", (0.53457244, 1.94898278)),
        ("mouse", "Weight ~ Dose + (1 | Strain)", "Strain", (0.52727938, 1.95679539)),
    ]
    many = [
        ("management", "species ~ management + (1 | field)", "field", (0.64623665, 1.54826817)),
        ("sleepstudy", "Reaction ~ Days + (1 | Subject)", "Subject", (0.70055064, 1.42593014)),
        ("groups20", "length ~ 1 + (1 | group)", "group", (0.64942873, 1.47356996)),
    ]

    def bounds(name, formula, group, of_lmer):
        fit = lk.lmer(formula, lk.load_data(name))
        found = (fit.confint(parm=f"sd_(Intercept)|{group}").iloc[0] / sd(fit)).to_list()
        assert found == pytest.approx(of_lmer, abs=2e-3)
        return found

    for low, high in (bounds(*case) for case in few):
        assert low == pytest.approx(0.5, abs=0.06)
        assert high == pytest.approx(2.0, abs=0.15)
    for low, high in (bounds(*case) for case in many):
        assert low > 0.6 and high < 1.6


def test_below_five_levels_a_variance_is_poorly_known():
    """“Below about five levels a variance between groups is poorly known: treat them as fixed, or say how
    uncertain it is.”"""
    # No R number: a closed form, exact for group means without error.
    # 95% limits of an SD from k levels, by chi-square on k - 1 degrees of freedom.
    upper = {k: np.sqrt((k - 1) / stats.chi2.ppf(0.025, k - 1)) for k in (3, 4, 5, 10, 20)}
    assert upper[3] > 6 and upper[4] > 3.5 and upper[5] > 2.8
    assert upper[10] < 2 and upper[20] < 1.5


def test_variance_of_mass_lies_between_nests():
    """“Most of it lies between nests. That is a finding, and no disturbance.”"""
    # VarCorr: nest 17.8242, chick 8.3896, residual 5.7705
    total = 17.8242**2 + 8.3896**2 + 5.7705**2
    fit = lk.lmer("mass ~ day * implant + (1 | nest) + (day | chick)", lk.load_data("implants"))
    frame = fit.varcorr.frame
    sds = frame[frame["var2"].isna()].set_index("grp")["sdcor"].groupby(level=0).first()
    assert sds["nest"] ** 2 / total == pytest.approx(0.754, abs=2e-3)
    assert sds["chick"] ** 2 / total == pytest.approx(0.167, abs=2e-3)


def test_every_subject_and_word_met_both_conditions():
    """“The standard error has become *smaller*, since every subject and every word was met in both
    conditions”"""
    words = lk.load_data("words")
    for unit in ("subject", "item"):
        assert (words.groupby(unit, observed=True)["condition"].nunique() == 2).all()
    # lmerTest: 5.02153; lm: 7.177622
    assert ols("rt ~ condition", words).fit().bse.iloc[1] == pytest.approx(7.177622, abs=1e-5)
    fit = lk.lmer("rt ~ condition + (1 | subject) + (1 | item)", words)
    assert fit.se["conditionprimed"] == pytest.approx(5.02153, abs=1e-3)


def test_pupils_slopes_within_and_between_rooms():
    """“The difference is smaller than two of its standard errors: here the two slopes may well be one and the
    same”"""
    # lmerTest: own 1.627204 (SE 0.1369343), room 2.118913 (1.2980241); the two are uncorrelated
    apart, error = 2.118913 - 1.627204, np.hypot(0.1369343, 1.2980241)
    assert apart < 1.2 * error
    pupils = lk.load_data("schools")
    pupils["room"] = pupils["school"].astype(str) + " " + pupils["class"].astype(str)
    assert slope_within(pupils, "score", "hours", "room") == pytest.approx(1.627204, abs=2e-3)


def test_core_numbers_start_anew():
    """“the ten soil cores that are taken from each are numbered anew in every plot”"""
    cores = lk.load_data("herbivory")
    assert (cores.groupby("core").size() == 8).all()
    assert not cores.duplicated(["plot", "core"]).any()


def test_plots_fixed_leave_the_fence_without_estimate():
    """“Each plot is either fenced or open, so that eight free levels can imitate any effect of the
    fence.”"""
    cores = lk.load_data("herbivory")
    assert (cores.groupby("plot", observed=True)["treatment"].nunique() == 1).all()
    design = np.column_stack([cores["plot"].str.get_dummies() if cores["plot"].dtype == object
                              else np.eye(8)[cores["plot"].cat.codes], cores["treatment"] == "excluded"])  # fmt: skip
    # lm(nitrogen ~ plot + treatment)$rank: 8 of nine columns, and the fence's coefficient is NA
    assert np.linalg.matrix_rank(design.astype(float)) == 8


def test_three_levels_say_next_to_nothing():
    """“From three levels almost nothing is known of a spread; twelve are no luxury.”"""
    # No R number: the explorer's limits are those of the chi-square above, and no fit.
    story = {"story": "mice of five strains", "variable": "strain"}
    three, twelve = (explorers.random_or_fixed.result(**story, levels=k).sd_high for k in (3, 12))
    assert three > 6
    assert 1.5 < twelve < 2
