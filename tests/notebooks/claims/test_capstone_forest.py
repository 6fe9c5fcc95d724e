"""What the capstone on trees says of them."""

import numpy as np
import pytest

import lmmkit as lk

SPLIT = "height ~ deviation + transect_slope + section + (1 | transect/plot)"


@pytest.fixture(scope="module")
def trees():
    data = lk.load_data("forest").dropna(subset=["height"]).reset_index(drop=True)
    mean = data.drop_duplicates(["transect", "plot"]).groupby("transect", observed=True)["slope"].mean()
    data["transect_slope"] = data["transect"].map(mean).astype(float)
    return data.assign(deviation=data["slope"] - data["transect_slope"])


@pytest.fixture(scope="module")
def split(trees):
    return lk.lmer(SPLIT, trees)


def test_steep_plots_hold_on_to_fewer_trees(trees):
    """“Steep plots have fewer trees.”"""
    plots = trees.groupby(["transect", "plot"], observed=True)["slope"].agg(["first", "size"])
    assert plots["first"].corr(plots["size"]) == pytest.approx(-0.6219, abs=5e-4)


def test_flat_plots_hold_most_of_the_trees(trees):
    """“Flat plots hold most of the trees.”"""
    plots = trees.groupby(["transect", "plot"], observed=True)["slope"].agg(["first", "size"])
    flat = plots["first"] <= plots["first"].median()
    assert plots["size"][flat].sum() > 0.6 * plots["size"].sum()


def test_the_heap_leans_upwards(trees):
    """“If anything, the cloud of all marks rises.”"""
    assert np.polyfit(trees["slope"], trees["height"], 1)[0] > 0
    found = np.polyfit(trees["slope"], trees["height"], 1)[0]
    assert found == pytest.approx(0.09608431, abs=1e-6)  # R 4.2.2: lm


def test_all_trees_of_a_plot_share_one_slope(trees):
    """“All trees of a plot share one slope, so inside a plot there is nothing to compare.”"""
    assert (trees.groupby(["transect", "plot"], observed=True)["slope"].nunique() == 1).all()


def test_what_is_missing_goes_with_the_predictor():
    """“What is missing goes with the predictor, so it belongs into the report.”"""
    valley = lk.load_data("forest")
    plots = valley.groupby(["transect", "plot"], observed=True).agg(
        slope=("slope", "first"), measured=("height", "count")
    )
    assert plots["slope"][plots["measured"] == 0].tolist() == [plots["slope"].max()]


def test_the_same_model_with_the_same_likelihood(trees, split):
    """“It is the same model as yours, with the same likelihood.”"""
    hers = lk.lmer("height ~ slope + transect_slope + section + (1 | transect/plot)", trees)
    by_ml = [fit.update(reml=False).loglik for fit in (split, hers)]
    assert by_ml[0] == pytest.approx(by_ml[1], abs=1e-6)
    assert hers.fixef["slope"] + hers.fixef["transect_slope"] == pytest.approx(0.20873196, abs=1e-4)
    assert by_ml == pytest.approx([-831.67124] * 2, abs=1e-4)  # R 4.2.2, lme4 1.1-31: logLik of both
    # R 4.2.2, lmerTest 3.1-3: 0.208731957 between transects


def test_her_t_value_tests_whether_the_slopes_differ(trees, split):
    """“Hers is useful, too: its t-value tests whether the two slopes differ.”"""
    hers = lk.lmer("height ~ slope + transect_slope + section + (1 | transect/plot)", trees)
    difference = split.fixef["transect_slope"] - split.fixef["deviation"]
    assert hers.fixef["transect_slope"] == pytest.approx(difference, abs=1e-5)
    # R 4.2.2, lme4 1.1-31: 0.34887324, t 3.5740515
    row = hers.coef_table("none").loc["transect_slope"]
    assert (row["estimate"], row["statistic"]) == pytest.approx((0.34887324, 3.5740515), abs=1e-3)


def test_one_transect_moves_the_slope_by_about_a_standard_error(trees, split):
    """“One transect of twelve moves the slope between transects by about a standard error.”"""
    for refit in (False, True):
        moved = split.influence("transect", refit=refit)["dfbetas_transect_slope"].abs()
        assert moved.idxmax() == "T01"
        assert moved.max() == pytest.approx(1, abs=0.15)
        if refit:  # R 4.2.2, lme4 1.1-31: dfbetas(influence(m, "transect"))
            assert moved[["T01", "T03"]].to_list() == pytest.approx([1.11481305, 0.66237133], abs=2e-3)
    # R 4.2.2, lmerTest 3.1-3: 0.3184739 without T01
    assert lk.lmer(SPLIT, trees[trees["transect"] != "T01"]).fixef["transect_slope"] == pytest.approx(
        0.3184739, abs=1e-4
    )


def test_two_transects_on_equally_steep_ground(trees):
    """“How much taller are the trees of T03 than those of T11, on equally steep ground?”"""
    fixed = lk.lmer("height ~ slope + transect + (1 | transect:plot)", trees)
    # R 4.2.2, lmerTest 3.1-3: 3.149266 and -7.24126928 against T01
    assert fixed.fixef["transectT03"] - fixed.fixef["transectT11"] == pytest.approx(10.390535, abs=1e-3)


def test_the_line_through_all_trees_is_wrong_in_every_spring(trees):
    """“The line through all trees is wrong in every one of them, and more trees would not help it.”"""
    rules = lk.data_info("forest").truth  # no R number: from the rules the data were made by, in closed form
    x = trees["slope"] - trees["slope"].mean()
    between = rules["slope between transects"] * trees["transect_slope"]
    section = trees["section"].map(lambda name: rules["fixef"].get(f"section{name}", 0.0)).astype(float)
    within = rules["fixef"]["slope within transect"]
    expected = between + section + within * trees["deviation"]
    pooled = (x @ expected) / (x @ x)
    # Its scatter from spring to spring, in closed form: transects, plots and trees through the weights of the line.
    weight = x / (x @ x)
    by_transect = weight.groupby(trees["transect"], observed=True).sum()
    by_plot = weight.groupby([trees["transect"], trees["plot"]], observed=True).sum()
    sds = [rules["sd transect"]["(Intercept)"], rules["sd plot:transect"]["(Intercept)"], rules["sigma"]]
    parts = [(w**2).sum() * sd**2 for w, sd in zip((by_transect, by_plot, weight), sds, strict=True)]
    assert pooled - within > 5 * np.sqrt(sum(parts))
