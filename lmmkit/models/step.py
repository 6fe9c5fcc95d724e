"""Backward elimination: leave out, one by one, what a test finds no sign of (`fit.step`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ModelError
from ..fitted.mixed import MixedFit
from ..formatting.noted_table import Table
from ..inference.coef_tests import Ddf, checked_ddf
from ..inference.likelihood_ratio import drop1_f, droppable
from ..inference.zero_variance import Reduction, rand_test, reductions
from ..numerics import arguments
from .linear import glm, lm

__all__ = ["Steps", "step"]

RANDOM = ["eliminated", "npar", "loglik", "aic", "lrt", "df", "p_value"]
WARNED = (
    "P-values and intervals of the model found do not know that it was searched for: they are too optimistic. For a "
    "hypothesis that you had before, test it in the model that you had before."
)


@dataclass(frozen=True)
class Steps:
    """What a backward elimination did, and the model it ended at.

    Attributes
    ----------
    random : DataFrame
        A row for the first model, ``<none>``, then the random effects in the order in which they went
        (``eliminated`` 1, 2, …), then those that stayed (0). Columns ``npar loglik aic`` of the model without
        the effect, and its likelihood ratio test ``lrt df p_value``.
    fixed : DataFrame
        The same for the fixed terms, with F tests ``num_df den_df statistic p_value``; of a generalised model
        ``df aic chisq p_value``.
    fit : fitted model
        The model found; without random effects if all of them went.

    Examples
    --------
    >>> import lmmkit as lk
    >>> steps = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy")).step()
    >>> steps.fixed.round(3)
          eliminated  num_df  den_df  statistic p_value
    Days           0       1    17.0     45.853  <0.001
    """

    random: pd.DataFrame
    fixed: pd.DataFrame
    fit: Any

    def __repr__(self) -> str:
        parts = [
            f"Random effects, by likelihood ratio tests:\n{self.random!r}",
            f"Fixed terms:\n{self.fixed!r}",
            f"Model found: {self.fit.call.formula}",
            WARNED,
        ]
        return "\n\n".join(parts)


def step(
    fit: MixedFit,
    ddf: Ddf,
    alpha_random: float,
    alpha_fixed: float,
    reduce_random: bool,
    reduce_fixed: bool,
    keep: Sequence[str],
) -> Steps:
    """Backward elimination: `fit.step`."""
    ddf = checked_ddf(ddf)
    ends = [
        (arguments.level(alpha_random, "alpha_random"), arguments.flag("reduce_random", reduce_random)),
        (arguments.level(alpha_fixed, "alpha_fixed"), arguments.flag("reduce_fixed", reduce_fixed)),
    ]
    limits = [alpha if reduce else 1.0 for alpha, reduce in ends]
    labels = [term.label for term in fit.design.model_matrix.terms.terms]
    for name in arguments.names("keep", keep):
        if name not in labels:
            raise ModelError(
                f"keep has no term {arguments.shown(name)}; the fixed part has {', '.join(labels) or 'none'}"
            )
    model, random = _without_random(fit, limits[0])
    model, fixed = _without_fixed(model, limits[1], list(keep), ddf)
    return Steps(random, fixed, model)


def _without_random(fit: MixedFit, alpha: float) -> tuple[Any, pd.DataFrame]:
    """Random effects left out as long as the one that is missed least has a p-value above alpha."""
    model: Any = fit
    first = {"eliminated": None, "npar": fit.npar, "loglik": fit.loglik, "aic": fit.aic}
    parts = [pd.DataFrame([first], index=["<none>"], columns=RANDOM)]
    while model.design.terms:
        table = pd.DataFrame(rand_test(model, method="chisq")).rename(columns={"p_chisq": "p_value"})
        table = table.assign(eliminated=0, aic=2 * (table["npar"] - table["loglik"]))[RANDOM]
        worst = _worst(table["p_value"], alpha)
        if worst is None:
            parts.append(table)
            break
        parts.append(table.iloc[[worst]].assign(eliminated=len(parts)))
        model = _changed(model, list(reductions(model.design))[worst])
    rows = [row for part in parts for row in part.to_dict("records")]
    names = [str(name) for part in parts for name in part.index]
    made = pd.DataFrame(rows, index=names, columns=RANDOM).astype({"eliminated": "Int64"})
    return model, Table(
        made, notes=["p_value is conservative (too large), because a variance cannot be negative."]
    )


def _changed(model: Any, reduction: Reduction) -> Any:
    """The model without a random effect; a model without any is another kind."""
    if reduction.design.terms:
        return model.update(f". ~ . {reduction.change}")
    options = {name: model.call.options[name] for name in ("weights", "offset", "contrasts", "na_action")}
    design = model.design
    offsets = [f"offset({text})" for text in design.formula.offsets]
    formula = f"{design.response} ~ {' + '.join([design.formula.fixed, *offsets])}"
    if model.family is None:
        return lm(formula, model.call.data, **options)
    return glm(formula, model.call.data, model.call.options["family"], **options)


def _without_fixed(model: Any, alpha: float, keep: list[str], ddf: Ddf) -> tuple[Any, pd.DataFrame]:
    """Fixed terms left out as long as one that may go has a p-value above alpha; the largest goes first."""
    parts: list[pd.DataFrame] = []
    while True:
        table = _tests(model, ddf if model.design.terms else "residual")
        worst = _worst(table["p_value"].where(~table.index.isin(keep)), alpha)
        if worst is None:
            break
        parts.append(table.iloc[[worst]].assign(eliminated=len(parts) + 1))
        model = model.update(f". ~ . - {table.index[worst]}")
    parts.append(table.assign(eliminated=0))
    whole = pd.concat([pd.DataFrame(part) for part in parts if len(part)] or [pd.DataFrame(parts[0])])
    return model, Table(whole[["eliminated", *table.columns]], notes=table.attrs.get("notes", []))


def _tests(model: Any, ddf: Ddf) -> pd.DataFrame:
    """Each fixed term that may go, tested in the model."""
    if model.family is not None:
        return model.drop1().drop(index="<none>")
    return drop1_f(model, droppable(model.design), ddf)


def _worst(p_values: pd.Series, alpha: float) -> int | None:
    """Where the largest p-value stands, if it is above alpha."""
    known = p_values.to_numpy(dtype=float)
    if not np.isfinite(known).any() or np.nanmax(known) <= alpha:
        return None
    return int(np.nanargmax(known))
