"""What R's users type is answered with what it is called here; each row of the tables is asked."""

import doctest
import inspect
import pickle
import re

import numpy as np
import pytest

import lmmkit as lk
from lmmkit.numerics import r_names


@pytest.fixture(scope="module")
def data():
    data = lk.load_data("sleepstudy")
    return data.assign(k=(data["Reaction"] // 50).astype(int))


@pytest.fixture(scope="module")
def fit(data):
    return lk.lmer("Reaction ~ Days + (Days | Subject)", data)


FUNCTIONS = [getattr(lk, name) for name in lk.__all__ if inspect.isfunction(getattr(lk, name))]


@pytest.mark.parametrize(("theirs", "ours"), r_names.FUNCTIONS.items())
def test_each_name_of_r_is_answered_by_one_that_is_there(theirs, ours, fit):
    where, name = re.match(r"(fit|lk)\.(\w+)", ours).groups()
    assert hasattr(fit if where == "fit" else lk, name)
    if not hasattr(lk, theirs):
        with pytest.raises(AttributeError, match=re.escape(ours)):
            getattr(lk, theirs)
    if not hasattr(fit, theirs):
        with pytest.raises(AttributeError, match=re.escape(f"has no '{theirs}'; write {ours}")):
            getattr(fit, theirs)
    for call in [found for found in FUNCTIONS if ours.startswith(f"lk.{found.__name__}(")]:
        given = re.search(r"\((.*)\)", ours)[1].split(", ")
        inspect.signature(call).bind(*given[: sum("=" not in one for one in given)])


def calls(fit):
    """Every public function, and every method of a mixed model."""
    names = [name for name in dir(fit) if inspect.isfunction(getattr(type(fit), name, None))]
    return [*FUNCTIONS, *(getattr(fit, name) for name in names if not name.startswith("_"))]


@pytest.mark.parametrize(("theirs", "ours"), r_names.ARGUMENTS.items())
def test_each_argument_of_r_is_answered_where_ours_is(theirs, ours, fit):
    answered = 0
    for call in calls(fit):
        known = inspect.signature(call).parameters
        mine = next((one for one in ours if one in known), None)
        if theirs in known or mine is None or not hasattr(call, "__wrapped__"):
            continue
        with pytest.raises(lk.ModelError, match=re.escape(f"has no argument '{theirs}'; here it is {mine}")):
            call(**{theirs: None})
        answered += 1
    assert answered


@pytest.mark.parametrize(("theirs", "advice"), r_names.OTHERWISE.items())
def test_each_argument_that_we_do_otherwise_is_answered(theirs, advice, fit):
    with pytest.raises(lk.ModelError, match=re.escape(f"predict() has no argument '{theirs}'; {advice}")):
        fit.predict(**{theirs: True})


def test_each_argument_that_is_needed_is_asked_for(fit):
    asked = 0
    for call in calls(fit):
        needed = [
            one.name
            for one in inspect.signature(call).parameters.values()
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        ]
        if not needed or call is lk.from_parameters:
            continue
        write = re.escape(f"write {call.__name__}({', '.join(needed)})")
        with pytest.raises(lk.ModelError, match=rf"needs its argument '{needed[0]}'; {write}"):
            call()
        with pytest.raises(lk.ModelError, match=rf"needs its argument '{needed[-1]}'"):
            call(*needed[:-1])
        with pytest.raises(lk.ModelError, match=rf"its argument '{needed[0]}' twice"):
            call(*needed, **{needed[0]: None})
        asked += 1
    assert asked > 20
    with pytest.raises(
        lk.ModelError, match=r"'fixef'; write from_parameters\(formula, data, fixef=\.\.\., varcorr"
    ):
        lk.from_parameters("y ~ x", None)


TYPED = [
    (lambda fit, data: lk.power(fit, along=5), "power() needs its argument 'effect'; write power(fit, effect)"),
    (lambda fit, data: fit.coef(1), "coef() was given 1 argument, but takes none without their names"),
    (lambda fit, data: fit.predict(data, None), "takes at most 1 without their names (newdata)"),
    (lambda fit, data: fit.plot.qq.describe(data), "describe() was given 1 argument"),
    (lambda fit, data: fit.bootstrap(2, seed=1, progress=False).interval(levels=0.9), "did you mean 'level'?"),
    (lambda fit, data: lk.lmer("y ~ (1 | g)", data, REML=False), "has no argument 'REML'; here it is reml=False"),
    (lambda fit, data: lk.glmer("k ~ 1 + (1 | Subject)", data, "poisson", nAGQ=5), "here it is n_agq=5"),
    (lambda fit, data: fit.update(REML=False), "update() has no argument 'REML'; here it is reml=False"),
    (lambda fit, data: fit.simulate(nsim=3), "simulate() has no argument 'nsim'; here it is n_sim=3"),
    (lambda fit, data: fit.predict(data, **{"re.form": None}), "has no argument 're.form'; here it is re_form"),
    (lambda fit, data: fit.predict(data, ReForm="~0"), "here it is re_form='~0'"),
    (lambda fit, data: fit.predict(data, **{"allow.new.levels": True}), "here it is allow_new_levels=True"),
    (lambda fit, data: fit.resid(type="pearson"), "here it is kind='pearson'"),
    (lambda fit, data: lk.pb_modcomp(fit, fit, nsim=10), "pb_modcomp() has no argument 'nsim'; here it is n_sim=10"),
    (lambda fit, data: lk.power(fit, "Days", nsim=10), "power() has no argument 'nsim'; here it is n_sim=10"),
    (lambda fit, data: lk.emmeans(fit, "Days", type="response"), "here it is kind='response'"),
    (lambda fit, data: lk.anova(fit, fit, refti=False), "did you mean 'refit'?"),
    (lambda fit, data: fit.icc(colour="red"), "icc() has no argument 'colour'; it takes none"),
    (lambda fit, data: lk.lm("Reaction ~ Days", data, weight=None), "did you mean 'weights'?"),
    (lambda fit, data: fit.plot(), "choose a picture: .plot.fit(), .plot.residuals()"),
    (lambda fit, data: lk.glmer("k ~ 1", data, "poisson", ziformula="~1"), "here it is zero_inflation='~1'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "answer"), TYPED, ids=[answer for _, answer in TYPED])
def test_what_is_typed_from_habit_is_answered(call, answer, fit, data):
    with pytest.raises(lk.ModelError, match=re.escape(answer)):
        call(fit, data)


def test_a_model_without_random_effects_is_not_sent_to_what_it_lacks(data):
    line = lk.lm("Reaction ~ Days", data)
    with pytest.raises(AttributeError, match="no attribute 'VarCorr'"):
        _ = line.VarCorr
    with pytest.raises(AttributeError, match=r"write fit\.loglik"):
        _ = line.logLik
    assert not hasattr(line, "ranef")


def test_signatures_examples_names_and_pickles_are_as_before(fit, data):
    assert list(inspect.signature(lk.lmer).parameters)[:3] == ["formula", "data", "reml"]
    assert lk.lmer("Reaction ~ Days + (1 | Subject)", data).call.data_name == "data"
    one, two = lk.lmer("Reaction ~ 1 + (1 | Subject)", data, reml=False), fit.update(reml=False)
    assert list(lk.anova(one, two).index) == ["one", "two"]
    assert pickle.loads(pickle.dumps(lk.lmer)) is lk.lmer
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fit)).fixef, fit.fixef)
    for kind in type(fit).__mro__:
        module = inspect.getmodule(kind)
        if module.__name__ in ("lmmkit.models.mixed", "lmmkit.models.questions", "lmmkit.models.asked"):
            found = {one.name for one in doctest.DocTestFinder().find(module) if one.examples}
            assert {f"{module.__name__}.{kind.__name__}.{name}" for name, member in vars(kind).items()
                    if not name.startswith("_") and ">>>" in (member.__doc__ or "")
                    and getattr(member, "__module__", module.__name__) == module.__name__} <= found  # fmt: skip


def test_the_rows_of_a_linear_model_have_no_family(fit):
    with pytest.raises(lk.ModelError, match="a linear mixed model has no family"):
        _ = fit.rows


def test_inherited_methods_pictures_and_data_answer_too():
    fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    with pytest.raises(lk.ModelError, match=r"ranef\(\) has no argument 'condVar'; fit.ranef_sd\(\) gives"):
        fit.ranef(condVar=True)
    with pytest.raises(lk.ModelError, match=r"a picture has no argument 'axes'; did you mean 'ax'"):
        fit.plot.qq(axes=None)
    with pytest.raises(lk.ModelError, match=r"load_data\(\) has no argument 'package'; it takes name"):
        lk.load_data("sleepstudy", package="lme4")
