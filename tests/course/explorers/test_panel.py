"""The panel around an explorer: what its controls move, and what is left of it where no widgets run."""

import asyncio
import base64
import io
from dataclasses import replace

import pandas as pd
import pytest
from PIL import Image

import lmmkit as lk
from lmmkit import DataError
from lmmkit.course import explorers
from lmmkit.course.explorers import panel as panels
from lmmkit.course.explorers.explorer import Explorer
from lmmkit.course.explorers.panel import Panel


def slider(panel: Panel, name: str):
    return panel._inputs[name][1]


def box(panel: Panel, name: str):
    return panel._inputs[name][0]


def button(panel: Panel, label: str):
    """The button of that label, wherever it stands."""
    todo = list(panel.children)
    while todo:
        widget = todo.pop()
        if getattr(widget, "description", None) == label:
            return widget
        todo += getattr(widget, "children", ())
    raise LookupError(label)


def test_slider_and_number_box_move_together():
    panel = explorers.simpson()
    before = panel.readout.value, panel.picture.value
    slider(panel, "groups").value = 3
    assert box(panel, "groups").value == 3 and panel.values["groups"] == 3 and panel.outcome.groups == 3
    assert panel.readout.value != before[0] and panel.picture.value != before[1]
    box(panel, "between").value = 1.5
    assert slider(panel, "between").value == 1.5
    assert "both point the same way" in panel.readout.value


def test_initial_state_and_set():
    panel = explorers.simpson(groups=2, between=-1.5)
    assert (box(panel, "groups").value, slider(panel, "between").value) == (2, -1.5)
    panel.set(groups=7, noise=0.0)
    assert (slider(panel, "groups").value, panel.outcome.groups) == (7, 7)
    with pytest.raises(DataError, match="did you mean 'groups'"):
        panel.set(group=7)
    with pytest.raises(DataError):
        explorers.simpson(groups=99)


def test_new_data_and_reset():
    panel = explorers.simpson(groups=3)
    start = panel.readout.value
    button(panel, "New data").click()
    assert box(panel, "seed").value == panel.values["seed"] == 2
    assert panel.readout.value != start
    slider(panel, "groups").value = 9
    button(panel, "Reset").click()
    assert panel.values["groups"] == 3 and panel.values["seed"] == 1
    assert panel.readout.value == start


def test_choices_follow_each_other():
    panel = explorers.random_or_fixed()
    box(panel, "story").value = "owl nests"
    assert tuple(box(panel, "variable").options) == ("implant", "nest", "chick")
    box(panel, "variable").value = "chick"
    box(panel, "answer").value = "fixed"
    assert "Not quite" in panel.readout.value
    box(panel, "variable").value = "nest"
    assert panel.values["answer"] == "not yet" and box(panel, "answer").value == "not yet"


def test_button_answers():
    panel = explorers.likelihood(theta=0.2)
    button(panel, "Let the optimiser do it").click()
    assert panel.values["theta"] == pytest.approx(panel.outcome.theta_hat, abs=5e-4)
    assert "lowest it gets" in panel.readout.value


def test_models_are_compared_with_the_one_before():
    panel = explorers.model_builder(data="mouse", random="(1 | Strain)")
    assert panel.outcome.previous is None
    box(panel, "random").value = "(Dose | Strain)"
    assert panel.outcome.previous == "Weight ~ Dose + (1 | Strain)"
    assert panel.outcome.fit.is_singular and "singular" in panel.readout.value
    chisq = panel.outcome.comparison["chisq"].iloc[1]
    assert chisq == pytest.approx(3.2017, abs=1e-3)  # lme4: anova() of the two by ML
    box(panel, "share").value = 60  # other rows, the same two models
    assert panel.outcome.previous == "Weight ~ Dose + (1 | Strain)"
    box(panel, "data").value = "sleepstudy"
    assert panel.outcome.previous is None and panel.values["response"] == "Reaction"
    button(panel, "Reset").click()
    assert panel.outcome.previous is None


def test_an_error_is_a_sentence_in_the_readout(monkeypatch):
    panel = explorers.simpson()
    picture = panel.picture.value

    def refuse(**state):
        raise DataError("there are no rows left")

    monkeypatch.setitem(panel.explorer.__dict__, "compute", refuse)
    slider(panel, "groups").value = 4
    assert 'role="alert"' in panel.readout.value and "no rows left" in panel.readout.value
    assert panel.picture.value == picture


def test_every_input_has_a_label(monkeypatch):
    monkeypatch.setattr(Explorer, "picture", lambda *args, **kwargs: b"")  # words only
    for name in explorers.__all__:
        panel = getattr(explorers, name)()
        for control in panel.explorer.controls:
            assert panel._inputs[control.name][0].description == control.label


def test_still_picture_and_text_where_no_widgets_run():
    panel = explorers.pooling(groups=6)
    data, metadata = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.width > 900 and image.height > 460  # the sentence stands under the picture
    assert "With a variance ratio of 0.50" in data["text/plain"].replace("\n", " ")
    assert "groups=6" in data["text/plain"]
    assert "With a variance ratio of 0.50" in metadata["image/png"]["alt"]
    assert panel._repr_mimebundle_()[0]["text/plain"] == data["text/plain"]


def test_picture_has_a_text_for_those_who_hear_it():
    panel = explorers.simpson()
    assert 'alt="Simpson&#x27;s paradox: which slope do you mean?: Through all points' in panel.picture.value


# ---- the long computation


def test_study_runs_at_once_without_a_loop():
    short = replace(explorers.tests, study=replace(explorers.tests.study, n=8))
    panel = short(groups=3, size=3)
    panel._go.click()
    assert panel._bar.value == 8 == len(panel.outcome.refitted["Satterthwaite"])
    assert panel._halt.disabled
    assert "refitted" in panel.readout.value


async def until(condition, seconds=20.0):
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


@pytest.mark.slow
def test_study_gives_way_to_sliders_and_stops():
    async def scene():
        panel = explorers.tests(groups=3, size=3)
        panel._go.click()
        await until(lambda: panel._bar.value > 0)
        assert not panel._halt.disabled

        # A slider is answered at once, and the study starts again from nothing with the newest state.
        first = panel._task
        for groups in (4, 5, 6):
            slider(panel, "groups").value = groups
        assert panel._bar.value == 0 and panel.outcome.data["group"].nunique() == 12
        await asyncio.sleep(0)
        assert first.cancelled() or first.cancelling()
        await until(lambda: panel.outcome.refitted)
        assert panel.outcome.data["group"].nunique() == 12

        panel._halt.click()
        stopped = panel._bar.value
        assert 0 < stopped < panel.explorer.study.n and panel._halt.disabled
        await asyncio.sleep(0.3)
        assert panel._bar.value == stopped

    asyncio.run(scene())


@pytest.mark.slow
def test_study_lets_others_have_their_turn_after_every_slice(monkeypatch):
    """With slices as short as one study, whoever waits meets every single count."""
    monkeypatch.setattr(panels, "_SLICE", 0.0)

    async def scene():
        panel = explorers.tests(groups=3, size=3)
        panel._go.click()
        met = [0]
        while met[-1] < 12:
            await asyncio.sleep(0)
            if panel._bar.value != met[-1]:
                met.append(panel._bar.value)
        panel._halt.click()
        return met

    assert asyncio.run(scene()) == list(range(13))


def test_a_study_that_is_not_running_stays_off():
    async def scene():
        panel = explorers.tests(groups=3, size=3)
        slider(panel, "groups").value = 4
        await asyncio.sleep(0.3)
        assert panel._bar.value == 0 and not panel.outcome.refitted

    asyncio.run(scene())


def test_a_slider_that_adds_up_its_steps_shows_the_round_number():
    panel = explorers.counts()
    before = panel.picture.value
    slider(panel, "fold").value = 1.4999999999999998
    assert panel.values["fold"] == slider(panel, "fold").value == box(panel, "fold").value == 1.5
    assert panel.picture.value is before  # nothing has changed, so nothing is drawn


def test_a_slider_without_a_say_is_off():
    panel = explorers.random_or_fixed(story="deer and soil", variable="treatment")
    assert slider(panel, "levels").disabled and box(panel, "levels").disabled
    box(panel, "variable").value = "plot"
    assert not slider(panel, "levels").disabled and not box(panel, "levels").disabled


def test_a_panel_of_the_readers_table():
    panel = explorers.pooling(lk.load_data("groups20"), "length", "group")
    assert list(panel.values) == ["ratio"] and "REML finds" in panel.readout.value
    slider(panel, "ratio").value = 0.0
    assert "complete pooling" in panel.readout.value


def test_a_table_in_the_place_of_a_choice_is_told_where_it_belongs():
    with pytest.raises(
        DataError, match=r"data=a DataFrame is not on offer: .*a table of your own is given first"
    ):
        explorers.model_builder.state(data=pd.DataFrame({"y": [1.0, 2.0]}))
