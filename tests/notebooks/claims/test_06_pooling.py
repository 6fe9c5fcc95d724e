"""What lesson 6 and its exercise say of drivers and lakes."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.check import find

# Numbers of R: R 4.2.2, lme4 1.1-31.
LAKES = (25.241671, 3.053714, 4.039077)  # fixef, VarCorr and sigma of lmer(length ~ 1 + (1 | group))
COEF_374_373 = (11.0783, 10.3915)  # coef(lmer(Reaction ~ Days + (Days | Subject)))$Subject$Days
SO_CALLED = {
    "374": 11.410611,
    "VarCorr": (253.6051, 11.9481, 0.8779),
}  # lmer(Reaction ~ 0 + (Days | Subject))


@pytest.fixture(scope="module")
def plus():
    return lk.load_data("sleepstudy_plus")


@pytest.fixture(scope="module")
def own(plus):
    """Slope and intercept of each driver's own line, where there is one."""
    return {
        name: np.polyfit(rows["Days"], rows["Reaction"], 1)
        for name, rows in plus.groupby("Subject", observed=True)
        if rows["Days"].nunique() > 1
    }


@pytest.fixture(scope="module")
def partial(plus):
    return lk.lmer("Reaction ~ Days + (Days | Subject)", plus)


@pytest.fixture(scope="module")
def so_called(plus):
    return lk.lmer("Reaction ~ 0 + (Days | Subject)", plus)


@pytest.fixture(scope="module")
def perch():
    return lk.load_data("groups20")


@pytest.fixture(scope="module")
def lakes(perch):
    """Number of fish and own mean of each lake."""
    return perch.groupby("group", observed=True)["length"].agg(["size", "mean"])


@pytest.fixture(scope="module")
def estimates(perch):
    return lk.lmer("length ~ 1 + (1 | group)", perch).coef()["group"]["(Intercept)"]


def test_two_made_up_drivers(plus):
    """“Two made-up drivers are added (by Mahr, see the end): 374 came twice, 373 once.” and “The two are close here,
    since nearly all drivers came equally often”"""
    days = plus.groupby("Subject", observed=True).size()
    assert days["374"] == 2 and days["373"] == 1
    assert (days.drop(["373", "374"]) == 10).all()
    fixed = lk.lmer("Reaction ~ Days + (Days | Subject)", plus).fixef
    # R: fixef(lmer) 252.54, 10.45; coef(lm) 252.32, 10.33
    assert fixed.to_list() == pytest.approx([252.54, 10.45], abs=0.01)
    assert np.polyfit(plus["Days"], plus["Reaction"], 1) == pytest.approx([10.33, 252.32], abs=0.01)


def test_what_the_two_panels_show(own, partial):
    """“The squares of the smallest groups reach the line first, those of the largest last.” and “partial pooling comes
    nearer to the truth than the other two over most of the slider. Near zero it does not: there it becomes complete
    pooling.” and “Driver 374, with two days, moves far. Five of the nineteen slopes end further from the common slope
    than they began”"""
    # No R number for the states: fish simulated with our own seed. The drivers are R's, below.
    states = [explorers.pooling.result(ratio=ratio) for ratio in np.linspace(0, 4, 30)]
    assert all((np.diff(r.weight) > 0).all() for r in states[1:])
    best = [r.errors["partial"] < min(r.errors["none"], r.errors["complete"]) for r in states]
    assert np.mean(best) > 0.8 and not best[0]
    assert states[0].errors["partial"] == pytest.approx(states[0].errors["complete"])
    mixed, common = partial.coef()["Subject"]["Days"], partial.fixef["Days"]
    away = {name: abs(mixed[name] - common) > abs(line[0] - common) for name, line in own.items()}
    assert (sum(away.values()), len(away)) == (5, 19)  # the same with coef of lmer
    moved = {name: abs(mixed[name] - line[0]) for name, line in own.items()}
    assert max(moved, key=moved.get) == "374"


def test_308_is_the_steepest(own, partial):
    """“308's own line is the steepest of all, so a pull towards the others makes it flatter.”"""
    assert max(own, key=lambda name: own[name][0]) == "308"
    assert partial.coef()["Subject"]["Days"]["308"] < own["308"][0]
    # coef of lm 21.764702, of lmer 19.626434
    both = own["308"][0], partial.coef()["Subject"]["Days"]["308"]
    assert both == pytest.approx((21.764702, 19.626434), abs=2e-3)


def test_ten_days_keep_a_driver_near_their_own_line(own, partial):
    """“With ten days it stays close to the driver's own line. With one or two days, its slope is nearly the
    crowd's”"""
    lines, crowd = partial.coef()["Subject"], partial.fixef["Days"]
    far = []
    for name in set(own) - {"374"}:
        slope, intercept = own[name]
        shift = lines.loc[name] - [intercept, slope]
        far.append(np.abs(shift["(Intercept)"] + np.array([0, 9]) * shift["Days"]).max())
    # coef of lmer against coef of lm: at most 15.9214 ms, on day 0 or 9; sigma 25.4826
    assert (max(far), partial.sigma) == pytest.approx((15.9214, 25.4826), abs=2e-3)
    assert max(far) < partial.sigma
    # coef: COEF_374_373; fixef 10.45212
    assert crowd == pytest.approx(10.45212, abs=1e-4)
    assert lines.loc[["374", "373"], "Days"].to_list() == pytest.approx(COEF_374_373, abs=2e-3)
    assert lines.loc[["374", "373"], "Days"].to_list() == pytest.approx([crowd, crowd], abs=0.7)


def test_what_driver_374_gets(own, partial):
    """“the mixed model says …, close to the average ….” and “gets the slope …: borrowed, all of it.”"""
    assert own["374"][0] == pytest.approx(2.0)  # coef(lm): 2
    assert partial.coef()["Subject"]["Days"][["374", "373"]].to_list() == pytest.approx(
        COEF_374_373, abs=2e-3
    )


def test_the_lakes_fit(perch, lakes, estimates):
    """“The last two columns agree to every digit shown: the weight formula *is* what the fit does.”"""
    fit = lk.lmer("length ~ 1 + (1 | group)", perch)
    assert fit.fixef.iloc[0] == pytest.approx(LAKES[0], abs=1e-4)  # fixef
    assert fit.varcorr.frame["sdcor"].to_list() == pytest.approx(LAKES[1:], abs=1e-3)  # VarCorr
    weight = lakes["size"] / (lakes["size"] + (LAKES[2] / LAKES[1]) ** 2)
    by_hand = weight * lakes["mean"] + (1 - weight) * LAKES[0]
    assert estimates.to_numpy() == pytest.approx(by_hand.to_numpy(), abs=1e-3)


def test_two_lakes_have_a_single_fish(lakes):
    """“in two of them a single fish was caught”, “in some lakes a single fish was caught, in
    one two hundred” and “Lakes with one fish move by up to … cm towards the model's mean of … cm”"""
    assert sorted(lakes["size"])[:3] == [1, 1, 2]
    assert lakes["size"].max() == 200


def test_stalks_are_longest_where_lakes_have_few_fish(lakes, estimates):
    """“They are longest on the left, where lakes have few fish, and vanish on the right.”"""
    stalk = (lakes["mean"] - estimates).abs()
    few, many = stalk[lakes["size"] <= 2], stalk[lakes["size"] >= 50]
    assert few.min() > many.max()
    assert stalk.nlargest(3).index.isin(few.index).all()
    assert many.max() < 0.1
    assert (few.min(), many.max()) == pytest.approx((1.2170251, 0.0820936), abs=1e-3)  # coef of lmer


def test_every_stalk_points_to_the_models_mean(perch, lakes, estimates):
    """“Every stalk points to the *model's* common mean (dotted), which weighs lakes.” and “the mean of all
    fish (dashed), in which the lakes with many fish count most”"""
    assert (np.sign(estimates - lakes["mean"]) == np.sign(LAKES[0] - lakes["mean"])).all()
    assert (np.abs(estimates - LAKES[0]) <= np.abs(lakes["mean"] - LAKES[0])).all()
    all_fish = perch["length"].mean()
    assert all_fish == pytest.approx(np.average(lakes["mean"], weights=lakes["size"]))
    assert abs(all_fish - LAKES[0]) > 0.5
    assert (LAKES[0], all_fish) == pytest.approx((25.241671, 24.608322), abs=1e-3)  # fixef, mean


def test_slopes_move_away_from_zero(own, so_called):
    """“The pair is pulled, and not each number by itself: … of … slopes have moved away from zero.”"""
    slopes = so_called.coef()["Subject"]["Days"]
    away = [name for name in own if abs(slopes[name]) > abs(own[name][0])]
    assert len(away) == 10 and len(own) == 19  # the same with coef of lmer
    assert slopes["374"] == pytest.approx(SO_CALLED["374"], abs=5e-3)  # coef


def test_a_common_slope_has_come_in(so_called):
    """“Whoever has an intercept of 250 ms must then have a slope of about … ms a day”"""
    first, second, correlation = so_called.varcorr.frame["sdcor"].iloc[:3]
    assert (first, second, correlation) == pytest.approx(SO_CALLED["VarCorr"], rel=2e-3)
    assert correlation * second / first * 250 == pytest.approx(10, abs=0.5)


def test_the_pair_is_pulled_towards_the_line_of_zeros(own, so_called):
    """“Without fixed effects the population's mean line is the line of zeros.”"""
    frame = so_called.varcorr.frame["sdcor"]
    cov = frame.iloc[2] * frame.iloc[0] * frame.iloc[1]
    precision = np.linalg.inv([[frame.iloc[0] ** 2, cov], [cov, frame.iloc[1] ** 2]])

    def from_zero(intercept, slope):
        """The distance from (0, 0) in the model's own measure."""
        return np.array([intercept, slope]) @ precision @ np.array([intercept, slope])

    pulled = so_called.coef()["Subject"]
    nearer = [
        from_zero(*pulled.loc[name]) / from_zero(intercept, slope) for name, (slope, intercept) in own.items()
    ]
    assert max(nearer) < 1
    # the same with coef(lm), coef(lmer) and solve(VarCorr): below one for all 19, the largest 0.9975592
    assert (len(nearer), max(nearer)) == pytest.approx((19, 0.9975592), abs=1e-5)


def test_the_winner_falls(lakes, estimates):
    """“The winner, …, has … fish. Pooled, it falls from rank 1 to rank …; at the top stands … with … fish.”
    and “it was judged by a single fish”"""
    winner = lakes["mean"].idxmax()
    assert lakes["size"][winner] == 1
    assert estimates.rank(ascending=False)[winner] == 7
    assert lakes["size"][estimates.idxmax()] >= 10
    # coef of lmer: rank 7 afterwards; at the top a lake with 17 fish
    assert lakes["size"][estimates.idxmax()] == 17


def test_one_fit_without_pooling_gives_the_lines_of_separate_fits(plus, own):
    """“For an honest no pooling, fit one `lm` for each group, or one for all with `0 + Subject + Subject:Days`,
    which gives the same lines.” and “In truth only the separate fits do, and a group with one row has none; the one fit
    for all has one residual variance for all.”"""
    together = lk.lm("Reaction ~ 0 + Subject + Subject:Days", plus)
    for name, (slope, level) in own.items():
        found = together.fixef[[f"Subject{name}:Days", f"Subject{name}"]]
        assert found.tolist() == pytest.approx([slope, level], abs=1e-6)
    # R 4.2.2: sigma of lm(Reaction ~ 0 + Subject + Subject:Days); of lm(Reaction ~ Days) for each of 18 drivers
    assert together.sigma == pytest.approx(25.5918156, abs=1e-6)
    alone = [
        lk.lm("Reaction ~ Days", plus[plus["Subject"] == name]).sigma for name in own if name != "374"
    ]  # two days leave no residual
    assert (min(alone), max(alone)) == pytest.approx((8.87474409, 60.89627318), abs=1e-6)


def test_small_groups_at_the_ends(lakes):
    """“at the top and at the bottom of such a list small groups are easily found” and “Near both ends of
    your list stand lakes in which hardly a fish was caught”"""
    order = lakes.sort_values("mean")["size"]
    assert order.iloc[-3:].min() == 1 and order.iloc[:3].min() == 1
    assert order.iloc[-2:].max() <= 2


def test_small_lakes_scatter_more(lakes, estimates):
    """“Rankings of raw group means tend to put small groups at the ends, just for being small.”"""
    small = lakes["size"] <= lakes["size"].median()
    assert lakes["mean"][small].std() > 1.5 * lakes["mean"][~small].std()
    assert estimates[small].std() < 0.7 * lakes["mean"][small].std()
    assert estimates[~small].std() > 0.9 * lakes["mean"][~small].std()
    sds = [part[rows].std() for part in (lakes["mean"], estimates) for rows in (small, ~small)]
    assert sds == pytest.approx([4.6474805, 2.693853, 3.0535355, 2.4895506], abs=1e-3)  # means, coef of lmer


def test_a_lake_with_few_fish_moved_most(lakes, estimates):
    """“A lake with few fish, far from the others: that is where shrinkage is strongest.”"""
    moved = (lakes["mean"] - estimates).abs()
    assert lakes["size"][moved.idxmax()] == 1
    assert moved.max() > 2 * moved.median()
    assert moved.max() / moved.median() == pytest.approx(7.9607619, abs=0.02)  # coef of lmer


def test_five_observations_outvote_the_crowd():
    """“Five observations already outvote the crowd five to one.” and “A few fish of its own count for more already
    than all the other lakes.”"""
    # No R number: the weight formula alone.
    assert pytest.approx(5 * (1 / 6)) == 5 / (5 + 1)
    own = find("ex06.q2").own  # a graded course gives each student one of these
    weights = [n / (n + s / t) for n in own["fish"] for t in own["between"] for s in own["within"]]
    assert min(weights) > 0.5


def test_the_red_lakes_move_more(lakes, estimates):
    """“Lakes with one or two fish, in red, move by … cm on average, the others by … cm.”"""
    moved = (lakes["mean"] - estimates).abs()
    few = lakes["size"] <= 2
    assert moved[few].mean() > 3 * moved[~few].mean()
    assert (moved[few].mean(), moved[~few].mean()) == pytest.approx(
        (2.4537477, 0.4478983), abs=1e-3
    )  # coef of lmer


def test_the_explorer_at_a_ratio_of_zero():
    """“drag the variance ratio to zero, and see on which line all squares come to lie”"""
    # No R number: at this ratio the formula is that of complete pooling.
    r = explorers.pooling.result(ratio=0.0)
    assert r.partial == pytest.approx(np.full(len(r.partial), r.complete))


def test_dots_move_as_pairs():
    """“why do some slopes come to lie *further* from the common slope than they were”"""
    r = explorers.shrinkage.result(pooling=0.5)
    # coef(lmer) against coef(lm) of each driver, from fixef: none of 19 intercepts, 5 of 19 slopes
    assert r.further == (0, 5)


def test_slopes_of_308_and_the_crowd(own, partial):
    """“From about 22 towards about 10 ms a day: which way is that?” and “308 reacts to lost sleep more than
    anybody else, and the crowd is calmer”"""
    assert own["308"][0] == pytest.approx(21.76, abs=0.01)
    assert partial.fixef["Days"] == pytest.approx(10.45, abs=0.01)


def test_four_chicks_of_a_nest():
    """“Four chicks count for more than the crowd, though chicks of one nest differ more than nests do.”"""
    implants = lk.load_data("implants")
    masses = implants[implants["day"] == 12].groupby("nest")["mass"]
    assert (masses.size() == 4).all() and len(masses.size()) == 15
    within = masses.var().mean()  # balanced: REML is the analysis of variance
    between = masses.mean().var() - within / 4
    assert between < within
    # VarCorr(lmer(mass ~ 1 + (1 | nest))) of day 12: 17.071974, 20.859919
    assert (between**0.5, within**0.5) == pytest.approx((17.071974, 20.859919), abs=1e-5)
    assert 4 / (4 + within / between) == pytest.approx(0.728200, abs=1e-6)
