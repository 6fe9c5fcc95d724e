"""Every public function and method, each of its arguments, and odd values for it.

`CALLS` is a row for each: a label, what is called, and arguments under which it answers fast. The arguments are
found by `inspect.signature`; an argument without a value of its own is tried as well. To cover a new function,
add a row; `test_odd_arguments.py` fails while a public function or method has none.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import lmmkit as lk

ODD: list[Any] = [
    None, "", "abc", "0.95", b"x", 3, -1, 0, 1.5, -0.5, float("nan"), float("inf"), True, pd.NA, [], (), {}, [1, 2],
    ["abc"], [None], np.array([1.0, 2.0]), np.array(["a"]), np.zeros((2, 2)), pd.Series([1.0, 2.0]),
    pd.DataFrame({"a": [1, 2]}), {"abc": 1}, {"abc": None}, {3: [1]}, {"f": None}, {"x": []}, object(), len, int,
    1 + 2j, pd.Timestamp("2026-01-01"), "~", "y ~ x", 10**400,
    np.array(3.0), "\n", range(0),
]  # fmt: skip


@dataclass
class Call:
    label: str
    function: Callable[..., Any]
    usual: dict[str, Any] = field(default_factory=dict)
    extra: tuple[str, ...] = ()  # names behind **options

    def arguments(self) -> list[str]:
        """Names of what may be given, those of a variable number of options included."""
        parameters = inspect.signature(self.function).parameters.values()
        plain = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        return [*plain, *self.extra]

    def __call__(self, name: str, value: Any) -> Any:
        return self.function(**{**self.usual, name: value})


@cache
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(6), 5), np.tile(np.arange(5.0), 6)
    f = np.tile(list("abcab"), 6)
    y = 2 + x + rng.normal(size=6)[g] + rng.normal(size=30)
    counts = rng.poisson(np.exp(0.2 + 0.3 * x + 0.7 * rng.normal(size=6)[g]))
    return pd.DataFrame({"y": y, "x": x, "f": f, "g": [f"g{i}" for i in g], "count": counts, "one": 1.0,
                         "hurdle": counts * (np.arange(30) % 4 > 0)})  # fmt: skip


def responses() -> np.ndarray:
    return np.array([data()["y"], data()["y"] ** 2])


@cache
def fits() -> dict[str, Any]:
    small = {"n_sim": 3, "seed": 1, "progress": False}
    lmm = lk.lmer("y ~ x + f + (1 | g)", data())
    many = lk.fit_many(responses(), "~ x + (1 | g)", data(), progress=False)
    return {
        "lmm": lmm,
        "less": lk.lmer("y ~ x + (1 | g)", data()),
        "parts": lk.glmer("hurdle ~ x + f + (1 | g)", data(), "poisson", zero_inflation="~ 1"),
        "glmm": lk.glmer("count ~ x + f + (1 | g)", data(), "poisson"),
        "lm": lk.lm("y ~ x + f", data()),
        "glm": lk.glm("count ~ x + f", data(), "poisson"),
        "boot": lmm.bootstrap(**small),
        "power": lk.power(lmm, "x", **small),
        "many": many,
        "each": lk.lm_list("y ~ x | g", data()),
        "residuals": lk.simulate_residuals(lmm, 40, seed=1),
    }


MEMBERS = {  # class of what `fits` gives -> its methods that take arguments, with what makes them answer fast
    "lmm": {
        "coef_table": {}, "tidy": {}, "predict": {}, "simulate": {}, "refit": {"y": "y"}, "update": {},
        "bootstrap": {"n_sim": 2, "seed": 1, "progress": False}, "confint": {"method": "wald"},
        "contest": {"L": {"x": 1}}, "anova": {}, "drop1": {}, "influence": {"progress": False}, "summary": {},
        "equation": {}, "resid": {}, "all_fit": {"methods": "l_bfgs_b", "n_starts": 1, "seed": 1},
        "step": {"reduce_random": False}, "coef": {}, "ranef": {}, "ranef_sd": {},
    },
    "lm": {
        "coef_table": {}, "tidy": {}, "predict": {}, "simulate": {}, "refit": {"y": "y"}, "update": {},
        "bootstrap": {"n_sim": 2, "seed": 1, "progress": False}, "confint": {}, "contest": {"L": {"x": 1}},
        "anova": {}, "summary": {}, "equation": {}, "resid": {},
    },
    "boot": {"interval": {}},
    "power": {"plot": {}},
    "each": {"coef_table": {}, "confint": {}},
    "residuals": {
        "quantiles": {}, "recalculate": {"group": "g"}, "temporal": {}, "spatial": {"x": range(30), "y": range(30)},
        "generic": {"statistic": max},
    },
    "many": {"tests": {"contrast": "x"}, "response": {"name": 0}, "fit": {"name": 0},
             "stratified": {"name": 0, "by": "f"}},
}  # fmt: skip
MEMBERS["glmm"] = MEMBERS["lmm"]
MEMBERS["parts"] = {name: usual for name, usual in MEMBERS["lmm"].items() if name not in ("all_fit", "step")}
MEMBERS["glm"] = MEMBERS["lm"]

PICTURES = {
    "lmm": ("fit", "residuals", "qq", "scale_location", "ranef_qq", "ranef", "pooling", "profile"),
    "glmm": ("fit", "residuals", "ranef", "pooling"),
    "lm": ("fit", "residuals", "qq", "scale_location", "leverage"),
    "glm": ("fit", "residuals", "leverage"),
}


def calls() -> list[Call]:
    """All rows."""
    d, lmm, less, glmm, parts = (data(), *(fits()[name] for name in ("lmm", "less", "glmm", "parts")))
    quick = {"seed": 1, "progress": False}
    many = {"responses": responses(), "formula": "~ x + (1 | g)", "data": d, "progress": False}
    rows = [
        Call("lmer", lk.lmer, {"formula": "y ~ x + (1 | g)", "data": d}),
        Call("glmer", lk.glmer, {"formula": "count ~ x + (1 | g)", "data": d, "family": "poisson"}),
        Call("lm", lk.lm, {"formula": "y ~ x", "data": d}),
        Call("glm", lk.glm, {"formula": "count ~ x", "data": d, "family": "poisson"}),
        Call("anova", lambda model, refit=True, names=None: lk.anova(less, model, refit=refit, names=names),
             {"model": lmm}),
        Call("emmeans", lk.emmeans, {"fit": lmm, "specs": "f"}),
        Call("emmeans of contrasts", lk.emmeans, {"fit": lmm, "specs": "f", "contrasts": "pairwise"}),
        Call("emtrends", lk.emtrends, {"fit": lmm, "specs": "f", "var": "x"}),
        Call("eff_size", lk.eff_size, {"fit": lmm, "specs": "f"}),
        Call("cld", lk.cld, {"fit": lmm, "specs": "f"}),
        Call("ref_grid", lk.ref_grid, {"fit": lmm}),
        Call("glmer of parts", lk.glmer,
             {"formula": "hurdle ~ x + (1 | g)", "data": d, "family": "poisson", "zero_inflation": "~ 1"}),
        *[Call(f"{name} of parts", function, {"fit": parts, **usual}) for name, function, usual in (
            ("emmeans", lk.emmeans, {"specs": "f"}), ("emtrends", lk.emtrends, {"specs": "f", "var": "x"}),
            ("joint_tests", lk.joint_tests, {}), ("ref_grid", lk.ref_grid, {}))],
        Call("joint_tests", lk.joint_tests, {"fit": lmm}),
        Call("kr_modcomp", lk.kr_modcomp, {"large": lmm, "small": less}),
        Call("pb_modcomp", lk.pb_modcomp, {"large": lmm, "small": less, "n_sim": 2, **quick}),
        Call("rand_test", lk.rand_test, {"fit": lmm, "n_sim": 20, **quick}),
        Call("rand_test by bootstrap", lk.rand_test, {"fit": lmm, "method": "bootstrap", "n_sim": 2, **quick}),
        Call("power", lk.power, {"fit": lmm, "effect": "x", "n_sim": 2, **quick}),
        Call("power of a curve", lk.power, {"fit": lmm, "effect": "x", "n_sim": 2, "within": {"g": [3]}, **quick}),
        Call("simulate_residuals", lk.simulate_residuals, {"fit": lmm, "n_sim": 40, "seed": 1}),
        Call("dispersion_test", lk.dispersion_test, {"fit": glmm, "n_sim": 40, "seed": 1}),
        Call("dispersion_test by simulation", lk.dispersion_test,
             {"fit": glmm, "method": "simulation", "n_sim": 40, "seed": 1}),
        Call("cancorr_pairs", lk.cancorr_pairs, {"formula": "~ x + f", "data": d}),
        Call("simulate_simpson", lk.simulate_simpson, {"n": 5, "groups": 2, "seed": 1}),
        Call("load_data", lk.load_data, {"name": "mouse"}),
        Call("data_info", lk.data_info),
        Call("fit_many", lk.fit_many, many),
        Call("lm_list", lk.lm_list, {"formula": "y ~ x | g", "data": d}),
        Call("from_parameters", lk.from_parameters,
             {"formula": "y ~ x + (1 | g)", "data": d, "fixef": {"x": 1}, "varcorr": {"g": 1}, "sigma": 1}),
        Call("variance_partition", lk.variance_partition, many),
        *[Call(name, getattr(lk.families, name)) for name in lk.families.__all__ if name != "resolve"],
        Call("fit.confint by bootstrap", lmm.confint,
             {"method": "boot", "n_sim": 5, **quick}, ("n_sim", "seed", "n_jobs", "progress")),
        Call("fit.update", lmm.update, {}, ("data", "reml", "weights", "offset", "contrasts", "na_action", "start")),
    ]  # fmt: skip
    for kind, methods in MEMBERS.items():
        for name, usual in methods.items():
            given = {**usual, "y": d["y" if kind[:2] == "lm" else "count"]} if "y" in usual else dict(usual)
            rows.append(Call(f"{kind}.{name}", getattr(fits()[kind], name), given))
    for kind, pictures in PICTURES.items():
        for name in pictures:
            picture = getattr(fits()[kind].plot, name)
            rows += [
                Call(f"{kind}.plot.{name}", picture),
                Call(f"{kind}.plot.{name}.describe", picture.describe),
            ]
    return rows


def odd_calls() -> Iterator[tuple[Call, str, Any]]:
    """Each row with each of its arguments and each odd value."""
    for call in calls():
        for name in call.arguments():
            for value in ODD:
                yield call, name, value
