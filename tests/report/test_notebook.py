from html.parser import HTMLParser

import pytest

import lmmkit as lk
from tests.lme4_reference import load


class Reader(HTMLParser):
    """Collects the cells, and checks that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.cell = [], [], False
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag != "br":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.cell = False

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data


def test_a_linear_model():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", load("sleepstudy"))
    rows = Reader(fit._repr_html_()).rows
    assert rows[:3] == [
        ["term", "estimate", "std. error", "t"],
        ["(Intercept)", "251.405", "6.825", "36.838"],
        ["Days", "10.467", "1.546", "6.771"],
    ]
    assert ["", "Days", "35.07", "5.922", "0.07"] in rows
    assert rows[-2:] == [
        ["AIC", "BIC", "log-likelihood", "REML criterion"],
        ["1755.6", "1774.8", "-871.8", "1743.6"],
    ]


def test_a_generalised_model_has_p_values():
    fit = lk.glmer("cbind(incidence, size - incidence) ~ period + (1 | herd)", load("cbpp"), "binomial")
    html = fit._repr_html_()
    assert "binomial (logit)" in html
    assert Reader(html).rows[0] == ["term", "estimate", "std. error", "z", "p"]


def test_messages_and_strange_names_are_safe():
    data = load("Dyestuff2").rename(columns={"Batch": "<b>"})
    html = lk.lmer("Yield ~ 1 + (1 | `<b>`)", data)._repr_html_()
    Reader(html)
    assert "<li>The fit is singular" in html
    assert "<b>" not in html


@pytest.mark.parametrize("word", ["#", "rgb(", "black", "white", "background: #"])
def test_no_colours_of_its_own(word):
    """They would be wrong in one of the two themes."""
    assert word not in lk.lmer("Reaction ~ Days + (1 | Subject)", load("sleepstudy"))._repr_html_()


def test_no_fixed_effects():
    assert "No fixed effects" in lk.lmer("Reaction ~ 0 + (1 | Subject)", load("sleepstudy"))._repr_html_()
