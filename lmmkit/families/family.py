"""The base of all families: a response distribution with its link.

A new family is a subclass in a file of its own. It says what one row of weight 1 is, in ``_density``,
``_information``, ``_constant``, ``_saturated``, ``_deviance`` and, where it has a dispersion parameter,
``_nuisance``; and it gives ``variance``, ``simulate``, ``start_mean`` and ``check_response``.
"""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar, Literal, Self

import numpy as np

from ..errors import DataError, ModelError
from ..numerics import arguments
from ..numerics.arrays import Array, Flags
from .joint_density import JointDensity
from .links import Link
from .rows import RowLikelihood

#: Which second derivative of the log density stands in the determinant of the Laplace approximation.
Information = Literal["expected", "observed"]


class Family(RowLikelihood, JointDensity):
    """A response distribution with its link; make one of the classes in ``lk.families``.

    Parameters
    ----------
    link : str or Link, optional
        Name of the link, R's spelling; the family's own default otherwise.
    information : {"expected", "observed"}, optional
        Which second derivative of the log density stands in the determinant of the Laplace approximation.
        ``"observed"`` is the Laplace approximation of the textbooks (glmmTMB); ``"expected"`` replaces it by
        its mean, the IRLS weight (lme4). They agree for canonical links (logit, Poisson log, gamma inverse).
    dispersion : float, optional
        Value of the dispersion parameter, for families that have one; estimated when left out.

    Attributes
    ----------
    name : str
        R's name of the family, in lower case.
    link : Link
    information : str
    dispersion_name : str or None
        ``"phi"`` (gamma), ``"theta"`` (negative binomial), None where the mean fixes the variance.

    Raises
    ------
    ModelError
        For an unknown link, an unknown kind of information, or a dispersion that is not positive.

    Examples
    --------
    >>> from lmmkit.families import Binomial, Family
    >>> isinstance(Binomial(), Family)
    True
    """

    links: ClassVar[dict[str, type[Link]]]
    default_information: ClassVar[Information] = "expected"
    canonical: ClassVar[str] = ""
    dispersion_argument: ClassVar[str] = "dispersion"
    link: Any

    def __init__(
        self,
        link: str | Link | None = None,
        information: Information | None = None,
        dispersion: float | None = None,
    ) -> None:
        self.link = self._resolve_link(link)
        kind = self.default_information if information is None else information
        self.information: Information = arguments.one_of("information", kind, ("expected", "observed"))
        self._dispersion = _positive(dispersion, self.dispersion_argument)

    @classmethod
    def _resolve_link(cls, link: str | Link | None) -> Link:
        if not hasattr(cls, "links"):
            raise ModelError(
                "Family is what all families have in common; choose one of them, such as lk.families.Poisson()"
            )
        if link is None:
            return next(iter(cls.links.values()))()
        name = link.name if isinstance(link, Link) else link
        if not isinstance(name, str) or name not in cls.links:
            choice = ", ".join(cls.links)
            raise ModelError(
                f"the {cls.name} family has no link {arguments.shown(name)}; choose one of {choice}"
            )
        return cls.links[name]()

    def _arguments(self) -> dict[str, Any]:
        """What it takes to make this family again."""
        known = {} if self._dispersion is None else {self.dispersion_argument: self._dispersion}
        return {"link": self.link.name, **known, "information": self.information}

    def __repr__(self) -> str:
        given = self._arguments()
        if self.information == self.default_information:
            del given["information"]
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in given.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._arguments() == other._arguments()

    def __hash__(self) -> int:
        return hash((self.name, *self._arguments().values()))

    # --- what a results object asks for -------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Family and link as lme4 prints them, ``binomial  ( logit )``."""
        return f"{self.name}  ( {self.link.name} )"

    @property
    def effect_name(self) -> str | None:
        """What ``exp(coefficient)`` is called, or None when it has no name of its own."""
        return {"logit": "odds ratio", "log": "rate ratio", "cloglog": "hazard ratio"}.get(self.link.name)

    @property
    def sigma(self) -> float:
        """Scale of the response given its mean, 1.0 for families without one."""
        return 1.0

    @property
    def is_canonical(self) -> bool:
        """Whether observed and expected information agree."""
        return self.link.name == self.canonical

    def linkfun(self, mu: Array | float) -> Array:
        """Linear predictor for a mean.

        Parameters
        ----------
        mu : array of any shape, or float
            Means, in the units of the response (a probability for the binomial).

        Returns
        -------
        array of the same shape
            On the scale of the link; NaN or infinite where no linear predictor gives that mean.

        Examples
        --------
        >>> from lmmkit.families import Binomial
        >>> Binomial().linkfun(0.5)
        array(0.)
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.link.link(np.asarray(mu, dtype=float)))

    def linkinv(self, eta: Array | float) -> Array:
        """Mean for a linear predictor.

        Parameters
        ----------
        eta : array of any shape, or float
            Linear predictors, on the scale of the link.

        Returns
        -------
        array of the same shape
            Means, in the units of the response.

        Examples
        --------
        >>> from lmmkit.families import Poisson
        >>> Poisson().linkinv(0.0)
        array(1.)
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.link.inverse(np.asarray(eta, dtype=float)))

    def mu_eta(self, eta: Array | float) -> Array:
        """Derivative of the mean with respect to the linear predictor (R: ``mu.eta``).

        Parameters
        ----------
        eta : array of any shape, or float
            Linear predictors, on the scale of the link.

        Returns
        -------
        array of the same shape
            By how much the mean changes for each unit of ``eta``, at that ``eta``.

        Examples
        --------
        >>> from lmmkit.families import Binomial
        >>> Binomial().mu_eta(0.0)
        array(0.25)
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.link.mu_eta(np.asarray(eta, dtype=float)))

    def variance(self, mu: Array) -> Array:
        """Variance of the response as a function of its mean, without :attr:`sigma` squared.

        Parameters
        ----------
        mu : array of any shape
            Means, in the units of the response.

        Returns
        -------
        array of the same shape
            In squared units of the response.

        Examples
        --------
        >>> from lmmkit.families import Binomial
        >>> float(Binomial().variance(0.5))
        0.25
        """
        raise NotImplementedError

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        """Draw one response per row.

        Parameters
        ----------
        mu : array of shape (n,)
            Conditional means.
        weights : array of shape (n,) or None
            Prior weights; a binomial response is a proportion of that many trials.
        rng : numpy.random.Generator
            Where the random numbers come from; the same seed gives the same responses.

        Returns
        -------
        array of shape (n,)
            New responses.

        Raises
        ------
        ModelError
            For binomial weights that are not whole trials.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> len(Poisson().simulate(np.array([2.0, 5.0]), None, np.random.default_rng(1)))
        2
        """
        raise NotImplementedError

    # --- what the fitter asks for --------------------------------------------------------------------------

    @property
    def dispersion(self) -> float | None:
        """Value of the dispersion parameter, None when there is none or it is to be estimated."""
        return self._dispersion

    @property
    def estimates_dispersion(self) -> bool:
        """Whether a fit has to find the dispersion parameter."""
        return self.dispersion_name is not None and self._dispersion is None

    def with_dispersion(self, value: float) -> Self:
        """The same family at a given dispersion.

        Parameters
        ----------
        value : float
            The dispersion parameter, above zero.

        Returns
        -------
        Family
            A new one; the family that is asked stays as it is.

        Raises
        ------
        ModelError
            For a family without a dispersion parameter, or a value that is not positive.

        Examples
        --------
        >>> from lmmkit.families import NegativeBinomial
        >>> NegativeBinomial().with_dispersion(2.0)
        NegativeBinomial(theta=2.0, link='log')
        """
        if self.dispersion_name is None:
            raise self._has_no_dispersion()
        other = copy(self)
        other._dispersion = _positive(value, self.dispersion_argument)
        return other

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        """A mean near each response, inside the range of the link.

        Parameters
        ----------
        y : array of shape (n,)
            Responses.
        weights : array of shape (n,), optional
            Prior weights.

        Returns
        -------
        array of shape (n,)
            Where the search can start.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Binomial
        >>> Binomial().start_mean(np.array([0.0, 1.0]))
        array([0.25, 0.75])
        """
        raise NotImplementedError

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        """Refuse a response that this family cannot have produced.

        Parameters
        ----------
        y : array of shape (n,)
            Responses.
        weights : array of shape (n,) or None
            Prior weights.
        name : str
            The response as written in the formula, for the message.

        Raises
        ------
        DataError
            In one sentence, with the first offending row.

        Examples
        --------
        >>> import numpy as np
        >>> from lmmkit.families import Poisson
        >>> Poisson().check_response(np.array([0.0, 2.5]), None, "count")
        Traceback (most recent call last):
            ...
        lmmkit.errors.DataError: a poisson response must be whole counts, but 'count' has 2.5 in row 2; for ...
        """
        raise NotImplementedError

    @property
    def _known(self) -> float:
        """The dispersion parameter to compute with: 1 while it is to be estimated."""
        return 1.0 if self._dispersion is None else self._dispersion


def first_offender(bad: Flags, y: Array) -> str:
    """Where a check fails first, for a message (rows counted from 1)."""
    row = int(np.argmax(bad))
    return f"{y[row]:g} in row {row + 1}"


def refuse_constant(y: Array, weights: Array | None, name: str, meaning: dict[float, str], why: str) -> None:
    """Refuse a response that is the same, and extreme, in every row that counts."""
    used = y if weights is None else y[weights > 0]
    if len(used) and used.min() == used.max() and used[0] in meaning:
        raise DataError(f"every value of '{name}' is {meaning[used[0]]}, so {why}; check the column")


def _positive(value: float | None, what: str) -> float | None:
    if value is None:
        return None
    return arguments.number(what, value, 0.0, wanted="a positive number")
