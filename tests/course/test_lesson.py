"""What a notebook's page is made with: pictures that are shown with their words."""

import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell

import lmmkit as lk
from lmmkit.course import lesson


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would get."""
    calls = []
    monkeypatch.setattr(InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *what, **how: calls.append((what, how)))
    yield calls
    plt.close("all")


def test_a_picture_is_shown_with_its_words_and_closed(shown):
    plt.figure()
    plt.plot([1, 2], [3, 4])
    lesson.show("One line that rises from three to four.")
    ((data,), how) = shown[0]
    assert data["image/png"].startswith("iVBOR")
    assert (
        data["text/plain"] == how["metadata"]["image/png"]["alt"] == "One line that rises from three to four."
    )
    assert not plt.get_fignums()


def test_a_picture_without_words_and_words_without_a_picture_are_refused(shown):
    with pytest.raises(lk.DataError, match="no picture to show"):
        lesson.show("One line that rises from three to four.")
    plt.figure()
    with pytest.raises(lk.DataError, match="say in a sentence"):
        lesson.show("a line")
    assert not shown


def test_one_line_names_all_that_a_notebook_uses():
    from lmmkit.course import start

    assert set(start.__all__) <= set(dir(start))
    assert start.lk is lk and start.check("00.q1").state == "open"
