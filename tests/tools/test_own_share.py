"""How much of each exercise is a student's own: enough, and as INSTRUCTORS.md says."""

import pytest

from lmmkit.course.question import Choice, Number
from tests.leaks import solution_sources
from tools.own_share import PAGE, row, share_of_exercise, share_of_wrong_copies, with_table
from tools.student_version import chapter_of


@pytest.mark.slow
@pytest.mark.parametrize("source", solution_sources(), ids=lambda source: source.stem)
def test_two_thirds_of_the_points_differ_between_students(source, monkeypatch):
    share = share_of_exercise(chapter_of(source.stem))
    assert share.own >= 2 / 3 * share.points
    monkeypatch.setattr("tools.own_share.share_of_exercise", lambda code: share)
    assert row(source) in PAGE.read_text(encoding="utf-8"), "run: python -m tools.own_share"


def test_a_number_that_all_have_is_nobodys_own():
    assert share_of_wrong_copies("ex06.none", Number(truth=lambda: 3.0)) == 0


def test_an_order_of_four_is_copied_in_vain_three_times_in_four():
    question = Choice(options=("a", "b", "c", "d"), truth=lambda: "b")
    assert 0.6 < share_of_wrong_copies("ex06.none", question) < 0.9


def test_the_table_stands_between_its_marks():
    page = "above\n<!-- own share: begin -->\nold\n<!-- own share: end -->\nbelow\n"
    assert with_table(page, "new") == page.replace("old", "new")
