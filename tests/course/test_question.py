"""What is said of a number that is not the answer: its name, where it has one, and never a false one."""

import pytest

import lmmkit as lk
from lmmkit.course.question import Choice, Model, Number, Numbers, Slip, Truth, digest
from lmmkit.course.same_model import printed_numbers


def number(truth, **more):
    return Number(truth=lambda: truth, praise="Good.", **more)


@pytest.mark.parametrize(
    ("truth", "value"),
    [
        (10.467, 10), (10.467, 10.5), (0.665, 0.67), (15.4, 15), (-6.21, -6.2), (0.0639, 0.06), (0.04, "4 %"),
        (15.4, "15.4 %"), (3.5, "3,5"), (4, "four"), (0.6667, 0.66), (0.0231, "2.3%"), (8, [8]),
    ],
)  # fmt: skip
def test_right_to_two_digits_is_right(truth, value):
    given = number(truth, digits=1 if truth == 0.0639 else 2).judge("q", value)
    assert given.correct and given.message.endswith("Good.")


@pytest.mark.parametrize(
    ("truth", "value", "said", "form"),
    [
        (0.04, 4, "as per cent that is right", True),
        (15.4, 0.154, "as a share that is right", True),
        (9.04, -9.04, "the sign is not", False),
        (0.935, 1.0695, "upside down", False),
        (5.92, 35.05, "the square of the answer", False),
        (35.05, 5.92, "the square root of the answer", False),
        (2.34, 0.8502, "the logarithm of the answer", False),
        (0.8502, 2.34, "power of e", False),
        (1.546, 2, "give at least 2 digits", True),
        (26.5, 25.6, "not far off, but another number: it is no matter of digits", False),
        (0.2251, 0.20637355, "not far off", False),
        (10.467, 77, "not this number yet", False),
        (10.467, "about ten", "a single number is wanted", True),
        (10.467, 3.2, "not this number yet", False),  # its root, to two digits: too few to say so
    ],
)
def test_a_wrong_number_is_told_what_it_is(truth, value, said, form):
    judgement = number(truth).judge("q", value)
    assert not judgement.correct and said in judgement.message and judgement.form == form


def test_known_mistakes_come_before_digits():
    question = number(0.665, mistakes={"that is the crowd's": lambda: 0.6701, "half": lambda: 0.512})
    assert question.judge("q", 0.67).correct is False
    assert question.judge("q", 0.67).message == "that is the crowd's"
    assert question.judge("q", 0.51).message == "half"
    assert question.judge("q", 0.66).correct


@pytest.mark.parametrize("value", [8, "8 %", "8%"])
def test_a_known_mistake_is_known_as_per_cent_too(value):
    question = number(0.04, mistakes={"the edge matters": lambda: 0.08})
    judgement = question.judge("q", value)
    assert judgement.message == "the edge matters" and not judgement.form
    assert question.judge("q", 4).form and question.judge("q", "4 %").correct
    assert "not this number" in number(5, mistakes={"once": lambda: 0.08}).judge("q", 8).message


def test_the_other_numbers_of_the_printout_are_named():
    fit = lk.lmer("Reaction ~ Days + (Days | Subject)", lk.load_data("sleepstudy"))
    question = number(fit.fixef["Days"], others=lambda: printed_numbers(fit))
    assert question.judge("q", 10.47).correct
    said = {value: question.judge("q", value).message for value in (1.546, 5.92, 180, 251.4, 25.59)}
    assert said == {
        1.546: "that is the standard error of Days; something else is asked for",
        5.92: "that is the standard deviation of Days between levels of Subject; something else is asked for",
        180: "that is the number of rows; something else is asked for",
        251.4: "that is the estimate of (Intercept); something else is asked for",
        25.59: "that is the residual standard deviation; something else is asked for",
    }


def test_several_numbers_are_diagnosed_too():
    question = Numbers(truth=lambda: [0.25, 0.5, 0.1234])
    assert question.judge("q", [0.25, 0.5, 0.12]).correct
    assert question.judge("q", "0.25, 0.5, 0.1234").correct
    assert question.judge("q", [25, 50, 12.34]).form
    assert "signs" in question.judge("q", [-0.25, -0.5, -0.1234]).message
    assert "order" in question.judge("q", [0.5, 0.25, 0.1234]).message
    assert "signs" in Numbers(truth=lambda: [-1.25, -0.37]).judge("q", [0.37, 1.25]).message
    assert question.judge("q", 0.25).message.endswith("and there is 1")
    assert question.judge("q", [1, 2]).form and question.judge("q", "owl").form


def test_a_choice_takes_any_form_and_a_false_form_is_a_slip():
    options = ("Kenward-Roger", "Satterthwaite")
    question = Choice(options=options, digest=digest("q", "Kenward-Roger"))
    assert question.judge("q", "Kenward–Roger").correct and question.judge("q", "(a)").correct
    assert question.judge("q", "owl").form and not question.judge("q", "b").form
    assert question.solution("q") == "'Kenward-Roger'"
    shares = Choice(options=("5 in 100", "20 in 100"), digest=digest("q", "20 in 100"))
    assert shares.judge("q", 20).correct and not shares.judge("q", 5).form
    assert shares.judge("q", 100).form and shares.judge("q", 0.2).form


def test_a_model_is_told_in_which_part_it_differs():
    sleep = lk.load_data("sleepstudy")
    question = Model(truth=lambda: lk.lmer("Reaction ~ Days + (Days | Subject)", sleep))
    said = {
        formula: question.judge("q", lk.lmer(formula, sleep)).message
        for formula in ("Reaction ~ Days + (1 | Subject)", "Reaction ~ 1 + (Days | Subject)")
    }
    assert [message.partition("asked for")[2] for message in said.values()] == [
        "; its fixed part is right, look at the part in brackets",
        "; compare the formulas term by term",
    ]
    ml = lk.lmer("Reaction ~ Days + (Days | Subject)", sleep, reml=False)
    assert question.judge("q", ml).message.endswith("asked for: it is fitted by ML")
    assert question.judge("q", lk.lm("Reaction ~ Days", sleep)).message.endswith("another kind of model is")
    assert question.judge("q", "Reaction ~ Days + (Days | Subject)").form
    assert question.solution("q") == 'lk.lmer("Reaction ~ Days + (Days | Subject)", ...)'


def test_a_test_of_its_own_may_call_a_slip_a_slip():
    question = Truth(test=lambda answer: Slip("a list, please") if answer == 1 else "no")
    assert question.judge("q", 1).form and not question.judge("q", 2).form
