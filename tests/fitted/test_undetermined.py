"""Covariance parameters that no response could tell are named."""

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.design.design import build_design
from lmmkit.fitted.undetermined import undetermined
from lmmkit.formula.parse import parse
from tests.lme4_2_reference import CASES, fitted, load

WITHIN = "cs(0 + Machine | Worker, hom = TRUE)"


def test_two_ways_to_share_out_the_same_variances():
    # lme4 2.1 stands at another point of the same height
    case, fit = CASES["cake_mix"], fitted("cake_mix")
    there = lk.lmer(case["formula"], load("cake"), start=case["par"], optimize=False)
    assert np.abs(there.par - fit.par).max() > 0.1
    assert there.estimate.objective == pytest.approx(fit.estimate.objective, abs=1e-6)
    terms = "what (1 | recipe:replicate) and diag(0 + recipe | replicate) share"
    assert any(terms in text for text in fit.messages)


def test_terms_that_make_up_each_other():
    machines = load("Machines")
    fit = lk.lmer(f"score ~ Machine + (1 | Worker) + {WITHIN}", machines)
    assert fit.messages == [
        f"The data cannot tell what (1 | Worker) and {WITHIN} share: other values fit exactly as well, and the "
        "numbers shown are one choice of many. Leave one of the terms out."
    ]
    alone = lk.lmer(f"score ~ Machine + {WITHIN}", machines)
    assert fit.loglik == pytest.approx(alone.loglik, abs=1e-6) and alone.messages == []


def test_a_correlation_between_effects_that_never_meet():
    sleep = load("sleepstudy")
    sleep = sleep.assign(sex=np.where(sleep["Subject"].cat.codes % 2, "m", "f"))
    fits = [lk.lmer(f"Reaction ~ Days + {tag}(0 + sex | Subject)", sleep) for tag in ("cs", "diag")]
    assert fits[0].loglik == pytest.approx(fits[1].loglik, abs=1e-6)
    assert "nothing tells their correlation rho" in fits[0].messages[0]
    assert "Write diag(0 + sex | Subject)" in fits[0].messages[0]
    assert fits[1].messages == []


def design(name):
    case = CASES[name]
    double_bar = "diag" if case["doublevert"] == "diag_special" else "split"
    return build_design(parse(case["formula"], double_bar=double_bar), load(case["data"]))


def test_no_other_model_of_the_reference_is_accused():
    small = [
        name for name, case in CASES.items() if case["data"] in ("sleepstudy", "Machines", "Oats", "cbpp")
    ]
    found = {name for name in small if undetermined(design(name), CASES[name]["kind"] == "lmer")}
    assert found == {"sleep_diag10"}
