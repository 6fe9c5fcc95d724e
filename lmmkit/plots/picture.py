"""What all pictures of a fitted model have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..numerics.r_names import answered
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Picture:
    """One picture of a fitted model: call it to draw, ``describe()`` says in a sentence what it shows.

    Parameters
    ----------
    fit : fitted model
        Of :func:`lmmkit.lmer`, :func:`lmmkit.glmer`, :func:`lmmkit.lm` or :func:`lmmkit.glm`.
    """

    def __init__(self, fit: Any) -> None:
        self.fit = fit

    def __init_subclass__(cls) -> None:
        for name in ("__call__", "describe"):
            if method := vars(cls).get(name):
                setattr(cls, name, answered(method))

    def __repr__(self) -> str:
        summary = " ".join((type(self).__doc__ or "").partition("\n\n")[0].split())
        return f"{summary} Draw it with () behind its name."

    def describe(self) -> str:
        """What the picture shows, in a sentence.

        Returns
        -------
        str
            With the numbers of this model, so that it can also stand in place of the picture.
        """
        raise NotImplementedError


class AxesPicture(Picture):
    """A picture that needs one pair of axes and leaves nothing to choose."""

    def __call__(self, ax: Axes | None = None) -> Axes:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure otherwise.

        Returns
        -------
        matplotlib.axes.Axes
            What has been drawn, to change it or to save it: ``ax.figure.savefig("picture.png")``.
        """
        self._refuse()
        with style.look():
            ax = style.axes(ax)
            self._draw(ax)
        return ax

    def _refuse(self) -> None:
        """Raise a `ModelError` where there is nothing to draw, before a figure is made."""

    def _draw(self, ax: Axes) -> None:
        raise NotImplementedError
