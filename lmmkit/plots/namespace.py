"""The pictures of a fitted model, as ``fit.plot``.

Drawn by matplotlib and statsmodels' lowess, which are loaded when a picture is drawn. Colours are Okabe and
Ito's, with a marker or line style as a second cue. ``fit.plot.residuals()`` draws,
``fit.plot.residuals.describe()`` says in a sentence what is to be seen.
"""

from __future__ import annotations

from typing import Any

from .effects import Pooling, ProfilePlot, Ranef
from .predictions import FitPlot
from .residuals import QQ, Diagnostics, Leverage, RanefQQ, Residuals, ScaleLocation

__all__ = ["LinearPlots", "Plots"]


class _Plots:
    """The pictures that every model has."""

    def __init__(self, fit: Any) -> None:
        self._fit = fit

    @property
    def fit(self) -> FitPlot:
        """The data and the fitted model against a predictor."""
        return FitPlot(self._fit)

    @property
    def residuals(self) -> Residuals:
        """Residuals against fitted values, with a smoother."""
        return Residuals(self._fit)

    @property
    def qq(self) -> QQ:
        """Normal quantiles of the residuals, with a band."""
        return QQ(self._fit)

    @property
    def scale_location(self) -> ScaleLocation:
        """Size of the residuals against fitted values."""
        return ScaleLocation(self._fit)

    @property
    def diagnostics(self) -> Diagnostics:
        """Four pictures at a glance, with plain-language warnings beside them."""
        return Diagnostics(self._fit)

    def __repr__(self) -> str:
        names = [name for kind in type(self).__mro__[-2::-1] for name, value in vars(kind).items()
                 if isinstance(value, property)]  # fmt: skip
        return f"Pictures of this model: {', '.join(f'{name}()' for name in names)}"


class LinearPlots(_Plots):
    """All pictures of one model without random effects.

    Parameters
    ----------
    fit : LinearModel or GeneralizedLinearModel

    Examples
    --------
    >>> import lmmkit as lk
    >>> LinearPlots(lk.lm("Weight ~ Dose", lk.load_data("mouse")))
    Pictures of this model: fit(), residuals(), qq(), scale_location(), diagnostics(), leverage()
    """

    @property
    def leverage(self) -> Leverage:
        """Standardised residuals against leverage."""
        return Leverage(self._fit)


class Plots(_Plots):
    """All pictures of one mixed model.

    Parameters
    ----------
    fit : MixedFit

    Examples
    --------
    >>> import lmmkit as lk
    >>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    >>> fit.plot.residuals.describe()[:48]
    'Residuals of Reaction against its fitted values:'
    >>> ax = fit.plot.residuals()
    >>> ax.get_xlabel()
    'Fitted Reaction'
    """

    @property
    def ranef_qq(self) -> RanefQQ:
        """Normal quantiles of the random effects, with a band."""
        return RanefQQ(self._fit)

    @property
    def ranef(self) -> Ranef:
        """Random effects with intervals."""
        return Ranef(self._fit)

    @property
    def pooling(self) -> Pooling:
        """How far each level's own estimate is drawn towards the mean."""
        return Pooling(self._fit)

    @property
    def profile(self) -> ProfilePlot:
        """Likelihood profiles of the parameters."""
        return ProfilePlot(self._fit)
