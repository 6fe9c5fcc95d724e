"""The builder: every model on offer is fitted or refused in a sentence."""

import pytest

import lmmkit as lk
from lmmkit.course import explorers
from lmmkit.course.explorers._model_builder import NONE, SOURCES, compute

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
