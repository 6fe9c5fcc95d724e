"""The annotated printout: each note beside its own line, none over another, and the same in words."""

import itertools

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import lmmkit as lk
from lmmkit.course.annotated import annotated, places_of, spread

NOTES = {"REML criterion": "misfit", "Strain": "between\nstrains", "Residual": "within", "Dose": "slope"}


@pytest.fixture(autouse=True)
def _no_picture_left():
    yield
    plt.close("all")


@pytest.fixture
def fit():
    return lk.lmer("Weight ~ Dose + (1 | Strain)", lk.load_data("mouse"))


def test_every_note_points_to_its_line_and_none_lies_over_another(fit):
    words = annotated(fit.summary(ddf="none"), NOTES)
    assert '"REML criterion at convergence: 156.6": misfit.' in words
    assert '"Strain (Intercept) 8.0782 2.842": between strains.' in words
    figure = plt.gcf()
    figure.canvas.draw()
    ax = figure.axes[0]
    printed = {text.get_text(): text.get_window_extent() for text in ax.texts if text.get_color() == "black"}
    notes = {text.get_text(): text for text in ax.texts if text.get_text() in NOTES.values()}
    assert notes.keys() == set(NOTES.values())
    boxes = [Text.get_window_extent(note) for note in notes.values()]  # without the arrow
    assert all(first.y0 >= second.y1 for first, second in itertools.pairwise(boxes))
    room = figure.bbox
    assert all(room.x0 <= box.x0 and box.x1 <= room.x1 and box.y0 >= room.y0 for box in boxes)
    assert max(box.x1 for box in printed.values()) < min(box.x0 for box in boxes)
    for note, key in zip(notes.values(), NOTES, strict=True):
        line = next(box for text, box in printed.items() if text.lstrip().startswith(key))
        x, y = ax.transData.transform(note.xy)
        assert line.y0 <= y <= line.y1 and line.x1 <= x < boxes[0].x0


def test_messages_are_left_out():
    fit = lk.lmer("conc ~ age + (1 | group)", lk.load_data("plasma_age"))
    annotated(fit.summary(ddf="none"), {"REML": "misfit"})
    assert not any("Messages" in text.get_text() for text in plt.gcf().axes[0].texts)


def test_keys_are_looked_for_from_top_to_bottom():
    lines = ["  x  1", "", "y  2", "x  3"]
    assert places_of(lines, ["x", "x"]) == [0, 3]
    with pytest.raises(lk.DataError, match="no line of the printout begins with 'y'"):
        places_of(lines, ["x", "x", "y"])


def test_a_line_without_room_is_refused():
    with pytest.raises(lk.DataError, match="a line of 60 letters does not fit"):
        annotated("x" * 60, {"x": "many"})


@pytest.mark.parametrize("wanted", [[0, 0, 0, 9], [3, 3, 4, 4, 5], [0, 4, 8], [7]])
def test_blocks_are_near_their_lines_and_never_overlap(wanted):
    heights = [1.0 + number % 2 for number in range(len(wanted))]
    tops = spread(wanted, heights, gap=0.2)
    assert min(tops) >= 0
    ends = [top + height for top, height in zip(tops, heights, strict=True)]
    assert all(below >= end + 0.2 - 1e-9 for end, below in zip(ends, tops[1:], strict=False))
    for number, line in enumerate(wanted):
        if line > 1 and all(abs(line - other) > 3 for at, other in enumerate(wanted) if at != number):
            assert tops[number] + heights[number] / 2 == pytest.approx(line + 0.5)
