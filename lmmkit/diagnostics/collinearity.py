"""How much predictors that go together widen the standard errors, and how many directions random effects have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from ..errors import ModelError
from ..fitted.parts import require_effects

if TYPE_CHECKING:
    from ..fitted.fit import Fit
    from ..fitted.mixed import MixedFit

__all__ = ["re_pca", "vif"]


def vif(fit: Fit) -> pd.DataFrame:
    """Generalised variance inflation factors: :meth:`~lmmkit.models.asked.AskedOfAny.vif`."""
    design = fit.design
    assign = np.array(design.assign)
    slopes = np.flatnonzero(assign > 0)
    terms = [i for i in range(1, len(design.term_labels) + 1) if (assign == i).any()]
    if len(terms) < 2:
        raise ModelError("a variance inflation factor compares terms; this model has fewer than two")
    cov = fit.cov_unscaled[np.ix_(slopes, slopes)]
    sd = np.sqrt(np.diag(cov))
    correlation, of = cov / np.outer(sd, sd), assign[slopes]
    rows = {}
    for term in terms:
        own = of == term
        inside, outside = (np.linalg.slogdet(correlation[np.ix_(one, one)])[1] for one in (own, ~own))
        gvif = float(np.exp(inside + outside - np.linalg.slogdet(correlation)[1]))
        rows[design.term_labels[term - 1]] = (gvif, int(own.sum()), gvif ** (1 / (2 * own.sum())))
    return pd.DataFrame.from_dict(rows, orient="index", columns=["gvif", "df", "per_df"])


def re_pca(fit: MixedFit) -> pd.DataFrame:
    """Principal components of the random effects: :meth:`~lmmkit.models.questions.MixedQuestions.re_pca`."""
    require_effects(fit, "to take apart")
    parts = []
    for group in dict.fromkeys(term.group for term in fit.design.terms):
        pairs = zip(fit.design.terms, fit.estimate.factors, strict=True)
        sd = np.linalg.svd(block_diag(*(T for term, T in pairs if term.group == group)), compute_uv=False)
        total = float((sd**2).sum())
        share = sd**2 / total if total > 0 else np.zeros_like(sd)
        own = {"group": group, "component": np.arange(1, len(sd) + 1), "sd": sd}
        parts.append(pd.DataFrame(own | {"proportion": share, "cumulative": share.cumsum()}))
    return pd.concat(parts, ignore_index=True)
