"""A model answer is folded until the reader opens it, and can be packed."""

import pytest

import lmmkit as lk
from lmmkit.course import written
from lmmkit.course.check import model_answer
from tools.pack_answers import encoded


@pytest.fixture
def known(tmp_path, monkeypatch):
    """One known answer, in a folder of its own."""
    text = (
        '{"ex06.q7": {"text": "Small lakes\\nare `wild`.\\n\\nSo <b>.", "points": ["size", "*one* number"]}}'
    )
    (tmp_path / written.FILE).write_text(text)
    monkeypatch.setattr(written, "files", lambda package: tmp_path)
    written.read_answers.cache_clear()
    yield tmp_path
    written.read_answers.cache_clear()


@pytest.mark.parametrize("packed", [False, True])
def test_the_answer_is_folded_and_each_point_has_a_box(known, packed):
    if packed:
        file = known / written.FILE
        file.write_text(encoded(file.read_text()))
        assert "wild" not in file.read_text()
    page = model_answer("ex06.q7")._repr_html_()
    assert page.startswith("<details") and page.count("type='checkbox'") == 2
    assert "<p>Small lakes are <code>wild</code>.</p><p>So &lt;b&gt;.</p>" in page
    assert "<em>one</em> number" in page
    assert repr(model_answer("ex06.q7")).splitlines()[-2:] == ["  [ ] size", "  [ ] *one* number"]


def test_an_unknown_task_is_said_so(known):
    with pytest.raises(lk.DataError, match=r"no task 'ex06.q1' is answered in words; there are ex06\.q7"):
        model_answer("ex06.q1")
