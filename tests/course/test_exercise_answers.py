"""Every question of every exercise: its known mistakes have sentences of their own, and nonsense earns nothing."""

import dataclasses
import fractions
import functools
import time
from collections import Counter
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course import check as checking
from lmmkit.course import progress
from lmmkit.course.check import check
from lmmkit.course.own_task import own_task
from lmmkit.course.question import Choice, Judgement, Truth, normalise

QUESTIONS = {
    f"{code}.{name}": question
    for code, module in checking.chapters().items()
    if not module.startswith("lesson_")
    for name, question in checking.questions_of(module).items()
}
each_question = pytest.mark.parametrize("key", QUESTIONS)


@pytest.fixture(autouse=True)
def keep_nothing(monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, "off")
    monkeypatch.setattr(progress, "_PENDING", {})


@pytest.fixture
def ask(monkeypatch):
    """Ask questions that compute each answer once, however often they are asked."""
    patient = {key: computed_once(question) for key, question in QUESTIONS.items()}
    monkeypatch.setattr(checking, "find", patient.get)
    return patient


def computed_once(question):
    fields = {}
    if getattr(question, "truth", None) is not None:
        fields["truth"] = functools.cache(question.truth)
    if getattr(question, "mistakes", None):
        fields["mistakes"] = {text: functools.cache(wrong) for text, wrong in question.mistakes.items()}
    return dataclasses.replace(question, **fields)


def wrong_answers(key, question):
    """Pairs of a sentence and what gives a wrong answer that earns it."""
    if isinstance(question, Choice):
        return [
            (question.because.get(option), lambda option=option: option)
            for option in question.options
            if not question._is_right(key, normalise(option))
        ]
    return list((question.mistakes or {}).items())


# ---------------------------------------------------------------- known mistakes


@each_question
def test_a_task_knows_three_mistakes_by_sentences_of_their_own(key):
    question = QUESTIONS[key]
    given = question.because if isinstance(question, Choice) else question.mistakes
    sentences = list(given or {})
    if isinstance(question, Choice):
        assert set(given) <= set(question.options)
        sentences = list(given.values())
        assert len(question.options) >= 4
    assert len(sentences) >= 3
    assert Counter(sentences).most_common(1)[0][1] == 1
    assert question.points >= 1
    assert len(question.hints) <= 3
    assert question.praise


@pytest.mark.slow
@each_question
def test_each_mistake_is_named_and_earns_nothing(key, ask):
    found = wrong_answers(key, ask[key])
    assert len(found) >= 3
    for sentence, wrong in found:
        verdict = check(key, wrong())
        assert not verdict and verdict.points == 0
        said = verdict.message.removesuffix(" (this is not counted as a try)")
        assert said == str(own_task(key.split(".")[0], sentence or ""))  # with the numbers of everybody


@pytest.mark.slow
@each_question
def test_the_right_answer_earns_its_points_within_a_second(key):
    question = QUESTIONS[key]
    if isinstance(question, Truth):  # has no answer to hand; its solution is run elsewhere
        answer = next(iter(question.mistakes.values()))()
    elif isinstance(question, Choice):
        (answer,) = [one for one in question.options if question._is_right(key, normalise(one))]
    else:
        answer = question.truth()
    start = time.process_time()  # not the clock on the wall: the machine may be busy with other things
    verdict = check(key, answer)
    assert time.process_time() - start < 1
    assert verdict.points == (0 if isinstance(question, Truth) else question.points)


# ---------------------------------------------------------------- odd answers


class Raises:
    """Raises whatever is asked of it."""

    def _raise(self, *args, **kwargs):
        raise RuntimeError("not even this")

    __array__ = __len__ = __eq__ = __ne__ = __repr__ = __str__ = __bool__ = __float__ = __iter__ = _raise
    __hash__ = __getitem__ = __contains__ = __lt__ = __gt__ = __index__ = __getattr__ = __format__ = _raise


class RaisesIn(list):
    """A list that raises in one of its methods."""

    def __init__(self, method):
        super().__init__([1, 2])
        self.method = method

    def __len__(self):
        return self._or_raise("len", 2)

    def __iter__(self):
        return self._or_raise("iter", iter([1, 2]))

    def __repr__(self):
        return self._or_raise("repr", "[1, 2]")

    def _or_raise(self, method, value):
        if self.method == method:
            raise OSError(method)
        return value


class Always(str):
    """Text that equals everything."""

    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


def half_a_model():
    return SimpleNamespace(loglik=float("nan"), fixef=None, nobs="many")


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def itself():
    value = []
    value.append(value)
    return value


@functools.cache
def simple(kind):
    data = lk.load_data("sleepstudy")
    if kind == "lm":
        return lk.lm("Reaction ~ Days", data)
    if kind == "glm":
        return lk.glm("Days ~ Reaction", data, family="poisson")
    return lk.lmer("Reaction ~ Days + (1 | Subject)", data)


def table(*shape):
    return pd.DataFrame(np.full(shape, 987654.25))


ODD = {
    "empty text": lambda: "", "blank": lambda: "  ", "dots": lambda: "...", "a word": lambda: "owl",
    "a number as text": lambda: "987654.25", "nan as text": lambda: "nan", "long text": lambda: "owl " * 100_000,
    "lines": lambda: "a\nb\nc", "null byte": lambda: "\0", "surrogate": lambda: "\ud800", "emoji": lambda: "🦉",
    "markup": lambda: "<script>alert(1)</script>", "braces": lambda: "{0}{value!r}", "percent": lambda: "%s%d%n",
    "bytes": lambda: b"owl", "bytearray": lambda: bytearray(3), "memoryview": lambda: memoryview(b"owl"),
    "None": lambda: None, "True": lambda: True, "False": lambda: False, "dots object": lambda: ...,
    "not implemented": lambda: NotImplemented, "nan": lambda: float("nan"), "inf": lambda: float("inf"),
    "-inf": lambda: -np.inf, "numpy nan": lambda: np.float64("nan"), "masked": lambda: np.ma.masked,
    "huge int": lambda: 10**400, "minus huge": lambda: -(10**5000), "1e308": lambda: 1e308, "tiny": lambda: -5e-324,
    "odd number": lambda: -987654.25, "minus zero": lambda: -0.0, "complex": lambda: 3 + 4j,
    "numpy complex": lambda: np.array([1 + 0j, 2j]), "fraction": lambda: fractions.Fraction(-987654, 7),
    "int8": lambda: np.int8(-128), "float16": lambda: np.float16(65504), "bool array": lambda: np.array([True]),
    "empty list": lambda: [], "empty tuple": lambda: (), "empty dict": dict, "empty set": set,
    "range": lambda: range(3000), "huge range": lambda: range(10**12), "list of text": lambda: ["a", "b"],
    "numbers as text": lambda: ["1", "2", "3"], "ragged": lambda: [[1], [2, 3]], "mixed": lambda: [1, "a", None],
    "with nan": lambda: [1.0, float("nan")], "list of dots": lambda: [..., ...], "list of None": lambda: [None] * 3,
    "list of booleans": lambda: [True, False], "million": lambda: [0.5] * 1_000_000,
    "nested a little": lambda: [[[[[-987654.25]]]], 1], "nested deep": lambda: nested(5000), "itself": itself,
    "dict": lambda: {"a": -987654.25}, "dict of dicts": lambda: {"a": {"b": [1]}},
    "dict of models": lambda: {1: simple("lm")},
    "dict with odd keys": lambda: {None: 1, (1, 2): "x"}, "frozenset": lambda: frozenset("owl"),
    "iterator": lambda: iter([1]), "generator": lambda: (i for i in "owl"), "zip": lambda: zip("ab", strict=False),
    "map": lambda: map(str, "ab"), "object": object, "class": lambda: int, "function": lambda: print,
    "lambda": lambda: lambda: 1 / 0, "module": lambda: np, "exception": lambda: ValueError("owl"),
    "exception class": lambda: ValueError, "path": lambda: Path("/"), "date": lambda: date(2025, 1, 1),
    "slice": lambda: slice(3), "empty array": lambda: np.array([]), "0-d array": lambda: np.array(-987654.25),
    "zeros": lambda: np.zeros((3, 3)), "wide": lambda: np.full((4, 4, 4, 4), 987654.25),
    "array of text": lambda: np.array(["a", "b"]), "array of objects": lambda: np.array([object()], dtype=object),
    "record array": lambda: np.zeros(3, dtype=[("a", float), ("b", "U3")]), "matrix": lambda: np.eye(300),
    "datetime": lambda: np.datetime64("2025-01-01"), "timedelta": lambda: np.timedelta64(3, "D"),
    "NaT": lambda: pd.NaT, "NA": lambda: pd.NA, "timestamp": lambda: pd.Timestamp("2025-01-01"),
    "empty table": pd.DataFrame, "table of text": lambda: pd.DataFrame({"a": ["x"]}), "1x1 table": lambda: table(1, 1),
    "3x1 table": lambda: table(3, 1), "1x3 table": lambda: table(1, 3), "200x200 table": lambda: table(200, 200),
    "columns only": lambda: pd.DataFrame(columns=["a", "b"]), "rows only": lambda: pd.DataFrame(index=range(4)),
    "data of the course": lambda: lk.load_data("sleepstudy"), "twice the same column": lambda: pd.DataFrame(
        [[1, 2]], columns=["a", "a"]), "two indices": lambda: pd.Series([1.0, 2.0], index=[["a", "b"], ["c", "d"]]),
    "empty series": lambda: pd.Series(dtype=float), "series of text": lambda: pd.Series(["a"]),
    "series with NA": lambda: pd.Series([1, None], dtype="Int64"), "categorical": lambda: pd.Categorical(["a", "b"]),
    "index": lambda: pd.Index(["a", "b"]), "groups": lambda: lk.load_data("sleepstudy").groupby("Subject"),
    "an lm": lambda: simple("lm"), "a glm": lambda: simple("glm"), "an lmer of other data": lambda: simple("lmer"),
    "coefficients": lambda: simple("lmer").coef(), "a VarCorr": lambda: simple("lmer").varcorr,
    "a method": lambda: simple("lmer").summary, "half a model": half_a_model, "a question": lambda: Choice(),
    "a verdict": lambda: check("no.q1", 1), "raises": Raises, "a class that raises": lambda: Raises,
    "len raises": lambda: RaisesIn("len"), "iter raises": lambda: RaisesIn("iter"),
    "repr raises": lambda: RaisesIn("repr"), "list of what raises": lambda: [Raises(), Raises()],
    "dict of what raises": lambda: {"a": Raises()}, "equals everything": lambda: Always("owl"),
    "series of what raises": lambda: pd.Series([Raises()], dtype=object),
}  # fmt: skip
#: Enough of all kinds for the tests that must be quick.
FEW = [
    "a word",
    "None",
    "nan",
    "complex",
    "ragged",
    "200x200 table",
    "raises",
    "len raises",
    "itself",
    "an lm",
]


def test_there_are_a_hundred_odd_answers():
    assert len(ODD) >= 100
    assert set(FEW) <= set(ODD)


def earns_nothing(key, kind):
    try:
        verdict = check(key, ODD[kind]())
    except Exception as error:
        pytest.fail(f"{key}: {kind} raised {type(error).__name__}")
    assert verdict.state in {"wrong", "open"}, f"{key}: {kind} was taken for an answer"
    assert verdict.points == 0
    assert verdict.message
    assert "<div" in verdict._repr_html_()
    assert repr(verdict)


def test_a_few_odd_answers_earn_nothing_in_any_question(ask):
    for key in list(QUESTIONS)[::4]:
        for kind in FEW:
            earns_nothing(key, kind)


@each_question
def test_text_that_equals_everything_is_read_as_the_text_it_is(key, ask, monkeypatch):
    seen = []
    monkeypatch.setattr(
        type(ask[key]), "judge", lambda self, key, value: seen.append(value) or Judgement(False, "")
    )
    check(key, Always("owl"))
    assert [type(value) for value in seen] == [str]


@pytest.mark.slow
@each_question
def test_no_odd_answer_raises_or_earns_anything(key, ask):
    for kind in ODD:
        earns_nothing(key, kind)
