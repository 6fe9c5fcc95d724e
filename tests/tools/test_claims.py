"""Sentences that count or compare are found, and those that a claim quotes are not listed."""

import pytest

from tools import claims

LESSON = """\
# %% [markdown]
# # 6. Pooling
#
# All twenty lakes move
# towards the mean. Read on.
#
# - most of them by little
# - the pond never

# %%
slope = 2
in_words(
    f"A hormone costs {slope:.1f} mm a day; "
    "it is the larger of the two.",
    "short label",
)
"""
TESTS = '''\
def test_the_lakes():
    """“All twenty lakes move towards the mean.” and in code “costs … mm a day; it is the larger”"""


def helper():
    """“not a claim”"""
'''


@pytest.fixture
def root(tmp_path):
    (tmp_path / "lessons/source").mkdir(parents=True)
    (tmp_path / "solutions/source").mkdir(parents=True)
    (tmp_path / claims.CLAIMS).mkdir(parents=True)
    (tmp_path / claims.ANSWERS).mkdir(parents=True)
    (tmp_path / "lessons/source/06_pooling.py").write_text(LESSON)
    (tmp_path / claims.ANSWERS / "lesson_06.py").write_text(
        'Q = {"praise": "Every one of them is smaller."}\n'
    )
    (tmp_path / "INSTRUCTORS.md").write_text("Nobody knows.\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/README.md").write_text("Ten mice.\n")
    return tmp_path


def test_a_page_is_its_lesson_its_exercise_and_the_answers(root):
    (root / "solutions/source/06_pooling.py").write_text(LESSON)
    (root / "solutions/source/capstone_owls.py").write_text(LESSON)
    names = [path.relative_to(root).as_posix() for path in claims.sources_of("06_pooling", root)]
    assert names == [
        "lessons/source/06_pooling.py",
        "solutions/source/06_pooling.py",
        "lmmkit/course/answers/lesson_06.py",
    ]
    assert claims.stems(root) == ["06_pooling", "capstone_owls", "data", "instructors"]


def test_a_text_is_read_as_sentences(root):
    first, second = claims.pages(root / "lessons/source/06_pooling.py")
    assert first.sentences == (
        "# 6. Pooling",
        "All twenty lakes move towards the mean.",
        "Read on.",
        "- most of them by little",
        "- the pond never",
    )
    assert second.sentences == ("A hormone costs … mm a day; it is the larger of the two.",)


def test_a_quote_covers_the_sentences_that_it_touches(root):
    path = root / "lessons/source/06_pooling.py"
    bare = ["- most of them by little", "- the pond never"]
    assert claims.unclaimed(path, [])[0] == 4
    (root / claims.CLAIMS / "test_06_pooling.py").write_text(TESTS)
    assert claims.unclaimed(path, claims.quotes_of("06_pooling", root)) == (4, bare)


def test_only_tests_are_claims(root):
    path = root / claims.CLAIMS / "test_06_pooling.py"
    path.write_text(TESTS)
    assert claims.claims(path) == {
        "test_the_lakes": [
            "All twenty lakes move towards the mean.",
            "costs … mm a day; it is the larger",
        ]
    }


def test_the_command_lists_what_no_claim_quotes(root, capsys):
    assert claims.main(["06"], root) == 0
    said = capsys.readouterr().out
    assert "06_pooling: 0 claims" in said
    assert "06_pooling.py: 4 sentences count or compare; 0 have a claim, 4 are not read yet" in said
    assert "    Every one of them is smaller." in said
    assert claims.main([], root) == 0
    assert "Every one" not in capsys.readouterr().out
    assert claims.main(["99"], root) == 1


def test_what_was_read_is_not_listed_until_it_changes(root, capsys):
    assert claims.main(["06", "--read"], root) == 0
    assert "0 are not read yet" in capsys.readouterr().out
    path = root / "lessons/source/06_pooling.py"
    path.write_text(path.read_text().replace("the pond never", "the pond hardly"))
    assert claims.main(["06"], root) == 0
    said = capsys.readouterr().out
    assert "1 are not read yet" in said and "    - the pond hardly" in said and "most of them" not in said
    assert set(claims.already_read(root)) == {"06_pooling"}


def test_questions_and_docstrings_say_nothing(root):
    path = root / "lessons/source/06_pooling.py"
    path.write_text(
        "# %% [markdown]\n# Are all lakes alike? *Which is the largest?*\n\n# %%\n"
        'def draw():\n    """All of the lakes in one picture."""\n'
    )
    assert claims.unclaimed(path, []) == (0, [])
