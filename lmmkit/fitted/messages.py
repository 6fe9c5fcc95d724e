"""What a reader of a fit should know, in plain sentences: what it is, what it means, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..design.dates import is_date
from ..design.predictors import is_number
from ..design.values import as_it_looks, label
from ..formatting.wording import listed
from ..formula.parse import parse
from ..formula.tree import Name
from ..likelihood.estimate import EXACT, MULTIPLES, REPRODUCED
from ..structures.known import STRUCTURES
from ..structures.unstructured import Unstructured
from .mixed import SINGULAR
from .repeats import cells_of, constant_within, every_row_is_copied
from .times import as_numbers, one_column_per_level
from .undetermined import in_words, undetermined

if TYPE_CHECKING:
    from ..design.design import Design, RandomTerm
    from ..design.undivided import Undivided
    from .fit import Fit
    from .mixed import MixedFit

FEW_LEVELS = 5
MANY = 6  # names of a list that a sentence gives in full
CANCELLED = (
    2000.0  # standard deviation relative to the residuals', beyond which the sixth decimal may be wrong
)
SCALES_APART = 1e3  # lme4's checkScaleX


def messages(fit: MixedFit) -> list[str]:
    """Everything noteworthy about a fit.

    Parameters
    ----------
    fit : MixedFit

    Returns
    -------
    list of str
        One item per finding: rows left out, columns dropped, two levels with an order, random effects that
        repeat the fixed part or each other, a search that did not end well, a singular covariance, grouping
        factors with few levels, predictors on very different scales. Empty if there is nothing to say.

    Notes
    -----
    The limits are lme4's (``isSingular``, ``checkScaleX``), and five levels for "few" (Bolker et al. 2009,
    *Trends in Ecology & Evolution* 24:127).

    Examples
    --------
    >>> import pandas as pd, lmmkit as lk
    >>> mice = pd.DataFrame({"weight": [20, 22, 21, 24, 26, 25, 29, 30, 28], "cage": list("aaabbbccc")})
    >>> print(lk.lmer("weight ~ 1 + (1 | cage)", mice).messages[0].split(". ")[0])
    cage has only 3 levels, so the standard deviation between them is known very roughly
    """
    return [
        *omitted_rows(fit),
        *dropped_columns(fit),
        *counted_days(fit),
        *ordered_pairs(fit),
        *twin_levels(fit),
        *_confounded(fit),
        *_copies(fit),
        *_search(fit),
        *_cancelled(fit),
        *_singular(fit),
        *_steps(fit),
        *(_level(fit) or _undetermined(fit)),
        *_few_levels(fit),
        *_scales(fit),
    ]


def omitted_rows(fit: Fit) -> Iterator[str]:
    gone = fit.design.n_omitted
    if gone:
        rows = "1 row was" if gone == 1 else f"{gone} rows were"
        yield (
            f"{rows} left out because of missing values; {fit.nobs} were used.{_where_missing(fit)} Compare this "
            "model only with models fitted to the same rows."
        )


def _where_missing(fit: Fit) -> str:
    """The columns with missing values: a level called None or NA in a file is one for many readers of files."""
    counts = fit.design.missing_values(fit.call.data)
    found = [f"'{name}' ({count})" for name, count in counts.items() if count]
    return f" Values are missing in {listed(found)}." if found else ""


def ordered_pairs(fit: Fit) -> Iterator[str]:
    """Factors of two levels that come with an order: their coefficient is not the difference of the two."""
    frame, names = fit.design.levels_frame, fit.design.x_names
    pairs = [name for name in frame.columns if f"{name}.L" in names and f"{name}.Q" not in names]
    for name in pairs:
        if getattr(frame[name].dtype, "ordered", False):
            yield (
                f"'{name}' is an ordered factor of two levels, so {name}.L is their difference divided by the "
                "square root of 2, as in R. If the order was only given by the reader of the file, as "
                f"pandas.read_stata does for every labelled column, take data['{name}'].cat.as_unordered()."
            )


def twin_levels(fit: Fit) -> Iterator[str]:
    """Levels that a reader takes for one: with spaces at their ends, or signs that have two codes."""
    frame = fit.design.levels_frame
    for name in frame.columns:
        if is_number(frame[name]) or is_date(frame[name]):
            continue
        first: dict[str, str] = {}
        for level in map(label, frame[name].dropna().unique()):
            twin = first.setdefault(as_it_looks(level), level)
            if twin != level:
                spaces = twin.strip() == level.strip()
                cure = f"data['{name}'].str.strip() takes the spaces away" if spaces else "write them alike"
                yield f"'{name}' has the levels {twin!r} and {level!r}, which look alike but count as two; {cure}."
                break


def dropped_columns(fit: Fit) -> Iterator[str]:
    matrices = {"fixed-effects model matrix": fit.design.dropped}
    matrices |= {f"model matrix of {name}=": part.dropped for name, part in fit.design.components.items()}
    for matrix, dropped in matrices.items():
        if not dropped:
            continue
        one = len(dropped) == 1
        yield (
            f"The {matrix} is rank deficient, so {listed(dropped)} "
            f"{'was' if one else 'were'} dropped: {'its column is' if one else 'their columns are'} "
            "determined by the columns before. Look for a predictor that repeats another one, or for a "
            "combination of factor levels without data."
        )


def counted_days(fit: Fit) -> Iterator[str]:
    """Dates that are predictors by themselves: where their zero is."""
    if not fit.has_rows:
        return
    recipe, data = fit.design.model_matrix, fit.call.data
    bare = [node.name for node in recipe.terms.variables if isinstance(node, Name)]
    names = [name for name in bare if is_date(data[name]) and not is_date(fit.design.frame[name])]
    names = [name for name in names if not pd.api.types.is_timedelta64_dtype(data[name].dtype)]
    if names:
        yield (
            f"As in R, {listed(names)} {'counts' if len(names) == 1 else 'count'} days from 1970-01-01, so the "
            "intercept belongs to that day, far from the data. For an intercept and random effects on the first day "
            f"of the data, make a column such as (data['{names[0]}'] - data['{names[0]}'].min()).dt.days."
        )


def without_residuals(is_exact: bool, df_resid: int) -> Iterator[str]:
    """Nothing to judge a linear model by: it fits exactly, or has as many coefficients as rows."""
    if is_exact or df_resid <= 0:
        why, advice = (
            "The fixed effects reproduce the response exactly",
            ("Check that the response is not constant, and that it was not computed from the predictors."),
        )
        if df_resid <= 0:
            why, advice = "There are as many coefficients as rows", "Take fewer predictors, or more rows."
        yield (
            f"{why}, so there are no residuals by which to judge how sure the estimates are: standard errors, "
            f"tests and intervals are missing. {advice}"
        )


def _confounded(fit: MixedFit) -> Iterator[str]:
    """Random effects about which the data cannot say anything, because something else takes their place."""
    design = fit.design
    for t, term in enumerate(design.terms):
        fixed = _spanned(design, t)
        if fixed:
            yield _twice(fit, term, fixed)
        for other in design.terms[:t] if fit.has_rows else ():
            if _same_effects(term, other):
                yield (
                    f"The random effects {other.bar.term} and {term.bar.term} are the same, so only the sum "
                    "of their variances is estimated, not each of them; leave out one of the two."
                )


def _twice(fit: MixedFit, term: RandomTerm, names: list[str]) -> str:
    """A factor's effects are in the fixed part as well as in a random term."""
    whole = names == term.names
    which = "" if whole else f" in {listed(names)}"
    result = (
        f"what is shown of {term.bar.term}, and the standard errors and tests of the fixed effects that differ "
        "only between these levels, mean nothing"
    )
    if not fit.is_reml:
        result = "maximum likelihood makes it zero, whatever the levels are like"
    advice = f"leave out {term.bar.term}" if whole else f"{listed(names)} out of {term.bar.term}"
    return (
        f"The fixed effects already hold all differences between the levels of {term.group}{which}, so nothing is "
        f"left from which their variance could be estimated: {result}. A factor is either fixed or random: take "
        f"{term.group} out of the fixed part, or {advice}."
    )


def _spanned(design: Design, t: int) -> list[str]:
    """The effects of a term whose columns for each level are combinations of the columns of X."""
    term = design.terms[t]
    if len(term.levels) > len(design.x_names):
        return []
    whole, inside = design.lengths(t)
    spanned = np.all(whole - inside <= 1e-10 * whole, axis=0).tolist()
    return [name for name, is_spanned in zip(term.names, spanned, strict=True) if is_spanned]


def _same_effects(one: RandomTerm, other: RandomTerm) -> bool:
    """Whether two terms have an effect in common: the same column for the same groups of rows."""
    if len(one.levels) != len(other.levels):
        return False
    first = [np.unique(term.codes, return_index=True)[1] for term in (one, other)]
    if not np.array_equal(first[0][one.codes], first[1][other.codes]):
        return False
    return any(np.array_equal(a, b) for a in one.Z.T for b in other.Z.T)


def _copies(fit: MixedFit) -> Iterator[str]:
    """Rows that are no measurements of their own."""
    if fit.family is not None or not fit.has_rows:
        return
    response = fit.design.response
    groups = constant_within(fit.design)
    for group in groups:
        yield (
            f"{response} is the same in all rows of each level of {group}: these rows repeat one value and are "
            f"no measurements of their own, but tests would count each of them. Keep one row for each level of "
            f"{group}, and leave the random effects of {group} out."
        )
    if groups:
        return
    if every_row_is_copied(fit.design):
        yield (
            "Every row has a twin with the same response, predictors and groups. Copies are no new data, but "
            "standard errors and p-values would count them; keep one of each (data.drop_duplicates())."
        )
        return
    for cells in cells_of(fit.design):
        if cells.copied(fit.design.y[None])[0]:
            yield (
                f"{response} is the same in all rows of each {cells.name}, so these rows look like copies of one "
                "value. Copies are no new data, but the fit counts each as a measurement of its own: the residual "
                "variance, and the standard errors of what differs between these cells, are too small. Keep one "
                "row for each of these combinations."
            )
            return


def _search(fit: MixedFit) -> Iterator[str]:
    yield from fit.estimate.warnings
    if not fit.call.options.get("optimize", True):
        yield (
            "The model was evaluated at the numbers given as start and nothing was optimised, so these are not "
            "the estimates; leave out optimize=False to get them."
        )
    elif any(text == MULTIPLES or text.startswith(EXACT) for text in fit.estimate.warnings):
        return
    elif fit.estimate.endless:
        yield (
            "Next to no residual variance is left: less than a hundred-thousandth of the response's own spread. "
            "The random effects reproduce the response, and the likelihood has no maximum, or none that can be "
            "told from a rise without end. So the estimates are those at which the search was stopped, and there "
            "are no degrees of freedom and no p-values. Look for a response that was computed from the groups or "
            "copied within them, and for more random effects than the rows can tell apart; then leave the "
            "finest random-effects term out."
        )
    elif (found := fit.estimate.undivided) is not None:
        yield _undivided(found)
    elif not fit.converged and REPRODUCED not in fit.estimate.warnings:
        yield (
            f"The search for the best theta did not converge (gradient {fit.estimate.gradient_norm:.2g} "
            f"after {fit.estimate.n_evaluations} evaluations), so the estimates may be off. Check the "
            "data for outliers, try a simpler random-effects structure, or another start."
        )


def _undivided(found: Undivided) -> str:
    left = "a single comparison" if found.left == 1 else f"only {found.left} comparisons"
    return (
        f"The fixed effects leave {left} of rows, in which {found.name} of {found.term} varies as residuals do: "
        "only the sum of its variance and the residual variance can be estimated, and the two numbers shown are one "
        "split of many that fit equally well. So there are no degrees of freedom and no p-values. Take fewer fixed "
        f"effects or more rows; without {found.term} the residuals are the whole sum."
    )


def _cancelled(fit: MixedFit) -> Iterator[str]:
    """Effects so large that sums lose the residuals among them; with the rows at hand they are corrected by these."""
    if fit.has_rows or not fit.unit_free_factors:
        return
    if max(float(np.abs(factor).max()) for factor in fit.unit_free_factors) > CANCELLED:
        yield (
            f"Groups differ more than {CANCELLED:g} times as much as the residuals do. Of data in parts only sums are "
            "known, in whose differences digits are lost then: take the last digits of what is shown as uncertain, or "
            "fit rows that memory can hold."
        )


def _singular(fit: MixedFit) -> Iterator[str]:
    triples = zip(fit.design.terms, fit.unit_free_factors, fit.singular_terms, strict=True)
    guilty = [(term, factor) for term, factor, is_singular in triples if is_singular]
    if guilty:
        findings = "; ".join(text for term, factor in guilty for text in _findings(term, factor))
        advice = " ".join(_advice(term) for term, _ in guilty)
        yield (
            f"The fit is singular: {findings}. Either there is hardly anything of this part of the "
            "random-effects structure to find, or the data hold too little information on it; its tests and "
            f"intervals cannot be trusted, while the fixed effects usually can. {advice}"
        )


def _findings(term: RandomTerm, factor: np.ndarray) -> Iterator[str]:
    """What is singular, in words; a structured term has one correlation for all pairs of effects."""
    if not term.structure.has_rho:
        yield from _degenerate(term, factor)
        return
    lengths = np.sqrt((factor**2).sum(axis=1))
    zero = lengths < SINGULAR
    if zero.any():
        yield from _zero(term, zero)
    if (~zero).sum() < 2:
        yield f"without these variances the correlation rho between the effects of {term.group} is undefined"
        return
    first, second = np.flatnonzero(~zero)[:2]
    rho = float(factor[first] @ factor[second] / (lengths[first] * lengths[second]))
    if not zero.any():
        edge = "+1" if rho > 0 else "the smallest that this structure can have"
        why = " (the effects of a level are copies of each other)" if rho > 0 else ""
        yield f"the correlation rho between the effects of {term.group} is estimated as {edge}{why}"


def _zero(term: RandomTerm, zero: np.ndarray) -> Iterator[str]:
    """Which standard deviations are zero."""
    names = [name for name, is_zero in zip(term.names, zero, strict=True) if is_zero]
    if names:
        plural, verb = ("s", "are") if len(names) > 1 else ("", "is")
        yield (
            f"the standard deviation{plural} of {listed(names)} between the levels of {term.group} {verb} "
            "estimated as zero (the levels differ in this respect no more than chance makes them)"
        )


def _degenerate(term: RandomTerm, factor: np.ndarray) -> Iterator[str]:
    """Which standard deviations are zero, which correlations ±1, or that effects depend linearly."""
    lengths = np.sqrt((factor**2).sum(axis=1))
    zero = lengths < SINGULAR
    yield from _zero(term, zero)
    found = bool(zero.any())
    alive = np.flatnonzero(~zero)
    directions = factor[alive] / lengths[alive, None]
    cor = directions @ directions.T
    for j in range(len(alive)):
        for i in range(j + 1, len(alive)):
            if 1 - abs(cor[i, j]) < SINGULAR:
                found = True
                yield (
                    f"the correlation of {term.names[alive[j]]} and {term.names[alive[i]]} between the "
                    f"levels of {term.group} is estimated as {'+' if cor[i, j] > 0 else '-'}1 (one can be "
                    "computed from the other, so they are not two separate effects)"
                )
    if not found:
        yield (
            f"the random effects {listed(term.names)} of {term.group} are estimated as linearly dependent "
            "(one of them can be computed from the others)"
        )


def _advice(term: RandomTerm) -> str:
    if len(term.names) == 1:
        return (
            f"If the design asks for {term.bar.term}, leave it in: the other results hardly change; "
            "else drop it and compare."
        )
    if term.structure.has_rho:
        diagonal = replace(term.bar, tag="diag").term
        return (
            f"Try the simpler {diagonal} in place of {term.bar.term}, or (1 | {term.bar.group}), and compare."
        )
    left, _, right = term.bar.text.partition(" | ")
    simpler = f"({left} || {right})"
    if len(parse(f"y ~ {simpler}").bars) == 1:  # a factor's effects stay correlated under ||, as in lme4
        simpler = f"(1 | {right})"
    return f"Try the simpler {simpler} in place of {term.bar.term}, and see whether the fixed effects change."


def _steps(fit: MixedFit) -> Iterator[str]:
    """ar1() counts columns as equal steps in time, whatever they are; with one column there is no correlation."""
    for term in fit.design.terms:
        if STRUCTURES[term.bar.tag].has_rho and term.k == 1:
            plain = replace(term.bar, tag="us", homogeneous=False).term
            instead = f"ar1(0 + factor({term.names[0]}) | {term.bar.group})"
            meant = term.bar.tag == "ar1" and term.names != ["(Intercept)"]
            yield (
                f"{term.bar.term} has a single effect, {term.names[0]}, so there is nothing for {term.bar.tag}() to "
                f"correlate: it is fitted as {plain}."
                f"{f' If its values are points in time, write {instead}.' if meant else ''}"
            )
        if term.structure.tag != "ar1":
            continue
        times = one_column_per_level(term)
        if times is None:
            few = term.names if term.k <= MANY else [*term.names[: MANY - 2], "...", term.names[-1]]
            yield (
                f"In {term.bar.term} each column left of the bar counts as a point in time: {listed(few)}. "
                f"That is hardly meant; put the times into one factor and write ar1(0 + time | {term.bar.group})."
            )
            continue
        steps = np.diff(as_numbers(times))
        if (steps < 0).any() and (steps > 0).any():
            yield (
                f"The times in {term.bar.term} are taken in the order {', '.join(times)}, as text is sorted, but ar1 "
                "counts steps from one to the next. Make the column a pandas.Categorical whose categories stand in "
                "the order of time."
            )
        elif len(steps) and (np.abs(steps - steps[0]) > 1e-6 * np.abs(steps).max()).any():
            yield (
                f"The times in {term.bar.term} are not equally spaced ({', '.join(times)}), but ar1 counts each "
                "step from one to the next as the same length. If the gaps matter, read rho with care."
            )


def _level(fit: MixedFit) -> list[str]:
    """One row for each effect of a structured term with variances of their own: they trade with the residual's."""
    found: list[str] = []
    if fit.family is not None or not fit.has_rows:
        return found
    for term in fit.design.terms:
        structure = term.structure
        if isinstance(structure, Unstructured) or one_column_per_level(term) is None:
            continue
        traded = structure.tag in ("diag", "cs") and (structure.homogeneous or structure.tag == "diag")
        cells = term.codes * np.intp(structure.k) + term.Z.argmax(axis=1)
        if traded and len(np.unique(cells)) == len(cells):
            found.append(
                f"Each effect of {term.bar.term} has a single row, so the data cannot tell its variance from the "
                "residual variance: only their sum is estimated, and the two numbers shown are one split of many. "
                f"Leave the term out, or fit (1 | {term.bar.group}) in its place."
            )
    return found


def _undetermined(fit: MixedFit) -> Iterator[str]:
    """Parameters of structured terms that no response could tell."""
    plain = all(isinstance(term.structure, Unstructured) for term in fit.design.terms)
    if not plain and fit.has_rows and not any(_confounded(fit)):
        found = undetermined(fit.design, fit.family is None)
        if found is not None:
            yield in_words(found)


def _few_levels(fit: MixedFit) -> Iterator[str]:
    for group, size in fit.ngroups.items():
        if size < FEW_LEVELS:
            yield (
                f"{group} has only {size} levels, so the standard deviation between them is known very "
                f"roughly. If these levels are the ones you care about, make {group} a fixed effect; if "
                "they stand for many more, say how uncertain the estimate is (confint by profile)."
            )


def _scales(fit: MixedFit) -> Iterator[str]:
    """lme4's checkScaleX: standard deviations of the columns that are not just zeros and ones."""
    X, names = fit.design.spanning[1], fit.design.x_names
    numeric = [j for j in range(X.shape[1]) if not np.isin(X[:, j], (0.0, 1.0)).all()]
    n = fit.design.n
    sds = np.sqrt(fit.design.column_covariance.diagonal()[numeric] * n / max(n - 1, 1))
    if len(sds) == 0 or max(sds.max(), 1.0) / min(sds.min(), 1.0) <= SCALES_APART:
        return
    apart = [names[j] for j, sd in zip(numeric, sds, strict=True) if not 1 / SCALES_APART < sd < SCALES_APART]
    shown = apart or [names[numeric[int(sds.argmin())]], names[numeric[int(sds.argmax())]]]
    yield (
        f"Predictors are on very different scales ({listed(shown)}). The estimates are right, but hard to "
        "read and to compare; use other units or scale()."
    )
