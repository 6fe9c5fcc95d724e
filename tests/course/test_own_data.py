import pytest

from lmmkit.course.own_data import VARIABLE, own_data
from lmmkit.datasets import load_data


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
    assert set(own_data("ticks")["hoglet"]) == set(ticks["hoglet"])
    assert set(own_data("owls")["ring"]) == set(load_data("owls")["ring"])
