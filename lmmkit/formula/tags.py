"""Tags of random-effects terms: `cs(f | g, hom = TRUE)` names the structure of the effects' covariance."""

from typing import NamedTuple

from ..structures.known import STRUCTURES
from .functions import FUNCTIONS
from .syntax import fail, suggest
from .tree import Binary, FunctionCall, Literal, Node, Paren, write

__all__ = ["TaggedBar", "is_tagged", "tagged_bar", "written_term"]

#: Structures that other packages know and this one does not.
ELSEWHERE = ("toep", "ou", "exp", "gau", "mat", "rr", "homdiag", "homcs", "homtoep", "hetar1", "propto", "un")


class TaggedBar(NamedTuple):
    """`x | g`, the tag around it, and whether all effects have the same standard deviation."""

    bar: Binary
    tag: str
    homogeneous: bool


def is_tagged(node: Node) -> bool:
    """Whether this is a call around a bar, or of a name that only stands around bars."""
    if not isinstance(node, FunctionCall):
        return False
    if node.function in FUNCTIONS and node.function not in ELSEWHERE:  # exp() is a structure in glmmTMB
        return False
    return node.function in STRUCTURES or any(_bar_in(value) for _, value in node.args)


def tagged_bar(text: str, call: FunctionCall) -> TaggedBar:
    """Read `tag(x | g, hom = TRUE)`.

    Raises
    ------
    FormulaError
        For all that lme4 drops in silence, too: other arguments, `||`, brackets around the bar.
    """
    tag = call.function
    if tag not in STRUCTURES:
        raise fail(text, call.pos, _unknown(tag))
    model = f"{tag}(x | g)"
    if not call.args or _bar_in(call.args[0][1]) is None:
        later = any(_bar_in(value) for _, value in call.args[1:])
        wanted = f"{tag}() names the structure of a random-effects term and needs a bar"
        raise fail(text, call.pos, f"{wanted}, {'as its first argument' if later else 'as in'}: {model}")
    key, inner = call.args[0]
    if key is not None:
        raise fail(text, inner.pos, f"the bar in {tag}() has no name: write {model}")
    if isinstance(inner, Paren):
        raise fail(text, inner.pos, f"brackets inside {tag}() would hide its bar: write {model}")
    assert isinstance(inner, Binary)
    if inner.op == "||":
        instead = "x | g" if tag == "diag" else "x | g), or diag(x | g"
        raise fail(text, inner.right.pos, f"'||' and a tag exclude each other: write {tag}({instead})")
    return TaggedBar(inner, tag, _homogeneous(text, call))


def written_term(tag: str, text: str, homogeneous: bool) -> str:
    """The term as a formula has it: `(x | g)`, `cs(x | g)`, `cs(x | g, hom = TRUE)`."""
    usual = STRUCTURES[tag].homogeneous_by_default
    if usual is None:
        return f"({text})"
    return f"{tag}({text})" if homogeneous == usual else f"{tag}({text}, hom = {str(homogeneous).upper()})"


def _homogeneous(text: str, call: FunctionCall) -> bool:
    """What `hom =` says, or the tag's default."""
    usual = STRUCTURES[call.function].homogeneous_by_default
    chosen = usual
    for key, value in call.args[1:]:
        if usual is None:
            raise fail(text, value.pos, f"{call.function}() takes nothing but its bar")
        if key is None:
            raise fail(
                text, value.pos, f"this argument of {call.function}() needs its name: hom = {write(value)}"
            )
        if key != "hom":
            raise fail(text, value.pos, f"{call.function}() has no argument '{key}'; {_instead(key)}")
        if not (isinstance(value, Literal) and isinstance(value.value, bool)):
            raise fail(text, value.pos, f"hom in {call.function}() must be TRUE or FALSE, written out")
        chosen = value.value
    if len(call.args) > 2:
        raise fail(text, call.args[2][1].pos, f"{call.function}() is given 'hom' twice")
    return bool(chosen)


def _instead(key: str) -> str:
    if key.lower().startswith("het"):
        return "for a standard deviation of its own for each effect write hom = FALSE"
    return "it takes hom = TRUE (one standard deviation for all effects) or hom = FALSE"


def _unknown(tag: str) -> str:
    known = list(STRUCTURES)
    listed = f"{', '.join(known[:-1])} and {known[-1]}"
    bare = tag.rsplit(":", 1)[-1]
    if bare in ("homdiag", "homcs"):
        return f"{tag}() is written {bare[3:]}(x | g, hom = TRUE) here"
    if bare == "hetar1":
        return f"{tag}() is written ar1(x | g, hom = FALSE) here"
    close = "" if bare in ELSEWHERE else suggest(bare, known)
    return f"{tag}() is not a covariance structure that a term can have{close or f'; there are {listed}'}"


def _bar_in(node: Node) -> Binary | None:
    """The bar, within brackets or not."""
    while isinstance(node, Paren):
        node = node.inner
    return node if isinstance(node, Binary) and node.op in ("|", "||") else None
