"""Formula text -> syntax tree -> formula text: R's grammar for one expression, and nothing else.

A formula is never handed to Python. This module cuts the text into tokens and builds a small tree with R's
operator precedence; a later stage walks that tree. Whatever the grammar lacks (attribute access, subscripts,
lambdas, assignments) has no node, so it cannot be evaluated: it is a `FormulaError` with a caret under the
spot.

Precedence, loosest first, as in R's `help(Syntax)`::

    ~    | ||    &    !    == != < > <= >=    + -    * /    %in% %% %/%    :    unary + -    ^
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..errors import FormulaError
from .tree import (
    COMPARISONS,
    CONSTANTS,
    PLAIN_NAME,
    TRUTH,
    Binary,
    Constant,
    FunctionCall,
    Literal,
    Name,
    Node,
    Paren,
    Unary,
)

MAX_DEPTH = 120  # brackets in brackets: far beyond any formula, well within Python's recursion limit


@dataclass(frozen=True)
class Token:
    """One piece of text: its kind (`number string name quoted op end`), its text, its place."""

    kind: str
    text: str
    pos: int


TOKEN = re.compile(
    rf"""(?P<space>\s+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<quoted>`[^`]*`)
      | (?P<name>{PLAIN_NAME.pattern})
      | (?P<op>%[^%\s]*%|::|\*\*|\|\||&&|==|!=|<=|>=|<-|[-+*/^:()~|,=<>!&])""",
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
    "::": (
        "a package is not named in a formula: write ns(x, 3) and cs(x | g), without splines:: or lme4::; "
        "an interaction has one ':'"
    ),
    "\\": "a formula has no backslashes",
    '"': "this quotation mark is never closed",
    "'": "this quotation mark is never closed",
    "`": "this backtick is never closed",
}

LOOSEST_FIRST: tuple[tuple[str, ...], ...] = (
    ("~",),
    ("|", "||"),
    ("&", "&&"),
    ("!",),
    COMPARISONS,
    ("+", "-"),
    ("*", "/"),
    ("%in%", "%%", "%/%"),
    (":",),
    ("unary",),
    ("^", "**"),
)
BINDING = {op: power for power, ops in enumerate(LOOSEST_FIRST, start=1) for op in ops}


def fail(text: str, pos: int, message: str) -> FormulaError:
    """A `FormulaError` that shows the line and puts a caret under the spot."""
    before = text[:pos]
    start = before.rfind("\n") + 1
    line = text[start:].split("\n", 1)[0].replace("\t", " ")
    return FormulaError(f"{message}\n  {line}\n  {' ' * (pos - start)}^")


def one_line(text: object) -> str:
    """A formula as a sentence quotes it, also one written on several lines."""
    return " ".join(str(text).split())


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
            foreign = f"the character {char!r} is not part of the formula language"
            raise fail(text, pos, HABITS.get(char, foreign))
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
        self.calls = 0  # functions that are open here

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
        last = self.tokens[self.next - 1]
        spaced = (
            token.kind == last.kind == "name"
            and f"; a name with a space stands in backticks: `{last.text} {token.text}`"
        )
        return self.fail(token, f"an operator such as '+' is missing before '{token.text}'{spaced or ''}")

    def expression(self, loosest: int) -> Node:
        """An expression whose operators all bind at least as tightly as `loosest`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(self.peek(), "the formula is nested too deeply")
        left = self.prefix()
        while True:
            token = self.peek()
            power = BINDING.get(token.text, 0) if token.kind == "op" and token.text != "!" else 0
            if power < loosest or power == 0:
                self.depth -= 1
                return left
            self.take()
            op = "^" if token.text == "**" else token.text
            tighter = BINDING["unary"] if op == "^" else power + 1  # x^y groups to the right, and takes x^-1
            left = Binary(left.pos, op, left, self.expression(tighter))
            if op in COMPARISONS and self.peek().text in COMPARISONS:
                raise self.fail(self.peek(), "comparisons cannot be chained")

    def prefix(self) -> Node:
        token = self.peek()
        if token.kind == "op" and token.text in ("-", "+", "!"):
            self.take()
            with_power = BINDING["!"] if token.text == "!" else BINDING["unary"]
            return Unary(token.pos, token.text, self.expression(with_power))
        if self.at("~"):  # a one-sided formula
            self.take()
            return Unary(token.pos, "~", self.expression(BINDING["~"] + 1))
        return self.atom()

    def atom(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return Literal(token.pos, self.number(token))
        if token.kind == "string":
            return Literal(token.pos, token.text[1:-1])
        if token.kind in ("name", "quoted"):
            return self.name(token)
        if token.text == "(":
            inner = self.expression(1)
            self.close(token)
            return Paren(token.pos, inner)
        if token.kind == "end":
            raise self.fail(token, "the formula ends where a term was expected")
        raise self.fail(token, f"a term was expected here, not '{token.text}'")

    def number(self, token: Token) -> float:
        value = float(token.text.rstrip("L"))
        if math.isinf(value):
            raise self.fail(token, "this number is too large")
        return value

    def name(self, token: Token) -> Node:
        quoted = token.kind == "quoted"
        name = token.text[1:-1] if quoted else token.text
        if not name:
            raise self.fail(token, "the backticks hold no name")
        if not quoted and any(part.startswith("__") for part in name.split(".")):
            raise self.fail(token, f"'{name}' is not a name a formula may use")
        if self.at("(") and not quoted:
            return self.call(token)
        if not quoted and name in TRUTH:
            return Literal(token.pos, name.upper() == "TRUE")
        if not quoted and name in CONSTANTS and self.calls:
            return Constant(token.pos, CONSTANTS[name], name)
        return Name(token.pos, name)

    def call(self, name: Token) -> Node:
        opening = self.take()
        self.calls += 1
        args: list[tuple[str | None, Node]] = []
        while not self.at(")"):
            keyword = None
            if self.peek().kind == "name" and self.tokens[self.next + 1].text == "=":
                keyword = self.take().text
                self.take()
            args.append((keyword, self.expression(1)))
            if not self.at(","):
                break
            self.take()
            if self.at(")"):
                raise self.fail(self.peek(), f"an argument of {name.text}() is missing after the comma")
        self.close(opening)
        self.calls -= 1
        return FunctionCall(name.pos, name.text, tuple(args))

    def close(self, opening: Token) -> None:
        token = self.peek()
        if token.kind == "end":
            raise self.fail(opening, "this bracket is never closed")
        if not self.at(")"):
            raise self.unexpected(token)
        self.take()


@lru_cache(maxsize=512)  # a fit reads each piece several times; trees are immutable
def read(text: str) -> Node:
    """Read one expression into a tree.

    Raises
    ------
    FormulaError
        When the text is not of the formula language; the message has a caret under the spot.

    Examples
    --------
    >>> read("-x")
    Unary(pos=0, op='-', operand=Name(pos=1, name='x'))
    """
    return _Parser(text).parse()
