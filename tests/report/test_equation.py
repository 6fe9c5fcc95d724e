import numpy as np
import pytest

import lmmkit as lk
from tests.lme4_reference import load


def lines(fit, **options):
    text = fit.equation(**options)
    assert text.startswith("\\begin{aligned}\n") and text.endswith("\n\\end{aligned}")
    assert text.count("{") == text.count("}")
    assert text.count("\\left(") == text.count("\\right)")
    return text.split("\n")[1:-1]


def test_slopes():
    found = lines(lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy")))
    assert found[0] == r"\mathrm{Reaction}_i &\sim \mathcal{N}(\mu_i,\ \sigma^2) \\"
    assert found[1] == (
        r"\mu_i &= \beta_0 + \beta_1\,\mathrm{Days}_i + b_{0,\mathrm{Subject}[i]} + "
        r"b_{1,\mathrm{Subject}[i]}\,\mathrm{Days}_i \\"
    )
    assert r"\rho_{01,\mathrm{Subject}}\,\tau_{0,\mathrm{Subject}}\,\tau_{1,\mathrm{Subject}}" in found[2]
    assert found[2].endswith(r"\quad 18 \text{ levels}")


def test_estimates():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    found = lines(fit, estimates=True)
    assert r"\mathcal{N}(\mu_i,\ 25.59^2)" in found[0]
    assert r"\mu_i &= 251.4 + 10.47\,\mathrm{Days}_i" in found[1]
    assert r"\begin{pmatrix}612.1 & 9.604 \\ 9.604 & 35.07\end{pmatrix}" in found[2]


def test_uncorrelated_terms_are_numbered_on_and_stand_apart():
    found = lines(lk.lmer("Reaction ~ Days + (Days || Subject)", load("sleepstudy")))
    assert found[2].startswith(r"b_{0,\mathrm{Subject}} &\sim \mathcal{N}(0,\ \tau_{0,\mathrm{Subject}}^2)")
    assert found[3].startswith(r"b_{1,\mathrm{Subject}} &\sim")


def test_factors_interactions_and_nesting():
    found = lines(lk.lmer("score ~ 0 + sex + sex:ses + (1 | school/class)", load("nested")))
    text = " ".join(found)
    assert (
        r"\mu_i &= \beta_1\,\mathrm{sexf}_i + \beta_2\,\mathrm{sexm}_i" in text
    )  # no intercept, so no beta_0
    assert r"\mathrm{sexm}_i\,\mathrm{ses}_i" in text
    assert r"b_{0,\mathrm{class{:}school}[i]}" in text


def test_many_effects_have_a_named_matrix():
    data = load("sleepstudy").assign(a=lambda d: np.sin(d["Days"]), b=lambda d: np.cos(d["Days"]))
    fit = lk.lmer(
        "Reaction ~ Days + (Days + a + b | Subject)",
        data,
        start=np.eye(4)[np.triu_indices(4)],
        optimize=False,
    )
    assert r"\boldsymbol\Sigma_{\mathrm{Subject}}" in lines(fit)[-1]
    assert r"\boldsymbol\Sigma" not in lines(fit, estimates=True)[-1]


def test_weights_and_offsets():
    data = load("crossed").assign(shift=0.5)
    found = lines(lk.lmer("rt ~ offset(x) + (1 | subj)", data, weights="w", offset="shift"))
    assert r"\sigma^2 / w_i" in found[0]
    assert r"+ \mathrm{x}_i + \mathrm{offset}_i" in found[1]


@pytest.mark.parametrize(
    ("formula", "data", "family", "first", "link"),
    [
        ("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", "cbpp", "binomial",
         r"\mathrm{incidence}_i &\sim \mathrm{Binomial}(n_i,\ p_i)", r"\operatorname{logit}(p_i) &="),
        ("pos ~ 1 + (1 | site)", "counts", lk.families.Binomial(link="probit"),
         r"\mathrm{pos}_i &\sim \mathrm{Bernoulli}(p_i)", r"\Phi^{-1}(p_i) &="),
        ("pos ~ 1 + (1 | site)", "counts", lk.families.Binomial(link="cloglog"),
         r"\mathrm{Bernoulli}", r"\log(-\log(1 - p_i)) &="),
        ("count ~ 1 + (1 | site)", "counts", "poisson", r"\mathrm{Poisson}(\mu_i)", r"\log(\mu_i) &="),
        ("time ~ 1 + (1 | site)", "counts", "gamma", r"\text{variance } \phi\,\mu_i^2", r"\log(\mu_i) &="),
        ("over ~ 1 + (1 | site)", "counts", "negative_binomial",
         r"\text{variance } \mu_i + \mu_i^2/\theta", r"\log(\mu_i) &="),
    ],
)  # fmt: skip
def test_families_and_links(formula, data, family, first, link):
    found = lines(lk.glmer(formula, load(data), family))
    assert first in found[0]
    assert found[1].startswith(link)
    assert r"\theta" not in " ".join(lines(lk.glmer(formula, load(data), family), estimates=True))


def test_long_sums_are_broken():
    found = lines(lk.lmer("angle ~ recipe * temperature + (1 | recipe:replicate)", load("cake")))
    assert sum(line.startswith(r"&\quad {}+") for line in found) >= 3


def test_names_that_latex_would_misread():
    data = load("sleepstudy").rename(columns={"Days": "days_awake"})
    text = " ".join(lines(lk.lmer("log(Reaction) ~ days_awake + (1 | Subject)", data)))
    assert r"\mathrm{days\_awake}_i" in text
    assert r"\mathrm{log(Reaction)}_i &\sim" in text


def test_a_notebook_sets_it_as_a_formula():
    text = lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy")).equation()
    assert text._repr_latex_() == f"$$\n{text}\n$$"
