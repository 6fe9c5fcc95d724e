import itertools

import numpy as np
import pandas as pd
import pytest

import lmmkit as lk
from lmmkit.course import check as checking
from lmmkit.course import progress
from lmmkit.course.check import check, show_progress
from lmmkit.course.own_task import own_task
from lmmkit.course.question import Choice, Model, Number, Numbers, Truth, digest


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))
    monkeypatch.setattr(progress, "_PENDING", {})


@pytest.fixture
def ask(monkeypatch):
    """Put one question in the place of all others."""

    def put(question):
        monkeypatch.setattr(checking, "find", lambda key: question)

    return put


ODD = [
    "text", "", None, True, float("nan"), float("inf"), -np.inf, 10**400, 1e300, 3 + 4j, b"bytes", [],
    [1, 2, 3], [[1], [2, 3]], {}, {"a": 1}, {"a": {"b": [1]}}, set(), (1,), range(3), object(), int, print, lambda: 1,
    Exception("x"), np.array([]), np.zeros((3, 3)), np.array(["a"]), np.array([object()], dtype=object),
    pd.DataFrame(), pd.DataFrame({"a": ["x"]}), pd.DataFrame(np.zeros((200, 200))), pd.Series(dtype=float),
    pd.Series(["a"]), pd.NaT, pd.NA, pd.Timestamp("2025-01-01"), np.datetime64("2025-01-01"), iter([1]), ...,
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_nothing_raises_and_nothing_odd_is_right(value, ask):
    questions = [
        Number(truth=lambda: 3.5),
        Numbers(truth=lambda: [7.0, 8.0]),
        Choice(options=("fixed", "random"), digest=digest("q", "random")),
        Model(truth=lambda: None),
        Truth(test=lambda answer: None if len(answer) == 1000 else "no"),
    ]
    for question in questions:
        ask(question)
        verdict = check("q", value)
        assert verdict.state in {"wrong", "open"}
        assert verdict.points == 0
        assert verdict.message
        assert "<div" in verdict._repr_html_()


@pytest.mark.parametrize("key", [None, 3, "", "nonsense", "06", "06.q99", "06.", ".q1", ["06.q1"]])
def test_an_unknown_question_is_said_so(key):
    assert "no such question" in check(key, 1).message


def test_a_number_and_its_known_mistakes(ask):
    ask(Number(truth=lambda: 9.0, mistakes={"that is the standard deviation": lambda: 3.0}, praise="Good."))
    assert check("q", 9.01).state == "right"
    assert check("q", np.array([[9.0]]))
    assert check("q", 9.0).message == "right. Good."
    assert check("q", 3.0).message == "that is the standard deviation"
    assert check("q", -9.0).message == "the size is right, the sign is not"
    assert "not far off" in check("q", 9.5).message


def test_numbers_may_come_with_labels_in_any_order(ask):
    ask(Numbers(truth=lambda: pd.Series({"a": 1.0, "b": 2.0})))
    assert check("q", pd.Series({"b": 2.0, "a": 1.0}))
    assert check("q", {"b": 2.0, "a": 1.0})
    assert check("q", [1.0, 2.0])
    assert check("q", [2.0, 1.0]).message == "the numbers are right, their order is not"
    assert check("q", [1.0, 3.0]).message == "1 of the 2 numbers are not right yet"


def test_a_choice_hides_its_answer_and_explains_a_wrong_one(ask):
    ask(
        Choice(
            options=("fixed", "random"),
            digest=digest("q", "random"),
            because={"fixed": "there are forty nests"},
        )
    )
    assert check("q", " Random. ")
    assert check("q", "fixed").message == "there are forty nests"
    assert "choose one of" in check("q", "both").message


def test_a_model_may_be_written_in_any_way(ask):
    data = lk.load_data("sleepstudy")
    ask(
        Model(
            truth=lambda: lk.lmer("Reaction ~ Days + (Days | Subject)", data),
            mistakes={
                "this is the ML fit; REML was asked for": lambda: lk.lmer(
                    "Reaction ~ Days + (Days | Subject)", data, reml=False
                )
            },
        )
    )
    assert check(
        "q", lk.lmer("Reaction ~ 1 + Days + (1 + Days | Subject)", data.sample(frac=1, random_state=1))
    )
    assert "ML fit" in check("q", lk.lmer("Reaction ~ Days + (Days | Subject)", data, reml=False)).message
    said = check("q", lk.lmer("Reaction ~ Days + (1 | Subject)", data)).message
    assert "not the one asked for; its fixed part is right" in said
    assert "170 rows" in check("q", lk.lmer("Reaction ~ Days + (Days | Subject)", data.iloc[:170])).message


def test_hints_come_one_at_a_time(ask):
    ask(Number(truth=lambda: 1.0, hints=("first", "second")))
    assert [check("q", 50).hint for _ in range(3)] == ["first", "second", "second"]
    assert check("q", 1.0).hint == ""


def test_progress_is_kept_between_visits_and_never_lost_to_a_later_mistake():
    assert check(
        "00.q1", lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy")).fixef["Days"]
    )
    check("00.q1", 7)
    assert progress.load()["00.q1"] == {"tries": 2, "right": True}
    assert "● 1/1" in repr(show_progress())
    assert "1 of" in show_progress()._repr_html_()


def test_the_panel_sets_a_lesson_beside_its_exercise():
    lines = repr(show_progress()).splitlines()
    questions = {code: len(checking.questions_of(module)) for code, module in checking.chapters().items()}
    assert lines[0].split() == ["lesson", "exercise"]
    (pooling,) = [line for line in lines if "Pooling" in line]
    assert pooling.startswith(" 6")
    assert [text for text in pooling.split() if "/" in text] == [
        f"0/{questions['06']}", f"0/{questions['ex06']}"
    ]  # fmt: skip
    assert lines[-1] == f"0 of {sum(questions.values())} questions are done."
    assert len(lines) == len({code.removeprefix("ex") for code in questions}) + 3
    assert show_progress()._repr_html_().count("<tr>") == len(lines) - 2


def test_lessons_and_exercises_share_one_file(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE)
    for room in ("lessons", "exercises"):
        (tmp_path / room).mkdir()
        monkeypatch.chdir(tmp_path / room)
        check("00.q1", 3)
    assert progress.load()["00.q1"]["tries"] == 2
    assert {path.name for path in tmp_path.glob(".*")} <= {progress.FILE, f"{progress.FILE}.lock"}
    assert not list((tmp_path / "lessons").iterdir())


@pytest.mark.parametrize("where", ["off", "no/such/folder/progress.json"])
def test_without_a_file_nothing_is_written_and_hints_still_come_one_at_a_time(
    where, tmp_path, monkeypatch, ask
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(progress.VARIABLE, where)
    ask(Number(truth=lambda: 1.0, hints=("first", "second")))
    assert [check("q", 50).hint for _ in range(3)] == ["first", "second", "second"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", checking.chapters())
def test_every_question_waits_for_its_answer(code):
    questions = checking.questions_of(checking.chapters()[code])
    assert questions
    for name, question in questions.items():
        assert check(f"{code}.{name}", ...).state == "open"
        assert len(question.hints) <= 3


@pytest.mark.slow
@pytest.mark.parametrize("code", checking.chapters())
def test_every_question_can_compute_its_answer(code):
    for name, question in checking.questions_of(checking.chapters()[code]).items():
        if isinstance(question, (Number, Numbers, Model)):
            truth = question.truth()
            assert check(f"{code}.{name}", truth).state == "right", (code, name)
            for sentence, wrong in (question.mistakes or {}).items():
                said = check(f"{code}.{name}", wrong()).message
                asked = str(own_task(code, sentence))  # with the numbers of everybody
                assert said.removesuffix(" (this is not counted as a try)") == asked, (
                    code,
                    name,
                    sentence,
                )


def test_a_slip_of_form_costs_no_hint(ask):
    ask(Number(truth=lambda: 1.234, hints=("first", "second")))
    for value in ("text", [1, 2], None, 1):
        verdict = check("q", value)
        assert verdict.state == "open" and not verdict.hint and "not counted" in verdict.message
    assert check("q", 50).hint == "first"


def test_a_right_answer_says_what_to_run_next(ask):
    ask(Number(truth=lambda: 1.234, praise="Good.", then="run the next cell, and look at driver 374"))
    verdict = check("q", 1.234)
    assert repr(verdict).splitlines() == [
        "✔ q: right. Good.", "  Next: run the next cell, and look at driver 374."
    ]  # fmt: skip
    assert "<em>Next:</em> run the next cell" in verdict._repr_html_()
    assert not check("q", 5.0).then


def test_after_three_tries_a_lesson_shows_the_answer(ask):
    ask(Number(truth=lambda: 1.234, hints=("first",), praise="Good.", then="look"))
    assert "so far 0" in check("06.q1", "show me").message
    assert "show me" not in "".join(check("06.q1", 50).hint for _ in range(2))
    assert check("06.q1", 50).hint == 'first. Or write "show me" as your answer, and you are told.'
    shown = check("06.q1", " Show me. ")
    assert (shown.state, shown.message, shown.then, shown.points) == (
        "open",
        "the answer is 1.234. Good.",
        "look",
        0,
    )
    assert progress.tries("06.q1") == 3


def test_exercises_do_not_show_their_answers(ask):
    ask(Number(truth=lambda: 1.234, hints=("first",)))
    assert "show me" not in "".join(check("ex06.q1", 50).hint for _ in range(5))
    assert "are not shown" in check("ex06.q1", "show me").message


@pytest.mark.parametrize(
    "value",
    [
        itertools.count(),
        range(10**12),
        iter("owl"),
        [0.5] * 1_000_000,
        (x for x in "ab"),
        type("Items", (), {"__getitem__": lambda self, number: number})(),
        type("Short", (list,), {"__iter__": lambda self: itertools.count()})([1]),
    ],
)
def test_an_endless_value_is_not_run_through(value, ask):
    ask(Truth(test=lambda answer: "no" if list(answer) else None))
    verdict = check("q", value)
    assert verdict.state == "open" and "no end" in verdict.message


@pytest.mark.parametrize("code", [code for code in checking.chapters() if code.isdigit()])
def test_every_question_of_a_lesson_can_be_shown(code):
    for name, question in checking.questions_of(checking.chapters()[code]).items():
        assert question.solution(f"{code}.{name}"), (code, name)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ex01.q7", "lm, glmer, lmer, glm"), ("ex02.q7", "between, pooled, within"),
        ("ex03.q3", "plots, halves, chicks, days"), ("capstoneowls.q1", "ring, brood"), ("02.q5", "20 %"),
        ("01.q4", "nearly 1 in 2"), ("ex08.w1", "(1 | winter) + (1 | fox)"), ("ex13.q2", "67 %"), ("15.q3", "1/2"),
    ],
)  # fmt: skip
def test_right_answers_in_another_form_are_right(key, value):
    if key.partition(".")[0] not in checking.chapters():
        pytest.skip("its lesson was taken out of this course")
    assert check(key, value).state == "right"
