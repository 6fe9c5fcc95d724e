"""What users of R type from habit, and what it is called here.

Three tables: names of functions, names of arguments, and arguments for which another way is taken. They are
consulted only when a name is not known. The page ``docs/from_r.md`` shows the functions in use.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType, FunctionType
from typing import Any, TypeVar

from ..errors import ModelError
from .r_answers import ANSWERS

__all__ = [
    "ANSWERS", "ARGUMENTS", "FUNCTIONS", "OTHERWISE", "answer_to", "answered", "caller", "missing_member",
    "missing_name",
]  # fmt: skip

T = TypeVar("T")

#: R's function -> ours, of lme4, lmerTest, pbkrtest, emmeans, performance, broom.mixed, DHARMa, simr and others.
FUNCTIONS: dict[str, str] = {
    "AIC": "fit.aic",
    "allFit": "fit.all_fit()",
    "Anova": "fit.anova(type=2)",
    "augment": "fit.augment()",
    "BIC": "fit.bic",
    "bootMer": "fit.bootstrap(n_sim, stat)",
    "calcVarPart": "fit.variance_partition()",
    "canCorPairs": "lk.cancorr_pairs(formula, data)",
    "check_convergence": "fit.converged",
    "check_heteroscedasticity": "fit.plot.scale_location()",
    "check_model": "fit.plot.diagnostics()",
    "check_normality": "fit.plot.qq()",
    "check_outliers": "fit.influence()",
    "check_overdispersion": "lk.dispersion_test(fit)",
    "check_singularity": "fit.is_singular",
    "check_zeroinflation": "lk.simulate_residuals(fit).zero_inflation",
    "coef": "fit.coef()",
    "coefficients": "fit.fixef",
    "compare_performance": "lk.anova(small, large)",
    "confint": "fit.confint()",
    "contest": "fit.contest(L)",
    "contest1D": "fit.contest(L)",
    "contestMD": "fit.contest(L)",
    "contrast": 'lk.emmeans(fit, specs, contrasts="pairwise")',
    "cooks.distance": "fit.influence()",
    "deviance": "fit.deviance",
    "df.residual": "fit.df_resid",
    "dfbetas": "fit.influence()",
    "difflsmeans": 'lk.emmeans(fit, specs, contrasts="pairwise", adjust="none")',
    "doFit": "fit.refit(y)",
    "doSim": "fit.simulate()",
    "dotplot": "fit.plot.ranef()",
    "dream": "lk.fit_many(responses, formula, data)",
    "eBayes": "lk.fit_many(responses, formula, data).tests(contrast, moderated=True)",
    "topTable": "lk.fit_many(responses, formula, data).tests(contrast, moderated=True)",
    "drop1": "fit.drop1()",
    "emmip": "fit.plot.fit(x, hue)",
    "AICc": "fit.aicc",
    "check_collinearity": "fit.vif()",
    "exactLRT": "lk.rand_test(fit)",
    "exactRLRT": "lk.rand_test(fit)",
    "extend": "lk.power(fit, effect, along={group: sizes})",
    "extract_eq": "fit.equation()",
    "fitExtractVarPartModel": "lk.variance_partition(responses, formula, data)",
    "fitted": "fit.fitted",
    "fitted.values": "fit.fitted",
    "fitVarPartModel": "lk.fit_many(responses, formula, data)",
    "fixef": "fit.fixef",
    "get_model": "fit.step().fit",
    "getLRT": "lk.anova(small, large)",
    "get_Lb_ddf": 'fit.contest(L, ddf="kenward_roger")',
    "getME": "fit.theta, fit.X, fit.Z or fit.Lambda",
    "glance": "fit.glance()",
    "glmer.nb": 'lk.glmer(formula, data, "negative_binomial")',
    "glmmTMB": "lk.glmer(formula, data, family)",
    "hatvalues": "fit.influence()",
    "icc": "fit.icc()",
    "influence": "fit.influence()",
    "isREML": "fit.is_reml",
    "isSingular": "fit.is_singular",
    "KRmodcomp": "lk.kr_modcomp(large, small)",
    "lme": 'lk.lmer("y ~ x + (1 | group)", data)',
    "lmList": "lk.lm_list(formula, data)",
    "logLik": "fit.loglik",
    "ls_means": "lk.emmeans(fit, specs)",
    "lsmeans": "lk.emmeans(fit, specs)",
    "makeGlmer": "lk.from_parameters, with fixef=, varcorr= and family=",
    "makeLmer": "lk.from_parameters, with fixef=, varcorr= and sigma=",
    "model_performance": "fit.glance()",
    "ngrps": "fit.ngroups",
    "nobs": "fit.nobs",
    "model2restriction_matrix": "lk.kr_modcomp(large, L)",
    "PBrefdist": "lk.pb_modcomp(large, small)",
    "pairs": 'lk.emmeans(fit, specs, contrasts="pairwise")',
    "PBmodcomp": "lk.pb_modcomp(large, small)",
    "powerCurve": "lk.power(fit, effect, along={group: sizes})",
    "powerSim": "lk.power(fit, effect)",
    "plot": "fit.plot.residuals()",
    "predict": "fit.predict(newdata)",
    "profile": "fit.plot.profile()",
    "qqmath": "fit.plot.ranef_qq()",
    "r.squaredGLMM": "fit.r2()",
    "r2": "fit.r2()",
    "r2_nakagawa": "fit.r2()",
    "rand": "lk.rand_test(fit)",
    "ranef": "fit.ranef()",
    "ranova": "lk.rand_test(fit)",
    "rePCA": "fit.re_pca()",
    "refit": "fit.refit(y)",
    "refitML": "fit.update(reml=False)",
    "REMLcrit": "fit.reml_criterion",
    "report": "fit.explain()",
    "resid": "fit.resid()",
    "residuals": "fit.resid()",
    "rstudent": 'fit.resid("studentized")',
    "SATmodcomp": "fit.contest(L)",
    "sigma": "fit.sigma",
    "simulate": "fit.simulate(n_sim)",
    "simulateResiduals": "lk.simulate_residuals(fit)",
    "step": "fit.step()",
    "summary": "fit.summary()",
    "testDispersion": "lk.simulate_residuals(fit).dispersion",
    "testOutliers": "lk.simulate_residuals(fit).outliers",
    "check_autocorrelation": "lk.simulate_residuals(fit).temporal()",
    "recalculateResiduals": "lk.simulate_residuals(fit).recalculate(group)",
    "testGeneric": "lk.simulate_residuals(fit).generic(statistic)",
    "testQuantiles": "lk.simulate_residuals(fit).quantiles(along)",
    "testSpatialAutocorrelation": "lk.simulate_residuals(fit).spatial(x, y)",
    "testTemporalAutocorrelation": "lk.simulate_residuals(fit).temporal(time)",
    "testResiduals": "lk.simulate_residuals(fit).table",
    "testUniformity": "lk.simulate_residuals(fit).uniformity",
    "testZeroInflation": "lk.simulate_residuals(fit).zero_inflation",
    "theta": "fit.theta",
    "tidy": "fit.tidy()",
    "update": "fit.update(formula)",
    "VarCorr": "fit.varcorr",
    "vif": "fit.vif()",
    "weights": "fit.weights",
    "vcov": "fit.vcov",
    "vcovAdj": "fit.vcov_adjusted()",
}

#: R's argument -> ours, of which a function's own one is named.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "BPPARAM": ("n_jobs",),
    "FUN": ("stat",),
    "L": ("L", "small"),
    "REML": ("reml",),
    "adjust.method": ("adjust",),
    "allow.new.levels": ("allow_new_levels",),
    "bias.adjust": ("bias_adjust",),
    "conf.int": ("conf_int",),
    "conf.level": ("level",),
    "cov.reduce": ("at",),
    "dispformula": ("dispersion",),
    "exprObj": ("responses",),
    "fixed": ("effect",),
    "formula.": ("formula",),
    "group": ("by",),
    "groups": ("by",),
    "infer": ("conf_int",),
    "largeModel": ("large",),
    "lmer.df": ("ddf",),
    "method": ("contrasts",),
    "mode": ("ddf",),
    "model": ("fit", "large"),
    "model.names": ("names",),
    "n": ("n_sim",),
    "nAGQ": ("n_agq",),
    "na.action": ("na_action",),
    "ncpus": ("n_jobs",),
    "newresp": ("y",),
    "nsim": ("n_sim",),
    "object": ("fit", "large"),
    "re.form": ("re_form",),
    "refGrid": ("fit",),
    "rhs.": ("rhs",),
    "sim": ("fit",),
    "smallModel": ("small",),
    "trace": ("progress",),
    "type": ("kind", "method"),
    "verbose": ("progress",),
    "which": ("parm",),
    "ziformula": ("zero_inflation",),
}

#: R's argument -> what does the same where no argument of ours does.
OTHERWISE: dict[str, str] = {
    "condVar": "fit.ranef_sd() gives the conditional standard deviations",
    "control": "what the search found is in fit.optinfo, start= says where it begins, and fit.all_fit() tries others",
    "correlation": "fit.vcov has the covariances of the coefficients",
    "devFunOnly": "optimize=False evaluates the model at start=, and fit.loglik is what it gives there",
    "link": "a family with a link of its own is written lk.families.Binomial(link='probit')",
    "obs": "without by= each row is left out in turn",
    "parallel": "n_jobs says how many workers to use, where a function has it",
    "ref": "the first level is the reference; relevel(f, 'b') in the formula puts another one first",
    "scales": "fit.varcorr.frame has variances (vcov) beside standard deviations (sdcor)",
    "subset": "choose the rows beforehand, as data[data['x'] > 0]",
    "test": "lk.anova compares likelihoods (chi-square); lk.kr_modcomp and fit.contest have F tests",
    "use.u": "re_form=None keeps the random effects, re_form='~0' draws new ones",
}


def _plain(name: str) -> str:
    """`re.form`, `re_form` and `ReForm` are one word."""
    return re.sub(r"[._]", "", name).lower()


def _row(table: Mapping[str, Any], name: str) -> Any:
    """What a table says of a name, as R spells it or with its dots and capitals changed."""
    if name in table:
        return table[name]
    return next((row for known, row in table.items() if _plain(known) == _plain(name)), None)


def missing_name(name: str) -> AttributeError:
    """The error for a name that the module does not have.

    Examples
    --------
    >>> print(missing_name("VarCorr"))
    lmmkit has no 'VarCorr'; with a fitted model, write fit.varcorr
    """
    ours = None if name.startswith("_") else _row(FUNCTIONS, name)
    if ours is None:
        answer = None if name.startswith("_") else answer_to(name)
        return AttributeError(
            f"lmmkit has no '{name}'; {answer}" if answer else f"module 'lmmkit' has no attribute {name!r}"
        )
    write = "write" if ours.startswith("lk.") else "with a fitted model, write"
    return AttributeError(f"lmmkit has no '{name}'; {write} {ours}")


def answer_to(name: str) -> str | None:
    """What is said of a function of R that has no equal of the same kind.

    Examples
    --------
    >>> answer_to("isLMM")
    'fit.family is None for a linear mixed model, and the family of a generalised one'
    """
    return _row({one: sentence for names, sentence in ANSWERS for one in names.split()}, name)


def missing_member(kind: type, name: str) -> AttributeError:
    """The error for a name that a fitted model does not have."""
    ours = None if name.startswith("_") else _row(FUNCTIONS, name)
    member = re.match(r"fit\.(\w+)", ours or "")
    if ours is None or (member and not hasattr(kind, member[1])):
        return AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
    return AttributeError(f"a fitted model has no '{name}'; write {ours}")


def answered(thing: T) -> T:
    """Answer R's arguments, and ones that lack or are too many, by a sentence.

    Decorates a function, or a class for its own and inherited methods.
    """
    if inspect.isfunction(thing):
        return _answering(thing)  # type: ignore[return-value]
    for name, member in inspect.getmembers(thing, inspect.isfunction):
        if not name.startswith("_") and not hasattr(member, "__wrapped__"):
            setattr(thing, name, _answering(member))
    return thing


def _answering(function: Callable[..., Any]) -> Callable[..., Any]:
    parameters = inspect.signature(function).parameters
    known = frozenset(parameters)
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    takes_more = any(one.kind is one.VAR_POSITIONAL for one in parameters.values())
    needed = [one.name for one in parameters.values() if _is_needed(one) and one.name != "self"]
    first = [one.name for one in parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]

    def fits(n: int, given: Mapping[str, Any]) -> bool:
        placed = first[:n]
        enough = all(name in given or name in placed for name in needed)
        return enough and (n <= len(first) or takes_more) and given.keys().isdisjoint(placed)

    check, count = _check, _count  # so that `call` names nothing global

    def call(*args: Any, **given: Any) -> Any:
        if not given.keys() <= known:
            check(function.__name__, parameters, given, takes_any)
        if not fits(len(args), given):
            count(function.__name__, first, needed, len(args), given)
        return function(*args, **given)

    # With the globals of the function itself, so that doctest finds the examples in its module.
    alike = FunctionType(call.__code__, function.__globals__, function.__name__, None, call.__closure__)
    return functools.update_wrapper(alike, function)


def _is_needed(parameter: inspect.Parameter) -> bool:
    several = (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and parameter.kind not in several


def _count(function: str, first: list[str], needed: list[str], n: int, given: Mapping[str, Any]) -> None:
    """Refuse a call in which an argument is missing or comes twice, or which gives too many without names."""
    who, own = _who(function), [name for name in first if name != "self"]
    lacks = [name for name in needed if name not in given and name not in first[:n]]
    if n > len(first):
        most = (
            f"at most {len(own)} without their names ({', '.join(own)})"
            if own
            else "none without their names"
        )
        given_n = n - len(first) + len(own)
        raise ModelError(f"{who} was given {given_n} argument{'s' * (given_n > 1)}, but takes {most}")
    if lacks:
        call = f"{function}({', '.join(name if name in own else f'{name}=...' for name in needed)})"
        raise ModelError(f"{who} needs its argument '{lacks[0]}'; write {call}")
    twice = next(name for name in first[:n] if name in given)
    raise ModelError(f"{who} was given its argument '{twice}' twice, once without its name; give it once")


def _who(function: str) -> str:
    return "a picture" if function == "__call__" else f"{function}()"


def _check(function: str, known: Iterable[str], given: Mapping[str, Any], takes_any: bool) -> None:
    """Refuse the first argument that the function does not have."""
    names = [name for name in known if name != "self"]
    for name, value in given.items():
        if name in names:
            continue
        if takes_any and name not in {*ARGUMENTS, *OTHERWISE}:
            continue  # the function itself looks at it
        raise ModelError(
            f"{_who(function)} has no argument '{name}'; {_advice(name, value, names, takes_any)}"
        )


def _advice(name: str, value: Any, names: list[str], takes_any: bool) -> str:
    candidates = _row(ARGUMENTS, name) or ()
    ours = next((one for one in candidates if one in names or takes_any), None)
    if ours is None and (spelled := [one for one in names if _plain(one) == _plain(name)]):
        ours = spelled[0]
    if ours is not None:
        short = isinstance(value, (bool, int, float, str)) and len(repr(value)) <= 30
        return f"here it is {ours}={value!r}" if short else f"here it is {ours}"
    if otherwise := _row(OTHERWISE, name):
        return str(otherwise)
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"it takes {', '.join(names) or 'none'}"


def caller(depth: int) -> FrameType:
    """The frame that many calls up, as `sys._getframe`, not counting the ones that this module adds."""
    frame, here = sys._getframe(1), caller.__code__.co_filename
    while depth or frame.f_code.co_filename == here:
        assert frame.f_back is not None
        depth -= frame.f_code.co_filename != here
        frame = frame.f_back
    return frame
