"""What was asked for, so that it can be printed and asked again with changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..numerics import arguments
from ..numerics.arrays import Array


def _numbers_or_none(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):  # of glmer, by name
        return {key: arguments.numbers(f"{name}[{key!r}]", part) for key, part in value.items()}
    return None if value is None else arguments.numbers(name, value)


#: What is asked of the options that need no data to be checked.
CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "reml": arguments.flag,
    "optimize": arguments.flag,
    "start": _numbers_or_none,
    "double_bar": lambda name, value: arguments.one_of(
        name, value, ("split", "diag"), {"diag_special": "diag"}
    ),
    "na_action": lambda name, value: arguments.one_of(
        name,
        value,
        ("omit", "exclude", "raise"),
        {"na_omit": "omit", "na_exclude": "exclude", "na_fail": "raise"},
    ),
}


#: Families that lme4's kind of fit takes, with expected information and quadrature; the others have parts.
PLAIN = ("binomial", "poisson", "gamma", "negative_binomial")


@dataclass(frozen=True)
class Call:
    """What was asked for, so that it can be printed and asked again with changes.

    Attributes
    ----------
    function : str
        ``"lmer"`` or ``"glmer"``.
    formula : str
        As written.
    data : DataFrame
        As given, if it was one of pandas.
    data_name : str or None
        The caller's name for it.
    options : dict
        The other arguments.
    response : ndarray or None
        The response of a refit, which is not in the data.
    """

    function: str
    formula: str
    data: pd.DataFrame = field(repr=False)
    data_name: str | None
    options: dict[str, Any]
    response: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, check in CHECKS.items():
            if name in self.options:
                self.options[name] = check(name, self.options[name])

    def with_response(self, response: Array) -> Call:
        """The same for another response; its options need no second check."""
        other = object.__new__(Call)
        other.__dict__.update(self.__dict__, response=response)
        return other

    @property
    def components(self) -> dict[str, str]:
        """The one-sided formulas of the parts beside the conditional one."""
        names = ("zero_inflation", "dispersion")
        return {name: self.options[name] for name in names if self.options.get(name) is not None}

    @property
    def has_parts(self) -> bool:
        """Whether it asks `glmer` for a model with several parts, or of a family that lme4 does not have."""
        if self.function != "glmer":
            return False
        return bool(self.components) or self.options["family"].name not in PLAIN
