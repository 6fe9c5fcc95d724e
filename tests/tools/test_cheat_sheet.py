"""What the cheat sheet promises: every formula is fitted, every line of code runs, all on one page."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import lmmkit as lk
from tools import cheat_sheet
from tools.build_notebooks import ROOT

ROWS = cheat_sheet.read(ROOT)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(1)
    sleep = lk.load_data("sleepstudy").rename(columns={"Reaction": "y", "Days": "x", "Subject": "g"})
    sleep["f"] = np.where(sleep["x"] % 3 == 0, "early", np.where(sleep["x"] % 3 == 1, "noon", "late"))
    sleep["a"], sleep["b"] = (
        (sleep["x"] % 5).astype(str),
        rng.permutation(np.arange(len(sleep)) % 12).astype(str),
    )
    return sleep


@pytest.fixture(scope="module")
def names(data):
    return {
        "lk": lk,
        "data": data,
        "new": data.head(3),
        "fit": lk.lmer("y ~ x + (x | g)", data),
        "small": lk.lmer("y ~ 1 + (x | g)", data),
        "intercepts": lk.lmer("y ~ x + (1 | g)", data),
        "factor_fit": lk.lmer("y ~ f + (1 | g)", data),
    }


@pytest.mark.parametrize("row", ROWS["model"], ids=lambda row: row["name"])
def test_every_formula_is_fitted(row, data):
    formula = row["formula"]
    if formula.startswith("glmer"):
        fit = lk.glmer("k ~ x + (1 | g)", data.assign(k=(data["y"] // 50).astype(int)), "poisson")
        assert fit.nobs == len(data)
    else:
        assert (lk.lmer if "|" in formula else lk.lm)(formula, data).nobs == len(data)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS["question"], ids=lambda row: row["code"])
def test_every_line_of_code_runs(row, names):
    exec(row["code"], dict(names))
    plt.close("all")


def test_it_fits_on_one_page():
    figure = cheat_sheet.draw(ROWS)
    figure.canvas.draw()
    page = figure.bbox
    for text in figure.texts:
        box = text.get_window_extent()
        assert page.x0 < box.x0 and box.x1 < page.x1 and page.y0 < box.y0 and box.y1 < page.y1, text
    assert cheat_sheet.pdf(ROWS) == cheat_sheet.pdf(ROWS)
    assert set(cheat_sheet.PICTURES) == {row["picture"] for row in ROWS["model"]}


def test_no_text_stands_on_another():
    figure = cheat_sheet.draw(ROWS)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.texts]
    assert [
        (figure.texts[i].get_text(), figure.texts[j].get_text())
        for i in range(len(boxes))
        for j in range(i)
        if boxes[i].overlaps(boxes[j])
    ] == []
