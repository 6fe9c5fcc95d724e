"""`import lmmkit`: every public name is there, and nothing heavy comes with it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lmmkit as lk

HEAVY = {"matplotlib", "seaborn", "statsmodels", "joblib", "tqdm", "ipywidgets", "IPython"}


#: Loaded by what needs it, which the fit of a linear mixed model does not.
LATER = {
    "scipy.special", "scipy.stats", "scipy.optimize", "scipy.interpolate", "scipy.sparse.csgraph",
    "lmmkit.families", "lmmkit.likelihood.glmm", "lmmkit.crossprod.sparse_elimination", "lmmkit.inference",
    "lmmkit.diagnostics", "lmmkit.report", "lmmkit.plots", "lmmkit.many", "lmmkit.models.linear",
    "lmmkit.course", "lmmkit.simpson",
}  # fmt: skip
FIT = "import lmmkit as lk; print(lk.lmer('Weight ~ Dose + (1 | Strain)', lk.load_data('mouse')).fixef)"


def loaded_by(code: str) -> set[str]:
    """Packages and modules that a fresh Python has loaded after running the code."""
    code += "\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(said.stdout.splitlines()[-1]))


def test_the_probe_sees_what_is_loaded():
    assert "joblib" in loaded_by("import joblib")


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import lmmkit",
        "import lmmkit as lk; [getattr(lk, name) for name in dir(lk)]",
        FIT,
    ],
    ids=["import", "every name", "a fit"],
)
def test_nothing_heavy_is_loaded(code):
    assert not loaded_by(code) & HEAVY


def test_a_first_fit_loads_no_room_that_it_does_not_need():
    loaded = loaded_by(FIT)
    assert loaded >= {"lmmkit.likelihood.fit_lmm", "lmmkit.models.lmer"}
    # Older versions of SciPy load some of these by themselves.
    alone = loaded_by("import pandas, formulaic, scipy.linalg, scipy.sparse.linalg")
    assert not loaded & (LATER - alone)


def test_import_alone_loads_no_numerics():
    assert not loaded_by("import lmmkit") & {"numpy", "scipy", "pandas", "formulaic"}


@pytest.mark.parametrize("name", lk.__all__)
def test_every_public_name_is_there_and_described(name):
    value = getattr(lk, name)
    if name != "__version__":
        assert value.__doc__, f"lk.{name} has no docstring"
    assert name in dir(lk)


def test_type_checkers_see_the_same_names_in_the_same_places():
    tree = ast.parse(Path(lk.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.asname: (node.module or alias.name, alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    table = {name: (module, name) for name, module in lk._HOME.items()}
    assert seen == table | {name: (name, name) for name in lk._MODULES}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'lmmkit' has no attribute 'lmerr'"):
        _ = lk.lmerr
