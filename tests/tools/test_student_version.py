"""What the student gets is made from the solved notebook, and holds none of it."""

import re

import nbformat
import pytest

from tools.student_version import (
    EXERCISE_TAGS,
    FOLDED_TAGS,
    REVEAL,
    RUNNING_TAGS,
    TEXT_STUB,
    BuildError,
    make_exercise,
    read_source,
    stub,
    without_outputs,
)

SOURCE = """\
# %% [markdown]
# # Mice in a maze

# %%
import lmmkit as lk
limit = 3

# %% tags=["solution"] task="q1" points=2
slope = 41 + limit

# %% tags=["test"] task="q1"
assert slope is not None
### BEGIN HIDDEN TESTS
assert slope == 44
### END HIDDEN TESTS

# %%
def double(x):
    ### BEGIN SOLUTION
    result = x * 2
    return result
    ### END SOLUTION

# %% tags=["hidden"]
assert double(21) == 42

# %% [markdown] tags=["written"] task="q2"
# Because nests share a mother.

# %% [markdown] tags=["rubric"]
# One point for the mother.

# %% [markdown] tags=["solution"]
# The slope counts from zero.

# %% tags=["raises-exception"]
1 / 0
"""


@pytest.fixture
def solved(tmp_path):
    path = tmp_path / "01_mice.py"
    path.write_text(SOURCE, encoding="utf-8")
    return read_source(path)


def test_cells_and_keys_are_read(solved):
    nbformat.validate(solved)
    assert [cell.cell_type[0] for cell in solved.cells] == list("mccccc") + list("mmm") + ["c"]
    assert solved.cells[2].metadata == {"tags": ["solution"], "task": "q1", "points": 2}


def test_ids_depend_on_content_only(solved, tmp_path):
    path = tmp_path / "another_name.py"
    path.write_text(SOURCE.replace("# %% [markdown]\n# # Mice in a maze\n", "# %% [markdown]\n# # Owls\n"))
    owls = read_source(path)
    assert owls.cells[0].id != solved.cells[0].id
    assert [cell.id for cell in owls.cells[1:]] == [cell.id for cell in solved.cells[1:]]


def test_two_cells_alike_have_two_ids(tmp_path):
    path = tmp_path / "twice.py"
    path.write_text("# %%\nprint(1)\n\n# %%\nprint(1)\n")
    first, second = read_source(path).cells
    assert first.source == second.source and first.id != second.id


def test_a_mistyped_tag_is_refused(tmp_path):
    path = tmp_path / "typo.py"
    path.write_text('# %% tags=["soluton"]\nanswer = 42\n')
    with pytest.raises(BuildError, match=r"typo.py, cell 0: tag 'soluton' is not known; there are"):
        read_source(path)


def test_the_exercise_holds_the_stubs(solved):
    exercise = make_exercise(solved, "solutions/01_mice")
    nbformat.validate(exercise)
    assert [cell.source for cell in exercise.cells] == [
        "# Mice in a maze",
        "import lmmkit as lk\nlimit = 3",
        "# YOUR CODE HERE\nslope = ...",
        "assert slope is not None",
        "def double(x):\n    # YOUR CODE HERE\n    ...",
        TEXT_STUB,
        REVEAL.format(key="ex01.q2"),
        "1 / 0",
    ]


@pytest.mark.parametrize(
    "secret", ["41", "44", "42", "x * 2", "mother", "counts from zero", '"task"', "BEGIN"]
)
def test_nothing_of_the_solution_is_left(solved, secret):
    assert secret.strip('"') in SOURCE
    exercise = nbformat.writes(make_exercise(solved))
    assert secret not in re.sub(r'"id": "\w+"', "", exercise)  # a checksum of the student's own text


def test_the_exercise_keeps_only_tags_that_change_the_run(solved):
    assert [dict(cell.metadata) for cell in make_exercise(solved).cells][:-1] == [{}] * 7
    assert make_exercise(solved).cells[-1].metadata == {"tags": ["raises-exception"]}


def test_the_solved_notebook_is_left_alone(solved):
    before = nbformat.writes(solved)
    make_exercise(solved)
    assert nbformat.writes(solved) == before


@pytest.mark.parametrize(
    ("solution", "expected"),
    [
        ("a = 1\nb = a", "a = ...\nb = ..."),
        ("a = 1\na = 2", "a = ..."),
        ("low, (mid, high) = 1, (2, 3)", "low = ...\nmid = ...\nhigh = ..."),
        ("size: int = 3", "size = ..."),
        ("_scratch = 1\nkept = [_scratch for _ in 'ab']", "kept = ..."),
        ("table['x'] = 1\nfit.theta = 2\nprint(3)", "..."),
        ("def gain(x, *, rate=0.5):\n    return x * rate", "def gain(x, *, rate=0.5):\n    ..."),
    ],
)
def test_a_stub_names_what_the_solution_gave(solution, expected):
    text = stub(solution, whole=True)
    assert text == "# YOUR CODE HERE\n" + expected
    compile(text, "stub", "exec")


def test_a_tagged_cell_with_a_region_keeps_what_stands_around_it():
    text = "a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nshow(b)"
    assert stub(text, whole=True) == "a = 1\n# YOUR CODE HERE\nb = ...\nshow(b)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("### BEGIN SOLUTION\na = 1", "never closed"),
        ("a = 1\n### END SOLUTION", "never opened"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\na = 1\n### END SOLUTION", "still open"),
    ],
)
def test_a_region_that_is_not_closed_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        stub(text)


def test_a_broken_solution_names_its_cell(solved):
    solved.cells[2].source = "slope = = 3"
    with pytest.raises(BuildError, match="solutions/01, cell 2: invalid syntax"):
        make_exercise(solved, "solutions/01")


def test_contributing_lists_every_tag():
    from tools.build_notebooks import ROOT

    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    folded = {line.split('"')[1] for line in page.splitlines() if line.startswith("| `tags=")}
    assert rows | folded >= EXERCISE_TAGS | RUNNING_TAGS | FOLDED_TAGS


def source_of(tmp_path, text):
    path = tmp_path / "06_pooling.py"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


def test_a_half_written_answer_begins_with_what_is_given(tmp_path):
    solved = source_of(
        tmp_path,
        """# %% tags=["solution"] task="q1"
### GIVEN # model = lk.lmer("y ~ 1 + ...", table)
model = lk.lmer("y ~ 1 + (1 | g)", table)

# %%
check("ex06.q1", model)
""",
    )
    assert "GIVEN" not in solved.cells[0].source
    (cell,) = make_exercise(solved).cells
    assert cell.source.splitlines() == [
        "# YOUR CODE HERE",
        "model = ...",  # above: below, it would undo what the student has completed
        '# model = lk.lmer("y ~ 1 + ...", table)',
        "",
        'check("ex06.q1", model)',
    ]


def test_a_student_reads_only_names_that_are_asked_for(tmp_path):
    solved = source_of(
        tmp_path,
        """# %% [markdown]
# Call the slope `slope`. The word spread is no code.

# %% tags=["solution"] task="q1"
spread = 3
own = 2 * spread
slope, answer_1 = own, own + 1

# %%
check("ex06.q1", answer_1)
""",
    )
    assert make_exercise(solved).cells[1].source == (
        '# YOUR CODE HERE\nslope = ...\nanswer_1 = ...\n\ncheck("ex06.q1", answer_1)'
    )


def test_a_folded_cell_needs_a_caption_and_stays_folded_for_students(tmp_path):
    text = '# %% tags=["picture"]\n{}\nplt.plot([1, 2])\n'
    for first in ("plt.figure()", "# Picture", "#Picture: two dots in a line"):
        with pytest.raises(BuildError, match="shows only its first line"):
            source_of(tmp_path, text.format(first))
    solved = source_of(tmp_path, text.format("# Picture: two dots in a line"))
    for page in (solved, make_exercise(solved), without_outputs(solved)):
        assert page.cells[0].metadata.jupyter == {"source_hidden": True}


def test_a_lesson_is_opened_without_outputs(solved):
    solved.cells[1].outputs = [nbformat.v4.new_output("stream", text="the answer is 42")]
    solved.cells[1].execution_count = 7
    page = without_outputs(solved)
    nbformat.validate(page)
    assert [cell.source for cell in page.cells] == [cell.source for cell in solved.cells]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in page.cells)
    assert solved.cells[1].outputs


def test_only_names_that_are_asked_for_are_left(tmp_path):
    source = tmp_path / "01_mice.py"
    source.write_text(
        '# %% [markdown]\n# Fit `model`, and look at `fit.spread`.\n\n# %% tags=["solution"] task="q1"\n'
        "row = table.loc[1]\nspread = 3\nshown = row\nmodel = lm(row)\n\n"
        "# %%\nfor row in rows:\n    print(row, shown)\nspread = 4\n",
        encoding="utf-8",
    )
    stubbed = make_exercise(read_source(source)).cells[1].source
    assert stubbed.splitlines() == ["# YOUR CODE HERE", "shown = ...", "model = ..."]
