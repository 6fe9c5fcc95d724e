"""Every place that a user of the library can call: what the reference shows and what has its docstring checked."""

import inspect
from importlib import import_module

import lmmkit as lk
from lmmkit.families.resolve import FAMILIES

# Each place, and what it is: a "function"; a class that users make ("constructor") or that is only handed to them
# ("result", whose parameters nobody gives); a "picture", whose class says what is seen and whose call says what
# it takes.
PLACES: dict[str, str] = {
    **{f"lmmkit.{name}": "function" for name in lk.__all__ if inspect.isfunction(getattr(lk, name))},
    "lmmkit.errors.DataError": "result",
    "lmmkit.errors.FormulaError": "result",
    "lmmkit.errors.ModelError": "result",
    "lmmkit.datasets.DataInfo": "result",
    "lmmkit.families.family.Family": "constructor",
    **{f"{family.__module__}.{family.__name__}": "constructor" for family in FAMILIES.values()},
    "lmmkit.families.links.Link": "constructor",
    **{
        f"{kind.__module__}.{kind.__name__}": "constructor"
        for family in FAMILIES.values() for kind in family.links.values()
    },
    "lmmkit.models.mixed.MixedModel": "result",
    "lmmkit.models.linear.LinearModel": "result",
    "lmmkit.models.generalized.GeneralizedLinearModel": "result",
    "lmmkit.fitted.varcorr.VarCorr": "result",
    "lmmkit.formatting.noted_table.Table": "constructor",
    "lmmkit.inference.bootstrap.Bootstrap": "result",
    "lmmkit.inference.power.Power": "result",
    "lmmkit.inference.profile.Profile": "result",
    "lmmkit.diagnostics.simulated_residuals.SimulatedResiduals": "result",
    "lmmkit.diagnostics.simulation_test.SimulationTest": "result",
    "lmmkit.diagnostics.dispersion.DispersionTest": "result",
    "lmmkit.many.fit_many.ManyFits": "result",
    "lmmkit.models.lm_list.LmList": "result",
    "lmmkit.many.partition_table.VariancePartition": "result",
    "lmmkit.report.summary.Summary": "result",
    "lmmkit.report.summary_linear.LinearSummary": "result",
    "lmmkit.report.equation.Equation": "result",
    "lmmkit.report.explain.Explanation": "result",
    "lmmkit.plots.namespace.Plots": "result",
    "lmmkit.plots.namespace.LinearPlots": "result",
    "lmmkit.plots.effects.Pooling": "picture",
    "lmmkit.plots.effects.ProfilePlot": "picture",
    "lmmkit.plots.effects.Ranef": "picture",
    "lmmkit.plots.predictions.FitPlot": "picture",
    "lmmkit.plots.residuals.Diagnostics": "picture",
    "lmmkit.plots.residuals.Leverage": "picture",
    "lmmkit.plots.residuals.QQ": "picture",
    "lmmkit.plots.residuals.RanefQQ": "picture",
    "lmmkit.plots.residuals.Residuals": "picture",
    "lmmkit.plots.residuals.ScaleLocation": "picture",
    "lmmkit.plots.variance_fractions.bars": "function",
    "lmmkit.plots.variance_fractions.stratified": "function",
    "lmmkit.plots.variance_fractions.violin": "function",
    **{
        f"lmmkit.course.explorers.{name}": "explorer"
        for name in import_module("lmmkit.course.explorers").__all__
    },
}  # fmt: skip
