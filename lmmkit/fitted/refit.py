"""A model fitted again: to another design, or with another formula or other arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from ..design.design import Design, build_design
from ..design.grouping_checks import check_grouping
from ..errors import FormulaError, ModelError
from ..formula.parse import Formula, parse
from ..formula.update import update as update_formula
from ..numerics import arguments
from ..numerics.frames import Table, as_pandas
from ..numerics.partitions import is_partitioned, without_partitions
from ..numerics.r_names import caller
from .call import Call

if TYPE_CHECKING:
    from .fit import Fit

F = TypeVar("F", bound="Fit")
MIXED, GAUSSIAN = ("lmer", "glmer"), ("lmer", "lm")


def design_of(call: Call) -> Design:
    """Parse, build, and refuse what the function called cannot fit."""
    parsed = parse(call.formula, double_bar=call.options.get("double_bar", "split"))
    function = call.function
    mixed, gaussian = function in MIXED, function in GAUSSIAN
    if mixed and not parsed.bars and not call.has_parts:
        plain = "lk.lm" if gaussian else "lk.glm"
        raise FormulaError(
            f"the formula '{parsed.text}' has no random effects; add one such as (1 | group) or use {plain}"
        )
    if parsed.bars and not mixed:
        raise FormulaError(
            f"{function} has no random effects, but the formula has {parsed.bars[0].term}; use "
            f"{'lk.lmer' if gaussian else 'lk.glmer'}"
        )
    given = {name: call.options[name] for name in ("weights", "offset", "contrasts", "na_action")}
    if is_partitioned(call.data):
        from ..partitions.build import summed_design  # loaded for data in parts only

        summed = summed_design(parsed, call.data, **given)
        check_grouping(summed, gaussian=True)
        return summed
    design = build_design(
        parsed, call.data, binary_response=_is_binomial(call), components=call.components, **given
    )
    if mixed:
        for part in (design, *design.components.values()):
            check_grouping(part, gaussian=gaussian)
    elif design.X.shape[1] == 0:
        raise ModelError(
            f"the formula '{parsed.text}' leaves nothing to estimate; add an intercept or a predictor"
        )
    return design


def table_for(function: str, data: Table) -> Any:
    """The data as a frame of pandas, as it was given if it is one; for `lmer` data in parts stay where they are.

    Raises
    ------
    DataError
        When they are no table, or in parts, for a model that needs all rows at once.
    """
    if function == "lmer" and is_partitioned(data):
        return data
    if function == "glmer":
        why = "glmer needs all rows at each step of its search, and these data come in parts"
        without_partitions("data", data, why)
    return data if isinstance(data, pd.DataFrame) else as_pandas("data", data)


def _is_binomial(call: Call) -> bool:
    """Whether a factor of two levels can be the response."""
    return "family" in call.options and call.options["family"].name == "binomial"


def caller_name(data: Any, depth: int = 2) -> str | None:
    """The name that the caller of `lmer`, `glmer`, `lm` or `glm` has for the data, as R prints it."""
    scopes = caller(depth)
    for scope in (scopes.f_locals, scopes.f_globals):
        for name, value in scope.items():
            if value is data and name.isidentifier() and not name.startswith("_"):
                return name
    return None


def update(fit: F, formula: str | None = None, **changes: Any) -> F:
    """A fit anew with another formula or other arguments: `fit.update`."""
    old, old_design = fit.call, fit.design
    if formula is not None and not isinstance(formula, str):
        raise FormulaError(f"the change must be text such as '. ~ . - x', not {arguments.shown(formula)}")
    known = [*old.options, "data"]
    for argument in changes:
        if argument not in known:
            raise ModelError(f"{old.function} has no argument '{argument}'; it takes {', '.join(known)}")
    if "family" in changes:
        from ..families.resolve import resolve

        changes["family"] = resolve(changes["family"])
    data = changes.pop("data", old.data)
    text = old.formula if formula is None else _updated(old_design.formula, formula)
    options = old.options | changes
    same_design = (
        formula is None
        and data is old.data
        and not {"weights", "offset", "contrasts", "na_action", "zero_inflation", "dispersion"} & {*changes}
    )
    if "start" in options and "start" not in changes and not same_design:
        options["start"], options["optimize"] = None, True
    name = old.data_name if data is old.data else caller_name(data, depth=3)  # through the method
    call = Call(old.function, text, table_for(old.function, data), name, options)
    design = old_design if same_design else design_of(call)
    if old.response is not None and data is old.data:
        if design.response != old_design.response or not design.frame.index.equals(old_design.frame.index):
            raise ModelError(
                "this model was refitted to a response that is not in its data, and the change needs another "
                "response or other rows; put the response into a column and use data="
            )
        call, design = replace(call, response=old.response), replace(design, y=old.response)
    return type(fit).of(design, call)


def _updated(old: Formula, change: str) -> str:
    return update_formula(_written_out(old), change, double_bar=old.double_bar)


def _written_out(formula: Formula) -> str:
    """The formula's text; with `.` spelled out where it stood for all other columns."""
    if parse(formula.text, double_bar=formula.double_bar).fixed == formula.fixed:
        return formula.text
    terms = [formula.fixed, *(f"offset({inner})" for inner in formula.offsets)]
    return f"{formula.response} ~ {' + '.join([*terms, *(bar.term for bar in formula.bars)])}"
