"""A fitted model as tidy tables: `tidy`, `glance`, `augment`, as R's broom.mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from ..design.names import free_name
from ..errors import ModelError
from ..fitted.henderson import MixedEquations, error_variance, irls_weights
from ..fitted.mixed import MixedFit
from ..fitted.open_fits import limits_note
from ..fitted.parts import Component, asked_parts
from ..fitted.predict import predict
from ..formatting.noted_table import Table
from ..inference.coef_tests import Ddf, coef_table
from ..inference.confint import confint
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..structures.unstructured import Unstructured

if TYPE_CHECKING:
    from ..fitted.fit import Fit

Effects = Literal["fixed", "ran_pars", "ran_vals"]
EFFECTS = get_args(Effects)


def tidy(
    fit: MixedFit,
    effects: Effects | Sequence[Effects] = "fixed",
    *,
    conf_int: bool = False,
    level: float = 0.95,
    ddf: Ddf = "satterthwaite",
    exponentiate: bool = False,
    component: Component = "conditional",
) -> pd.DataFrame:
    """Estimates of a mixed model as a tidy table: :meth:`~lmmkit.models.mixed.MixedModel.tidy`."""
    parts = asked_parts(fit, component)
    if [*parts] != ["conditional"]:
        given: dict[str, Any] = {
            "conf_int": conf_int,
            "level": level,
            "ddf": ddf,
            "exponentiate": exponentiate,
        }
        tables_of = {name: tidy(part, effects, **given) for name, part in parts.items()}
        stacked = pd.concat(tables_of, names=["component", None]).reset_index(level=0)
        return Table(stacked.reset_index(drop=True))
    asked = [arguments.one_of("effects", name, EFFECTS) for name in arguments.names("effects", effects)]
    conf_int, level = arguments.flag("conf_int", conf_int), arguments.level(level)
    exponentiate = arguments.flag("exponentiate", exponentiate)
    tables = {
        "fixed": lambda: _fixed(fit, ddf),
        "ran_pars": lambda: _ran_pars(fit),
        "ran_vals": lambda: _ran_vals(fit),
    }
    records = [row for name in asked for row in tables[name]().to_dict("records")]
    table = pd.DataFrame(records or {name: [] for name in ("effect", "term", "estimate", "std_error")})
    notes: list[str] = []
    if conf_int and "std_error" in table:
        notes, tail = limits_note(fit), 0.5 + level / 2
        quantile = np.full(len(table), np.nan if notes else stats.norm.ppf(tail))
        if "df" in table:
            known = table["df"].notna()
            quantile[known] = stats.t.ppf(tail, table.loc[known, "df"])
        table["conf_low"] = table["estimate"] - quantile * table["std_error"]
        table["conf_high"] = table["estimate"] + quantile * table["std_error"]
    if conf_int and "ran_pars" in asked:
        limits = confint(fit, level, parm="theta_")
        rows = table.index[table["effect"] == "ran_pars"]
        for name in ("conf_low", "conf_high"):
            values = _in_full(fit, limits[name].to_numpy())
            table.loc[rows[: len(values)], name] = values
        notes = list(dict.fromkeys([*notes, *limits.attrs.get("notes", [])]))
    if exponentiate:
        _as_factors(fit, table)
    order = ["effect", "group", "level", "term", "estimate", "std_error", "df", "statistic", "p_value"]
    return Table(table[[name for name in [*order, "conf_low", "conf_high"] if name in table]], notes=notes)


def _as_factors(fit: MixedFit, table: pd.DataFrame) -> None:
    """Turn the rows of fixed effects into what they multiply, in place."""
    logged = fit.family is None and fit.design.response.startswith("log(")
    if not logged and (fit.family is None or fit.family.effect_name is None):
        scale = "this response" if fit.family is None else f"the {fit.family.link.name} link"
        raise ModelError(
            f"exp(coefficient) has no meaning for {scale}; exponentiate is for log and logit links, and for "
            "a response of log(y)"
        )
    rows = table["effect"] == "fixed"
    for name in ("estimate", "conf_low", "conf_high"):
        if name in table:
            with np.errstate(over="ignore"):  # where the groups are separated
                table.loc[rows, name] = np.exp(table.loc[rows, name])
    if "std_error" in table:
        with np.errstate(over="ignore"):
            table.loc[rows, "std_error"] *= table.loc[rows, "estimate"]


def _fixed(fit: MixedFit, ddf: Ddf) -> pd.DataFrame:
    return coef_table(fit, ddf).rename_axis("term").reset_index().assign(effect="fixed")


def _ran_pars(fit: MixedFit) -> pd.DataFrame:
    frame = fit.varcorr.frame
    is_cor = frame["var2"].notna()
    term = np.where(is_cor, "cor__" + frame["var1"].astype(str) + "." + frame["var2"].astype(str), "")
    term = np.where(
        is_cor, term, "sd__" + frame["var1"].where(frame["var1"].notna(), "Observation").astype(str)
    )
    return pd.DataFrame(
        {"effect": "ran_pars", "group": frame["grp"], "term": term, "estimate": frame["sdcor"]}
    )


def _in_full(fit: MixedFit, limits: Array) -> Array:
    """A limit for each row of the table, in which structured terms are listed in full.

    One standard deviation for all effects has the same limits in every row. A correlation has them where it is
    the structure's own, as that of neighbours in time; others follow from it.
    """
    out, start = [], 0
    for structure, values in fit.readings():
        own, n = limits[start : start + len(values)], structure.n_sds
        pairs = structure.k * (structure.k - 1) // 2
        correlations = own[n:]
        if not isinstance(structure, Unstructured):
            is_own = structure.own_pairs() if structure.has_rho else np.zeros(pairs, dtype=bool)
            correlations = np.where(is_own, own[-1], np.nan)
        out += [np.repeat(own[:1], structure.k) if n < structure.k else own[:n], correlations]
        start += len(values)
    return np.concatenate([*out, limits[start:]])


def _ran_vals(fit: MixedFit) -> pd.DataFrame:
    sds = fit.ranef_sd()
    parts = [
        pd.DataFrame(
            {
                "effect": "ran_vals",
                "group": group,
                "level": np.repeat(frame.index, frame.shape[1]),
                "term": list(frame.columns) * len(frame),
                "estimate": frame.to_numpy().ravel(),
                "std_error": sds[group].to_numpy().ravel(),
            }
        )
        for group, frame in fit.ranef().items()
    ]
    if not parts:
        return pd.DataFrame(columns=["effect", "group", "level", "term", "estimate", "std_error"])
    return pd.concat(parts, ignore_index=True)


def glance(fit: MixedFit) -> pd.DataFrame:
    """A mixed model in one row: :meth:`~lmmkit.models.mixed.MixedModel.glance`."""
    criterion = {"reml_criterion": fit.reml_criterion} if fit.is_reml else {"deviance": fit.deviance}
    row = {"nobs": fit.nobs, "sigma": fit.sigma, "loglik": fit.loglik, "aic": fit.aic, "bic": fit.bic}
    return pd.DataFrame([row | criterion | {"df_residual": fit.df_resid}])


def augment(fit: MixedFit) -> pd.DataFrame:
    """A mixed model's data with what it says of each row: :meth:`~lmmkit.models.mixed.MixedModel.augment`."""
    if fit.has_parts:
        own = {
            "fitted": fit.row_fitted,
            "resid": fit.row_residuals("response"),
            "fixed": predict(fit, re_form="~0"),
        }
        return with_measures(fit, {**own, "scaled": fit.row_residuals("scaled")})
    hat = MixedEquations(fit, irls_weights(fit)).leverage()
    pearson = fit.row_residuals("pearson")
    rank = max(1, fit.design.X.shape[1])
    measures = {
        "fitted": fit.row_fitted,
        "resid": fit.row_residuals("response"),
        "hat": hat,
        "cooksd": (pearson / (1 - hat)) ** 2 * hat / (error_variance(fit) * rank),
        "fixed": predict(fit, re_form="~0"),
        "scaled": fit.row_residuals("scaled"),
    }
    return with_measures(fit, measures)


def with_measures(fit: Fit, measures: Mapping[str, Any]) -> pd.DataFrame:
    """The rows used, with columns of ours beside them.

    Parameters
    ----------
    fit : MixedFit or FixedFit
    measures : mapping
        Name -> values (n,). The column gets an underscore in front, and more of them if the data have a column
        of that name.

    Returns
    -------
    DataFrame
    """
    frame = fit.design.frame.copy()
    if fit.call.response is not None and fit.design.response in frame:
        frame[fit.design.response] = fit.call.response
    for name, values in measures.items():
        frame[free_name(f"_{name}", frame.columns, "_")] = np.asarray(values)
    return frame
