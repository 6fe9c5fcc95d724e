"""The pictures: what they hold, what they say, and that they look as they did.

`LMMKIT_BASELINE=1 pytest tests/plots` draws the stored pictures anew; look at them before they are
committed.
"""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

import lmmkit as lk
from lmmkit.plots import style
from lmmkit.plots.checks import warnings_of
from lmmkit.plots.effects import pooled
from lmmkit.plots.variance_fractions import stratified
from tests.inference.reference import close, model
from tests.lme4_reference import load

BASELINE = Path(__file__).parents[1] / "baseline" / "plots"
# Root mean square difference of grey values, of 255: freetype and rasteriser may differ, pictures may not.
TOLERANCE = 3.0


def mouse():
    return lk.lm("Weight ~ Dose * Strain", lk.load_data("mouse"))


def owls():
    return lk.lmer("log(totCort) ~ Implant * days + (1 | Ring)", lk.load_data("owl_cort"))


PICTURES = {
    "fit": lambda: model("slopes").plot.fit(),
    "fit_factors": lambda: owls().plot.fit(),
    "fit_shares": lambda: model("herds").plot.fit(),
    "fit_hue": lambda: model("nested").plot.fit(hue="sex", group="school"),
    "residuals": lambda: model("slopes").plot.residuals(),
    "qq": lambda: model("slopes").plot.qq(),
    "scale_location": lambda: model("slopes").plot.scale_location(),
    "ranef_qq": lambda: model("slopes").plot.ranef_qq(),
    "ranef": lambda: model("slopes").plot.ranef(),
    "ranef_many": lambda: model("nested").plot.ranef(),
    "pooling": lambda: model("slopes").plot.pooling(),
    "pooling_intercepts": lambda: model("nested").plot.pooling("class:school"),
    "profile": lambda: model("intercepts").plot.profile(),
    "diagnostics": lambda: model("slopes").plot.diagnostics(),
    "diagnostics_singular": lambda: model("singular").plot.diagnostics(),
    "leverage": lambda: mouse().plot.leverage(),
    "diagnostics_linear": lambda: mouse().plot.diagnostics(),
}


def figure_of(drawn):
    return drawn if isinstance(drawn, Figure) else drawn.figure


def without_text(figure):
    """Fonts differ between machines: compare what is drawn, not what is written."""
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(NullFormatter())
            axis.set_minor_formatter(NullFormatter())
        if ax.get_legend() is not None:
            ax.get_legend().remove()
    for text in figure.findobj(Text):
        text.set_visible(False)
    return figure


@pytest.mark.parametrize("name", PICTURES)
def test_looks_as_it_did(name, tmp_path):
    figure = without_text(figure_of(PICTURES[name]()))
    stored = BASELINE / f"{name}.png"
    if os.environ.get("LMMKIT_BASELINE"):
        figure.savefig(stored, dpi=50)
    figure.savefig(tmp_path / "now.png", dpi=50)
    plt.close("all")
    assert compare_images(str(stored), str(tmp_path / "now.png"), tol=TOLERANCE) is None


def test_the_comparison_sees_a_difference(tmp_path):
    data = load("sleepstudy")
    other = lk.lmer(
        "Reaction ~ Days + (Days | Subject)", data.assign(Reaction=data["Reaction"] + 4 * (data.index % 3))
    )
    without_text(figure_of(other.plot.residuals())).savefig(tmp_path / "other.png", dpi=50)
    assert (
        compare_images(str(BASELINE / "residuals.png"), str(tmp_path / "other.png"), tol=TOLERANCE)
        is not None
    )


@pytest.mark.parametrize("name", PICTURES)
def test_axes_say_what_they_show(name):
    figure = figure_of(PICTURES[name]())
    for ax in figure.axes:
        if ax.axison and ax.get_visible():
            assert ax.get_xlabel()
    assert figure.get_facecolor() == (1, 1, 1, 1)


def test_what_is_returned():
    plot = model("slopes").plot
    for name in ("fit", "residuals", "qq", "scale_location", "ranef_qq", "pooling"):
        ax = plt.subplots()[1]
        assert getattr(plot, name)(ax=ax) is ax
    assert isinstance(plot.residuals(), Axes)
    for picture in (plot.ranef, plot.profile, plot.diagnostics):
        assert isinstance(picture(), Figure)


@pytest.mark.parametrize(
    "name", ["fit", "residuals", "qq", "scale_location", "ranef_qq", "ranef", "pooling", "profile"]
)
def test_every_picture_describes_itself_in_a_sentence(name):
    sentence = getattr(model("intercepts").plot, name).describe()
    assert sentence.endswith(".") and sentence[0].isupper() and len(sentence) < 400
    assert "Reaction" in sentence or "Subject" in sentence


def test_descriptions_tell_the_numbers():
    plot = model("slopes").plot
    assert "251.4 to 345.6 over the range of Days" in plot.fit.describe()
    assert "6 clear of zero" in plot.ranef.describe()
    assert "Days from 7.359 to 13.58" in plot.profile.describe(parm="Days")
    assert "all random effects" in model("singular").plot.ranef_qq.describe().lower()


def test_axes_carry_the_names_of_variables():
    ax = model("slopes").plot.fit()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Days", "Reaction")
    assert model("slopes").plot.residuals().get_xlabel() == "Fitted Reaction"
    assert model("herds").plot.fit().get_ylabel() == "Share of incidence"
    assert model("slopes").plot.pooling().get_ylabel() == "Slope of Reaction on Days"


def test_groups_differ_by_more_than_colour():
    ax = owls().plot.fit()
    points = [line for line in ax.lines if line.get_linestyle() == "None" and len(line.get_xdata()) > 20]
    assert len({line.get_marker() for line in points}) == len({line.get_color() for line in points}) == 3
    lines = model("nested").plot.fit(hue="sex").lines
    styles = {line.get_linestyle() for line in lines if line.get_linewidth() > 2.5}
    assert len(styles) == 2


def test_pooling_is_the_algebra_of_shrinkage():
    own, partial, complete = pooled(model("intercepts"), 0)
    fit, data = model("intercepts"), load("sleepstudy")
    within = (data["Reaction"] - fit.fixef["Days"] * data["Days"]).groupby(data["Subject"]).mean()
    close(own[:, 0], within, 1e-10)
    tau2 = fit.varcorr.frame["vcov"][0]
    shrunk = tau2 / (tau2 + fit.sigma**2 / 10)
    close(partial[:, 0], complete[0] + shrunk * (own[:, 0] - complete[0]), 1e-6)


def test_bands_cover_normal_values():
    rng = np.random.default_rng(1)
    low, high = style.qq_band(30)
    draws = np.sort(rng.normal(size=(4000, 30)), axis=1)
    inside = ((draws >= low) & (draws <= high)).mean(axis=0)
    assert (np.abs(inside - 0.95) < 0.015).all()


def trouble(make, n=300, groups=30):
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.arange(n) % groups, "x": rng.uniform(0, 3, n)})
    data["y"] = make(rng, data["x"].to_numpy()) + rng.normal(size=groups)[data["g"]]
    return {sentence.split(":")[0] for sentence in warnings_of(lk.lmer("y ~ x + (1 | g)", data))}


def test_warnings_find_what_was_put_in():
    assert trouble(lambda rng, x: x + rng.normal(size=300)) == set()
    assert "Bend" in trouble(lambda rng, x: 2 * x**2 + rng.normal(size=300))
    assert "Spread" in trouble(lambda rng, x: 3 * x + x * rng.normal(size=300))
    assert "Skewness" in trouble(lambda rng, x: x + 2 * rng.exponential(size=300))
    assert {"Heavy tails", "Outliers"} <= trouble(lambda rng, x: x + rng.standard_t(2, size=300))
    assert "Singular fit" in {sentence.split(":")[0] for sentence in warnings_of(model("singular"))}


def test_the_slope_that_shrinkage_makes_is_explained():
    found = warnings_of(owls())
    assert len(found) == 1 and "no fault" in found[0]


def test_overdispersion_is_noticed():
    data = load("counts")
    found = warnings_of(lk.glmer("over ~ treat + (1 | site)", data, "poisson"))
    assert found[0].startswith("Overdispersion") and "negative binomial" in found[0]
    fine = warnings_of(lk.glmer("count ~ treat + temp + offset(log(effort)) + (1 | site)", data, "poisson"))
    assert not any(sentence.startswith("Overdispersion") for sentence in fine)


def test_hits_out_of_trials_are_not_sent_to_a_family_of_counts():
    herds = lk.load_data("herds")
    cows = "cbind(infected, cows - infected) ~ season + (1 | milking)"
    found = warnings_of(lk.glmer(cows, herds, "binomial"))
    (said,) = (sentence for sentence in found if sentence.startswith("Overdispersion"))
    assert "beta-binomial" in said and "negative" not in said


def test_random_effects_that_are_not_normal():
    rng = np.random.default_rng(3)
    group = np.arange(400) % 40
    b = np.where(np.arange(40) == 7, 15.0, rng.normal(size=40))
    data = pd.DataFrame({"g": [f"G{i}" for i in group], "y": b[group] + rng.normal(size=400)})
    found = warnings_of(lk.lmer("y ~ 1 + (1 | g)", data))
    assert any("G7" in sentence for sentence in found)


def test_refusals():
    with pytest.raises(lk.ModelError, match="'Age' is not a predictor"):
        model("slopes").plot.fit(x="Age")
    with pytest.raises(lk.ModelError, match="no predictor to draw it against"):
        model("dyestuff").plot.fit()
    with pytest.raises(lk.ModelError, match="'Lab' is not a grouping factor"):
        model("slopes").plot.ranef("Lab")
    with pytest.raises(lk.ModelError, match="'Lab' is not a grouping factor"):
        model("slopes").plot.fit(group="Lab")


def test_the_list_of_pictures():
    assert repr(model("slopes").plot).startswith("Pictures of this model: fit(), residuals()")
    assert "leverage()" in repr(mouse().plot) and "ranef()" not in repr(mouse().plot)


@pytest.mark.slow
def test_nothing_is_loaded_before_a_picture_is_drawn():
    code = (
        "import sys, lmmkit.plots.namespace, lmmkit.diagnostics.explained_variance, lmmkit.inference.bootstrap; "
        "heavy = sys.modules.keys() & {'matplotlib', 'seaborn', 'statsmodels', 'joblib', 'tqdm'}; "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_tab_offers_pictures_only_and_each_tells_what_it_is():
    for plot in (model("slopes").plot, mouse().plot):
        assert dir(plot) == sorted(vars(plot))
        for name, picture in vars(plot).items():
            assert callable(picture) and repr(picture).endswith("Draw it with () behind its name."), name
    assert set(dir(mouse().plot)) - set(dir(model("slopes").plot)) == {"leverage"}


def test_the_legend_of_a_panel_covers_no_data():
    figure = mouse().plot.diagnostics()
    figure.canvas.draw()
    for ax in figure.axes[:4]:
        if ax.get_legend() is not None and ax.get_title(loc="left") != "Normal QQ of residuals":
            box = ax.get_legend().get_window_extent()
            assert box.y0 >= ax.get_window_extent().y1 - 1
            assert box.x0 > ax._left_title.get_window_extent().x1
    plt.close(figure)


@pytest.mark.filterwarnings("error")
def test_boxes_are_drawn_without_a_warning():
    rng = np.random.default_rng(1)
    tissue = pd.Series(rng.choice(list("abc"), 60), name="tissue")
    values = pd.Series(rng.normal(size=60), name="gene")
    ax = stratified(values, tissue)
    boxes = [patch.get_path().get_extents() for patch in ax.patches]
    for level, box in zip("abc", boxes, strict=True):
        own = np.quantile(values[tissue == level], [0.25, 0.75])
        close(np.array([box.y0, box.y1]), own, 1e-12)
    assert [text.get_text() for text in ax.get_xticklabels()] == list("abc")
    plt.close("all")


# ---- factors that the formula makes of numbers ----


def visits():
    """Ten sites in four years that are numbers."""
    rng = np.random.default_rng(301)
    data = pd.DataFrame(
        {"site": np.repeat(list("abcdefghij"), 12), "year": np.tile([2019, 2020, 2022, 2025], 30)}
    )
    data["y"] = data["year"] % 7 + np.repeat(rng.normal(size=10), 12) + rng.normal(size=120)
    return data.assign(n=rng.poisson(3, 120), x=rng.normal(size=120))


MADE = ["factor(year)", "C(year, sum)", "factor(year) + x", "year + factor(year)", "relevel(year, 2)"]


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("kind", ["lmer", "glmer", "lm"])
def test_a_factor_made_of_a_number_is_drawn_at_its_levels(kind, made):
    data = visits()
    fit = {
        "lmer": lambda: lk.lmer(f"y ~ {made} + (1 | site)", data),
        "glmer": lambda: lk.glmer(f"n ~ {made} + (1 | site)", data, "poisson"),
        "lm": lambda: lk.lm(f"y ~ {made}", data),
    }[kind]()
    ax = fit.plot.fit("year")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2019", "2020", "2022", "2025"]
    (means,) = (bars for bars in ax.containers if bars.has_yerr)
    at = pd.DataFrame({"year": [2019, 2020, 2022, 2025], "x": data["x"].mean()})
    expected = fit.predict(at, re_form="~0") if kind != "lm" else fit.predict(at)
    np.testing.assert_allclose(np.asarray(means[0].get_ydata(orig=False), dtype=float), expected)
    assert "over the range of year" in fit.plot.fit.describe("year")
    plt.close("all")


def test_a_factor_made_of_a_number_gives_colours_beside_a_line():
    fit = lk.lmer("y ~ x * factor(year) + (1 | site)", visits())
    ax = fit.plot.fit("x", "factor( year )")  # as it stands in the formula, or by its column
    assert ax.get_legend().get_title().get_text() == "year"
    with pytest.raises(lk.ModelError, match=r"'factor\(year\)' is not a predictor .*; write 'year'"):
        lk.emmeans(fit, "factor(year)")
    ax = fit.plot.fit()
    assert ax.get_xlabel() == "x"
    assert ax.get_legend().get_title().get_text() == "year"
    assert {"2019", "2020", "2022", "2025"} <= {text.get_text() for text in ax.get_legend().get_texts()}
    plt.close("all")
