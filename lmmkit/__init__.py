"""lmmkit: linear and generalised linear mixed models, in the language of R's lme4.

A first fit in three lines:

>>> import lmmkit as lk
>>> fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
>>> print(fit.summary())  # doctest: +ELLIPSIS
Linear mixed model fit by REML...

Fit with ``lk.lmer`` (a number as response) or ``lk.glmer`` (counts, yes or no, and more); without random effects
with ``lk.lm`` and ``lk.glm``. Then ask the fit:

- what it found: ``fit.summary()``, ``fit.explain()`` in plain English, ``fit.equation()`` as a formula;
- whether to believe it: ``fit.plot.diagnostics()``, ``fit.messages``, ``lk.simulate_residuals(fit)``;
- how sure it is: ``fit.confint()``, ``fit.anova()``, ``lk.anova(small, large)``, ``lk.emmeans(fit, "Days")``;
- what comes next: ``fit.predict(new_rows)``, ``lk.power(fit, {"Days": 5})``.

Each of these tells what it takes and gives, with an example: ``lk.lmer?`` and ``fit.predict?`` in a notebook,
``help(lk.lmer)`` elsewhere. ``fit.<Tab>`` shows all that a fit can be asked, ``lk.families`` the distributions.
``lk.data_info()`` lists the data that come with it, ``lk.load_data("mouse")`` reads a table, and the course begins
with the notebook ``lessons/00_start_here.ipynb``.
"""

# Names are loaded when they are first used, so that `import lmmkit` stays fast.
# To export a name: one row in `_HOME`, and the same name in the block for type checkers below it.

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> the module that defines it
_HOME = {
    "DataError": "errors",
    "DataInfo": "datasets",
    "FormulaError": "errors",
    "ModelError": "errors",
    "anova": "inference.likelihood_ratio",
    "cancorr_pairs": "diagnostics.canonical_correlations",
    "data_info": "datasets",
    "dispersion_test": "diagnostics.dispersion",
    "cld": "inference.compact_letters",
    "eff_size": "inference.effect_sizes",
    "emmeans": "inference.emmeans",
    "emtrends": "inference.emtrends",
    "fit_many": "many.fit_many",
    "from_parameters": "models.parameters",
    "glm": "models.linear",
    "glmer": "models.lmer",
    "joint_tests": "inference.joint_tests",
    "kr_modcomp": "inference.modcomp",
    "lm": "models.linear",
    "lm_list": "models.lm_list",
    "lmer": "models.lmer",
    "load_data": "datasets",
    "pb_modcomp": "inference.modcomp",
    "power": "inference.power",
    "rand_test": "inference.zero_variance",
    "ref_grid": "inference.ref_grid",
    "simulate_residuals": "diagnostics.simulated_residuals",
    "simulate_simpson": "simpson",
    "variance_partition": "many.variance_partition",
}

# modules that are part of the public surface themselves, as in lk.families.Binomial()
_MODULES: tuple[str, ...] = ("families",)

if TYPE_CHECKING:
    from . import families as families
    from .datasets import DataInfo as DataInfo
    from .datasets import data_info as data_info
    from .datasets import load_data as load_data
    from .diagnostics.canonical_correlations import cancorr_pairs as cancorr_pairs
    from .diagnostics.dispersion import dispersion_test as dispersion_test
    from .diagnostics.simulated_residuals import simulate_residuals as simulate_residuals
    from .errors import DataError as DataError
    from .errors import FormulaError as FormulaError
    from .errors import ModelError as ModelError
    from .inference.compact_letters import cld as cld
    from .inference.effect_sizes import eff_size as eff_size
    from .inference.emmeans import emmeans as emmeans
    from .inference.emtrends import emtrends as emtrends
    from .inference.joint_tests import joint_tests as joint_tests
    from .inference.likelihood_ratio import anova as anova
    from .inference.modcomp import kr_modcomp as kr_modcomp
    from .inference.modcomp import pb_modcomp as pb_modcomp
    from .inference.power import power as power
    from .inference.ref_grid import ref_grid as ref_grid
    from .inference.zero_variance import rand_test as rand_test
    from .many.fit_many import fit_many as fit_many
    from .many.variance_partition import variance_partition as variance_partition
    from .models.linear import glm as glm
    from .models.linear import lm as lm
    from .models.lm_list import lm_list as lm_list
    from .models.lmer import glmer as glmer
    from .models.lmer import lmer as lmer
    from .models.parameters import from_parameters as from_parameters
    from .simpson import simulate_simpson as simulate_simpson

__all__ = ["__version__", *_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _MODULES:
        value = import_module(f".{name}", __name__)
    else:
        raise import_module(".numerics.r_names", __name__).missing_name(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
