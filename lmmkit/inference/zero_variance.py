"""Is a variance zero? Tests that are right on the boundary: exact by simulation, or by parametric bootstrap.

The statistic is the likelihood ratio against the model without the effect, restricted for a fit by REML. Its
null distribution is not chi-square, because a variance cannot be negative. For a linear mixed model whose
only random effect is a scalar one, it is known and can be simulated fast from a few eigenvalues (Crainiceanu
and Ruppert 2004, *J. R. Stat. Soc. B* 66:165-185); else responses are simulated from the smaller model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..design.design import Design, RandomTerm
from ..errors import ModelError
from ..fitted.generalized import GeneralizedFit
from ..fitted.linear import LinearFit
from ..fitted.mixed import MixedFit
from ..fitted.parts import refuse_parts
from ..formatting.noted_table import Table
from ..likelihood.fit_lmm import fit_lmm
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Flags
from ..numerics.r_names import answered
from ..numerics.workers import interrupted
from .likelihood_ratio import criterion_value
from .modcomp import exceeded, likelihood_ratio, null_distribution

__all__ = ["Reduction", "rand_test", "reductions"]


@answered
def rand_test(
    fit: MixedFit,
    method: Literal["auto", "exact", "bootstrap", "chisq"] = "auto",
    n_sim: int | None = None,
    seed: Any = None,
    *,
    n_jobs: int = 1,
    progress: bool | None = None,
) -> pd.DataFrame:
    """Test each random effect against the model without it.

    Parameters
    ----------
    fit : MixedFit
        By REML or by maximum likelihood; the test is in the same terms.
    method : {"auto", "exact", "bootstrap", "chisq"}
        ``"exact"`` simulates the statistic's own distribution, for a linear mixed model with one scalar
        random effect; ``"bootstrap"`` simulates responses; ``"auto"`` takes the first where it can.
        ``"chisq"`` only gives the conservative chi-square approximation.
    n_sim : int, optional
        Number of simulations: 10000 (exact) or 1000 (bootstrap) by default.
    seed : int, optional
        For the same result again.
    n_jobs : int
        Worker processes of the bootstrap, -1 for one per core.
    progress : bool, optional
        Show a progress bar for the bootstrap; by default only if it takes longer than two seconds.

    Returns
    -------
    DataFrame
        Index: the effects. In a term with several, each is tested by itself, the intercept only once it is
        alone. A structured term is also tested against simpler structures: without its correlation, and with
        one standard deviation for all effects.
        Columns ``npar loglik lrt df p_chisq p_value``: parameters and log-likelihood of the model
        without the effect, the statistic, how many parameters go, the conservative p-value from chi-square,
        and the simulated one.

    Raises
    ------
    ModelError
        For an unknown method, and for ``"exact"`` where it does not apply.

    Notes
    -----
    Rows and ``p_chisq`` as ``lmerTest::ranova``; ``"exact"`` as ``RLRsim::exactRLRT`` and ``exactLRT``.

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (1 | Subject)", lk.load_data("sleepstudy"))
    >>> rand_test(fit, seed=1)[["lrt", "df", "p_value"]].round(4)
                        lrt  df p_value
    (1 | Subject)  107.1986   1  <0.001
    Simulated from the exact null distribution, 10000 times.
    """
    refuse_parts(fit, "a test that a variance is zero is not made")
    if not arguments.fitted("fit", fit).design.terms:
        raise ModelError("this model has no random effects, so there is no variance to test")
    method = arguments.one_of("method", method, ("auto", "exact", "bootstrap", "chisq"))
    seed, n_jobs = arguments.seed(seed), arguments.workers(n_jobs)
    simple = fit.family is None and len(fit.design.terms) == 1 and fit.design.terms[0].Z.shape[1] == 1
    if method == "exact" and not simple:
        raise ModelError(
            "the exact test is for a linear mixed model with a single scalar random effect; use "
            "method='bootstrap'"
        )
    if method == "auto":
        method = "exact" if simple else "bootstrap"
    count = (10_000 if method == "exact" else 1000) if n_sim is None else arguments.whole("n_sim", n_sim)
    labels, rows, p_values = [], [], []
    notes: list[str] = []
    for number, reduction in enumerate(reductions(fit.design)):
        small = _fitted(fit, reduction.design)
        observed = likelihood_ratio(fit, small)
        df = fit.npar - small.npar
        value = -criterion_value(small, fit.is_reml) / 2
        labels.append(reduction.label)
        rows.append((small.npar, value, observed, df, float(stats.chi2.sf(observed, df))))
        if method == "exact":
            p_values.append(_exact(fit, observed, count, seed))
        elif method == "bootstrap":
            own = arguments.seed_sequence(seed).spawn(number + 1)[-1] if seed is not None else None
            reference, done = null_distribution(fit, small, count, own, n_jobs, progress)
            p_values.append(exceeded(observed, reference))
            notes += [f"{labels[-1]}: {note}" for note in interrupted(done, count)]
    table = Table(rows, index=labels, columns=["npar", "loglik", "lrt", "df", "p_chisq"])
    if method == "chisq":
        table.attrs["notes"] = ["p_chisq is conservative (too large), because a variance cannot be negative."]
        if any(" for " in label for label in labels):
            table.attrs["notes"].append(
                "Where one structure stands for another no variance is tested for zero, and p_chisq is the usual "
                "approximation."
            )
        return table
    table["p_value"] = p_values
    how = "the exact null distribution" if method == "exact" else "the model without the effect"
    table.attrs["notes"] = [f"Simulated from {how}, {count} times.", *notes]
    return table


@dataclass(frozen=True)
class Reduction:
    """A design without one random effect.

    Attributes
    ----------
    label : str
    design : Design
    change : str
        What changes in the formula, as `update` takes it: ``"- (Days | Subject) + (1 | Subject)"``.
    """

    label: str
    design: Design
    change: str


def reductions(design: Design) -> Iterator[Reduction]:
    """Leave out each random effect that may go: an intercept only once it stands alone."""
    for t, term in enumerate(design.terms):
        yield from _simpler(design, t)
        if term.structure.has_rho:  # its effects go together
            yield Reduction(term.bar.term, _with_terms(design, t, []), f"- {term.bar.term}")
            continue
        assign = np.array(term.model_matrix.assign)
        parts = [0] if set(assign) == {0} else sorted(set(assign) - {0})
        labels = [part.label for part in term.model_matrix.terms.terms]
        for part in parts:
            keep = assign != part
            alone = not keep.any()
            label = term.bar.term if alone else f"{labels[part - 1]} in {term.bar.term}"
            left = ["1" if 0 in assign else "0"] + [name for i, name in enumerate(labels, 1) if i != part]
            text = f"{' + '.join(left)} | {':'.join(term.bar.factors)}"
            instead = f" + {replace(term.bar, text=text).term}"
            change = f"- {term.bar.term}{'' if alone else instead}"
            yield Reduction(
                label, _with_terms(design, t, [] if alone else [_some_columns(term, keep)]), change
            )


def _simpler(design: Design, t: int) -> Iterator[Reduction]:
    """A structure with fewer parameters in place of a term's own."""
    term = design.terms[t]
    for structure in term.structure.simpler():
        bar = replace(term.bar, tag=structure.tag, homogeneous=structure.homogeneous)
        label = f"{bar.term} for {term.bar.term}"
        change = f"- {term.bar.term} + {bar.term}"
        yield Reduction(label, _with_terms(design, t, [replace(term, bar=bar)]), change)


def _with_terms(design: Design, t: int, instead: list[RandomTerm]) -> Design:
    terms = list(design.terms)
    terms[t : t + 1] = instead
    return replace(design, terms=terms)


def _some_columns(term: RandomTerm, keep: Flags) -> RandomTerm:
    names = [name for name, is_kept in zip(term.names, keep, strict=True) if is_kept]
    return replace(term, Z=term.Z[:, keep], names=names)


def _fitted(fit: MixedFit, design: Design) -> Any:
    """The model of a design with fewer random effects, or with none."""
    if not design.terms:
        if fit.family is None:
            return LinearFit(design, fit.call)
        return GeneralizedFit(design, fit.call)
    if fit.family is not None:
        return type(fit).of(design, fit.call)
    return type(fit)(fit_lmm(design, fit.is_reml), fit.call)


def _exact(fit: MixedFit, observed: float, n_sim: int, seed: Any) -> float:
    """Crainiceanu and Ruppert's distribution: the likelihood ratio as a function of chi-square variables."""
    design, rng = fit.design, np.random.default_rng(seed)
    term = design.terms[0]
    root = np.sqrt(design.row_weights)
    Q = np.linalg.qr(design.X * root[:, None])[0]
    z = term.Z[:, 0] * root
    q, p = len(term.levels), Q.shape[1]
    ZZ = np.bincount(term.codes, z**2, q)
    ZQ = np.array([np.bincount(term.codes, z * column, q) for column in Q.T]).reshape(p, q).T
    mu = np.maximum(np.linalg.eigvalsh(np.diag(ZZ) - ZQ @ ZQ.T), 0.0)
    mu = mu[mu > 1e-10 * mu.max()]
    penalty, nu = (mu, fit.nobs - p) if fit.is_reml else (ZZ, fit.nobs)
    ratios = np.append(0.0, np.geomspace(1e-5, 1e5, 400)) / mu.mean()
    shrink = 1 / (1 + np.outer(mu, ratios))
    log_det = np.log1p(np.outer(penalty, ratios)).sum(axis=0)
    largest = []
    for start in range(0, n_sim, 1000):
        size = min(1000, n_sim - start)
        w2 = rng.chisquare(1, (size, len(mu)))
        rest = rng.chisquare(fit.nobs - p - len(mu), size) if fit.nobs - p > len(mu) else np.zeros(size)
        below = w2 @ shrink + rest[:, None]
        total = w2.sum(axis=1) + rest
        largest.append((nu * np.log(total[:, None] / below) - log_det).max(axis=1))
    return exceeded(observed, np.concatenate(largest))
