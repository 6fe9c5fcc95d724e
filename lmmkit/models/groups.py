"""What a user asks a mixed model about its groups: their effects, and their own coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from ..fitted.mixed import MixedFit
from ..numerics.r_names import answered

if TYPE_CHECKING:
    import pandas as pd

    from ..fitted.parts import Component

__all__ = ["AskedOfGroups"]


@answered
class AskedOfGroups(MixedFit):
    """The members about the levels of grouping factors; a base of `MixedModel`."""

    def _part(self, component: Component) -> Self:
        """The part that is asked for, as a fit of its own."""
        from ..fitted.parts import one_part

        part: Self = one_part(self, component)
        return part

    def ranef(self, *, component: Component = "conditional") -> dict[str, pd.DataFrame]:
        """Conditional means (conditional modes, "BLUPs") of the random effects.

        Parameters
        ----------
        component : {"conditional", "zero_inflation"}
            The part of a model with several.

        Returns
        -------
        dict
            Grouping factor -> DataFrame, levels × effects; terms on one factor stand side by side, as in
            lme4.

        Raises
        ------
        ModelError
            When the model has no such part.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.ranef()["Subject"].loc["308"].round(3).to_dict()
        {'(Intercept)': 2.259, 'Days': 9.199}
        """
        return MixedFit.ranef(self._part(component))

    def ranef_sd(self, *, component: Component = "conditional") -> dict[str, pd.DataFrame]:
        """Conditional standard deviations of the random effects, given theta and the fixed effects.

        Parameters
        ----------
        component : {"conditional", "zero_inflation"}
            The part of a model with several.

        Returns
        -------
        dict
            Shaped as :meth:`ranef`, in the units of the effects.

        Raises
        ------
        ModelError
            When the model has no such part.

        Notes
        -----
        Roots of the diagonals of lme4's ``attr(ranef(fit), "postVar")``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.ranef_sd()["Subject"].loc["308"].round(3).to_dict()
        {'(Intercept)': 12.071, 'Days': 2.305}
        """
        return MixedFit.ranef_sd(self._part(component))

    def coef(self, *, component: Component = "conditional") -> dict[str, pd.DataFrame]:
        """Each level's own coefficients: fixed effect plus random effect.

        Parameters
        ----------
        component : {"conditional", "zero_inflation"}
            The part of a model with several.

        Returns
        -------
        dict
            Grouping factor -> DataFrame, levels × coefficients. An effect that varies between levels but
            has no fixed effect counts as varying around zero and stands first.

        Raises
        ------
        ModelError
            When the model has no such part.

        Notes
        -----
        As lme4's ``coef``.

        Examples
        --------
        >>> import lmmkit as lk
        >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
        >>> fit.coef()["Subject"].loc["308"].round(3).to_dict()
        {'(Intercept)': 253.664, 'Days': 19.666}
        """
        return MixedFit.coef(self._part(component))
