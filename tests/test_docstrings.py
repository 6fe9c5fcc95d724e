"""What `fit.predict?` shows: the docstring of everything that a user of the library can call.

Every public function, class and public member is held to numpydoc's own validation. To add a place, write a
row into `PLACES` (tools/public_places.py).
"""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import numpydoc.validate as numpydoc
import pytest
from numpydoc.docscrape import get_doc_object

import lmmkit as lk
from lmmkit.fitted.fit import INTERNAL, Fit
from lmmkit.models.generalized import GeneralizedLinearModel
from lmmkit.models.linear import LinearModel
from lmmkit.models.mixed import MixedModel
from lmmkit.plots.namespace import LinearPlots, Plots
from tools.public_places import PLACES

# What is asked for. Left out, as matters of style only: GL01 GL02 (where the quotes stand), GL09, SS06 (a summary
# of one line), ES01 (a second paragraph), PR08 PR09 RT04 RT05 (capital and full stop of a description), RT02 (a
# name for what is returned), SA01-SA04 (a See Also section). Of PR, RT and EX nothing is left out that tells a
# reader less.
CODES = {
    "GL03", "GL05", "GL06", "GL07", "GL08", "GL10", "SS01", "SS02", "SS03", "SS04", "SS05", "PR01", "PR02",
    "PR03", "PR04", "PR05", "PR06", "PR07", "PR10", "RT01", "RT03", "YD01", "EX01",
}  # fmt: skip


class Docstring(numpydoc.Validator):
    """One docstring; an inherited one where the object has none of its own."""

    def __init__(self, thing):
        super().__init__(get_doc_object(thing))
        self.raw_doc = inspect.getdoc(thing) or ""

    @property
    def signature_parameters(self):
        try:
            given = inspect.signature(self.obj).parameters.values()
        except ValueError:  # exceptions have none
            return ()
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
        return tuple(stars.get(one.kind, "") + one.name for one in given if one.name not in ("self", "cls"))


def faults(thing, leave_out=()):
    """numpydoc's findings about one docstring, as text."""
    docstring = Docstring(thing)
    if not docstring.raw_doc:
        return ["GL08 The object does not have a docstring"]
    if re.search(r"^ *\w+ ---", docstring.raw_doc, re.MULTILINE):
        return ["GL07 A heading runs into its text"]
    result = numpydoc.validate(thing, validator_cls=lambda obj_name: docstring)
    return [f"{code} {what}" for code, what in result["errors"] if code in CODES - set(leave_out)]


def members(kind):
    """Public methods and properties that a class or its bases in the library define: (name, member).

    Without those that `dir(fit)` hides.
    """
    hidden = INTERNAL if Fit in kind.__mro__ else ()
    for name in dir(kind):
        home = next((base for base in kind.__mro__ if name in vars(base)), object)
        if not name.startswith("_") and name not in hidden and home.__module__.startswith("lmmkit"):
            yield name, inspect.getattr_static(kind, name)


def faults_of_member(member):
    function = getattr(member, "__func__", member)
    if inspect.isfunction(function):
        return faults(function)
    if isinstance(member, property) or hasattr(member, "attrname"):  # read, not called: a sentence is enough
        first = (inspect.getdoc(member) or "").split("\n\n")[0].strip()
        return [] if first.endswith((".", ":", "`")) else ["SS03 a property needs a sentence"]
    return []


def found_at(place):
    """Everything wrong at one place, each with the name of the member."""
    module, _, name = place.rpartition(".")
    thing, kind = getattr(import_module(module), name), PLACES[place]
    if kind == "function":
        return [(name, text) for text in faults(thing)]
    thing = type(thing) if kind == "explorer" else thing
    not_called = ("PR01", "PR02", "PR03") if kind in ("result", "picture", "explorer") else ()
    out = [(name, text) for text in faults(thing, not_called)]
    if kind in ("picture", "explorer"):
        out += [("__call__", text) for text in faults(thing.__call__, ("EX01",))]
    for member, value in members(thing):
        leave_out = ("EX01",) if kind == "picture" else ()
        out += [(member, text) for text in faults_of_member(value) if text[:4] not in leave_out]
    return out


@pytest.mark.parametrize("place", sorted(PLACES))
def test_docstrings_are_whole(place):
    assert found_at(place) == []


CLOSED = re.compile(r"^ *(\w+(?:, \w+)*) : (?:tuple of )?\{[\"']", re.MULTILINE)
MODULES = sorted(Path(lk.__file__).parent.rglob("*.py"))


def one_of_a_few(function, docstring):
    """Parameters of a function whose docstring, or whose body, gives the words that they can be."""
    names = {name for found in CLOSED.findall(docstring or "") for name in found.split(", ")}
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and len(node.args) > 1]
    asked = [node.args[1].id for node in calls if ast.unparse(node.func) == "arguments.one_of"
             and isinstance(node.args[1], ast.Name)]  # fmt: skip
    return names | set(asked) | {"ddf"}


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: "-".join(path.parts[path.parts.index("lmmkit") + 1 :])
)
def test_a_word_of_a_few_is_typed_as_one_of_them(path):
    tree = ast.parse(path.read_text("utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    of_class = {member: ast.get_docstring(kind) for kind in classes for member in kind.body}
    loose = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        docstring = of_class.get(function) if function.name == "__init__" else ast.get_docstring(function)
        few = one_of_a_few(function, docstring)
        for given in [*function.args.args, *function.args.kwonlyargs]:
            if given.arg in few and given.annotation is not None:
                plain = [part for part in ast.walk(given.annotation) if isinstance(part, ast.Name)]
                if "str" in {part.id for part in plain}:
                    loose.append(f"{function.name}({given.arg}: {ast.unparse(given.annotation)})")
    assert loose == []


def test_nothing_public_is_forgotten():
    homes = {
        f"{thing.__module__}.{thing.__qualname__}"
        for thing in vars_of(lk, lk.__all__)
        if inspect.isclass(thing)
    }
    homes |= {f"{thing.__module__}.{thing.__qualname__}" for thing in vars_of(lk.families, dir(lk.families))}
    pictures = {
        f"{type(picture).__module__}.{type(picture).__qualname__}"
        for plots in (Plots(None), LinearPlots(None)) for picture in vars(plots).values()
    }  # fmt: skip
    assert (homes | pictures) <= set(PLACES)


def vars_of(module, names):
    return [getattr(module, name) for name in names]


def test_a_gap_is_found():
    def shout(text: str, times: int = 1) -> str:
        """Says it loudly

        Parameters
        ----------
        text
            What to say.
        """
        return text.upper() * times

    codes = {text[:4] for text in faults(shout)}
    assert codes == {"SS03", "SS05", "PR01", "PR04", "RT01", "EX01"}
    assert faults(lambda: None) == ["GL08 The object does not have a docstring"]


@pytest.mark.parametrize("kind", [MixedModel, LinearModel, GeneralizedLinearModel])
def test_what_a_result_offers_after_a_dot_has_no_internals(kind):
    data = lk.load_data("sleepstudy").assign(late=lambda d: (d["Days"] > 4).astype(int))
    fit = {
        MixedModel: lambda: lk.lmer("Reaction ~ Days + (1 | Subject)", data),
        LinearModel: lambda: lk.lm("Reaction ~ Days", data),
        GeneralizedLinearModel: lambda: lk.glm("late ~ Reaction", data, "binomial"),
    }[kind]()
    offered = {name for name in dir(fit) if not name.startswith("_")}
    assert not offered & INTERNAL
    assert offered >= {name for name, _ in members(kind)}
    assert {"fixef", "vcov", "predict", "confint", "plot", "summary", "messages"} <= offered
