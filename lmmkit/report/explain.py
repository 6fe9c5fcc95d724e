"""The model in plain English, with its own variable names and numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np

from ..design.column_meaning import Part, column_parts, fixed_parts
from ..design.design import RandomTerm
from ..families.family import Family
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..fitted.parts import component_fit
from ..fitted.varcorr import Component
from ..formatting.r_text import NARROW
from ..formatting.wording import listed, number
from ..structures.unstructured import Unstructured

METHODS = {"REML": "restricted maximum likelihood (REML)", "ML": "maximum likelihood"}
SCALES = {
    "logit": "log odds",
    "log": "logarithm",
    "probit": "probit",
    "cloglog": "complementary log-log",
    "cauchit": "cauchit",
    "sqrt": "square root",
    "inverse": "reciprocal",
    "identity": "original",
}
# Where exp(coefficient) multiplies something: the odds, or what is expected.
MULTIPLIES = ("odds ratio", "rate ratio", "ratio of means")


class Explanation(str):
    """Markdown, a line for each paragraph and each point; printed, its lines are broken between words.

    Examples
    --------
    >>> import lmmkit as lk
    >>> words = lk.lm("Weight ~ Dose", lk.load_data("mouse")).explain()
    >>> print(words.splitlines()[0])
    This linear model describes Weight by Dose. It was fitted to 50 rows by least squares.
    """

    def __str__(self) -> str:
        return "\n".join(_wrapped(line) for line in self.splitlines())

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        return "".join(self)


def _wrapped(line: str) -> str:
    indent = "  " if line.startswith("- ") else ""
    return textwrap.fill(
        line, NARROW, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def explain(fit: Fit) -> Explanation:
    """A fit in plain English: `fit.explain`."""
    paragraphs = [_opening(fit), "\n".join([_heading(fit), *_fixed(fit)])]
    if isinstance(fit, MixedFit):
        scale = "" if fit.family is None else f", on the {SCALES[fit.family.link.name]} scale"
        if fit.design.terms:
            paragraphs.append(
                "\n".join([f"What differs between groups (random effects{scale}):", *_random(fit)])
            )
        paragraphs += _parts(fit) if fit.has_parts else []
    paragraphs.append(_rest(fit))
    if fit.messages:
        paragraphs.append("\n".join(["Take note:", *(f"- {text}" for text in fit.messages)]))
    return Explanation("\n\n".join(paragraphs))


def _opening(fit: Fit) -> str:
    design, family = fit.design, fit.family
    kind = "linear" if family is None else family.name.replace("_", " ").replace("poisson", "Poisson")
    kind += " mixed model" if isinstance(fit, MixedFit) and fit.is_mixed else " model"
    predictors = design.term_labels
    by = f" by {listed(predictors)}" if predictors else " by its overall mean"
    text = f"This {kind} describes {_response(fit)}{by}"
    if isinstance(fit, MixedFit):
        groups = [f"the {size} levels of {group}" for group, size in fit.ngroups.items()]
        text += f", and lets {listed(groups)} differ" if groups else ""
    method = METHODS["REML" if fit.is_reml else "ML"]
    if family is None and not design.terms:
        method = "least squares"
    if family is not None and isinstance(fit, MixedFit) and fit.is_mixed:
        points = fit.estimate.n_agq
        laplace = " with the Laplace approximation"
        quick = ", its fixed effects found together with the random ones (n_agq=0), which is a little off"
        method += {0: laplace + quick, 1: laplace}.get(points, f" with {points} quadrature points")
    return f"{text}. It was fitted to {fit.nobs} rows by {method}."


def _response(fit: Fit) -> str:
    """What is modelled: the response, or the chance of a hit."""
    design = fit.design
    if fit.family is None or fit.family.name not in ("binomial", "beta_binomial"):
        return design.response
    if design.trials is not None:
        return f"the probability behind {design.response.removeprefix('cbind(').split(',')[0]}"
    if design.response_levels is not None:
        return f"the probability that {design.response} is {design.response_levels[1]}"
    return f"the probability of {design.response}"


def _aside(fit: Fit) -> str:
    """Which values the fixed effects do not speak of, where another part of the model makes the zeros."""
    if fit.family is None:
        return ""
    if fit.family.name.startswith("truncated"):
        return " (before zeros are left out)"
    if "zero_inflation" not in fit.design.components:
        return ""
    return " (extra zeros aside)" if fit.family.has_zeros else " (zeros aside)"


# ---- fixed effects ----


def _fixed(fit: Fit) -> Iterator[str]:
    columns = fixed_parts(fit.design)
    for parts, (name, value), error in zip(columns, fit.fixef.items(), fit.se, strict=True):
        said = _intercept(fit, columns, value) if not parts else _effect(fit, columns, parts, value)
        yield f"- {name}: {number(value)} ± {number(error)}. {said}"
    if not columns:
        yield "- none"


def _heading(fit: Fit) -> str:
    groups = list(fit.ngroups.index) if isinstance(fit, MixedFit) else []
    whom = f" for an average {listed(groups)}" if groups else ""
    return f"What holds{whom} (fixed effects; ± is the standard error):"


def _expected(fit: Fit) -> str:
    """What an effect adds to."""
    link = "identity" if fit.family is None else fit.family.link.name
    binomial = fit.family is not None and fit.family.name in ("binomial", "beta_binomial")
    what = (_response(fit) if binomial else f"the expected value of {fit.design.response}") + _aside(fit)
    if link == "identity":
        return what
    if link == "logit":
        return f"the log odds {what.removeprefix('the probability ') if binomial else f'of {what}'}"
    return f"the {SCALES[link]} of {what}" if link == "log" else f"{what} on the {SCALES[link]} scale"


def _baseline(columns: list[list[Part]], without: set[str]) -> str:
    """Where everything else is at zero or at its reference level."""
    zero: dict[str, dict[str, None]] = {"number": {}, "piece": {}, "contrast": {}}
    at: dict[str, str] = {}
    for parts in columns:
        for part in parts:
            if part.variable in without:
                continue
            if part.kind != "level":
                zero[part.kind][part.variable] = None
            elif part.reference is not None:
                at[part.variable] = part.reference
    numbers, pieces, contrasts = (list(found) for found in zero.values())
    conditions = [f"{listed(numbers)} {'is' if len(numbers) == 1 else 'are'} 0"] if numbers else []
    conditions += [f"{variable} is {level}" for variable, level in at.items()]
    conditions += [f"the columns of {listed(pieces)} are 0"] if pieces else []
    conditions += [f"the contrasts of {listed(contrasts)} are 0"] if contrasts else []
    return listed(conditions) if conditions else ""


def _intercept(fit: Fit, columns: list[list[Part]], value: float, cell: Sequence[Part] = ()) -> str:
    """An expected value: the intercept, or the value of a `cell` of levels in a model that has none."""
    where = [_baseline(columns, {part.variable for part in cell})]
    where += ["the offset is 0"] if fit.design.has_offset else []
    place = " where " + " and ".join(filter(None, where)) if any(where) else ""
    text = f"This is {_expected(fit)}{_for(cell)}{place}"
    if fit.family is not None and fit.family.link.name != "identity":
        mean = float(fit.family.linkinv(np.array(value)))
        text += f"; it means {_mean(fit)} of {number(mean)}"
    return f"{text}."


def _for(levels: Sequence[Part]) -> str:
    """Whom a coefficient is about, where it has a column for each level."""
    return f" for {listed([f'{part.variable} {part.level}' for part in levels])}" if levels else ""


def _effect(fit: Fit, columns: list[list[Part]], parts: list[Part], value: float) -> str:
    levels, rest = _own_levels(parts)
    if not rest:
        if [] not in columns:
            return _intercept(fit, columns, value, levels)
        return f"For{_for(levels)[4:]} compared with what was dropped, {_direction(fit, value)}."
    where = _baseline(_beside(columns, parts, rest), set())
    if len(rest) > 1:
        return _interaction(rest, _for(levels) + (f", where {where}" if where else ""))
    part = rest[0]
    condition = _for(levels) + (f" where {where}" if where else "") or ", everything else equal"
    if part.kind == "piece":
        return (
            f"One of the columns of {part.variable}{_for(levels)}; read them together, by a picture of the "
            "predictions."
        )
    if part.kind == "contrast":
        return f"A contrast between the levels of {part.variable}{_for(levels)}, in the coding that was asked for."
    change = f"{_direction(fit, value)}{condition}."
    if part.kind == "number":
        return f"With each unit more of {part.variable}, {change}"
    return f"For {part.variable} {part.level} compared with {part.reference}, {change}"


def _own_levels(parts: list[Part]) -> tuple[list[Part], list[Part]]:
    """The parts that say for which level a column is, one of a column for each level; and the others."""
    levels = [part for part in parts if part.kind == "level" and part.reference is None]
    return levels, [part for part in parts if part not in levels]


def _beside(columns: list[list[Part]], parts: list[Part], rest: list[Part]) -> list[list[Part]]:
    """What else stands in the columns in which all variables of `rest` interact with others."""
    own, changing = {part.variable for part in parts}, {part.variable for part in rest}
    together = [
        other for other in columns if len(other) > 1 and changing <= {part.variable for part in other}
    ]
    return [[part for part in other if part.variable not in own] for other in together]


def _direction(fit: Fit, value: float) -> str:
    """By how much the expectation changes; as a factor where the link turns sums into products."""
    family = fit.family
    factor = family.effect_name if family is not None else None
    if factor in MULTIPLIES:
        target = "odds" if factor == "odds ratio" else f"expected value of {fit.design.response}"
        verb = "are" if target == "odds" else "is"
        return f"the {target}{_aside(fit)} {verb} multiplied by {number(float(np.exp(value)))}"
    return f"{_expected(fit)} is {number(abs(value))} {'higher' if value >= 0 else 'lower'}"


def _interaction(parts: list[Part], whom: str = "") -> str:
    told = {"number": "with each unit more of {0.variable}", "level": "with {0.variable} {0.level}"}
    first, others = parts[0], parts[1:]
    subject = f"{first.variable} {first.level}" if first.kind == "level" else first.variable
    how = [told.get(part.kind, "along {0.name}").format(part) for part in others]
    versus = [f" rather than {part.reference}" if part.reference is not None else "" for part in others]
    when = listed([a + b for a, b in zip(how, versus, strict=True)])
    return f"An interaction: by so much the effect of {subject} differs {when}{whom}."


# ---- random effects and the rest ----


def _random(fit: MixedFit) -> Iterator[str]:
    for term, part in zip(fit.design.terms, fit.varcorr.components, strict=True):
        if not isinstance(term.structure, Unstructured):
            yield from _structured(fit, term, part)
            continue
        yield from _spreads(fit, term, part)
        for i, j in part.pairs():
            yield _correlation(term, part, i, j)


def _structured(fit: MixedFit, term: RandomTerm, part: Component) -> Iterator[str]:
    """The same for a term with a structure: what is one number for all effects is said once."""
    names = listed(term.names)
    if term.structure.homogeneous:
        yield (
            f"- {term.group}: each of {names} has the same standard deviation, {number(float(part.sd[0]))}, "
            f"between one {term.group} and another."
        )
    else:
        yield from _spreads(fit, term, part)
    if not part.has_rho:
        yield f"- {term.group}: {names} are independent of each other, because the model says so (diag)."
        return
    if np.isnan(part.rho):
        yield f"- {term.group}: the correlation of these effects is undefined, as they do not vary."
    elif part.tag == "ar1":
        powers = [f"{part.rho**lag:.2f}" for lag in range(1, min(len(term.names), 4))]
        steps = listed([f"{power} {_apart(lag)}" for lag, power in enumerate(powers, start=1)])
        order = " → ".join(term.names)
        yield f"- {term.group}: in the order {order} the correlation of two effects is {steps} (ar1)."
    else:
        which = "" if len(term.names) == 2 else "any two of "
        yield f"- {term.group}: the correlation of {which}{names} is {part.rho:.2f} (compound symmetry)."


def _apart(steps: int) -> str:
    return "one step apart" if steps == 1 else f"{steps} steps apart"


def _spreads(fit: Fit, term: RandomTerm, part: Component) -> Iterator[str]:
    for parts, name, sd in zip(column_parts(term.model_matrix), term.names, part.sd, strict=True):
        yield _spread(fit, term, parts, name, float(sd))


def _spread(fit: Fit, term: RandomTerm, parts: list[Part], name: str, sd: float) -> str:
    levels, rest = _own_levels(parts)
    what = f"the effect{_for(levels)}" if levels and not rest else f"the effect of {name}"
    what = "the intercept" if name == "(Intercept)" else what
    text = f"- {term.group}: {what} has a standard deviation of {number(sd)}"
    if sd == 0:
        return f"{text}: no difference between one {term.group} and another is seen beyond chance."
    fixed = fixed_parts(fit.design)
    alike = name in fit.fixef.index and fixed[list(fit.fixef.index).index(name)] == parts
    if not alike or (levels and [] in fixed):
        return (
            f"{text}: 95% of all {term.group} values are expected within {number(1.96 * sd)} of the average."
        )
    centre = float(fit.fixef[name])
    low, high = centre - 1.96 * sd, centre + 1.96 * sd
    between = f"between {number(low)} and {number(high)}"
    text += f" around {number(centre)}: 95% of all {term.group} values are expected {between}"
    if name == "(Intercept)" and fit.family is not None and fit.family.link.name != "identity":
        ends = sorted(float(fit.family.linkinv(np.array(end))) for end in (low, high))
        text += f", which means {_mean(fit)} between {number(ends[0])} and {number(ends[1])}"
    return f"{text}."


def _mean(fit: Fit) -> str:
    binomial = fit.family is not None and fit.family.name in ("binomial", "beta_binomial", "zero_inflation")
    return ("a probability" if binomial else "an expected value") + _aside(fit)


def _correlation(term: RandomTerm, part: Component, i: int, j: int) -> str:
    value = float(part.cor[i, j])
    first, second = part.names[j], part.names[i]
    text = f"- {term.group}: the correlation of {first} and {second} is {value:.2f}"
    if np.isnan(value):
        return f"- {term.group}: {first} and {second} have no correlation, as one of them does not vary."
    if abs(value) < 0.1:
        return f"{text}: knowing one tells almost nothing about the other."
    strength = "slightly" if abs(value) < 0.3 else "clearly" if abs(value) < 0.7 else "much"
    direction = "higher" if value > 0 else "lower"
    return f"{text}: where {first} is high, {second} tends to be {strength} {direction}."


def _rest(fit: Fit) -> str:
    if fit.family is not None:
        return _family_rest(fit)
    text = (
        f"What is left (residual): single values of {fit.design.response} scatter around these "
        f"expectations with a standard deviation of {number(fit.sigma)}"
    )
    if fit.design.is_weighted:
        text += ", divided by the root of the row's weight"
    only_levels = all(term.names == ["(Intercept)"] for term in fit.design.terms)
    if isinstance(fit, MixedFit) and only_levels and not fit.design.is_weighted:
        between = sum(float(part.cov[0, 0]) for part in fit.varcorr.components)
        share = between / (between + fit.sigma**2)
        text += (
            f". Of the variance that the fixed effects leave, {100 * share:.0f}% lies between groups and "
            f"{100 * (1 - share):.0f}% within them"
        )
    return f"{text}."


def _parts(fit: MixedFit) -> Iterator[str]:
    """The extra zeros, and what the dispersion depends on."""
    for name in fit.design.components:
        view = component_fit(fit, name)
        lines = [_zeros_opening(fit) if name == "zero_inflation" else _dispersion_opening(fit)]
        columns = fixed_parts(view.design)
        for parts, (label, value), error in zip(columns, view.fixef.items(), view.se, strict=True):
            said = _part_effect(fit, name, columns, parts, float(value))
            lines.append(f"- {label}: {number(value)} ± {number(error)}. {said}")
        if view.design.terms:
            lines += list(_random(view))
        yield "\n".join(lines)


def _zeros_opening(fit: MixedFit) -> str:
    share, response = float(fit.rows.extra.mean()), fit.design.response
    assert fit.family is not None
    if not fit.family.has_zeros:
        return f"The zeros: {_one_in(share, response)} 0; the family describes the values above it."
    return (
        f"Extra zeros: {_one_in(share, response)} 0 whatever the family says, on average over the rows; "
        f"with the zeros that the family gives itself the model expects {100 * float(fit.rows.zero.mean()):.0f}% "
        "of zeros."
    )


def _one_in(share: float, response: str) -> str:
    """A share of a response's values in words, with its verb: one value in six is."""
    words = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    for few, many in ((1, n) for n in range(2, 11)):
        if abs(share - few / many) < 0.005 + 0.05 * share:
            return f"one value of {response} in {words[many - 1]} is"
    per_cent = f"{100 * share:.1f}" if share < 0.02 else f"{100 * share:.0f}"
    return f"{per_cent}% of the values of {response} are"


def _dispersion_opening(fit: MixedFit) -> str:
    family = fit.family
    assert family is not None
    less = family.name in ("negative_binomial", "truncated_negative_binomial", "beta", "beta_binomial")
    meaning = (
        "the larger it is, the less the values vary" if less else "the larger it is, the more the values vary"
    )
    return f"The dispersion {family.dispersion_name}, by its logarithm ({meaning}):"


def _part_effect(fit: MixedFit, name: str, columns: list[list[Part]], parts: list[Part], value: float) -> str:
    """One coefficient of another part in a sentence."""
    assert fit.family is not None
    zeros = name == "zero_inflation"
    a_zero = "an extra zero" if fit.family.has_zeros else "a zero"
    levels, rest = _own_levels(parts)
    if not rest and (not levels or [] not in columns):
        where = _baseline(columns, {level.variable for level in levels})
        place = _for(levels) + (f" where {where}" if where else "")
        if zeros:
            return f"It means a probability of {a_zero} of {number(1 / (1 + np.exp(-value)))}{place}."
        return f"It means a dispersion of {number(float(np.exp(value)))}{place}."
    where = _baseline(_beside(columns, parts, rest), set())
    if len(rest) > 1:
        return _interaction(rest, _for(levels) + (f", where {where}" if where else ""))
    what = f"the odds of {a_zero} are" if zeros else "the dispersion is"
    change = f"{what} multiplied by {number(float(np.exp(value)))}"
    if not rest:
        return f"For{_for(levels)[4:]} compared with what was dropped, {change}."
    part = rest[0]
    change += _for(levels) + (f" where {where}" if where else "")
    if part.kind == "number":
        return f"With each unit more of {part.variable}, {change}."
    if part.kind == "level":
        return f"For {part.variable} {part.level} compared with {part.reference}, {change}."
    return f"For {part.name}, {change}."


def _family_rest(fit: Fit) -> str:
    family = fit.family
    assert family is not None
    if isinstance(fit, MixedFit) and fit.has_parts and family.name not in ("poisson", "binomial"):
        return _spread_of_family(fit, family)
    start = f"What is left: given its mean, {fit.design.response}{_aside(fit)}"
    if family.name == "gamma":
        return f"{start} has a standard deviation of {number(100 * family.sigma)}% of that mean."
    if family.name == "negative_binomial":
        theta = number(float(family.dispersion or np.nan))
        return f"{start} has the variance mean + mean²/{theta}, more than a Poisson count has."
    if family.name == "poisson":
        return f"{start} varies as a Poisson count, with a variance equal to its mean."
    return "What is left: given its probability, each trial falls as chance has it; no residual variance."


#: Variance of a response given its mean, and of which dispersion parameter it is a function.
VARIANCES = {
    "gaussian": "{}²", "gamma": "{} × mean²", "inverse_gaussian": "{} × mean³",
    "negative_binomial": "mean + mean²/{}", "negative_binomial_1": "mean × (1 + {})",
    "truncated_negative_binomial": "mean + mean²/{}",
    "beta": "mean × (1 - mean)/(1 + {})", "tweedie": "{} × mean^power",
    "beta_binomial": "of the binomial and, between rows, mean × (1 - mean)/(1 + {})",
}  # fmt: skip


def _spread_of_family(fit: MixedFit, family: Family) -> str:
    """How the response varies around its mean."""
    start = f"What is left: given its mean, {fit.design.response}{_aside(fit)}"
    if family.name == "truncated_poisson":
        return f"{start} varies as a Poisson count; the values are those above zero."
    known = family.dispersion
    letter = family.dispersion_name if known is None else number(float(known))
    text = f"{start} has the variance {VARIANCES[family.name].format(letter)}"
    power = getattr(family, "power", None)
    return f"{text}, with a power of {number(power)}." if power is not None else f"{text}."
