"""The builder: every model on offer is fitted or refused in a sentence."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers import style
from lmmkit.course.explorers._model_builder import NONE, SOURCES, compute
from lmmkit.course.explorers._model_builder import draw as _draw
from tests.course.explorers import brute
from tests.course.explorers.sweep import found, same, sweep

result = explorers.model_builder.result


def test_the_model_is_lmers():
    r = result(data="sleepstudy", response="Reaction", fixed="Days", random="(Days | Subject)")
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    assert r.fit.reml_criterion == pytest.approx(fit.reml_criterion)
    words = explorers.model_builder.details(r)
    assert "18 levels of Subject" in words and r"\mathrm{Reaction}_i" in words


@pytest.mark.parametrize("name", SOURCES)
def test_every_part_on_offer_can_be_had(name):
    source = SOURCES[name]
    for random in source.random():
        r = compute(data=name, response=source.responses[-1], fixed=source.fixed()[-1], random=random)
        assert (r.fit is None) == bool(r.refusal)
        assert r.mixed == (random != NONE)
        assert explorers.model_builder.sentence(r).endswith(".")


def test_comparison_with_the_model_before():
    first = compute(data="mouse", random=NONE)
    second = compute(data="mouse", last=("mouse", first.formula))
    assert second.previous == "Weight ~ Dose" and "the larger one is worth" in second.verdict
    unlike = compute(data="mouse", random="(0 + Dose | Strain)", last=("mouse", second.formula))
    assert unlike.comparison is None and unlike.verdict.startswith(
        "neither is a special case of the other; by AIC"
    )
    other = compute(data="sleepstudy", response="Reaction", fixed="Days", random="(1 | Subject)",
                    last=("mouse", second.formula))  # fmt: skip
    assert other.previous is None


def test_fewer_groups():
    whole, part = result(share=100), result(share=40, seed=3)
    assert whole.fit.ngroups["Strain"] == 5 and part.fit.ngroups["Strain"] == 2
    assert set(part.data["Strain"]) <= set(whole.data["Strain"])


def design(r):
    """Response and fixed columns of the model, built from the data by hand."""
    name = r.response
    y = np.log(r.data[name[4:-1]]) if name.startswith("log(") else r.data[name]
    fixed = r.formula.split(" ~ ")[1].split(" + (")[0]
    blocks = {}
    for term in fixed.replace("*", "+").split("+"):
        column = r.data[term.strip()] if term.strip() != "1" else None
        if column is None:
            continue
        if column.dtype.kind in "if":
            blocks[term.strip()] = column.to_numpy(float)[:, None]
        else:
            levels = list(column.cat.categories) if hasattr(column, "cat") else sorted(column.unique())
            blocks[term.strip()] = np.stack([column == level for level in levels[1:]], 1).astype(float)
    columns = [np.ones((len(y), 1)), *blocks.values()]
    if "*" in fixed:
        a, b = blocks.values()
        columns.append((a[:, None, :] * b[:, :, None]).reshape(len(y), -1))
    return y.to_numpy(float), np.column_stack(columns)


def covariance(r):
    """V of the response by the SDs and correlations that the fit reports."""
    V = np.zeros((len(r.data), len(r.data)))
    table = r.fit.varcorr.frame
    columns = {}
    for grp in dict.fromkeys(table["grp"]):
        rows = table[table["grp"] == grp]
        if grp == "Residual":
            V += np.eye(len(V)) * rows["vcov"].iloc[0]
            continue
        factor = grp.rsplit(".", 1)[0] if grp.rsplit(".", 1)[-1].isdigit() else grp
        labels = r.data[factor.split(":")].astype(str).agg("/".join, axis=1).to_numpy()
        effects = [
            name for name, other in zip(rows["var1"], rows["var2"], strict=True) if not isinstance(other, str)
        ]
        Z = np.stack(
            [np.ones(len(V)) if e == "(Intercept)" else r.data[e].to_numpy(float) for e in effects], 1
        )
        D = np.zeros((len(effects), len(effects)))
        for one, two, value in zip(rows["var1"], rows["var2"], rows["vcov"], strict=True):
            i = effects.index(one)
            j = effects.index(two) if isinstance(two, str) else i
            D[i, j] = D[j, i] = value
        V += (labels[:, None] == labels) * (Z @ D @ Z.T)
        columns[grp] = effects
    return V


def spoken(value):
    return float(f"{value:.3g}")


def holds(state, r, words):
    """Fixed effects by generalised least squares under the SDs spoken of; no SD next to them is better."""
    if r.fit is None:
        assert "is refused" in words
        return
    y, X = design(r)
    numbers = [
        float(part.split(" ")[-1]) for part in words.split("fixed effect")[1].split(";")[0].split(", ")
    ]
    assert ("fixed effects " in words) == (len(numbers) > 1)
    if not r.mixed:
        line = brute.least_squares(X, y)
        assert sorted(numbers) == pytest.approx(sorted(map(spoken, line.beta)), rel=2e-3, abs=1e-9)
        assert found("SD residual #", words)[0] == pytest.approx(np.sqrt(line.rss / line.df), rel=5e-3)
        return
    V = covariance(r)
    fit = brute.gls(y, X, V, reml=state["reml"], profile=False)
    assert sorted(numbers) == pytest.approx(
        sorted(map(spoken, fit.beta)), rel=6e-3, abs=1e-3 * np.abs(fit.beta).max()
    ), words
    assert ".1 " not in words.split(";")[1]
    for name, sd in zip(r.fit.varcorr.frame["grp"], r.fit.varcorr.frame["sdcor"], strict=True):
        if name == "Residual":
            assert found("residual #", words)[0] == spoken(sd)
    scale = np.trace(V) / len(V)
    for step in (0.98, 1.02):  # the residual variance and the scale of everything
        assert brute.gls(y, X, V * step, reml=state["reml"], profile=False).criterion > fit.criterion - 1e-6
        moved = V + (step - 1) * 0.5 * r.fit.sigma**2 * np.eye(len(V))
        assert (
            brute.gls(y, X, moved, reml=state["reml"], profile=False).criterion > fit.criterion - 1e-6 * scale
        )


def test_sentences_of_a_few_states():
    for state, r, words in sweep("model_builder", 6):
        holds(state, r, words)


@pytest.mark.slow
def test_sentences_of_many_states():
    for state, r, words in sweep("model_builder", 130, seed=2):
        holds(state, r, words)


def pair(rng):
    """Two models of the same data and response, the second built after the first."""
    name = str(rng.choice(list(SOURCES)))
    source = SOURCES[name]
    response = source.responses[0]
    parts = []
    for _ in range(2):
        fixed = str(rng.choice(source.fixed(response)))
        parts.append((fixed, str(rng.choice(source.random(fixed, response)))))
    before = compute(data=name, response=response, fixed=parts[0][0], random=parts[0][1])
    now = compute(
        data=name, response=response, fixed=parts[1][0], random=parts[1][1], last=(name, before.formula)
    )
    return before, now


def log_likelihood(r):
    """ML log-likelihood under the fit's own SDs, with whole matrices."""
    fit = r.fit.update(reml=False) if r.mixed else r.fit
    y, X = design(r)
    if not r.mixed:
        line = brute.least_squares(X, y)
        return -0.5 * len(y) * (1 + np.log(2 * np.pi * line.rss / len(y)))
    twin = replace(r, fit=fit)
    return -0.5 * brute.gls(y, X, covariance(twin), reml=False, profile=False).criterion


@pytest.mark.slow
def test_comparisons_of_many_pairs():
    """Chi-squared, p and AIC from log-likelihoods worked out with whole matrices; the same model is called so."""
    rng = np.random.default_rng(9)
    kinds = set()
    for _ in range(90):
        before, now = pair(rng)
        if before.fit is None or now.fit is None or before.formula == now.formula:
            continue
        words = explorers.model_builder.sentence(now).replace("−", "-").split(f"Beside {before.formula}: ")[1]
        logs = log_likelihood(before), log_likelihood(now)
        sizes = before.fit.npar, now.fit.npar
        if words.startswith("χ²"):
            kinds.add("test")
            df, chisq = found("χ²(#) = #", words)
            small, large = (0, 1) if sizes[0] < sizes[1] else (1, 0)
            assert df == sizes[large] - sizes[small]
            assert same(chisq, max(0.0, 2 * (logs[large] - logs[small])), room=2e-3), (
                before.formula,
                now.formula,
                words,
            )
            p = stats.chi2.sf(chisq, df)
            assert ("the larger one is worth" in words) == (p < 0.05) or abs(p - 0.05) < 2e-3
            assert before.formula.split(" + (")[0].count("~") == 1
        elif words == "the same model in other words.":
            kinds.add("same")
            assert logs[0] == pytest.approx(logs[1], abs=2e-4) and sizes[0] == sizes[1]
        else:
            kinds.add("aic")
            gain = (2 * sizes[0] - 2 * logs[0]) - (2 * sizes[1] - 2 * logs[1])
            if "same AIC" in words:
                assert abs(gain) < 0.01
            else:
                assert same(found("is better by #", words)[0], abs(gain), room=2e-3), (
                    before.formula,
                    now.formula,
                    words,
                )
                assert ("the new one is better" in words) == (gain > 0)
    assert kinds >= {"test", "aic"}


def test_nested_and_added_groups_are_one_model_in_other_words():
    first = compute(data="owl_wing", response="Wing", fixed="Age", random="(1 | Brood/Ring)")
    second = compute(data="owl_wing", response="Wing", fixed="Age", random="(1 | Brood) + (1 | Ring)",
                     last=("owl_wing", first.formula))  # fmt: skip
    assert second.verdict == "the same model in other words"


def test_a_factor_that_is_fixed_is_not_offered_as_random():
    assert SOURCES["clinic"].random("Gender") == (NONE,)
    assert "(1 | Gender)" in SOURCES["clinic"].random("Dose")
    state = explorers.model_builder.state(data="clinic", fixed="Dose * Gender")
    assert state["random"] == NONE


def test_effects_of_zero_are_no_block():
    """Where all random effects are 0 the axis is not one of rounding errors."""
    r = compute(data="sleepstudy", response="Reaction", fixed="Days", random="(1 | Subject)")
    figure = style.new_figure(explorers.model_builder.size)
    flat = replace(r, fit=SimpleNamespace(**{name: getattr(r.fit, name) for name in ("fitted", "sigma")},
                   ranef=lambda: {"Subject": r.fit.ranef()["Subject"] * 0},
                   ranef_sd=lambda: {"Subject": r.fit.ranef_sd()["Subject"] * 1e-25}))  # fmt: skip
    with style.look():
        _draw(flat, figure)
    low, high = figure.axes[1].get_xlim()
    assert high - low > 0.1 * r.fit.sigma


def test_a_table_of_the_readers():
    table = lk.load_data("owl_cort").assign(
        **{"body mass": np.arange(len(lk.load_data("owl_cort"))) % 7 + 0.5}
    )
    explorer, _ = explorers.model_builder._with((table,), {})
    offered = explorer.controls[0].options
    assert "totCort" in offered and "`body mass`" in offered
    r = explorers.model_builder.result(table, response="totCort", fixed="Age", random="(1 | Ring)")
    fit = lk.lmer("totCort ~ Age + (1 | Ring)", table)
    assert r.fit.reml_criterion == pytest.approx(fit.reml_criterion)
    assert explorers.model_builder.result(table, response="`body mass`", fixed="Age").fit is not None
    holed = table.assign(Age=table["Age"].where(table.index > 2))
    explorer, _ = explorers.model_builder._with((holed,), {})
    assert "3 rows with missing values left out" in explorer.prompt
    with pytest.raises(DataError, match="no column of numbers that differ"):
        explorers.model_builder.result(table[["Ring", "Brood"]])
    with pytest.raises(DataError, match="is not on offer"):
        explorers.model_builder.result(table, response="Ring")
    with pytest.raises(DataError, match="takes a table and nothing else by place"):
        explorers.model_builder.result(table, "totCort")


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        (
            {"data": "mouse", "response": "Weight", "fixed": "Dose", "random": "(1 | Strain)"},
            ("Dose (mg/kg)", "Weight (g)", "intercepts by Strain (g)"),
        ),
        (
            {
                "data": "owl_wing",
                "response": "Wing",
                "fixed": "Age",
                "random": "(0 + Age | Ring)",
            },
            ("Age (days)", "Wing (mm)", "slopes of Age by Ring (mm a day)"),
        ),
        (
            {"data": "sleepstudy", "response": "log(Reaction)", "fixed": "Days", "random": "(1 | Subject)"},
            ("Days", "log of Reaction (ms)", "intercepts by Subject"),
        ),
    ],
)
def test_axes_have_the_units_of_the_data(state, labels):
    figure = style.new_figure(explorers.model_builder.size)
    _draw(result(**state), figure)
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel(), right.get_xlabel()) == labels
