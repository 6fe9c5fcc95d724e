import pytest

from lmmkit import DataError
from lmmkit.course import own_data as module
from lmmkit.course.grading import assert_right
from lmmkit.course.own_data import VARIABLE, own_data, sign_in, student
from lmmkit.datasets import load_data


@pytest.fixture(autouse=True)
def nobody_has_signed_in(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(module, "_marked_as", None)


def test_who_signs_in_has_the_rows_that_the_environment_gives(monkeypatch):
    assert "Nobody" in sign_in(...)
    assert len(own_data("owls")) == len(load_data("owls"))
    assert "mia" in sign_in(" Mia ")
    mine = own_data("owls")
    monkeypatch.setenv(VARIABLE, "mia")
    assert own_data("owls").equals(mine)


def test_the_name_that_a_notebook_is_marked_under_is_the_last_word(monkeypatch):
    sign_in("mia")
    mine = own_data("owls")
    assert sign_in("Kim", final=True) == "Marked as kim."
    for attempt in (
        lambda: sign_in("mia"),
        lambda: sign_in(...),
        lambda: monkeypatch.setenv(VARIABLE, "mia"),
    ):
        attempt()
        assert student() == "kim"
        assert not own_data("owls").equals(mine)


@pytest.mark.parametrize("name", [None, 17, "", "  ", "...", ["mia"]])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(DataError, match="a student id in quotes"):
        sign_in(name)
    with pytest.raises(DataError):
        sign_in(name, final=True)


def test_the_truth_follows_the_rows_and_copied_numbers_are_wrong(monkeypatch):
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    from lmmkit.course.check import find

    sign_in("mia")
    copied = find("ex13.q5").truth()
    assert_right("ex13.q5", copied)
    sign_in("kim")
    with pytest.raises(AssertionError):
        assert_right("ex13.q5", copied)


@pytest.mark.parametrize("name", ["owls", "genexpr", "genexpr_info", "scrna"])
def test_a_share_is_the_same_each_time_and_made_of_the_data(name, monkeypatch):
    whole = load_data(name)
    assert own_data(name).equals(whole)
    monkeypatch.setenv(VARIABLE, "mia")
    share = own_data(name)
    assert share.equals(own_data(name))
    assert list(share.columns) == list(whole.columns)
    assert 0.9 * len(whole) <= len(share) <= len(whole)
    assert len(share.merge(whole)) >= len(share)


def test_two_students_have_different_rows(monkeypatch):
    monkeypatch.setenv(VARIABLE, "mia")
    mia = own_data("owls")
    monkeypatch.setenv(VARIABLE, "kim")
    assert not mia.equals(own_data("owls"))


def test_names_in_the_index_stay(monkeypatch):
    monkeypatch.setenv(VARIABLE, "mia")
    genes, owls = own_data("genexpr"), own_data("owls")
    assert set(genes.index) < set(load_data("genexpr").index)
    assert list(owls.index) == list(range(len(owls)))


def test_no_level_of_a_factor_is_lost(monkeypatch):
    monkeypatch.setenv(VARIABLE, "mia")
    ticks = load_data("ticks")
    assert set(own_data("ticks")["litter"]) == set(ticks["litter"])
    assert set(own_data("owls")["ring"]) == set(load_data("owls")["ring"])


@pytest.mark.parametrize("name", ["fields", "ticks", "genexpr_info"])
def test_a_column_that_names_each_row_keeps_none_of_them(name, monkeypatch):
    whole = load_data(name)
    monkeypatch.setenv(VARIABLE, "mia")
    share = own_data(name)
    assert len(share) < len(whole)
    monkeypatch.setenv(VARIABLE, "kim")
    assert not own_data(name).equals(share)
    for column in share.select_dtypes(include="category"):
        assert set(share[column].cat.categories) == set(share[column])
