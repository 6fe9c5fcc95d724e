"""The pictures of a fitted model, as ``fit.plot``.

``fit.plot.residuals()`` draws, ``fit.plot.residuals.describe()`` says in a sentence what is to be seen, and
``fit.plot.residuals?`` tells about the picture. matplotlib and statsmodels' lowess are loaded when a picture is
drawn.
"""

from __future__ import annotations

from typing import Any, NoReturn

from ..errors import ModelError
from .effects import Pooling, ProfilePlot, Ranef
from .predictions import FitPlot
from .residuals import QQ, Diagnostics, Leverage, RanefQQ, Residuals, ScaleLocation

__all__ = ["LinearPlots", "Plots"]


class _Plots:
    """The pictures that every model has, as attributes: a property would hide their docstrings from ``?``."""

    def __init__(self, fit: Any) -> None:
        self.fit = FitPlot(fit)
        self.residuals = Residuals(fit)
        self.qq = QQ(fit)
        self.scale_location = ScaleLocation(fit)
        self.diagnostics = Diagnostics(fit)

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise ModelError(f"choose a picture: {', '.join(f'.plot.{name}()' for name in vars(self))}")

    def __dir__(self) -> list[str]:
        return list(vars(self))

    def __repr__(self) -> str:
        return f"Pictures of this model: {', '.join(f'{name}()' for name in vars(self))}"


class LinearPlots(_Plots):
    """All pictures of one model without random effects.

    Parameters
    ----------
    fit : LinearModel or GeneralizedLinearModel
        Whose pictures are drawn.

    Attributes
    ----------
    fit, residuals, qq, scale_location, diagnostics, leverage
        Call one to draw it; ``describe()`` says in a sentence what it shows.

    Examples
    --------
    >>> import lmmkit as lk
    >>> lk.lm("Weight ~ Dose", lk.load_data("mouse")).plot
    Pictures of this model: fit(), residuals(), qq(), scale_location(), diagnostics(), leverage()
    """

    def __init__(self, fit: Any) -> None:
        super().__init__(fit)
        self.leverage = Leverage(fit)


class Plots(_Plots):
    """All pictures of one mixed model.

    Parameters
    ----------
    fit : MixedFit
        Whose pictures are drawn.

    Attributes
    ----------
    fit, residuals, qq, scale_location, diagnostics, ranef_qq, ranef, pooling, profile
        Call one to draw it; ``describe()`` says in a sentence what it shows.

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

    def __init__(self, fit: Any) -> None:
        super().__init__(fit)
        self.ranef_qq = RanefQQ(fit)
        self.ranef = Ranef(fit)
        self.pooling = Pooling(fit)
        self.profile = ProfilePlot(fit)
