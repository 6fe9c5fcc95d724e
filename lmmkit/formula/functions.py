"""What may stand inside a function or a response: the named functions, their arguments, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

from ..structures.known import STRUCTURES
from .syntax import fail, suggest
from .tree import (
    ARITHMETIC,
    COMPARISONS,
    Binary,
    FunctionCall,
    Literal,
    Name,
    Node,
    Paren,
    Unary,
    children,
    is_membership,
)

Plain = float | str | bool | list[float | str | bool]


@dataclass(frozen=True)
class Signature:
    """The arguments a function takes, in order; the first `required` must be given, and some take more data."""

    args: tuple[str, ...]
    required: int = 1
    more: bool = False


FUNCTIONS = {
    "I": Signature(("x",)),
    "C": Signature(("x", "contr", "base")),
    "factor": Signature(("x", "levels")),
    "log": Signature(("x", "base")),
    "log2": Signature(("x",)),
    "log10": Signature(("x",)),
    "log1p": Signature(("x",)),
    "exp": Signature(("x",)),
    "sqrt": Signature(("x",)),
    "abs": Signature(("x",)),
    "sin": Signature(("x",)),
    "cos": Signature(("x",)),
    "tan": Signature(("x",)),
    "asin": Signature(("x",)),
    "acos": Signature(("x",)),
    "atan": Signature(("x",)),
    "expm1": Signature(("x",)),
    "plogis": Signature(("x",)),
    "qlogis": Signature(("x",)),
    "round": Signature(("x", "digits")),
    "pmin": Signature(("x", "y"), required=2, more=True),
    "pmax": Signature(("x", "y"), required=2, more=True),
    "ifelse": Signature(("test", "yes", "no"), required=3),
    "cut": Signature(("x", "breaks", "labels", "include.lowest", "right"), required=2),
    "interaction": Signature(("x", "y"), required=2, more=True),
    "relevel": Signature(("x", "ref"), required=2),
    "dummy": Signature(("x", "levelsToKeep")),
    "floor": Signature(("x",)),
    "ceiling": Signature(("x",)),
    "poly": Signature(("x", "degree", "raw")),
    "bs": Signature(("x", "df", "knots", "degree", "intercept", "Boundary.knots")),
    "ns": Signature(("x", "df", "knots", "intercept", "Boundary.knots")),
    "scale": Signature(("x", "center", "scale")),
    "center": Signature(("x",)),
    "offset": Signature(("x",)),
    "cbind": Signature(("hits", "misses"), required=2),
}

#: Functions that take a column for a factor: only values that the fit has seen have a level.
FACTOR_MAKERS = ("factor", "C", "interaction", "relevel", "dummy")

_FIRST = "make it a column of the data first"
#: Functions of R that a formula does not call, and what helps.
ELSEWHERE = {
    "mean median": "center(x) takes the mean away",
    "sd var": "scale(x) takes the mean away and divides by the standard deviation",
    "min max": "pmin(x, 5) and pmax(x, 5) look at each row by itself",
    "lag lead diff cumsum rank order rev quantile": f"it looks at other rows: {_FIRST}",
    "ordered as.ordered": f"{_FIRST}: pd.Categorical(data['f'], categories, ordered=True)",
    "as.numeric as.integer as.double as.character": f"{_FIRST}, of another type: data['x'].astype(float)",
    "year month months weekdays quarters": f"{_FIRST}, such as data['day'].dt.month",
}

#: How contrasts of one's own are written.
OTHER_CONTRASTS = (
    '; another reference level is C(f, treatment, base = "b"), and contrasts of your own are C(f, c(-1, 0, 1)), '
    'C(f, cbind(c(-1, 0, 1), c(1, -2, 1))), or the argument contrasts={"f": matrix}'
)


#: Arguments that are data, as against settings, and how further ones begin.
DATA, FURTHER = ("x", "y", "test", "yes", "no"), "..."


def _is_number(value: Plain) -> bool:
    return isinstance(value, float)


def _is_count(value: Plain) -> bool:
    return isinstance(value, float) and value in range(1, 1001)


def _is_truth(value: Plain) -> bool:
    return isinstance(value, bool)


def _are_numbers(value: Plain) -> bool:
    return all(map(_is_number, value)) if isinstance(value, list) else _is_number(value)


def _is_interval(value: Plain) -> bool:
    return isinstance(value, list) and _are_numbers(value) and len(value) == 2 and value[0] != value[1]


# arguments that are settings, not data: what each must be, and how to say so
SETTINGS: dict[str, tuple[Callable[[Plain], bool], str]] = {
    "base": (lambda value: isinstance(value, float) and value > 0 and value != 1, "a number above 0, not 1"),
    "digits": (lambda value: isinstance(value, float) and value in range(-300, 301), "a whole number"),
    "breaks": (
        lambda value: (
            isinstance(value, list) and _are_numbers(value) and len(set(map(str, value))) == len(value) > 1
        ),
        "two or more different numbers, as c(0, 10, 20)",
    ),
    "labels": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'the names of the intervals, as c("low", "high")',
    ),
    "include.lowest": (_is_truth, "TRUE or FALSE"),
    "right": (_is_truth, "TRUE or FALSE"),
    "ref": (lambda value: isinstance(value, str) or _is_count(value), "a level's name, or its number from 1"),
    "levelsToKeep": (lambda value: not isinstance(value, bool), 'a level, or several as c("a", "b")'),
    "levels": (lambda value: isinstance(value, list), 'the levels in their order, as c("a", "b")'),
    "degree": (_is_count, "a whole number from 1 to 1000"),
    "df": (_is_count, "a whole number from 1 to 1000"),
    "knots": (_are_numbers, "numbers, as c(1, 2)"),
    "Boundary.knots": (_is_interval, "two different numbers, as c(0, 10)"),
    "raw": (_is_truth, "TRUE or FALSE"),
    "intercept": (_is_truth, "TRUE or FALSE"),
    "center": (lambda value: isinstance(value, (bool, float)), "TRUE, FALSE or a number"),
    "scale": (lambda value: isinstance(value, (bool, float)), "TRUE, FALSE or a number"),
}
CONTRASTS = ("treatment", "sum", "helmert", "poly", "SAS")


@dataclass(frozen=True)
class OwnContrasts:
    """Contrasts that a user has written: a row for each level, a column for each coefficient.

    Attributes
    ----------
    rows : tuple of tuple of float
    names : tuple of str
        The columns' names, empty where they have none.
    levels : tuple of str, optional
        Whose rows they are, where the user has said so.
    completed : bool
        Whether further columns are added so that all levels can differ, as R does inside `C()`.
    """

    rows: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    levels: tuple[str, ...] | None = None
    completed: bool = False


#: A name; ("treatment", base), the reference by its name or its number from 1; or a matrix.
Contrast = str | tuple[str, str | int] | OwnContrasts
VALUE_OPERATORS = (*ARITHMETIC, *COMPARISONS, "&", "|")


def check_value(text: str, node: Node) -> None:
    """Refuse everything but columns, literals, arithmetic, comparisons and the named functions."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, FunctionCall):
            if node.function in ("offset", "cbind"):
                where = "as a term of its own" if node.function == "offset" else "as the response"
                raise fail(text, node.pos, f"{node.function}() can only stand {where}")
            check_call(text, node)
            stack += reversed(data_arguments(node))  # the other arguments are literals, and checked
            continue
        if isinstance(node, Binary) and is_membership(node):
            literal(node.right, text)
            stack.append(node.left)
            continue
        if isinstance(node, Binary) and node.op not in VALUE_OPERATORS:
            raise fail(text, node.right.pos, _why_not_value(node.op))
        if isinstance(node, Name) and node.name == ".":
            raise fail(text, node.pos, "'.' (all other columns) can only stand as a term of its own")
        stack.extend(reversed(children(node)))


def _why_not_value(op: str) -> str:
    if op in ("&&", "||"):
        return f"'{op}' cannot stand here; '{op[0]}' compares row by row"
    if op == "%in%":
        return "'%in%' takes the values to look for, as in x %in% c(1, 2)"
    return f"'{op}' has no meaning here: values are made by arithmetic and comparisons"


def check_call(text: str, node: FunctionCall) -> None:
    """The function must be one of the language, with arguments it takes."""
    name = node.function
    if name in STRUCTURES:
        only = f"{name}() names the structure of a random-effects term, which can only be added"
        raise fail(text, node.pos, f"{only}, as in y ~ x + {name}(x | g)")
    if name not in FUNCTIONS:
        helps = next((sentence for names, sentence in ELSEWHERE.items() if name in names.split()), "")
        hint = suggest(name.rsplit(".", 1)[-1], FUNCTIONS) or f"; the functions are {', '.join(FUNCTIONS)}"
        raise fail(
            text, node.pos, f"{name}() is not a function a formula may call{f'; {helps}' if helps else hint}"
        )
    signature = FUNCTIONS[name]
    given = arguments(node, text)
    missing = [arg for arg in signature.args[: signature.required] if arg not in given]
    if missing:
        raise fail(text, node.pos, f"{name}() needs its argument {missing[0]}")
    if name == "C":
        if "contr" in given or "base" in given:
            contrast_of(given, text)
        return
    for key, value in given.items():
        if key in SETTINGS:
            fits, wanted = SETTINGS[key]
            if not fits(literal(value, text)):
                raise fail(text, value.pos, f"{name}() needs for {key} {wanted}")


def arguments(node: FunctionCall, text: str = "") -> dict[str, Node]:
    """Match a call's arguments to the names in its signature, keywords first, as R does."""
    names = FUNCTIONS[node.function].args
    given: dict[str, Node] = {}
    for key, value in node.args:
        if key is None:
            continue
        if key not in names:
            takes = ", ".join(names)
            raise fail(text, value.pos, f"{node.function}() has no argument '{key}'; it takes {takes}")
        if key in given:
            raise fail(text, value.pos, f"{node.function}() is given '{key}' twice")
        given[key] = value
    free = [name for name in names if name not in given]
    positional = [value for key, value in node.args if key is None]
    if FUNCTIONS[node.function].more:
        free += [f"{FURTHER}{number}" for number in range(len(positional) - len(free))]
    if len(positional) > len(free):
        limit = len(names)
        count = f"{limit} argument{'s' if limit > 1 else ''}"
        raise fail(text, positional[len(free)].pos, f"{node.function}() takes at most {count}")
    return given | dict(zip(free, positional, strict=False))


def data_arguments(node: FunctionCall) -> list[Node]:
    """Those of a call's arguments that are made of data."""
    return [value for name, value in arguments(node).items() if name in DATA or name.startswith(FURTHER)]


def literal(node: Node, text: str = "") -> Plain:
    """The value of a plain number, string, TRUE/FALSE, or `c()` of such."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Unary) and node.op == "-" and isinstance(node.operand, Literal):
        value = node.operand.value
        if not isinstance(value, (str, bool)):
            return -value
    if isinstance(node, Paren):
        return literal(node.inner, text)
    if isinstance(node, FunctionCall) and node.function == "c":
        values = [literal(value, text) for value in children(node)]
        return [part for value in values for part in (value if isinstance(value, list) else [value])]
    raise fail(text, node.pos, "a plain number, string, TRUE or FALSE was expected here")


def contrast_name(node: Node, text: str = "") -> str:
    """`sum`, `contr.sum` or `"sum"` -> `sum`."""
    written = node.name if isinstance(node, Name) else node.value if isinstance(node, Literal) else ""
    name = str(written).removeprefix("contr.")
    if name not in CONTRASTS:
        hint = OTHER_CONTRASTS if isinstance(node, FunctionCall) else suggest(name, CONTRASTS)
        raise fail(text, node.pos, f"the contrasts are {', '.join(CONTRASTS)}{hint}")
    return name


def contrast_of(given: dict[str, Node], text: str = "") -> Contrast:
    """The contrasts that the arguments of `C()` name: `"sum"`, or `("treatment", 2)` with `base = 2`."""
    if "contr" in given and (own := _own_contrasts(given["contr"], text)) is not None:
        if "base" in given:
            raise fail(text, given["base"].pos, "C() takes base for treatment contrasts only")
        return own
    name = contrast_name(given["contr"], text) if "contr" in given else "treatment"
    if "base" not in given:
        return name
    base = literal(given["base"], text)
    whole = isinstance(base, float) and base >= 1 and base == int(base)
    if name != "treatment" or not (whole or isinstance(base, str)):
        wanted = "treatment contrasts, and the level's number from 1 or its name"
        raise fail(text, given["base"].pos, f"C() needs for base {wanted}")
    assert isinstance(base, (float, str))
    return (name, base if isinstance(base, str) else int(base))


def _own_contrasts(node: Node, text: str) -> OwnContrasts | None:
    """Contrasts in numbers: `c(-1, 0, 1)`, or several such as `cbind(lin = c(-1, 0, 1), c(1, -2, 1))`."""
    if not isinstance(node, FunctionCall) or node.function not in ("c", "cbind"):
        return None
    parts = [(None, node)] if node.function == "c" else list(node.args)
    columns = [literal(value, text) for _, value in parts]
    lengths = {len(column) if isinstance(column, list) else 0 for column in columns}
    if len(lengths) != 1 or lengths == {0} or not all(_are_numbers(column) for column in columns):
        wanted = "a number for each level, as c(-1, 0, 1), or several such joined by cbind()"
        raise fail(text, node.pos, f"the contrasts in C() need {wanted}")
    rows = tuple(zip(*columns, strict=True))
    return OwnContrasts(rows, tuple(key or "" for key, _ in parts), completed=True)


def columns_of(node: Node) -> list[str]:
    """The columns a tree names; the contrast named in `C(f, sum)` is not one."""
    if isinstance(node, FunctionCall):
        if node.function == "c":  # the values of `x %in% c(1, 2)`
            return []
        inner = children(node) if node.function == "cbind" else data_arguments(node)
        return [name for child in inner for name in columns_of(child)]
    if isinstance(node, Name):
        return [node.name]
    found: list[str] = []
    stack = list(reversed(children(node)))
    while stack:
        part = stack.pop()
        if isinstance(part, (Name, FunctionCall)):
            found += columns_of(part)
        else:
            stack.extend(reversed(children(part)))
    return [name for name in found if name != "."]
