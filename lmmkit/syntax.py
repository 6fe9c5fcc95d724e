"""Formula text -> syntax tree -> formula text: R's grammar for one expression, and nothing else.

A formula is never handed to Python. This module cuts the text into tokens and builds a small tree with R's
operator precedence; a later stage walks that tree. Whatever the grammar lacks (attribute access, subscripts,
lambdas, assignments) has no node, so it cannot be evaluated: it is a `FormulaError` with a caret under the spot.

Precedence, loosest first, as in R's `help(Syntax)`::

    ~    | ||    &    !    == != < > <= >=    + -    * /    %in%    :    unary + -    ^
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from lmmkit.errors import FormulaError

MAX_DEPTH = 100  # nested brackets; far beyond any formula, far below Python's recursion limit


@dataclass(frozen=True)
class Node:
    """One node of the tree; `pos` is where it starts in the text (ignored when nodes are compared)."""

    pos: int = field(compare=False)


@dataclass(frozen=True)
class Name(Node):
    """A column: `Days`, `total.fruits` or `` `my col` ``."""

    name: str


@dataclass(frozen=True)
class Literal(Node):
    """A number, a string, `TRUE` or `FALSE`."""

    value: float | str | bool


@dataclass(frozen=True)
class Call(Node):
    """`function(args)`; each argument is a pair (keyword or None, value)."""

    function: str
    args: tuple[tuple[str | None, Node], ...]


@dataclass(frozen=True)
class Unary(Node):
    """`-x`, `+x` or `!x`."""

    op: str
    operand: Node


@dataclass(frozen=True)
class Binary(Node):
    """`left op right`."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Paren(Node):
    """`(inner)`: kept, because a random-effects term is known by its brackets."""

    inner: Node


@dataclass(frozen=True)
class Token:
    """One piece of text: its kind (`number string name quoted op end`), its text, its place."""

    kind: str
    text: str
    pos: int


TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<quoted>`[^`]*`)
      | (?P<name>(?:[^\W\d]|\.(?!\d))[\w.]*)
      | (?P<op>%[^%\s]*%|\*\*|\|\||&&|==|!=|<=|>=|<-|[-+*/^:()~|,=<>!&])""",
    re.VERBOSE,
)

# what people write from habit, and what to say to them
HABITS = {
    "[": "subscripts are not part of a formula; make a column first",
    "]": "subscripts are not part of a formula; make a column first",
    "$": "'$' is not part of a formula; name the column alone",
    "@": "'@' is not part of a formula",
    "{": "braces are not part of a formula; use round brackets",
    "}": "braces are not part of a formula; use round brackets",
    ";": "a formula is a single expression, without ';'",
    "<-": "a formula has no assignments",
    "\\": "a formula has no backslashes",
    '"': "this quotation mark is never closed",
    "'": "this quotation mark is never closed",
    "`": "this backtick is never closed",
}

LOOSEST_FIRST = (
    ("~",),
    ("|", "||"),
    ("&", "&&"),
    ("!",),
    ("==", "!=", "<", ">", "<=", ">="),
    ("+", "-"),
    ("*", "/"),
    ("%in%",),
    (":",),
    ("unary",),
    ("^", "**"),
)
BINDING = {op: power for power, ops in enumerate(LOOSEST_FIRST, start=1) for op in ops}
COMPARISONS = LOOSEST_FIRST[4]


def fail(text: str, pos: int, message: str) -> FormulaError:
    """A `FormulaError` that shows the line and puts a caret under the spot."""
    before = text[:pos]
    start = before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0].replace("\t", " ")
    return FormulaError(f"{message}\n  {line}\n  {' ' * (pos - start)}^")


def suggest(name: str, known: Iterable[object]) -> str:
    """`"; did you mean 'Dose'?"`, or nothing when no known name is close."""
    candidates = {str(k).lower(): str(k) for k in known}
    close = difflib.get_close_matches(name.lower(), candidates, n=1, cutoff=0.6)
    return f"; did you mean '{candidates[close[0]]}'?" if close else ""


def tokenize(text: str) -> list[Token]:
    """Cut the text into tokens, ending with one of kind `end`."""
    tokens: list[Token] = []
    pos = 0
    while pos < len(text):
        match = TOKEN.match(text, pos)
        if match is None:
            char = text[pos]
            raise fail(text, pos, HABITS.get(char, f"the character {char!r} is not part of the formula language"))
        kind, piece = str(match.lastgroup), match.group()
        if piece in HABITS:
            raise fail(text, pos, HABITS[piece])
        if kind != "space":
            tokens.append(Token(kind, piece, pos))
        pos = match.end()
    tokens.append(Token("end", "", len(text.rstrip())))
    return tokens


class _Parser:
    """Precedence climbing over the tokens: one method per shape, `next` the place reached."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = tokenize(text)
        self.next = 0
        self.depth = 0

    def peek(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        self.next += 1
        return self.tokens[self.next - 1]

    def at(self, op: str) -> bool:
        token = self.peek()
        return token.kind == "op" and token.text == op

    def fail(self, token: Token, message: str) -> FormulaError:
        return fail(self.text, token.pos, message)

    def parse(self) -> Node:
        tree = self.expression(1)
        token = self.peek()
        if token.kind != "end":
            raise self.unexpected(token)
        return tree

    def unexpected(self, token: Token) -> FormulaError:
        """What to say of a token that cannot follow a complete expression."""
        if token.text == ")":
            return self.fail(token, "this closing bracket has no opening one")
        if token.text == ",":
            return self.fail(token, "a comma belongs only between the arguments of a function")
        if token.text == "=":
            return self.fail(token, "'=' belongs only inside a function call; use '==' to compare")
        if token.kind == "op" and token.text == "(":
            return self.fail(token, "only a named function can be called")
        if token.kind == "op":
            return self.fail(token, f"'{token.text}' is not part of the formula language")
        return self.fail(token, f"an operator such as '+' is missing before '{token.text}'")

    def expression(self, loosest: int) -> Node:
        """An expression whose operators all bind at least as tightly as `loosest`."""
        left = self.prefix()
        while True:
            token = self.peek()
            power = BINDING.get(token.text, 0) if token.kind == "op" and token.text != "!" else 0
            if power < loosest or power == 0:
                return left
            self.take()
            op = "^" if token.text == "**" else token.text
            if op == "^":  # groups to the right, and takes a sign: x^-1
                right = self.expression(BINDING["unary"])
            else:
                right = self.expression(power + 1)
            left = Binary(left.pos, op, left, right)
            if op in COMPARISONS and self.peek().text in COMPARISONS:
                raise self.fail(self.peek(), "comparisons cannot be chained")

    def prefix(self) -> Node:
        token = self.peek()
        if token.kind == "op" and token.text in ("-", "+", "!"):
            self.take()
            with_power = BINDING["!"] if token.text == "!" else BINDING["unary"]
            return Unary(token.pos, token.text, self.nested(lambda: self.expression(with_power)))
        if self.at("~"):  # a one-sided formula
            self.take()
            return Unary(token.pos, "~", self.expression(BINDING["~"] + 1))
        return self.atom()

    def nested(self, inner: Callable[[], Node]) -> Node:
        """Go one level deeper, within reason."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(self.peek(), "the formula is nested too deeply")
        node = inner()
        self.depth -= 1
        return node

    def atom(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Literal(token.pos, float(token.text.rstrip("L")))
        if token.kind == "string":
            return Literal(token.pos, token.text[1:-1])
        if token.kind in ("name", "quoted"):
            return self.name(token)
        if token.text == "(":
            inner = self.nested(lambda: self.expression(1))
            self.close(token)
            return Paren(token.pos, inner)
        if token.kind == "end":
            raise self.fail(token, "the formula ends where a term was expected")
        raise self.fail(token, f"a term was expected here, not '{token.text}'")

    def name(self, token: Token) -> Node:
        quoted = token.kind == "quoted"
        name = token.text[1:-1] if quoted else token.text
        if not name:
            raise self.fail(token, "the backticks hold no name")
        if not quoted and any(part.startswith("__") for part in name.split(".")):
            raise self.fail(token, f"'{name}' is not a name a formula may use")
        if self.at("(") and not quoted:
            return self.call(token)
        if not quoted and name in ("TRUE", "FALSE", "True", "False"):
            return Literal(token.pos, name.upper() == "TRUE")
        return Name(token.pos, name)

    def call(self, name: Token) -> Node:
        opening = self.take()
        args: list[tuple[str | None, Node]] = []
        while not self.at(")"):
            keyword = None
            if self.peek().kind == "name" and self.tokens[self.next + 1].text == "=":
                keyword = self.take().text
                self.take()
            args.append((keyword, self.nested(lambda: self.expression(1))))
            if not self.at(","):
                break
            self.take()
            if self.at(")"):
                raise self.fail(self.peek(), f"an argument of {name.text}() is missing after the comma")
        self.close(opening)
        return Call(name.pos, name.text, tuple(args))

    def close(self, opening: Token) -> None:
        token = self.peek()
        if token.kind == "end":
            raise self.fail(opening, "this bracket is never closed")
        if not self.at(")"):
            raise self.unexpected(token)
        self.take()


def read(text: str) -> Node:
    """Read one expression into a tree.

    Raises
    ------
    FormulaError
        When the text is not of the formula language; the message has a caret under the spot.

    Examples
    --------
    >>> write(read("log(total.fruits+1)~Days**2"))
    'log(total.fruits + 1) ~ Days^2'
    """
    return _Parser(text).parse()


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below this one, left to right."""
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return tuple(value for _, value in node.args)
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Paren):
        return (node.inner,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first, left to right."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def number(value: float) -> str:
    """A number as R prints it in code, the shorter of fixed and scientific: `2`, `0.5`, `1e+05`."""
    exact = Decimal(f"{value:.15g}").normalize()
    fixed = f"{exact:f}"
    mantissa, exponent = exact.scaleb(-exact.adjusted()), exact.adjusted()
    scientific = f"{mantissa:f}e{exponent:+03d}"
    return fixed if len(fixed) <= len(scientific) else scientific


def quote(name: str) -> str:
    """A column name as a formula needs it: in backticks unless it is a plain name."""
    match = TOKEN.match(name)
    plain = match is not None and match.lastgroup == "name" and match.end() == len(name)
    return name if plain and name not in ("TRUE", "FALSE", "True", "False") else f"`{name}`"


def write(node: Node, atom: Callable[[Node], str | None] = lambda node: None) -> str:
    """Write a tree as R's `deparse` does; `atom` may replace a node by text of its own."""
    replaced = atom(node)
    if replaced is not None:
        return replaced
    if isinstance(node, Name):
        return quote(node.name)
    if isinstance(node, Literal):
        if isinstance(node.value, bool):
            return str(node.value).upper()
        return f'"{node.value}"' if isinstance(node.value, str) else number(node.value)
    if isinstance(node, Call):
        args = [f"{key} = {write(v, atom)}" if key else write(v, atom) for key, v in node.args]
        return f"{node.function}({', '.join(args)})"
    if isinstance(node, Unary):
        return f"{node.op}{write(node.operand, atom)}"
    if isinstance(node, Paren):
        return f"({write(node.inner, atom)})"
    assert isinstance(node, Binary)
    return _write_chain(node, atom)


def _write_chain(node: Binary, atom: Callable[[Node], str | None]) -> str:
    """`a + b + c + ...`: down the left spine in a loop, for a sum may have thousands of terms."""
    spine: list[Binary] = []
    left: Node = node
    while isinstance(left, Binary) and atom(left) is None:
        spine.append(left)
        left = left.left
    pieces = [write(left, atom)]
    for link in reversed(spine):
        pieces += [link.op if link.op in ("^", ":", "/") else f" {link.op} ", write(link.right, atom)]
    return "".join(pieces)
