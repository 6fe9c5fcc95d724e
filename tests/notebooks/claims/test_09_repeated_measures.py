"""What lesson 9 and its exercise say of proteins, of sleepless drivers and of memory."""

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.formula.api import ols

import lmmkit as lk
from lmmkit.course import explorers

# Numbers of R: R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, nlme 3.1-162, glmmTMB 1.1.5.


@pytest.fixture(scope="module")
def protein():
    return lk.load_data("protein_years")


@pytest.fixture(scope="module")
def sleep():
    return lk.load_data("sleepstudy")


@pytest.fixture(scope="module")
def drivers(sleep):
    return lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)


@pytest.fixture(scope="module")
def short_nights(sleep):
    return sleep[sleep["Days"] >= 2].assign(lost=lambda rows: rows["Days"] - 2).reset_index(drop=True)


def own_fits(data, y, x, group):
    """Each group's own regression."""
    return {name: ols(f"{y} ~ {x}", rows).fit() for name, rows in data.groupby(group, observed=True)}


def standard_error(X, y):
    """That of the last coefficient of a least-squares fit."""
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return np.sqrt(np.linalg.inv(X.T @ X)[-1, -1] * left @ left / (len(y) - X.shape[1]))


def lag1(table):
    """The correlation of neighbours, in a table of a row for each driver."""
    return np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]


def residuals_of_own_lines(y, days):
    """What each row leaves of its least-squares line."""
    X = np.column_stack([np.ones_like(days), days])
    return y - y @ X @ np.linalg.solve(X.T @ X, X.T)


def ar1_criterion(parameters, y, days):
    """-2 log REML likelihood of a random line for each row of y, with AR(1) errors (its slope free, too)."""
    tau0, tau1, mixed, sigma, phi = parameters
    X = np.column_stack([np.ones_like(days), days])
    L = np.array([[np.exp(tau0), 0], [mixed, np.exp(tau1)]])
    lags = np.abs(np.subtract.outer(days, days))
    V = X @ L @ L.T @ X.T + np.exp(2 * sigma) * np.tanh(phi) ** lags
    inverse = np.linalg.inv(V)
    information = len(y) * X.T @ inverse @ X
    beta = np.linalg.solve(information, X.T @ inverse @ y.sum(axis=0))
    left = y - X @ beta
    determinants = len(y) * np.linalg.slogdet(V)[1] + np.linalg.slogdet(information)[1]
    return determinants + np.einsum("ij,jk,ik->", left, inverse, left) + (y.size - 2) * np.log(2 * np.pi)


def with_and_without_memory(y, days):
    """The log-likelihoods (REML) without and with AR(1) errors, and their correlation."""
    start = np.array([3.2, 1.8, 0.0, 3.2])
    fresh = minimize(lambda p: ar1_criterion([*p, 0.0], y, days), start, method="BFGS")
    memory = minimize(ar1_criterion, [*fresh.x, 0.3], (y, days), method="BFGS")
    return fresh.fun / -2, memory.fun / -2, np.tanh(memory.x[4])


def test_high_in_one_year_high_in_the_next(protein):
    """“whoever is high in one year tends to be high in the next”"""
    wide = protein.pivot(index="Sample", columns="Year", values="Value").to_numpy()
    neighbours = [np.corrcoef(wide[:, k], wide[:, k + 1])[0, 1] for k in range(4)]
    assert min(neighbours) > 0.9
    assert np.corrcoef(wide[:, 0], wide[:, 4])[0, 1] < 0.6  # and not much further than that


def test_most_climb_one_sinks(protein):
    """“Most climb, one sinks, and they start at different heights.” and “one person falls, and one hardly
    climbs”"""
    slopes = sorted(fit.params["Year"] for fit in own_fits(protein, "Value", "Year", "Sample").values())
    assert [slope < 0 for slope in slopes] == [True, *[False] * 5]
    assert slopes[1] < 0.6 < 1.3 < slopes[2]
    found = [-0.4187405, 0.5568458, 1.372209, 2.0460597, 2.7372841, 3.156418]  # lm of each person
    assert slopes == pytest.approx(found, abs=1e-6)


def test_a_straight_line_will_do(protein):
    """“nothing in these five years speaks against a straight line”"""
    row = lk.lmer("Value ~ Year + I(Year^2) + (Year | Sample)", protein).coef_table().loc["I(Year^2)"]
    # lmerTest: 0.0160609, SE 0.050055, df 17.00053, p 0.752224
    assert row["estimate"] == pytest.approx(0.0160609, abs=1e-5)
    assert row["p_value"] == pytest.approx(0.752224, abs=1e-3)


def test_own_and_mixed_lines_coincide(protein):
    """“They nearly coincide: the assay is so precise that there is little noise to shrink away.”
    and “The two slopes of a person differ by … ng/mL a year at most.”"""
    # coef(lmer(Value ~ Year + (Year | Sample)))
    mixed = {"s1": 0.565386, "s2": -0.392967, "s3": 2.037629, "s4": 1.372936, "s5": 2.722282, "s6": 3.144810}
    for name, fit in own_fits(protein, "Value", "Year", "Sample").items():
        assert fit.params["Year"] == pytest.approx(mixed[name], abs=0.03)


def test_slopes_differ(protein):
    """“The slopes of people have a mean of … and an SD of ….” and “That they differ at all is supported with
    ….” and “its SD is nearly as large as the average itself”"""
    growth = lk.lmer("Value ~ Year + (Year | Sample)", protein)
    parallel = lk.lmer("Value ~ Year + (1 | Sample)", protein)
    # anova(refit = FALSE): Chisq 47.362, Df 2, p 5.193e-11; VarCorr: Year 1.343611
    assert parallel.reml_criterion - growth.reml_criterion == pytest.approx(47.362, abs=2e-3)
    assert growth.varcorr.frame["sdcor"].iloc[1] == pytest.approx(1.343611, abs=1e-3)
    assert growth.fixef["Year"] == pytest.approx(1.57501268, abs=1e-5)  # fixef
    assert 0.8 < 1.343611 / 1.57501268 < 1


def test_no_bar_of_the_six_reaches_the_dotted_line(protein):
    """“Of the six people no bar reaches the dotted line; of the eighteen drivers … do. Their own regressions
    have slopes of … ms a day;” and “with short bars that stay away from zero”"""
    growth = lk.lmer("Value ~ Year + (Year | Sample)", protein)
    slopes, errors = growth.coef()["Sample"]["Year"], growth.ranef_sd()["Sample"]["Year"]
    # coef and condVar of lmer(Value ~ Year + (Year | Sample))
    assert slopes.to_list() == pytest.approx(
        [0.565386, -0.392967, 2.037629, 1.372936, 2.722282, 3.14481], abs=1e-3
    )
    assert errors.to_list() == pytest.approx([0.14058777] * 6, abs=1e-4)
    assert (slopes.abs() > 1.96 * errors).all()
    # coef and condVar of lmer(Reaction ~ Days + (Days | Subject)): 335 -0.28488, 309 1.84761, 310 5.01843; sd 2.3048
    assert 1.84761 < 1.96 * 2.3048 < 5.01843


def test_what_the_model_predicts_for_the_two(sleep, drivers):
    """“ms a day; the model predicts”"""
    own = {name: fit.params["Days"] for name, fit in own_fits(sleep, "Reaction", "Days", "Subject").items()}
    predicted = drivers.coef()["Subject"]["Days"]
    # lm of each driver, and coef(lmer(Reaction ~ Days + (Days | Subject)))
    assert (own["335"], own["309"]) == pytest.approx((-2.88103394, 2.26178545), abs=1e-6)
    assert (predicted["335"], predicted["309"]) == pytest.approx((-0.28488, 1.84761), abs=2e-3)
    # 309 moves away from the mean of 10.47, its intercept being low: only the pair is pulled, not each slope.
    assert predicted["335"] > own["335"]


def test_all_three_find_the_same_slope(protein):
    """“All three find the same slope, for everybody was measured every year.”"""
    assert (protein.groupby("Sample", observed=True)["Year"].nunique() == 5).all()
    slopes = [
        ols("Value ~ Year", protein).fit().params["Year"],
        lk.lmer("Value ~ Year + (1 | Sample)", protein).fixef["Year"],
        lk.lmer("Value ~ Year + (Year | Sample)", protein).fixef["Year"],
    ]
    assert slopes == pytest.approx([1.575013] * 3, abs=1e-5)  # lm, and fixef of both


def test_three_standard_errors(protein):
    """“Giving each a start of their own but one common slope claims too much”"""
    # coef(summary()): lm 0.5941711, (1 | Sample) 0.262188, (Year | Sample) 0.5515568
    assert ols("Value ~ Year", protein).fit().bse["Year"] == pytest.approx(0.5941711, abs=1e-6)
    assert lk.lmer("Value ~ Year + (1 | Sample)", protein).se["Year"] == pytest.approx(0.262188, abs=1e-4)
    slopes = [fit.params["Year"] for fit in own_fits(protein, "Value", "Year", "Sample").values()]
    assert np.std(slopes, ddof=1) / np.sqrt(6) == pytest.approx(0.5515568, abs=1e-6)  # balanced: exactly so


def test_six_slopes_stay_six_slopes():
    """“Six slopes stay six slopes, however well each of them is known.” and “takes rows for people, and rows
    grow in number with the years” and “The average slope is known no better than the number of people
    allows.”"""
    sd_slope, sigma = 1.343611, 0.447198
    years = {n: ((np.arange(n) - (n - 1) / 2) ** 2).sum() for n in (5, 80)}
    of_slope = [np.sqrt((sd_slope**2 + sigma**2 / years[n]) / 6) for n in (5, 80)]
    assert of_slope[0] == pytest.approx(0.5515568, abs=1e-5)
    assert of_slope[1] > 0.99 * sd_slope / np.sqrt(6)
    rng = np.random.default_rng(2)  # no R number from here on: simulated with a seed of our own
    t = np.arange(80.0)
    values = rng.normal(0, 5.2, (6, 1)) + rng.normal(0, sd_slope, (6, 1)) * t + rng.normal(0, sigma, (6, 80))
    X = np.column_stack([np.ones(480), np.tile(t, 6)])
    y = values.ravel()
    left = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    assert np.sqrt(left @ left / 478 / (480 * t.var())) < of_slope[1] / 2


def test_years_sharpen_the_other_two(protein):
    """“Which of the three standard errors does *not* become small, however many years you follow the same six
    people?” and “Run the next cell and go along each row from the left: which one stays where it is?”"""
    own = own_fits(protein, "Value", "Year", "Sample")
    errors = {}
    for years in (5, 80):
        t = np.arange(1.0, years + 1)
        rng = np.random.default_rng(4)
        y = np.concatenate([fit.params["Intercept"] + fit.params["Year"] * t for fit in own.values()])
        y += rng.normal(0, 0.4472, y.size)
        person, time = np.repeat(np.arange(6), years), np.tile(t, 6)
        lm = np.column_stack([np.ones_like(time), time])
        levels = np.column_stack([person[:, None] == np.arange(6), time]).astype(
            float
        )  # balanced: as (1 | Sample)
        slopes = [np.polyfit(t, y[person == one], 1)[0] for one in range(6)]
        errors[years] = [
            standard_error(lm, y),
            standard_error(levels, y),
            np.std(slopes, ddof=1) / np.sqrt(6),
        ]
    # lm and both lmer on the five years that were seen; the eighty are simulated with a seed of our own
    assert errors[5] == pytest.approx([0.5941711, 0.262188, 0.5515568], abs=0.07)
    assert np.divide(errors[80], errors[5])[:2].max() < 0.25
    assert errors[80][2] == pytest.approx(errors[5][2], rel=0.05)


def test_residuals_of_a_driver_add_up_to_nearly_zero(sleep, drivers):
    """“a driver's residuals add up to nearly zero: a high one must be made good by low ones” and “The residuals
    of one driver add up to nearly zero.”"""
    sums = drivers.resid().groupby(sleep["Subject"], observed=True).mean()
    assert sums.abs().max() < 0.35 * drivers.sigma
    assert sums.abs().max() / drivers.sigma == pytest.approx(0.15972349, abs=1e-3)  # resid of lmer


def test_without_memory_the_correlation_is_negative():
    """“But without memory it would be about … (95% of the simulated studies lie between … and …)” and “large
    beside what no memory looks like” and “Where will most of these two hundred correlations lie”"""
    # Each driver's own line is nearly the model's, and its residuals can be had without any fit.
    # No R number: simulated with a seed of our own.
    rng = np.random.default_rng(99)
    days = np.arange(10.0)
    found = [lag1(residuals_of_own_lines(rng.normal(size=(18, 10)), days)) for _ in range(2000)]
    assert np.mean(found) == pytest.approx(-0.19, abs=0.04)
    assert np.quantile(found, 0.975) < 0
    assert max(found) < 0.119


def test_the_drivers_show_memory(sleep, drivers):
    """“The correlation of neighbouring residuals is …. That looks like almost nothing.” and “The days do
    have memory.” and “the drivers' … to the right of all of them”"""
    table = sleep.assign(r=drivers.resid()).pivot(index="Subject", columns="Days", values="r").to_numpy()
    assert lag1(table) == pytest.approx(0.119, abs=0.002)
    reference = [
        lag1(
            drivers.refit(y).resid().to_numpy().reshape(18, 10)
        )
        for _, y in drivers.simulate(100, seed=5).items()
    ]  # fmt: skip
    assert max(reference) < 0.119
    assert lag1(table) == pytest.approx(0.11898647, abs=2e-4)  # cor of the residuals of lmer


def test_the_days_have_memory(sleep):
    """“From one day to the next the correlation is …” and “AIC says that memory is worth its two parameters”"""
    sleep = sleep.assign(day=sleep["Days"].astype(str))
    plain = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep)
    fit = plain.update(". ~ . + ar1(0 + day | Subject)", data=sleep)
    # glmmTMB 1.1.5, REML: sd 13.8001, 4.6793, correlation 1.000; 29.1373, rho 0.597; residual 11.5803; 1723.681
    assert fit.reml_criterion == pytest.approx(1723.681, abs=2e-3)
    intercept, slope = fit.varcorr.components[0].sd
    assert (intercept, slope) == (pytest.approx(13.8001, abs=2e-3), pytest.approx(4.6793, abs=2e-3))
    assert fit.varcorr.components[1].rho == pytest.approx(0.597, abs=1e-3)
    by_ml = plain.update(reml=False).aic
    assert by_ml == pytest.approx(
        1763.93934, abs=1e-3
    )  # AIC of lmer; glmmTMB's ML fit with ar1 does not converge
    assert fit.update(reml=False).aic < by_ml - 4


def test_three_structures_side_by_side(sleep):
    """“With ar1 they fade from the diagonal to … in the corner. Unstructured they go up and down”"""
    sleep = sleep.assign(pair=(sleep["Days"] // 2).astype(str))
    # ML: deviance 1764.7586 by lme4 1.1-31's (1 | Subject) + (1 | Subject:pair), the same model as cs;
    # 1753.5076 by glmmTMB 1.1.5; with rho .8417 by lme4 2.1
    cs = lk.lmer("Reaction ~ Days + cs(0 + pair | Subject, hom = TRUE)", sleep, reml=False)
    ar1 = lk.lmer("Reaction ~ Days + ar1(0 + pair | Subject)", sleep, reml=False)
    free = lk.lmer("Reaction ~ Days + (0 + pair | Subject)", sleep, reml=False)
    assert cs.deviance == pytest.approx(1764.7586, abs=1e-3)
    assert ar1.deviance == pytest.approx(1753.5076, abs=1e-3)
    assert ar1.varcorr.components[0].rho == pytest.approx(0.8417, abs=1e-3)
    faded = ar1.varcorr.components[0].cor[0]
    assert (np.diff(faded) < 0).all()
    steps = np.diff(free.varcorr.components[0].cor[0])
    assert (steps > 0).any() and (steps < 0).any()


def test_the_unstructured_correlations_fade_though_not_smoothly(sleep):
    """“they fade, though not smoothly” and “before cs, and hardly prefers the unstructured one”"""
    rows = sleep.assign(pair=(sleep["Days"] // 2).astype(str))
    terms = ("cs(0 + pair | Subject, hom = TRUE)", "ar1(0 + pair | Subject)", "(0 + pair | Subject)")
    cs, ar1, free = (lk.lmer(f"Reaction ~ Days + {term}", rows, reml=False) for term in terms)
    cor = free.varcorr.components[0].cor
    by_step = [np.diag(cor, step).mean() for step in (1, 2, 3, 4)]
    # lmer by bobyqa, ML: the means along the diagonals of VarCorr's correlations, and the AIC
    assert by_step == pytest.approx([0.827649, 0.784527, 0.550471, 0.585863], abs=2e-3)
    assert free.aic == pytest.approx(1762.44497, abs=1e-2)
    assert by_step[0] > by_step[1] > by_step[2] and by_step[3] > by_step[2]
    assert 0 < ar1.aic - free.aic < 2 < 10 < cs.aic - ar1.aic


def test_two_parameters_or_fifteen(sleep):
    """“less alike, the farther apart” and “every two have a correlation of their own (unstructured)”"""
    sleep = sleep.assign(pair=(sleep["Days"] // 2).astype(str))
    rest = 3  # two fixed effects and the residual variance
    # df of logLik: 5 by glmmTMB, 18 by lmer
    for term, own in (("ar1(0 + pair | Subject)", 2), ("(0 + pair | Subject)", 15)):
        assert lk.lmer(f"Reaction ~ Days + {term}", sleep).npar == rest + own


def test_ar1_errors_of_about_a_half(sleep):
    """“So look at the residuals of neighbouring days.”"""
    y = sleep.pivot(index="Subject", columns="Days", values="Reaction").to_numpy()
    without, with_memory, phi = with_and_without_memory(y, np.arange(10.0))
    # nlme: logLik -871.8141; with corAR1() -862.0935, Phi 0.4870368 (0.279 to 0.651), a hair before the optimum
    assert without == pytest.approx(-871.8141, abs=1e-3)
    assert -862.0935 <= with_memory < -862.0935 + 0.1
    assert phi == pytest.approx(0.4870368, abs=0.02)


def test_wild_days_of_two_drivers(sleep, drivers):
    """“a few wild days of two drivers stretch the picture”"""
    left = drivers.resid().abs().groupby(sleep["Subject"], observed=True).max().sort_values(ascending=False)
    assert set(left.index[:2]) == {"332", "308"}
    assert left.iloc[1] > 90 > 60 > left.iloc[2]
    assert left.iloc[:3].to_list() == pytest.approx(
        [132.546573, 101.178888, 50.591683], abs=5e-3
    )  # resid of lmer


def test_better_measurements_do_not_bring_lines_together():
    """“They would tell more about each line; the lines differ as before.” and
    “Better measurements would not help either.” and
    “For the average slope more groups are needed.”"""
    # No R number: lines that the explorer draws, without a fit.
    spread = [
        explorers.random_effects.result(sd_slope=0.8, sigma=s).lines[:, 1].std() for s in (0.0, 0.8, 4.0)
    ]
    assert spread == pytest.approx([spread[0]] * 3)


def test_days_0_and_1_were_training():
    """“Days 0 and 1 were training, and the test of day 2 was taken before the first short night.”"""
    caveats = " ".join(lk.data_info("sleepstudy").caveats)
    assert "Days 0 and 1 were adaptation and training" in caveats
    assert "after the test of day 2" in caveats


def test_memory_or_a_slope_left_out(short_nights):
    """“with intercepts only, the grey studies lie mostly above zero, though their days are independent, and
    the drivers' larger number is nothing unusual there” and “with random slopes the grey studies lie below
    zero, and the drivers' number, next to zero, is larger than nearly all of them or all”"""
    slopes = lk.lmer("Reaction ~ lost + (lost | Subject)", short_nights)
    levels = lk.lmer("Reaction ~ lost + (1 | Subject)", short_nights)

    def memory(fit):
        return lag1(fit.resid().to_numpy().reshape(18, 8))

    fresh = slopes.simulate(120, seed=12)
    without = {
        name: np.array([memory(fit.refit(y)) for _, y in fresh.items()])
        for name, fit in (("levels", levels), ("slopes", slopes))
    }
    assert (without["levels"] > 0).mean() > 0.7
    assert 0.02 < (without["levels"] >= memory(levels)).mean() < 0.2
    assert (without["slopes"] < 0).mean() > 0.95
    assert memory(slopes) == pytest.approx(0.02, abs=0.01)
    assert (without["slopes"] >= memory(slopes)).mean() <= 0.02
    assert (memory(slopes), memory(levels)) == pytest.approx(
        (0.0222186, 0.2676557), abs=1e-3
    )  # resid of both lmer


def test_some_memory_remains(short_nights):
    """“Some memory remains.”"""
    y = short_nights.pivot(index="Subject", columns="lost", values="Reaction").to_numpy()
    without, with_memory, phi = with_and_without_memory(y, np.arange(8.0))
    # nlme: logLik -702.0472; with corAR1() -697.2926, Phi 0.4118695, LR 9.509, p 0.002
    assert without == pytest.approx(-702.0472, abs=1e-3)
    assert -697.2926 <= with_memory < -697.2926 + 0.1
    assert phi > 0.4


def test_drivers_are_what_is_counted(short_nights):
    """“About as many degrees of freedom as drivers, less one: drivers are what is counted.”"""
    row = lk.lmer("Reaction ~ lost + (lost | Subject)", short_nights).coef_table().loc["lost"]
    assert row["df"] == pytest.approx(18 - 1, abs=1e-2)  # lmerTest: 16.9995
    assert row["std_error"] == pytest.approx(1.84529, abs=1e-3)


def test_averaging_takes_the_drivers_out(short_nights):
    """“The slope survives averaging, the variation does not.”"""
    means = short_nights.groupby("lost", as_index=False)["Reaction"].mean()
    of_means, of_rows = ols("Reaction ~ lost", means).fit(), ols("Reaction ~ lost", short_nights).fit()
    assert of_means.params["lost"] == pytest.approx(of_rows.params["lost"])
    assert of_means.rsquared > 0.95
    assert of_rows.rsquared < 0.25
    assert (of_means.rsquared, of_rows.rsquared) == pytest.approx(
        (0.97953825, 0.21210449), abs=1e-6
    )  # r.squared


def test_slopes_and_memory_describe_the_drivers_about_equally_well(short_nights):
    """“Slopes that differ and nights with a memory describe these drivers about equally well, and know the mean
    slowing equally badly.” and “With intercepts only, any two nights of a driver are equally alike: that model fits
    worse, and its standard error promises too much.”"""
    rows = short_nights.assign(night=short_nights["lost"].astype(str))
    fits = {
        random: lk.lmer(f"Reaction ~ lost + {random}", rows)
        for random in ("(lost | Subject)", "ar1(0 + night | Subject)", "(1 | Subject)")
    }
    aic, errors = zip(*((fit.aic, fit.se["lost"]) for fit in fits.values()), strict=True)
    # lme4's lmer for the first and the last; for the second nlme's gls with corExp and a nugget: rho 0.8876243
    assert aic == pytest.approx((1416.09437, 1412.609905, 1438.02), abs=5e-3)
    assert errors == pytest.approx((1.845293, 1.889853, 1.098985), abs=1e-4)
    rho = fits["ar1(0 + night | Subject)"].varcorr.components[0].rho
    assert rho == pytest.approx(0.8876243, abs=1e-5)


def test_a_correlation_fades_the_more_slowly_the_nearer_to_one_it_is():
    """“From step to step it fades, and the nearer rho is to 1, the more slowly.”"""
    for steps in range(1, 8):
        assert 0.5**steps < 0.8**steps < 0.95**steps


def test_structures_that_do_not_fit_claim_too_little_or_too_much():
    """“which structure now claims to know the slope worse than it is known?” and “AR(1) does, and where times fade,
    compound symmetry claims to know it better than it is known.”"""
    from lmmkit.course.explorers._structures import AR1, CS, FADING, SAME, US

    # No R number: an average over studies simulated by the explorer.
    for truth, wrong, side in ((SAME, AR1, 1), (FADING, CS, -1)):
        studies = [explorers.structures.result(truth=truth, seed=seed) for seed in range(1, 31)]
        share = {name: np.mean([r.fits[name].se / r.se for r in studies]) for name in (CS, AR1, US)}
        assert side * (share.pop(wrong) - 1) > 0.2
        assert all(abs(value - 1) < 0.12 for value in share.values())


def test_the_days_of_marmots_have_no_memory():
    """“An unstructured matrix has a variance for each day and a correlation for each pair of days, far too many for ten
    marmots.” and “They have none: days far apart are as alike as neighbours, and beside a level of its own (fourth row)
    memory gains a marmot nothing. The second and the third row are the same model.” and “And the last row beats them
    all”"""
    marmots = lk.load_data("behaviour")
    assert marmots["day"].nunique() == 20 and 20 * 21 // 2 == 210 and marmots["animal"].nunique() == 10
    assert list(marmots["day"].cat.categories) == [str(day) for day in range(1, 21)]
    # R 4.2.2: glmmTMB 1.1.5 for ar1, lme4 1.1-31 for the others, ML: AIC
    r = {"ar1(0 + day | animal)": 5182.176155, "cs(0 + day | animal, hom = TRUE)": 5159.442123,
         "(1 | animal) + (1 | animal:day)": 5159.442123, "(1 | animal) + ar1(0 + day | animal)": 5161.112954,
         "(1 | animal) + (1 | day)": 4967.657373}  # fmt: skip
    for term, aic in r.items():
        fit = lk.lmer(f"activity ~ time + temperature + {term}", marmots, reml=False)
        assert fit.aic == pytest.approx(aic, abs=2e-5), term
    own = (
        ols("activity ~ time + temperature", marmots)
        .fit()
        .resid.groupby([marmots["animal"], marmots["day"]], observed=True)
    )
    wide = own.mean().unstack().to_numpy()
    cor, lag = np.corrcoef(wide.T), np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
    near, far = (cor[(low <= lag) & (lag <= high)].mean() for low, high in ((1, 2), (10, 19)))
    assert abs(near - far) < 0.1
