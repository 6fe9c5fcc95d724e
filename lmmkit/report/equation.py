"""The model in LaTeX, with its own variable names and distributions."""

from __future__ import annotations

import re

from ..design.column_meaning import Part, column_parts, fixed_parts
from ..design.design import RandomTerm
from ..families.family import Family
from ..fitted.fit import Fit
from ..fitted.mixed import MixedFit
from ..fitted.parts import component_fit
from ..fitted.varcorr import Component
from ..formatting.wording import number
from ..numerics import arguments
from ..structures.unstructured import Unstructured

LINE = 52  # letters of a linear predictor on one line: they fit a notebook in a narrow window
FULL = 5  # effects up to which a structure's matrix is written in full
LINKS = {
    "identity": "{}",
    "log": r"\log({})",
    "logit": r"\operatorname{{logit}}({})",
    "probit": r"\Phi^{{-1}}({})",
    "cloglog": r"\log(-\log(1 - {}))",
    "cauchit": r"\tan(\pi({} - \tfrac{{1}}{{2}}))",
    "sqrt": r"\sqrt{{{}}}",
    "inverse": r"1/{}",
}
# What LaTeX would read as a command.
SAFE = str.maketrans({
    "\\": r"\backslash ", "_": r"\_", "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "~": r"\sim ",
    ":": "{:}", ".": "{.}", ",": "{,}", " ": r"\ ", "`": "",
})  # fmt: skip


class Equation(str):
    """LaTeX text that a notebook shows as a formula.

    Examples
    --------
    >>> import lmmkit as lk
    >>> text = lk.lm("Weight ~ Dose", lk.load_data("mouse")).equation()
    >>> isinstance(text, str), len(text.splitlines())
    (True, 4)
    """

    def _repr_latex_(self) -> str:
        return f"$$\n{self}\n$$"


def equation(fit: Fit, *, estimates: bool = False) -> Equation:
    """A fit as LaTeX: `fit.equation`."""
    estimates = arguments.flag("estimates", estimates)
    terms = list(zip(fit.design.terms, _numbers(fit.design.terms), strict=True))
    summands = _fixed(fit, estimates) + [text for term, numbers in terms for text in _random(term, numbers)]
    summands += [rf"{_name(inner)}_i" for inner in fit.design.formula.offsets]
    if fit.call.options.get("offset") is not None:
        summands.append(r"\mathrm{offset}_i")
    mean = LINKS["identity" if fit.family is None else fit.family.link.name].format(_mean(fit))
    lines = [_response(fit, estimates), f"{mean} &= {_sum(summands)}"]
    if isinstance(fit, MixedFit):
        lines += [_distribution(fit, t, term, numbers, estimates) for t, (term, numbers) in enumerate(terms)]
        lines += _other_parts(fit, estimates) if fit.has_parts else []
    body = " \\\\\n".join(lines)
    return Equation(f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}")


def _numbers(terms: list[RandomTerm]) -> list[list[int]]:
    """Number the effects of each grouping factor, on from term to term."""
    seen: dict[str, int] = {}
    out = []
    for term in terms:
        start = seen.get(term.group, 0)
        out.append(list(range(start, start + len(term.names))))
        seen[term.group] = start + len(term.names)
    return out


def _name(text: str) -> str:
    r"""A name in roman type: ``class:school`` -> ``\mathrm{class{:}school}``."""
    return rf"\mathrm{{{text.translate(SAFE)}}}"


def _number(value: float) -> str:
    """Four significant digits; an exponent as a power of ten."""
    mantissa, _, exponent = number(value).partition("e")
    return rf"{mantissa}\times 10^{{{int(exponent)}}}" if exponent else mantissa


def _sum(summands: list[str]) -> str:
    """Summands joined by plus and minus, as many to a line as fit."""
    if not summands:
        return "0"
    text, width = summands[0], _width(summands[0])
    for summand in summands[1:]:
        sign, rest = ("-", summand[1:]) if summand.startswith("-") else ("+", summand)
        width += _width(rest) + 3
        if width > LINE:
            text, width = f"{text} \\\\\n&\\quad {{}}{sign} {rest}", _width(rest)
        else:
            text += f" {sign} {rest}"
    return text


def _width(latex: str) -> int:
    """Roughly how many letters are seen; those below or above the line are smaller, and Greek ones are letters, too."""
    level = re.sub(r"\\mathrm\{([^{}]*)\}", r"\1", latex)
    plain = re.sub(r"[_^](?:\{[^{}]*\}|.)", "", level)
    small = len(re.sub(r"[{}_^]", "", level)) - len(re.sub(r"[{}_^]", "", plain))
    return len(re.sub(r"\\,|[{}\\]", "", re.sub(r"\\[a-zA-Z]+", "x", plain))) + small // 2


def _product(parts: list[Part]) -> str:
    r"""The values behind a column, ``\mathrm{condb}_i\,\mathrm{x}_i``."""
    return r"\,".join(f"{_name(part.name)}_i" for part in parts)


def _fixed(fit: Fit, estimates: bool) -> list[str]:
    summands = []
    for j, (parts, beta) in enumerate(zip(fixed_parts(fit.design), fit.fixef, strict=True)):
        number = j if fit.design.assign[:1] == [0] else j + 1
        coefficient = (
            _number(float(beta))
            if estimates
            else rf"\beta_{{{number}}}"
            if number > 9
            else rf"\beta_{number}"
        )
        summands.append(rf"{coefficient}\,{_product(parts)}" if parts else coefficient)
    return summands


def _random(term: RandomTerm, numbers: list[int]) -> list[str]:
    effects = [rf"b_{{{number},{_name(term.group)}[i]}}" for number in numbers]
    pairs = zip(effects, column_parts(term.model_matrix), strict=True)
    return [rf"{effect}\,{_product(parts)}" if parts else effect for effect, parts in pairs]


def _mean(fit: Fit) -> str:
    return "p_i" if fit.family is not None and fit.family.name == "binomial" else r"\mu_i"


def _response(fit: Fit, estimates: bool) -> str:
    """The response and its distribution."""
    design, family = fit.design, fit.family
    name = design.response
    if family is None:
        variance = rf"{_number(fit.sigma)}^2" if estimates else r"\sigma^2"
        if design.is_weighted:
            variance += r" / w_i"
        return rf"{_name(name)}_i &\sim \mathcal{{N}}(\mu_i,\ {variance})"
    if "zero_inflation" in fit.design.components:
        inner = _response_without_zeros(fit, family, name, estimates)
        zero = r"0 \text{ with probability } \pi_i \text{, else } "
        left, _, right = inner.partition(r" &\sim ")
        return rf"{left} &\sim {zero}{right}"
    return _response_without_zeros(fit, family, name, estimates)


def _response_without_zeros(fit: Fit, family: Family, name: str, estimates: bool) -> str:
    """The distribution of a response that is no extra zero."""
    design = fit.design
    if family.name == "binomial":
        if design.trials is not None:
            hits = name.removeprefix("cbind(").split(",")[0]
            return rf"{_name(hits)}_i &\sim \mathrm{{Binomial}}(n_i,\ p_i)"
        if design.is_weighted:
            return rf"w_i\,{_name(name)}_i &\sim \mathrm{{Binomial}}(w_i,\ p_i)"
        return rf"{_name(name)}_i &\sim \mathrm{{Bernoulli}}(p_i)"
    if family.name == "poisson":
        return rf"{_name(name)}_i &\sim \mathrm{{Poisson}}(\mu_i)"
    return rf"{_name(name)}_i &\sim {_family_text(fit, family, estimates)}"


#: Name of the distribution, and its variance as a function of the mean and the dispersion.
VARIANCES = {
    "gamma": ("Gamma", r"{}\,\mu_i^2"),
    "negative_binomial": ("NegBinomial", r"\mu_i + \mu_i^2/{}"),
    "negative_binomial_1": ("NegBinomial", r"(1 + {})\,\mu_i"),
    "inverse_gaussian": ("InverseGaussian", r"{}\,\mu_i^3"),
    "beta": ("Beta", r"\mu_i (1 - \mu_i)/(1 + {})"),
    "tweedie": ("Tweedie", r"{}\,\mu_i^p"),
}


def _family_text(fit: Fit, family: Family, estimates: bool) -> str:
    """Distribution of a response that is no extra zero."""
    letter = r"\theta" if family.dispersion_name == "theta" else r"\phi"
    if fit.design.components.get("dispersion") is not None:
        letter += "_i"
    known = family.dispersion
    if estimates and known is not None:
        letter = _number(known)
    if family.name == "gaussian":
        sigma = r"\sigma_i" if letter.endswith("_i") else _number(fit.sigma) if estimates else r"\sigma"
        return rf"\mathcal{{N}}(\mu_i,\ {sigma}^2)"
    if family.name == "beta_binomial":
        return rf"\mathrm{{BetaBinomial}}(n_i,\ \text{{mean }} \mu_i,\ \text{{precision }} {letter})"
    if family.name == "truncated_poisson":
        return r"\mathrm{Poisson}(\mu_i) \text{ above } 0"
    if family.name == "truncated_negative_binomial":
        kind, variance = VARIANCES["negative_binomial"]
        above = r" \text{ above } 0"
    else:
        (kind, variance), above = VARIANCES[family.name], ""
    text = rf"\mathrm{{{kind}}}(\text{{mean }} \mu_i,\ \text{{variance }} {variance.format(letter)})"
    return text + above


def _other_parts(fit: MixedFit, estimates: bool) -> list[str]:
    """The lines of the extra zeros and of the dispersion."""
    lines = []
    heads = {"zero_inflation": r"\operatorname{logit}(\pi_i)", "dispersion": rf"\log({_spread_letter(fit)})"}
    greek = {"zero_inflation": "gamma", "dispersion": "delta"}
    for name in fit.design.components:
        view = component_fit(fit, name)
        numbers = _numbers(view.design.terms)
        summands = [text.replace(r"\beta", rf"\{greek[name]}") for text in _fixed(view, estimates)]
        pairs = list(zip(view.design.terms, numbers, strict=True))
        mark = "z" if name == "zero_inflation" else "d"
        summands += [text.replace("b_{", f"{mark}_{{") for pair in pairs for text in _random(*pair)]
        lines.append(f"{heads[name]} &= {_sum(summands)}")
        for t, (term, own) in enumerate(pairs):
            text = _distribution(view, t, term, own, estimates)
            lines.append(text.replace("b_{", f"{mark}_{{").replace(r"\tau", r"\omega"))
    return lines


def _spread_letter(fit: MixedFit) -> str:
    family = fit.family
    assert family is not None
    return {"sigma": r"\sigma_i", "theta": r"\theta_i"}.get(family.dispersion_name or "", r"\phi_i")


def _distribution(fit: MixedFit, t: int, term: RandomTerm, numbers: list[int], estimates: bool) -> str:
    """The joint distribution of one term's effects."""
    group = _name(term.group)
    levels = rf"\quad {len(term.levels)} \text{{ levels}}"
    effects = [rf"b_{{{number},{group}}}" for number in numbers]
    part = fit.varcorr.components[t]
    if not isinstance(term.structure, Unstructured):
        return _structured(term, part, numbers, estimates) + f", {levels}"
    if len(effects) == 1:
        sd = _number(float(part.sd[0])) if estimates else rf"\tau_{{{numbers[0]},{group}}}"
        return rf"{effects[0]} &\sim \mathcal{{N}}(0,\ {sd}^2), {levels}"
    column = r"\begin{pmatrix}" + r" \\ ".join(effects) + r"\end{pmatrix}"
    if estimates:
        rows = [" & ".join(_number(float(value)) for value in row) for row in part.cov]
    elif len(effects) > 3:
        return rf"{column} &\sim \mathcal{{N}}(\mathbf{{0}},\ \boldsymbol\Sigma_{{{group}}}), {levels}"
    else:
        rows = [
            " & ".join(_covariance(i, j, numbers, group) for j in range(len(effects)))
            for i in range(len(effects))
        ]
    matrix = r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"
    return rf"{column} &\sim \mathcal{{N}}\left(\mathbf{{0}},\ {matrix}\right), {levels}"


def _covariance(i: int, j: int, numbers: list[int], group: str) -> str:
    first, second = sorted((numbers[i], numbers[j]))
    if i == j:
        return rf"\tau_{{{first},{group}}}^2"
    return rf"\rho_{{{first}{second},{group}}}\,\tau_{{{first},{group}}}\,\tau_{{{second},{group}}}"


def _structured(term: RandomTerm, part: Component, numbers: list[int], estimates: bool) -> str:
    """The distribution of effects whose covariance has a structure, as a matrix that shows it."""
    group, k = _name(term.group), len(numbers)
    effects = [rf"b_{{{number},{group}}}" for number in numbers]
    one = term.structure.homogeneous

    def tau(i: int) -> str:
        return rf"\tau_{{{group}}}" if one else rf"\tau_{{{numbers[i]},{group}}}"

    def entry(i: int, j: int) -> str:
        lag = abs(i - j)
        if not part.has_rho and lag:
            return "0"
        if estimates:
            return _number(float(part.cov[i, j]))
        rho = "" if not lag else rf"\rho_{{{group}}}"
        rho = rf"{rho}^{{{lag}}}" if part.tag == "ar1" and lag > 1 else rho
        if one:
            return rho or "1"
        return rf"{tau(i)}^2" if not lag else rf"{rho}\,{tau(min(i, j))}\,{tau(max(i, j))}"

    column = rf"\begin{{pmatrix}}{_dotted(effects)}\end{{pmatrix}}"
    rows = [_dotted([entry(i, j) for j in range(k)], " & ", r"\cdots") for i in range(k)]
    matrix = rf"\begin{{pmatrix}}{_dotted(rows, dots=_dots(k))}\end{{pmatrix}}"
    scale = "" if estimates or not one else rf"{tau(0)}^2 "
    return rf"{column} &\sim \mathcal{{N}}\left(\mathbf{{0}},\ {scale}{matrix}\right)"


def _dotted(pieces: list[str], joint: str = r" \\ ", dots: str = r"\vdots") -> str:
    """All pieces, or of many the first three, dots, and the last."""
    return joint.join(pieces if len(pieces) <= FULL else [*pieces[:3], dots, pieces[-1]])


def _dots(k: int) -> str:
    """The row of dots of a matrix with so many columns."""
    return " & ".join([r"\vdots"] * 3 + [r"\ddots", r"\vdots"]) if k > FULL else ""
