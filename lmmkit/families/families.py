"""Distributions and links: how a linear predictor becomes a probability, a count or a waiting time.

A family gives the log density of one row as a function of its linear predictor ``eta``, with three
derivatives: the first two find the conditional modes, the third enters the gradient of the Laplace objective.

Prior weights multiply the log density of their row; for a binomial proportion the weight is the number of
trials.
"""

from __future__ import annotations

import difflib
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy.special import digamma, gammaln, xlog1py, xlogy

from ..errors import DataError, ModelError
from ..numerics.arrays import Array, Flags
from .links import Cauchit, Cloglog, Derivatives, Identity, Inverse, Link, Log, Logit, Probit, Sqrt, logistic

__all__ = ["Binomial", "Family", "Gamma", "NegativeBinomial", "Poisson"]


class Nuisance(NamedTuple):
    """Derivatives with respect to the logarithm of the dispersion parameter, one value per row.

    Attributes
    ----------
    density : array of shape (n,)
        Of the log density.
    score : array of shape (n,)
        Of its first derivative in ``eta``.
    weight : array of shape (n,)
        Of the information used as weight (see :attr:`Family.information`).
    """

    density: Array
    score: Array
    weight: Array


class Family:
    """A response distribution with its link; make one of :class:`Binomial`, :class:`Poisson`, :class:`Gamma`,
    :class:`NegativeBinomial`.

    Parameters
    ----------
    link : str or Link, optional
        Name of the link, R's spelling; the family's own default otherwise.
    information : {"expected", "observed"}, optional
        Which second derivative of the log density stands in the determinant of the Laplace approximation.
        ``"observed"`` is the Laplace approximation of the textbooks (glmmTMB); ``"expected"`` replaces it by
        its mean, the IRLS weight (lme4). They agree for canonical links (logit, Poisson log, gamma inverse).

    Attributes
    ----------
    name : str
        R's name of the family, in lower case.
    link : Link
    dispersion_name : str or None
        ``"phi"`` (gamma), ``"theta"`` (negative binomial), None where the mean fixes the variance.
    """

    name: ClassVar[str]
    links: ClassVar[dict[str, type[Link]]]
    default_information: ClassVar[str] = "expected"
    canonical: ClassVar[str] = ""
    dispersion_name: ClassVar[str | None] = None
    link: Any

    def __init__(self, link: str | Link | None = None, information: str | None = None) -> None:
        self.link = self._resolve_link(link)
        self.information = self.default_information if information is None else information
        if self.information not in ("expected", "observed"):
            raise ModelError(f"information must be 'expected' or 'observed', not {information!r}")

    @classmethod
    def _resolve_link(cls, link: str | Link | None) -> Link:
        if link is None:
            return next(iter(cls.links.values()))()
        name = link.name if isinstance(link, Link) else link
        if name not in cls.links:
            choice = ", ".join(cls.links)
            raise ModelError(f"the {cls.name} family has no link {name!r}; choose one of {choice}")
        return cls.links[name]()

    def _arguments(self) -> dict[str, Any]:
        """What it takes to make this family again."""
        return {"link": self.link.name, "information": self.information}

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
        return f"{'Gamma' if self.name == 'gamma' else self.name}  ( {self.link.name} )"

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

    def linkfun(self, mu: Array) -> Array:
        """Linear predictor for a mean."""
        with np.errstate(all="ignore"):
            return np.asarray(self.link.link(np.asarray(mu, dtype=float)))

    def linkinv(self, eta: Array) -> Array:
        """Mean for a linear predictor."""
        with np.errstate(all="ignore"):
            return np.asarray(self.link.inverse(np.asarray(eta, dtype=float)))

    def mu_eta(self, eta: Array) -> Array:
        """Derivative of the mean with respect to the linear predictor."""
        with np.errstate(all="ignore"):
            return np.asarray(self.link.mu_eta(np.asarray(eta, dtype=float)))

    def variance(self, mu: Array) -> Array:
        """Variance of the response as a function of its mean, without :attr:`sigma` squared."""
        raise NotImplementedError

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        """Each row's share of the deviance, twice the drop in log density from ``mu = y`` to ``mu``."""
        raise NotImplementedError

    def deviance_residuals(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        """Signed square roots of :meth:`deviance_parts`.

        Examples
        --------
        >>> Poisson().deviance_residuals(np.array([0.0, 2.0]), np.array([0.5, 2.0]))
        array([-1.,  0.])
        """
        return np.sign(y - mu) * np.sqrt(np.maximum(self.deviance_parts(y, mu, weights), 0.0))

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        """Draw one response per row.

        Parameters
        ----------
        mu : array of shape (n,)
            Conditional means.
        weights : array of shape (n,) or None
            Prior weights; a binomial response is a proportion of that many trials.
        rng : numpy.random.Generator
        """
        raise NotImplementedError

    # --- what the fitter asks for --------------------------------------------------------------------------

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        """Log density of each row without :meth:`constant`, and three derivatives in ``eta``, all weighted.

        Points outside the domain of the link have ``-inf`` or NaN; that is for the caller to judge.
        """
        raise NotImplementedError

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        """Expected information of each row about its ``eta``, and its derivative there, both weighted."""
        raise NotImplementedError

    def constant(self, y: Array, weights: Array | None = None) -> float:
        """The part of the log-likelihood that does not depend on ``eta``."""
        raise NotImplementedError

    def saturated(self, y: Array, weights: Array | None = None) -> float:
        """Log-likelihood at ``mu = y``."""
        raise NotImplementedError

    def nuisance(self, y: Array, eta: Array, weights: Array | None = None) -> Nuisance:
        """Derivatives with respect to the log dispersion; families that have one say which."""
        raise ModelError(f"the {self.name} family has no dispersion parameter")

    @property
    def dispersion(self) -> float | None:
        """Value of the dispersion parameter, None when there is none or it is to be estimated."""
        return None

    @property
    def estimates_dispersion(self) -> bool:
        """Whether a fit has to find the dispersion parameter."""
        return False

    def with_dispersion(self, value: float) -> Self:
        """The same family at a given dispersion."""
        raise ModelError(f"the {self.name} family has no dispersion parameter")

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        """A mean near each response, inside the range of the link."""
        raise NotImplementedError

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        """Refuse a response that this family cannot have produced.

        Parameters
        ----------
        y : array of shape (n,)
        weights : array of shape (n,) or None
        name : str
            The response as written in the formula, for the message.

        Raises
        ------
        DataError
            In one sentence, with the first offending row.
        """
        raise NotImplementedError


def _scaled(derivatives: tuple[Array, ...], weights: Array | None) -> Any:
    return derivatives if weights is None else tuple(part * weights for part in derivatives)


def _first(bad: Flags, y: Array) -> str:
    """Where a check fails first, for a message (rows counted from 1)."""
    row = int(np.argmax(bad))
    return f"{y[row]:g} in row {row + 1}"


def _refuse_constant(y: Array, weights: Array | None, name: str, meaning: dict[float, str], why: str) -> None:
    """Refuse a response that is the same, and extreme, in every row that counts."""
    used = y if weights is None else y[weights > 0]
    if len(used) and used.min() == used.max() and used[0] in meaning:
        raise DataError(f"every value of '{name}' is {meaning[used[0]]}, so {why}; check the column")


class Binomial(Family):
    """Yes or no, or a number of hits in a known number of trials.

    Parameters
    ----------
    link : {"logit", "probit", "cloglog", "cauchit"}
        How the probability depends on the linear predictor.
    information : {"expected", "observed"}
        See :class:`Family`; the default gives lme4's numbers.

    Raises
    ------
    ModelError
        For an unknown link.

    Notes
    -----
    The response is 0/1, or a proportion whose weight is its number of trials. Agrees with R's ``binomial()``.

    Examples
    --------
    >>> Binomial(link="probit")
    Binomial(link='probit')
    >>> Binomial().linkinv(0.0)
    array(0.5)
    """

    name = "binomial"
    canonical = "logit"
    links: ClassVar[dict[str, type[Link]]] = {
        "logit": Logit, "probit": Probit, "cloglog": Cloglog, "cauchit": Cauchit,
    }  # fmt: skip

    def variance(self, mu: Array) -> Array:
        return mu * (1 - mu)

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        with np.errstate(all="ignore"):
            parts = 2 * (xlogy(y, y) - xlogy(y, mu) + xlogy(1 - y, 1 - y) - xlog1py(1 - y, -mu))
        return np.asarray(parts if weights is None else weights * parts)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        if weights is None:
            return (rng.random(np.shape(mu)) < mu).astype(float)
        trials = np.round(weights)
        if np.abs(trials - weights).max(initial=0.0) > 1e-3:
            raise ModelError("a binomial response can only be simulated when its weights are whole trials")
        return np.where(trials > 0, rng.binomial(trials.astype(int), mu) / np.maximum(trials, 1), 0.0)

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        return _scaled(self.link.bernoulli(y, eta), weights)

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        return _scaled(self.link.information(eta), weights)

    def constant(self, y: Array, weights: Array | None = None) -> float:
        if weights is None:
            return 0.0
        hits = weights * y
        return float((gammaln(weights + 1) - gammaln(hits + 1) - gammaln(weights - hits + 1)).sum())

    def saturated(self, y: Array, weights: Array | None = None) -> float:
        parts = xlogy(y, y) + xlogy(1 - y, 1 - y)
        return float((parts if weights is None else weights * parts).sum()) + self.constant(y, weights)

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        trials = 1.0 if weights is None else weights
        return np.asarray((trials * y + 0.5) / (trials + 1.0))

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        outside = ~((y >= 0) & (y <= 1))
        if outside.any():
            raise DataError(
                f"a binomial response must lie between 0 and 1, but '{name}' has {_first(outside, y)}; "
                "give 0/1, a two-level factor, cbind(hits, misses), or a proportion with weights= the trials"
            )
        hits = y if weights is None else y * weights
        part = (np.abs(hits - np.round(hits)) > 1e-3) & (y > 0) & (y < 1)
        if part.any() and weights is None:
            raise DataError(
                f"'{name}' is a proportion ({_first(part, y)}), and how much it tells depends on its number "
                "of trials; give weights= the column of trials, or write cbind(hits, misses)"
            )
        if part.any():
            row = int(np.argmax(part))
            raise DataError(
                f"'{name}' times its weight must be a whole number of hits, but row {row + 1} has "
                f"{y[row]:g} of {weights[row]:g} trials; check that weights= is the column of trials"  # type: ignore[index]
            )
        meaning = {0.0: "a failure (0)", 1.0: "a success (1)"}
        _refuse_constant(y, weights, name, meaning, "there is nothing to explain")


class Poisson(Family):
    """Counts whose variance equals their mean.

    Parameters
    ----------
    link : {"log", "sqrt", "identity"}
        How the mean depends on the linear predictor.
    information : {"expected", "observed"}
        See :class:`Family`; the default gives lme4's numbers.

    Raises
    ------
    ModelError
        For an unknown link.

    Notes
    -----
    Agrees with R's ``poisson()``.

    Examples
    --------
    >>> Poisson().derivatives(np.array([3.0]), np.array([0.0]))[1]
    array([2.])
    """

    name = "poisson"
    canonical = "log"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log, "sqrt": Sqrt, "identity": Identity}

    def variance(self, mu: Array) -> Array:
        return np.asarray(mu)

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        with np.errstate(all="ignore"):
            parts = 2 * (xlogy(y, y) - xlogy(y, mu) - (y - mu))
        return np.asarray(parts if weights is None else weights * parts)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return rng.poisson(mu).astype(float)

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        if isinstance(self.link, Log):
            mu = np.exp(eta)
            return _scaled((y * eta - mu, y - mu, -mu, -mu), weights)
        pairs = zip(self.link.log_mean(eta), self.link.mean(eta), strict=True)
        return _scaled(tuple(np.where(y > 0, y * a, 0.0) - b for a, b in pairs), weights)

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        mu, first, second, _ = self.link.mean(eta)
        if isinstance(self.link, Sqrt):  # 0/0 at eta = 0 otherwise
            return _scaled((np.full_like(eta, 4.0), np.zeros_like(eta)), weights)
        return _scaled((first**2 / mu, first * (2 * second - first**2 / mu) / mu), weights)

    def constant(self, y: Array, weights: Array | None = None) -> float:
        parts = -gammaln(y + 1)
        return float((parts if weights is None else weights * parts).sum())

    def saturated(self, y: Array, weights: Array | None = None) -> float:
        parts = xlogy(y, y) - y
        return float((parts if weights is None else weights * parts).sum()) + self.constant(y, weights)

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return y + 0.1

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        _check_counts(self, y, weights, name)


def _check_counts(family: Family, y: Array, weights: Array | None, name: str) -> None:
    kind = family.name.replace("_", " ")
    if (y < 0).any():
        raise DataError(f"a {kind} response cannot be negative, but '{name}' has {_first(y < 0, y)}")
    broken = np.abs(y - np.round(y)) > 1e-7 * np.maximum(1.0, y)
    if broken.any():
        raise DataError(
            f"a {kind} response must be whole counts, but '{name}' has {_first(broken, y)}; "
            "for rates give the counts and offset(log(exposure)), for continuous amounts try the gamma family"
        )
    _refuse_constant(y, weights, name, {0.0: "0"}, "its mean cannot be estimated (the log of 0)")


class Gamma(Family):
    """Positive amounts whose standard deviation is proportional to their mean: waiting times, concentrations.

    Parameters
    ----------
    link : {"log", "inverse", "identity"}
        How the mean depends on the linear predictor. R's own default is ``inverse``; here it is ``log``, with
        which effects multiply and no mean can turn negative.
    dispersion : float, optional
        ``phi``, the squared coefficient of variation; estimated when left out.
    information : {"observed", "expected"}
        See :class:`Family`.

    Raises
    ------
    ModelError
        For an unknown link or a dispersion that is not positive.

    Notes
    -----
    ``Var(y) = phi mu^2``, and ``phi`` is a parameter of the likelihood like any other: the fit is the maximum
    of the Laplace approximation over all parameters, and agrees with ``glmmTMB(family = Gamma(...))``. lme4's
    ``glmer`` does something else: it leaves ``phi`` out of the criterion and plugs an estimate into the
    reported log-likelihood, so its estimates and log-likelihood differ and are not maximum likelihood.

    Examples
    --------
    >>> Gamma(link="inverse")
    Gamma(link='inverse')
    """

    name = "gamma"
    canonical = "inverse"
    default_information = "observed"
    dispersion_name = "phi"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log, "inverse": Inverse, "identity": Identity}

    def __init__(
        self, link: str | Link | None = None, dispersion: float | None = None, information: str | None = None
    ) -> None:
        super().__init__(link, information)
        self._phi = _positive(dispersion, "dispersion")

    def _arguments(self) -> dict[str, Any]:
        known = {} if self._phi is None else {"dispersion": self._phi}
        return {"link": self.link.name, **known, "information": self.information}

    @property
    def effect_name(self) -> str | None:
        return "ratio of means" if self.link.name == "log" else None

    @property
    def sigma(self) -> float:
        return float(np.sqrt(self._known))

    @property
    def dispersion(self) -> float | None:
        return self._phi

    @property
    def estimates_dispersion(self) -> bool:
        return self._phi is None

    @property
    def _known(self) -> float:
        return 1.0 if self._phi is None else self._phi

    def with_dispersion(self, value: float) -> Self:
        return type(self)(self.link, value, self.information)

    def variance(self, mu: Array) -> Array:
        return mu**2

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        with np.errstate(all="ignore"):
            parts = 2 * ((y - mu) / mu - np.log(y / mu))
        return np.asarray(parts if weights is None else weights * parts)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return rng.gamma(1 / self._known, self._known * np.asarray(mu))

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        pairs = zip(self.link.reciprocal(eta), self.link.log_mean(eta), strict=True)
        return _scaled(tuple((-y * a - b) / self._known for a, b in pairs), weights)

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        _, first, second, _ = self.link.log_mean(eta)
        return _scaled((first**2 / self._known, 2 * first * second / self._known), weights)

    def _normaliser(self, y: Array) -> Array:
        shape = 1 / self._known
        return np.asarray(shape * np.log(shape) - gammaln(shape) + (shape - 1) * np.log(y))

    def constant(self, y: Array, weights: Array | None = None) -> float:
        parts = self._normaliser(y)
        return float((parts if weights is None else weights * parts).sum())

    def saturated(self, y: Array, weights: Array | None = None) -> float:
        parts = -(1 + np.log(y)) / self._known
        return float((parts if weights is None else weights * parts).sum()) + self.constant(y, weights)

    def nuisance(self, y: Array, eta: Array, weights: Array | None = None) -> Nuisance:
        value, score, second, _ = self.derivatives(y, eta, weights)
        shape = 1 / self._known
        own = -shape * (np.log(shape) + 1 - digamma(shape) + np.log(y))
        own = own if weights is None else own * weights
        weight = -second if self.information == "observed" else self.expected_information(eta, weights)[0]
        return Nuisance(own - value, -score, -weight)

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return np.asarray(y)

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        if (y <= 0).any():
            raise DataError(
                f"a gamma response must be positive, but '{name}' has {_first(y <= 0, y)}; "
                "zeros need another model (counts: poisson or negative_binomial)"
            )
        if y.min() == y.max():
            raise DataError(f"every value of '{name}' is {y[0]:g}, so there is nothing to explain")


class NegativeBinomial(Family):
    """Counts that vary more than a Poisson: ``Var(y) = mu + mu^2 / theta``.

    Parameters
    ----------
    theta : float, optional
        The size parameter; small is very overdispersed, infinity is Poisson. Estimated when left out.
    link : {"log"}
        How the mean depends on the linear predictor.
    information : {"observed", "expected"}
        See :class:`Family`.

    Raises
    ------
    ModelError
        For an unknown link or a ``theta`` that is not positive.

    Notes
    -----
    ``theta`` is a parameter of the likelihood like any other, and the fit agrees with
    ``glmmTMB(family = nbinom2)``. lme4's ``glmer.nb`` has the expected information in the Laplace
    approximation: ``NegativeBinomial(information="expected")`` gives its numbers.

    Examples
    --------
    >>> NegativeBinomial(theta=2.0).variance(np.array([4.0]))
    array([12.])
    """

    name = "negative_binomial"
    default_information = "observed"
    dispersion_name = "theta"
    links: ClassVar[dict[str, type[Link]]] = {"log": Log}

    def __init__(
        self, theta: float | None = None, link: str | Link | None = None, information: str | None = None
    ) -> None:
        if isinstance(theta, str):
            raise ModelError(f"theta must be a positive number or None, not {theta!r}; write link={theta!r}")
        super().__init__(link, information)
        self.theta = _positive(theta, "theta")

    def _arguments(self) -> dict[str, Any]:
        known = {} if self.theta is None else {"theta": self.theta}
        return {**known, "link": self.link.name, "information": self.information}

    @property
    def label(self) -> str:
        theta = "" if self.theta is None else f"{round(self.theta, 4):g}"
        return f"Negative Binomial({theta})  ( {self.link.name} )"

    @property
    def dispersion(self) -> float | None:
        return self.theta

    @property
    def estimates_dispersion(self) -> bool:
        return self.theta is None

    @property
    def _known(self) -> float:
        return 1.0 if self.theta is None else self.theta

    def with_dispersion(self, value: float) -> Self:
        return type(self)(value, self.link, self.information)

    def variance(self, mu: Array) -> Array:
        return mu + mu**2 / self._known

    def deviance_parts(self, y: Array, mu: Array, weights: Array | None = None) -> Array:
        theta = self._known
        with np.errstate(all="ignore"):
            parts = 2 * (xlogy(y, y) - xlogy(y, mu) - (y + theta) * np.log1p((y - mu) / (mu + theta)))
        return np.asarray(parts if weights is None else weights * parts)

    def simulate(self, mu: Array, weights: Array | None, rng: np.random.Generator) -> Array:
        return rng.poisson(rng.gamma(self._known, np.asarray(mu) / self._known)).astype(float)

    def _excess(self, eta: Array) -> tuple[Array, Array, Array]:
        """``log(1 + mu/theta)``, and the shares of ``mu`` and of ``theta`` in ``mu + theta``."""
        p, q, log_q = logistic(eta - np.log(self._known))
        return -log_q, p, q

    def derivatives(self, y: Array, eta: Array, weights: Array | None = None) -> Derivatives:
        size = y + self._known
        log_ratio, p, q = self._excess(eta)
        second = -size * p * q
        return _scaled((y * eta - size * log_ratio, y - size * p, second, second * (q - p)), weights)

    def expected_information(self, eta: Array, weights: Array | None = None) -> tuple[Array, Array]:
        _, p, q = self._excess(eta)
        return _scaled((self._known * p, self._known * p * q), weights)

    def constant(self, y: Array, weights: Array | None = None) -> float:
        parts = _log_rising(self._known, y) - y * np.log(self._known) - gammaln(y + 1)
        return float((parts if weights is None else weights * parts).sum())

    def saturated(self, y: Array, weights: Array | None = None) -> float:
        parts = xlogy(y, y) - (y + self._known) * np.log1p(y / self._known)
        return float((parts if weights is None else weights * parts).sum()) + self.constant(y, weights)

    def nuisance(self, y: Array, eta: Array, weights: Array | None = None) -> Nuisance:
        theta = self._known
        log_ratio, p, q = self._excess(eta)
        size = y + theta
        # d/dtheta of log Gamma(y+theta) - log Gamma(theta) - y log theta + y eta - (y+theta) log(1+mu/theta)
        density = theta * (_rising_slope(theta, y) - log_ratio) - y + size * p
        score = -theta * p + size * p * q
        weight = theta * p**2 if self.information == "expected" else p * q * (theta - size * (q - p))
        return Nuisance(*_scaled((density, score, weight), weights))

    def start_mean(self, y: Array, weights: Array | None = None) -> Array:
        return y + 0.1

    def check_response(self, y: Array, weights: Array | None, name: str) -> None:
        _check_counts(self, y, weights, name)


def _log_rising(theta: float, y: Array) -> Array:
    """``log Gamma(theta + y) - log Gamma(theta)`` without cancellation for large ``theta``."""
    if theta < 30:
        return np.asarray(gammaln(theta + y) - gammaln(theta))
    main = (theta - 0.5) * np.log1p(y / theta) + y * np.log(theta + y) - y
    return main + _stirling(theta + y) - _stirling(theta)


def _stirling(x: Any) -> Any:
    """The correction to Stirling's formula, exact to 1e-14 from x = 30."""
    return 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5)


def _rising_slope(theta: float, y: Array) -> Array:
    """``digamma(theta + y) - digamma(theta)`` without cancellation for large ``theta``."""
    if theta < 30:
        return np.asarray(digamma(theta + y) - digamma(theta))

    def rest(x: Any) -> Any:
        return -1 / (2 * x) - 1 / (12 * x**2) + 1 / (120 * x**4) - 1 / (252 * x**6)

    return np.log1p(y / theta) + rest(theta + y) - rest(theta)


def _positive(value: float | None, what: str) -> float | None:
    if value is None:
        return None
    if not np.isfinite(value) or value <= 0:
        raise ModelError(f"{what} must be a positive number, not {value!r}; leave it out to estimate it")
    return float(value)


_NAMES: dict[str, type[Family]] = {
    "binomial": Binomial,
    "poisson": Poisson,
    "gamma": Gamma,
    "negative_binomial": NegativeBinomial,
}


def resolve(family: str | Family | type[Family]) -> Family:
    """The family for a name, a class or an instance.

    Parameters
    ----------
    family : str, Family or subclass of Family
        ``"binomial"``, ``"poisson"``, ``"gamma"``, ``"negative_binomial"`` (capitals do not matter), or one
        of this module's classes, called or not.

    Returns
    -------
    Family

    Raises
    ------
    ModelError
        For anything else, with the nearest name.

    Examples
    --------
    >>> resolve("Gamma")
    Gamma(link='log')
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type) and issubclass(family, Family) and family is not Family:
        return family()
    if not isinstance(family, str):
        raise ModelError(f"family must be a name such as 'poisson' or one of lk.families, not {family!r}")
    name = family.strip().lower().replace(" ", "_").replace("-", "_")
    if name in ("gaussian", "normal"):
        raise ModelError("the gaussian family gives the linear mixed model; fit it with lk.lmer")
    if name not in _NAMES:
        near = difflib.get_close_matches(name, _NAMES, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else f"; choose one of {', '.join(_NAMES)}"
        raise ModelError(f"there is no family '{family}'{hint}")
    return _NAMES[name]()
