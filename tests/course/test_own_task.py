"""Numbers and lists of a student's own: the same in the notebook and where they are judged."""

import pytest

from lmmkit import DataError
from lmmkit.course import own_data
from lmmkit.course.check import check, find
from lmmkit.course.own_data import VARIABLE, own_order
from lmmkit.course.own_task import numbered, own_list, own_numbers, own_task


@pytest.fixture(autouse=True)
def nobody_has_signed_in(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    monkeypatch.setattr(own_data, "_marked_as", None)


@pytest.fixture
def mia(monkeypatch):
    monkeypatch.setenv(VARIABLE, "mia")


def test_without_an_id_all_is_as_in_the_exercise():
    assert own_task("ex06", "{{w1.between}} and {{q2.between:word}}") == "3 and twelve"
    assert numbered("ex06.q1", "complete") == "complete"
    assert check("ex06.q1", "complete") and check("ex06.w1", 9 / 25)
    assert not check("ex06.q1", 1)


def test_a_number_of_ones_own_is_judged_by_itself(mia):
    own = own_numbers("ex06.w1")
    assert (own.between, own.within) != (3, 4)
    assert own_task("ex06", "{{w1.between}}") == str(own.between)
    assert check("ex06.w1", own.between**2 / (own.between**2 + own.within**2))
    assert not check("ex06.w1", 9 / 25)
    assert f"{own.between}² / ({own.between}²" in [check("ex06.w1", 0.987).hint for _ in range(3)][-1]


def test_a_choice_is_answered_by_the_number_of_the_own_list(mia):
    number = numbered("ex06.q1", "complete")
    assert f"**{number}** complete" in own_list("ex06.q1")
    assert check("ex06.q1", number) and check("ex06.q1", str(number)) and check("ex06.q1", float(number))
    others = {1, 2, 3, 4} - {number}
    assert not any(check("ex06.q1", other) for other in others)
    # A wrong number is told what is wrong with its word, and a word costs no try.
    assert "without pooling" in check("ex06.q1", numbered("ex06.q1", "no")).message
    for form in ("complete", True, 0, 5, 1.5, None, "none"):
        verdict = check("ex06.q1", form)
        assert verdict.state == "open" and "your own list" in verdict.message, form


def test_lists_and_dictionaries_are_made_of_numbers_too(mia):
    families, kinds = ["lm", "glmer", "lmer", "glm"], {"treatment": "fixed", "plot": "random", "core": "residual",
        "management": "fixed", "field": "random", "field of the heiress": "fixed"}  # fmt: skip
    assert check("ex01.q7", numbered("ex01.q7", families))
    assert check("ex03.q1", numbered("ex03.q1", kinds))
    assert not check("ex03.q1", kinds) and not check("ex01.q7", families)


def test_students_have_orders_of_their_own_and_lessons_have_none(monkeypatch):
    orders = set()
    for name in ("mia", "kim", "ada", "jon", "eve"):
        monkeypatch.setenv(VARIABLE, name)
        orders.add(tuple(own_order("ex06.q1", 4)))
        assert own_order("06.q1", 4) == []
    assert len(orders) > 2
    assert own_order("ex06.q1", 1) == []


def test_what_is_not_there_is_told(mia):
    with pytest.raises(DataError, match=r"no question 'ex99\.q1'"):
        own_numbers("ex99.q1")
    with pytest.raises(DataError, match=r"not in the list of ex06\.q1"):
        numbered("ex06.q1", "all")


def test_an_own_number_can_be_what_everybody_has():
    question = find("ex06.w1")
    assert own_numbers("ex06.w1").between == question.own["between"][0]
