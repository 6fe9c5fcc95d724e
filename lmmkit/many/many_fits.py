"""What `fit_many` hands back: tables with a row for each response, and each response's own model."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..design.names import free_name
from ..errors import DataError, ModelError
from ..families.family import Family
from ..formatting.noted_table import Table
from ..inference.contest import contrast_rows
from ..numerics import arguments
from ..numerics import distributions as stats
from ..numerics.arrays import Array
from ..numerics.r_names import answered
from .moderation import Squeezed
from .partition_table import VariancePartition, status_notes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..models.mixed import MixedModel

__all__ = ["ManyFits"]


@answered
@dataclass(frozen=True)
class ManyFits:
    """One model fitted to many responses. All tables have a row for each response, in the order given.

    Attributes
    ----------
    formula : str
        The one-sided formula that all share.
    fixef, se : DataFrame
        Fixed effects and their standard errors; NaN where a response lacks the data for a column.
    df : DataFrame
        Satterthwaite's degrees of freedom; NaN with ``ddf="none"``, and where no residual variance is left or it
        cannot be told from that of a random effect. Infinite for a generalised model, whose
        tests are z tests.
    ran_pars : DataFrame
        Standard deviations and correlations under lme4's names: ``sd_(Intercept)|Individual``, ``sigma``.
    status : DataFrame
        ``n_obs``, ``objective`` (REML criterion or -2 log-likelihood), ``sigma``, the dispersion where the family
        has one (``theta`` of a negative binomial), and the flags ``singular converged failed`` with a
        ``message``. Nothing is dropped: a response that cannot be fitted has NaN everywhere else.
    reml : bool
    family : Family or None
        None for linear models.

    Examples
    --------
    >>> import lmmkit as lk
    >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
    >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
    >>> fits
    3 linear mixed models fit by REML: ~ Height + (1 | Individual) + (1 | Tissue)
    """

    formula: str
    fixef: pd.DataFrame
    se: pd.DataFrame
    df: pd.DataFrame
    ran_pars: pd.DataFrame
    status: pd.DataFrame
    reml: bool
    family: Family | None
    _shares: Callable[[], pd.DataFrame] = field(repr=False)
    _contrasts: Callable[[pd.DataFrame], dict[str, pd.DataFrame]] = field(repr=False)
    _df_sigma: pd.Series = field(repr=False)
    _values: Array = field(repr=False)
    _data: pd.DataFrame = field(repr=False)
    _weights: Any = field(repr=False)

    @cached_property
    def fractions(self) -> VariancePartition:
        """Variance fractions, as :func:`lmmkit.variance_partition` gives them.

        Returns
        -------
        VariancePartition
            A row for each response, a column for each term, ``Residuals`` last. For counts and amounts the model
            without predictors is fitted to each response when they are first asked for.

        Raises
        ------
        ModelError
            For a link whose distribution has no variance.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.fractions.round(2).loc["gene2"].to_dict()
        {'Individual': 0.15, 'Tissue': 0.27, 'Height': 0.45, 'Residuals': 0.14}
        """
        return VariancePartition(self._shares(), status=self.status)

    def __len__(self) -> int:
        return len(self.status)

    def tests(
        self, contrast: str | Mapping[str, float] | Sequence[float], moderated: bool = False
    ) -> pd.DataFrame:
        """Test a coefficient, or a contrast of coefficients, in every response by a t test.

        Parameters
        ----------
        contrast : str, dict or sequence of float
            A column of :attr:`fixef`; or the factors by which coefficients are multiplied before they are added,
            ``{"treatmentB": 1, "treatmentA": -1}``, those not named counting 0. All is fitted again for it.
        moderated : bool
            Empirical Bayes: the residual variance of each response is drawn towards what is usual among them.

        Returns
        -------
        DataFrame
            ``estimate std_error df statistic p_value``, and ``adj_p_value``: the p-values adjusted for
            the number of responses (Benjamini and Hochberg's false discovery rate). If moderated, ``.notes`` tell
            the usual variance and how many degrees of freedom it is worth.

        Raises
        ------
        ModelError
            For an unknown coefficient, when the degrees of freedom were not asked for, or when there is no
            residual variance to moderate (counts) or too few responses to tell the usual one.

        Notes
        -----
        As ``topTable(dream(...))`` of variancePartition; rows as ``coef(summary(fit))`` of lmerTest. Moderated as
        ``limma::eBayes`` (Smyth 2004, *Statistical Applications in Genetics and Molecular Biology* 3:3): with
        prior variance ``s0`` worth ``d0`` degrees of freedom, the variance becomes
        ``(d0 s0 + d s) / (d0 + d)`` and the test has d0 degrees of freedom more. Here d is Satterthwaite's number
        for the residual variance itself; without random effects it would be n - p. Benjamini and Hochberg (1995),
        *Journal of the Royal Statistical Society B* 57:289-300.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:20], "~ 0 + Tissue + Height + (1 | Individual)", samples)
        >>> fits.tests("Height")["std_error"].head(3).round(4).to_dict()
        {'gene1': 0.0249, 'gene2': 0.0127, 'gene3': 0.0155}
        >>> fits.tests({"TissueB": 1, "TissueA": -1}, moderated=True).reset_index().head(2).round(3)
            gene  estimate  std_error      df  statistic p_value adj_p_value
        0  gene1    -0.144      0.147  75.429     -0.978   0.331       0.390
        1  gene2    -2.423      0.219  76.788    -11.085  <0.001      <0.001
        Residual variances are drawn towards 0.3826, which is worth 2.26 degrees of freedom.
        """
        estimate, std_error, df = self._of(contrast)
        table = Table({"estimate": estimate, "std_error": std_error, "df": df})
        if table["df"].isna().all() and self.status["converged"].any():
            raise ModelError("these fits were made with ddf='none'; fit again with ddf='satterthwaite'")
        from scipy.stats import false_discovery_control

        notes: list[str] = []
        if arguments.flag("moderated", moderated):
            if self.family is not None:
                raise ModelError("these models have no residual variance that could be moderated")
            df_sigma = self._df_sigma.to_numpy()
            variances = np.where(np.isnan(df_sigma), np.nan, self.status["sigma"].to_numpy() ** 2)
            squeezed = Squeezed.of(variances, df_sigma)
            table["std_error"] *= np.sqrt(squeezed.variances) / self.status["sigma"]
            table["df"] = squeezed.total_df(table["df"].to_numpy())
            notes = [squeezed.in_words()]
        table["statistic"] = table["estimate"] / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(table["statistic"].abs(), table["df"])
        known = table["p_value"].notna()
        table["adj_p_value"] = np.nan
        if known.any():
            table.loc[known, "adj_p_value"] = false_discovery_control(table.loc[known, "p_value"])
        return Table(table, notes=notes)

    def _of(self, contrast: Any) -> tuple[pd.Series, pd.Series, pd.Series]:
        """Estimates, standard errors and degrees of freedom of a coefficient or a contrast."""
        names = [str(name) for name in self.fixef]
        if isinstance(contrast, str):
            if contrast not in names:
                raise ModelError(
                    f"there is no coefficient {arguments.shown(contrast)} in this model; it has {', '.join(names)}"
                )
            return self.fixef[contrast], self.se[contrast], self.df[contrast]
        rows, _ = contrast_rows(names, contrast)
        if len(rows) != 1:
            raise ModelError(f"tests takes one contrast at a time, not {len(rows)}")
        found = self._contrasts(pd.DataFrame(rows, index=["contrast"], columns=names))
        return found["fixef"]["contrast"], found["se"]["contrast"], found["df"]["contrast"]

    def coef_table(self) -> pd.DataFrame:
        """All coefficients of all responses, a row each.

        Returns
        -------
        DataFrame
            Index: response and term. Columns ``estimate std_error df statistic p_value``, not adjusted for
            the number of responses.

        Notes
        -----
        Rows as ``coef(summary(fit))`` of lmerTest.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.coef_table().loc[("gene2", "Height"), ["estimate", "std_error", "df"]].round(3).tolist()
        [-0.101, 0.013, 23.161]
        """
        columns = {"estimate": self.fixef, "std_error": self.se, "df": self.df}
        terms = list(self.fixef.columns)
        table = Table(
            {name: frame.to_numpy().ravel() for name, frame in columns.items()},
            index=pd.MultiIndex.from_product([self.fixef.index, terms], names=["response", "term"]),
        )
        table["statistic"] = table["estimate"] / table["std_error"]
        table["p_value"] = 2 * stats.t.sf(table["statistic"].abs(), table["df"])
        return table

    def response(self, name: Hashable) -> pd.Series:
        """The values of one response, in the order of the rows of the data.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.

        Returns
        -------
        Series
            One value for each sample, under the index of the data.

        Raises
        ------
        DataError
            When there is no such response, or several.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.response("gene2").head(2).round(2).tolist()
        [9.3, 6.31]
        """
        if not isinstance(name, Hashable) or name not in self.status.index:
            raise DataError(f"there is no response {arguments.shown(name)} among the {len(self)} fitted")
        where = self.status.index.get_loc(name)
        if not isinstance(where, int):
            raise DataError(f"several responses are called {name!r}; give them different names")
        return pd.Series(self._values[where], index=self._data.index, name=name)

    def fit(self, name: Hashable) -> MixedModel:
        """The full model of one response, as :func:`lmmkit.lmer` gives it.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.

        Returns
        -------
        MixedModel
            Fitted anew to this response, for pictures, intervals and diagnostics; by :func:`lmmkit.glmer` where
            there is a family.

        Raises
        ------
        DataError
            When there is no such response, or several.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.fit("gene2").ngroups.to_dict()
        {'Individual': 25, 'Tissue': 3}
        """
        from ..models.lmer import glmer, lmer

        column = free_name(str(name) if str(name).isidentifier() else "response", self._data.columns, "_")
        data = self._data.assign(**{column: self.response(name)})
        text = f"{column} {self.formula.strip()}"
        weights = self._weights_of(name)
        if self.family is not None:
            return glmer(text, data, self.family, weights=weights)
        return lmer(text, data, reml=self.reml, weights=weights)

    def _weights_of(self, name: Hashable) -> Any:
        """The weights of one response."""
        if not isinstance(self._weights, np.ndarray) or self._weights.ndim == 1:
            return self._weights
        return self._weights[self.status.index.get_loc(name)]

    def stratified(self, name: Hashable, by: str, ax: Axes | None = None) -> Axes:
        """Draw one response in each level of a factor: boxes with the observations over them.

        Parameters
        ----------
        name : str or other label
            Of the response, as in the index of the tables.
        by : str
            A column of the data.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            In the units of the response.

        Raises
        ------
        DataError
            When there is no such response or column.

        Notes
        -----
        As ``plotStratify`` of variancePartition.

        Examples
        --------
        >>> import lmmkit as lk
        >>> genes, samples = lk.load_data("genexpr"), lk.load_data("genexpr_info")
        >>> fits = lk.fit_many(genes[:3], "~ Height + (1 | Individual) + (1 | Tissue)", samples)
        >>> fits.stratified("gene2", "Tissue").get_ylabel()
        'gene2'
        """
        from ..plots.variance_fractions import stratified

        if not isinstance(by, str) or by not in self._data.columns:
            raise DataError(
                f"column {arguments.shown(by)} is not in the data; it has {', '.join(map(str, self._data))}"
            )
        return stratified(self.response(name), self._data[by], ax)

    def __repr__(self) -> str:
        if self.family is not None:
            kind, how = f"generalised linear mixed models, {self.family.label},", "the Laplace approximation"
        else:
            kind, how = "linear mixed models", "REML" if self.reml else "maximum likelihood"
        first = f"{len(self)} {kind} fit by {how}: {self.formula}"
        return "\n".join([first, *status_notes(self.status)])
