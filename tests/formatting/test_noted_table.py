"""Tables that carry sentences."""

import pandas as pd

from lmmkit.formatting.noted_table import Table


def test_notes_survive_what_people_do_with_tables():
    table = Table({"x": [1.234, 2.0]}, notes=["Mind the gap."])
    for other in (table.round(1), table.loc[[0]], table.set_axis(["a", "b"]), table.copy(), table[["x"]]):
        assert other.notes == ["Mind the gap."]
    assert repr(table).endswith("Mind the gap.")
    assert table._repr_html_().endswith("<p>Mind the gap.</p>")


def test_without_notes_it_is_a_plain_table():
    table = Table({"x": [1.0]})
    assert table.notes == [] and repr(table) == repr(pd.DataFrame({"x": [1.0]}))


def test_notes_are_escaped():
    assert "&lt;b&gt;" in Table({"x": [1]}, notes=["a <b>"])._repr_html_()
