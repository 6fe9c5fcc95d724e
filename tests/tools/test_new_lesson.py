"""A lesson of one's own begins with files that build and questions that are right."""

import importlib
import re

import pytest

from lmmkit.course import answers
from lmmkit.course.check import find
from tools.build_notebooks import ROOT
from tools.new_lesson import begin
from tools.page_rules import source_faults
from tools.student_version import read_source


@pytest.fixture
def begun(tmp_path, monkeypatch):
    written = begin("97_beetles", tmp_path)
    monkeypatch.setattr(answers, "__path__", [*answers.__path__, str(tmp_path / "lmmkit/course/answers")])
    importlib.invalidate_caches()
    return tmp_path, written


def test_three_files_that_keep_to_the_rules_of_a_page(begun):
    root, written = begun
    assert [str(path.relative_to(root)) for path in written] == [
        "lessons/source/97_beetles.py",
        "lmmkit/course/answers/lesson_97.py",
        "tests/notebooks/claims/test_97_beetles.py",
    ]
    assert source_faults(written[0]) == []
    assert not [path for path in written if "NUMBER" in path.read_text() or "TITLE" in path.read_text()]


def test_every_question_is_answered_by_the_cell_that_asks_it(begun, monkeypatch):
    _, (source, _, claims) = begun
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    names, asked = {}, []
    for cell in read_source(source).cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
            asked += re.findall(r'check\("97\.(q\d)", (\w+)\)', cell.source)
    assert [key for key, _ in asked] == ["q1", "q2", "q3", "q4", "q5"]
    for key, answer in asked:
        assert find(f"97.{key}").judge(f"97.{key}", names[answer]).correct, key
    exec(claims.read_text(), names)
    names["test_broods_differ"]()


@pytest.mark.parametrize(("name", "said"), [("beetles", "two digits"), ("06_mine", "06 is there already")])
def test_a_name_that_cannot_be_is_told(name, said):
    with pytest.raises(SystemExit, match=said):
        begin(name)


def test_the_examples_of_the_guide_run():
    text = (ROOT / "docs/questions.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 6
    for example in examples:
        exec(example, {})
