"""Other packages for mixed models in the same environment, and where their numbers differ from lmmkit's.

The doctor says a line about each that is installed. The versions are those of ``docs/differences.md``, which has the
numbers; another version may have changed.
"""

from collections.abc import Callable, Iterator

PAGE = 'docs/differences.md, on the site: "The same model in several packages"'

# Name of the package: the version that was asked, and what to know before two numbers are compared.
TRAPS = {
    "bambi": ("0.17.2", "(x | g) has no correlation between intercepts and slopes: here write (x || g)"),
    "glmm": ("0.6.2", "confint() gives Wald intervals, here it is the profile of the likelihood"),
    "gpboost": ("1.8.0", "with two terms its log likelihood is approximate, and 2 and 2.0 are two groups"),
    "interlace-lme": (
        "0.3.2",
        "(x | g) has no random intercept there: write (1 + x | g); its df can be ten times too large",
    ),
    "kamino-lme": ("0.0.1", "it refuses Kenward-Roger for a fit with weights"),
    "linearmodels": ("7.1", "a formula has no intercept there unless it says 1 +, and its df count rows"),
    "lme-python": (
        "0.2.7",
        "glmer's coefficients are near lme4's nAGQ = 0, and the bootstrap keeps the random effects",
    ),
    "mixedlm": ("1.3.0", "its Kenward-Roger is Satterthwaite's, and its type III tests single coefficients"),
    "mixedlm-rs": ("0.2.0", "predict() leaves the random effects out, and after REML the AIC is NaN"),
    "pymer4": (
        "0.8.2",
        "fit() drops options that it does not know, such as weights= or reml=, and says nothing",
    ),
    "statsmodels": (
        "0.15.0",
        "MixedLM predicts without random effects, its p-values are normal, its AIC is NaN after REML",
    ),
}


def traps(installed: Callable[[str], str | None]) -> Iterator[str]:
    """A line for each package that is here.

    Parameters
    ----------
    installed : callable
        The version of a package by its name, None when it is not there.

    Yields
    ------
    str
        Its name and version, and what to know before its numbers are compared with lmmkit's.

    Examples
    --------
    >>> list(traps({"kamino-lme": "0.0.1"}.get))
    ['kamino-lme 0.0.1: it refuses Kenward-Roger for a fit with weights']
    """
    for name, (asked, trap) in TRAPS.items():
        found = installed(name)
        if found is not None:
            yield f"{name} {found}{'' if found == asked else f' (asked: {asked})'}: {trap}"
