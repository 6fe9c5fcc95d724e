"""The graded course: what becomes of each cell, and a round trip through nbgrader with all sorts of students."""

import copy
import csv
import hashlib
import html
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from lmmkit.course.check import chapters, find, questions_of
from lmmkit.course.own_data import VARIABLE
from tests.leaks import exercise_questions, secret_lines, secret_numbers, shows, solution_sources, texts
from tools.build_notebooks import ROOT
from tools.make_release import build_wheel
from tools.nbgrader_course import HERE, Assignment, answer_cell, asked, main, test_of, write_course
from tools.student_version import BuildError, read_source, tags

SOURCES = solution_sources()
each_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def known(notebook):
    """The cells that nbgrader knows, by their names."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id")
    }


# ---------------------------------------------------------------- what becomes of each cell


@pytest.mark.slow
@each_source
def test_all_points_of_an_exercise_are_there_and_no_name_twice(source):
    notebook = Assignment(source).notebook()
    nbformat.validate(notebook)
    cells = known(notebook)
    assert len(cells) == sum("nbgrader" in cell.metadata for cell in notebook.cells)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) for name in cells)
    solved = read_source(source).cells
    keys = [asked(cell.source)[0] for cell in solved if cell.source.startswith("check(")]
    tested = [cell.metadata.nbgrader for cell in cells.values() if cell.metadata.nbgrader.grade]
    by_hand = sum(cell.metadata.points for cell in solved if "written" in tags(cell))
    assert sum(details.points for details in tested) == sum(find(key).points for key in keys) + by_hand
    assert {details.locked for details in tested} == {True, False}
    for cell in cells.values():
        assert cell.metadata.nbgrader.solution != cell.metadata.nbgrader.locked


@each_source
def test_an_assignment_with_own_data_loads_nothing_else(source):
    notebook = Assignment(source, own_data=True).notebook()
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert not [text for text in code if "load_data(" in text]
    assert next(text for text in code if "own_data" in text).endswith("sign_in(STUDENT)")


def test_own_numbers_and_lists_stand_where_the_task_is():
    source = ROOT / "solutions" / "source" / "06_pooling.py"
    plain = Assignment(source).notebook().cells
    assert not [
        cell
        for cell in plain
        if "{{" in cell.source or "### OWN" in cell.source or "numbered(" in cell.source
    ]
    assert "between lakes is 3 cm" in "\n".join(cell.source for cell in plain)
    own = Assignment(source, own_data=True).notebook()
    cells = known(own)
    assert cells["w2_list"].source == 'own_list("ex06.w2")' and cells["w2_list"].metadata.nbgrader.locked
    answer = cells["w2_answer"].source
    assert answer.startswith("answer_w2 = ...  # by the numbers of your own list")
    assert "answer_w2 = numbered('ex06.w2', answer_w2)" in answer
    place = next(n for n, cell in enumerate(own.cells) if "{{w1.between}}" in cell.source)
    assert own.cells[place - 1].source.endswith("\n## Warm-up: two spreads")
    assert own.cells[place].source.startswith('own_task("ex06", r"""')
    assert 'own_numbers("ex06.w1")' in cells["w1_answer"].source


def test_a_solution_that_is_a_part_of_a_cell_leaves_python_behind():
    text = answer_cell("def double(x):\n    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION\n")
    assert text == ("def double(x):\n    ...\n    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION")
    compile(text.replace("return x * 2", ""), "stub", "exec")


def test_a_blind_course_does_not_tell(tmp_path):
    assert "check(" not in test_of('check("ex06.q1", answer_1)', blind=True).replace("checked", "")
    (path,) = write_course(tmp_path, ["06"], blind=True)
    cells = nbformat.read(path, as_version=4).cells
    assert not [cell for cell in cells if cell.source.startswith("check(")]
    assert "Validate says means only" in cells[1].source.replace("\n", " ")  # it cannot know what is right


@each_source
def test_a_blind_course_promises_no_verdict(source):
    texts = [cell.source for cell in Assignment(source, blind=True).notebook().cells]
    assert not [
        text
        for text in texts
        if re.search(r"get a\s+verdict|a hint when|check\(\"", text.split("### END HIDDEN")[-1])
    ]


def test_a_wrong_answer_fails_the_test_that_a_student_sees():
    seen = test_of('check("ex06.q2", 0.3)').split("### END HIDDEN TESTS\n")[1].split("### BEGIN")[0]
    names = {}
    exec("from lmmkit.course.check import check", names)
    with pytest.raises(AssertionError) as caught:
        exec(seen, names)
    assert caught.value._render_traceback_()[0].startswith("✘ ex06.q2: ")
    exec(seen.replace("0.3", "3 / (3 + 16 / 12)"), names)


def test_a_cell_that_checks_and_does_more_is_refused(tmp_path):
    source = tmp_path / "06_pooling.py"
    source.write_text('# %%\ncheck("ex06.q1", 3)\nprint("more")\n', encoding="utf-8")
    with pytest.raises(BuildError, match="06_pooling, cell 0: a cell that checks"):
        Assignment(source).notebook()


def test_an_unknown_name_is_told(tmp_path, capsys):
    assert main(["99_nothing", "--folder", str(tmp_path)]) == 1
    assert "no exercise is called 99_nothing" in capsys.readouterr().err


@pytest.mark.slow
@each_source
def test_a_solution_is_right_on_a_students_own_rows(source, monkeypatch):
    """The solution is run cell by cell, on the rows of a student, as it is when it is marked."""
    monkeypatch.setenv(VARIABLE, "mia")
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    names = {"__name__": "__main__", "STUDENT": "mia"}
    monkeypatch.chdir(ROOT / "solutions")
    for cell in Assignment(source, own_data=True).notebook().cells:
        if cell.cell_type == "code" and not cell.source.startswith("STUDENT ="):
            with monkeypatch.context() as quiet:
                quiet.setattr("matplotlib.pyplot.show", lambda: None)
                exec(compile(cell.source, source.stem, "exec"), names)  # a test that fails raises


# ---------------------------------------------------------------- the round trip


@pytest.fixture(scope="module")
def grading(tmp_path_factory):
    """An environment of its own with nbgrader and the released wheel; kept below .venv from one run to the next."""
    pins = [HERE / "requirements.txt", ROOT / "requirements.lock", ROOT / "pyproject.toml"]
    key = hashlib.sha256(b"".join(path.read_bytes() for path in pins)).hexdigest()[:12]
    # The scripts in it name this place: where it is reached by another name, or was moved, it is made again.
    folder = (ROOT / ".venv").resolve() / f"nbgrader-{key}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wheel = build_wheel(tmp_path_factory.mktemp("wheel"))
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    needs = ["--constraint", pins[1], "--requirement", pins[0], f"{wheel}[course]"]
    for old in folder.parent.glob("nbgrader-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    ready = folder / "ready"
    kept = ready.exists() and ready.read_text(encoding="utf-8") == str(folder)
    commands = [] if kept else [[sys.executable, "-m", "venv", "--clear", folder], [*pip, *needs]]
    for command in [*commands, [*pip, "--no-deps", "--force-reinstall", wheel]]:
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if run.returncode != 0:
            said = (run.stderr.strip() or "no reason given").splitlines()[-1]
            pytest.skip(f"nbgrader cannot be installed here: {said}")
    ready.write_text(str(folder), encoding="utf-8")
    return python


class Course:
    """A graded course in a folder of its own, and the commands that work on it."""

    def __init__(self, folder, python, assignment, own_data=False):
        self.folder, self.python, self.assignment = folder, python, assignment
        write_course(folder, [assignment], own_data=own_data)
        jupyter = {
            f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")
        }
        self.environment = os.environ | jupyter | {
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "IPYTHONDIR": str(folder / "ipython"),
            "NBGRADER_TIMEOUT": "20",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        }  # fmt: skip
        self.environment.pop(VARIABLE, None)
        self.source = nbformat.read(folder / "source" / assignment / f"{assignment}.ipynb", as_version=4)
        made = self.run("-m", "nbgrader", "generate_assignment", assignment)
        assert made.returncode == 0, made.stderr
        self.release = nbformat.read(folder / "release" / assignment / f"{assignment}.ipynb", as_version=4)

    def run(self, *command):
        return subprocess.run(
            [str(self.python), *command], cwd=self.folder, env=self.environment, capture_output=True, encoding="utf-8"
        )  # fmt: skip

    def solved(self, **answers):
        """A notebook with every answer right, but for those given here."""
        notebook = copy.deepcopy(self.release)
        right = known(self.source)
        for name, cell in known(notebook).items():
            if cell.metadata.nbgrader.solution:
                cell.source = answers.get(name.removesuffix("_answer"), right[name].source)
        return notebook

    def hand_in(self, student, notebook, name=None):
        path = self.folder / "submitted" / student / self.assignment / (name or f"{self.assignment}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = notebook if isinstance(notebook, str | bytes) else nbformat.writes(notebook)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    def marks(self):
        """Mark all; the table, by student."""
        self.run("-m", "nbgrader", "autograde", self.assignment)
        told = self.run("marks.py", self.assignment)
        print(told.stdout, told.stderr)
        return {row["student"]: row for row in self.table()}

    def table(self, *assignments):
        """The rows of the table for a spreadsheet."""
        return list(csv.DictReader(io.StringIO(self.run("marks.py", *assignments, "--csv").stdout)))

    def autograded(self, student):
        path = self.folder / "autograded" / student / self.assignment / f"{self.assignment}.ipynb"
        return nbformat.read(path, as_version=4)


def without(notebook, *names):
    """The notebook without some of its cells, which a student has deleted."""
    notebook.cells = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") not in names
    ]
    return notebook


def with_cell(notebook, after, cell):
    """The notebook with one more cell."""
    notebook.cells.insert(notebook.cells.index(known(notebook)[after]) + 1, cell)
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory, grading):
    return Course(tmp_path_factory.mktemp("course"), grading, "06_pooling")


@pytest.mark.slow
def test_the_students_version_tells_nothing(course):
    text = texts(course.release)
    source = ROOT / "solutions" / "source" / "06_pooling.py"
    assert [line for line in secret_lines(source) if line in text] == []
    assert "assert_right" not in text and "HIDDEN" not in text and "SCHEME" not in text
    for key, question in exercise_questions().items():
        if key.startswith("ex06"):
            assert [number for number in secret_numbers(key, question) if shows(text, number)] == []


@pytest.mark.slow
def test_only_a_right_notebook_validates(course):
    path = course.folder / "mine.ipynb"
    for answers, said in ((({"q2": "answer_2 = 0.3"}), "failed"), ({}, "Success!")):
        path.write_text(nbformat.writes(course.solved(**answers)), encoding="utf-8")
        run = course.run("-m", "nbgrader", "validate", str(path))
        assert said in run.stdout + run.stderr, (answers, run.stdout, run.stderr)


@pytest.mark.slow
@pytest.mark.timeout(1500)  # two dozen kernels, one after the other
def test_every_student_gets_the_right_mark_or_a_clear_report(course):
    wrong = {
        "q1": "answer_1 = 'no'",
        "q2": "answer_2 = 0.3",
        "q3": "model = lk.lmer('length ~ 1 + (1 | group)', perch, reml=False)",
        "q4": "answer_4 = 'lake14'",
        "q5": "answer_5 = 0.75",
        "q6": "answer_6 = 'leave them alone'",
        "q8": "answer_8 = 0.3",
        "w1": "answer_w1 = 3 / 7",
        "w2": "answer_w2 = 'a'",
    }
    course.hand_in("perfect", course.solved())
    course.hand_in("wrong", course.solved(**wrong, q7_written="I do not know."))
    course.hand_in("blank", course.release)
    course.hand_in("deleted", without(course.solved(), "ex06_q2", "q7_rubric"))
    course.hand_in(
        "neighbours", without(course.solved(), "q2_answer", "ex06_q2", "q3_answer", "ex06_q3", "cell1")
    )
    doubled, first = course.solved(q1=wrong["q1"]), course.solved()
    second = new_code_cell(known(first)["q1_answer"].source, metadata=known(first)["q1_answer"].metadata)
    course.hand_in("doubled", with_cell(doubled, "q1_answer", second))
    course.hand_in("loops", course.solved(q1="while True:\n    pass"))
    course.hand_in("raises", course.solved(q2="answer_2 = 1 / 0"))
    course.hand_in("unfinished", course.solved(q1="answer_1 = ("))
    course.hand_in("quiet", course.solved(q1=known(course.source)["q1_answer"].source.rstrip() + ";"))
    course.hand_in("gives_up", course.solved(q2="raise KeyboardInterrupt"))
    course.hand_in(
        "pretends", with_cell(course.solved(**wrong), "cell1", new_code_cell("check = lambda *any: True"))
    )
    tampered = course.solved(**wrong)
    for cell in known(tampered).values():
        cell.metadata.nbgrader.update(points=99, schema_version=1, grade=False)
    course.hand_in("tampered", tampered)
    course.hand_in("kills", course.solved(q1="import os\nos._exit(1)"))
    course.hand_in("broken", "this is no notebook")

    # A program that keeps no metadata has saved it, or all was copied into a new notebook.
    stripped = course.solved()
    for cell in stripped.cells:
        cell.metadata = {}
    course.hand_in("stripped", stripped)
    moved = course.solved()
    answer = known(moved)["q2_answer"]
    moved.cells.remove(answer)
    course.hand_in("moved", with_cell(moved, "ex06_q3", answer))
    course.hand_in("renamed", course.solved(), name="06_pooling(1).ipynb")
    course.hand_in("pages", "%PDF-1.4", name="06_pooling.pdf")
    course.hand_in("swallows", course.solved(q1=SWALLOWS))
    link = course.folder / "submitted" / "links" / course.assignment / f"{course.assignment}.ipynb"
    link.parent.mkdir(parents=True)
    link.symlink_to(course.folder / "source" / course.assignment / link.name)
    warns = "import warnings\nwarnings.simplefilter('always')\nopen('picture.png', 'w').close()\n{}"
    course.hand_in("warns", course.solved(q3=warns.format(known(course.source)["q3_answer"].source)))
    elsewhere = course.solved(q7_written=known(course.release)["q7_written"].source, q2="answer_2 = ...")
    with_cell(elsewhere, "q7_written", new_markdown_cell("Lake 14 has one fish, so its mean says little."))
    right = known(course.source)["q2_answer"].source
    course.hand_in("elsewhere", with_cell(elsewhere, "ex06_q2", new_code_cell(right)))
    hand_in_odd_ones(course, wrong)
    for student, code in REPLACE.items():
        course.hand_in(student, course.solved(**wrong | {"q1": f"{code}\nanswer_1 = 'no'"}))

    marks = {
        student: [points(row, "tests"), points(row, "written"), row["remarks"]]
        for student, row in course.marks().items()
    }
    states = {row["student"]: row["state"] for row in course.table("06_pooling")}
    assert marks["perfect"] == ["9 / 9", "? / 3", ""]
    assert marks["wrong"] == ["0 / 9", "? / 3", ""]
    assert marks["blank"] == ["0 / 9", "0 / 3", ""]
    assert marks["deleted"] == ["9 / 9", "? / 3", "ex06_q2 was deleted; q7_rubric was deleted"]
    # The set-up is put back, so that only the two answers are lost (and what needs the model).
    assert marks["neighbours"][0] == "6 / 9"
    assert marks["neighbours"][2].startswith("cell1 was deleted; q2_answer was deleted; ex06_q2 was deleted")
    assert marks["doubled"] == ["9 / 9", "? / 3", "q1_answer is there 2 times; the last one counts"]
    assert marks["loops"] == ["8 / 9", "? / 3", "ran too long and was stopped: while True:"]
    assert marks["raises"] == ["8 / 9", "? / 3", "raised ZeroDivisionError: answer_2 = 1 / 0"]
    assert marks["unfinished"] == ["8 / 9", "? / 3", "raised SyntaxError: answer_1 = ("]
    assert marks["quiet"] == ["9 / 9", "? / 3", ""]
    assert marks["gives_up"] == ["8 / 9", "? / 3", "raised KeyboardInterrupt: raise KeyboardInterrupt"]
    assert marks["pretends"][0] == marks["tampered"][0] == "0 / 9"
    assert marks["kills"][0] == "? / ?" and "kernel died" in marks["kills"][2].lower()
    assert marks["broken"][0] == "? / ?" and "not a notebook" in marks["broken"][2]
    assert marks["swallows"][0] == "? / ?" and "did not stop when its time was over" in marks["swallows"][2]
    assert marks["stripped"][:2] == ["9 / 9", "? / 3"] and "put back by what stands" in marks["stripped"][2]
    assert marks["moved"] == ["9 / 9", "? / 3", "q2_answer stood elsewhere; moved back"]
    assert marks["renamed"][0] == "? / ?" and "rename it and mark again: mv" in marks["renamed"][2]
    assert marks["pages"] == ["? / ?", "? / ?", "there is 06_pooling.pdf but no 06_pooling.ipynb"]
    assert marks["links"][0] == "? / ?" and "is a link to another file" in marks["links"][2]
    assert marks["warns"] == ["9 / 9", "? / 3", ""]
    assert marks["elsewhere"][:2] == ["8 / 9", "? / 3"]
    assert "q2_answer is untouched, but another cell gives answer_2" in marks["elsewhere"][2]
    assert "q7_written is untouched, but the student added 1 text cell" in marks["elsewhere"][2]
    assert marks["half"] == ["5 / 9", "? / 3", ""]
    for student in ("programs", "forks", "marked"):
        assert marks[student] == ["9 / 9", "? / 3", ""], student
    assert marks["tripled"][0] == "9 / 9" and "there 3 times; the last one counts" in marks["tripled"][2]
    assert marks["reversed"][0] == "9 / 9" and "stood elsewhere; moved back" in marks["reversed"][2]
    assert marks["exits"] == ["8 / 9", "? / 3", "raised SystemExit: raise SystemExit"]
    assert marks["prints"] == ["8 / 9", "? / 3", "ran too long and was stopped: while True:"]
    assert marks["third"] == ["9 / 9", "? / 3", ""]
    assert marks["two files"][:2] == ["9 / 9", "? / 3"]
    assert marks["two files"][2].startswith("there is 06_pooling (1).ipynb as well, which does not count")
    assert marks["bare"][:2] == ["9 / 9", "? / 3"] and "put back by what stands" in marks["bare"][2]
    assert "perhaps it is another notebook" in marks["one_cell"][2]
    assert marks["empty"][2] == "the file is empty; ask for it again"
    assert marks["document"][2].startswith(
        "the file is a zip or a document of a word processor, not a notebook"
    )
    assert "there is 06_pooling/06_pooling.ipynb but no 06_pooling.ipynb" in marks["folder"][2]
    for student in REPLACE:
        assert marks[student][0] == "0 / 9" and "replaced what judges it" in marks[student][2], marks[student]
        assert states[student] == "look"
    assert {states[student] for student in ("stripped", "elsewhere", "two files", "bare", "one_cell")} == {
        "look"
    }
    assert {states[student] for student in ("perfect", "wrong", "moved")} == {"to be marked by hand"}
    assert {states[student] for student in NOT_MARKED} == {"not marked"}

    # Who marks by hand reads the rubric and a model answer, and a wrong answer is told its mistake.
    rubric = [
        line for line in secret_lines(ROOT / "solutions/source/06_pooling.py") if line.startswith("One point")
    ]
    assert rubric and rubric[0] in texts(course.autograded("perfect"))
    assert (
        known(course.source)["q7_written"].source[:60]
        in known(course.autograded("blank"))["q7_rubric"].source
    )
    assert "without pooling that lake's estimate is its one fish" in texts(course.autograded("wrong"))

    # What has vanished or changed since is told.
    (course.folder / "submitted/perfect/06_pooling/06_pooling.ipynb").unlink()
    path = course.folder / "submitted/wrong/06_pooling/06_pooling.ipynb"
    path.write_text(nbformat.writes(course.solved()), encoding="utf-8")
    told = {row["student"]: row for row in course.table()}
    assert "was there when marking began and is gone" in told["perfect"]["remarks"]
    assert "has changed since marking began" in told["wrong"]["remarks"] and told["wrong"]["state"] == "look"

    # A student's page shows the mistake in words, and nothing that is the marker's.
    made = course.run("-m", "nbgrader", "generate_feedback", "06_pooling", "--student", "wrong")
    assert made.returncode == 0, made.stderr
    page = (course.folder / "feedback/wrong/06_pooling/06_pooling.html").read_text(encoding="utf-8")
    page = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    page = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert "without pooling that lake's estimate is its one fish" in page
    assert "HIDDEN TESTS" not in page and "MARK SCHEME" not in page and rubric[0] not in page
    assert "Traceback" not in page and str(course.folder) not in page and "site-packages" not in page


def hand_in_odd_ones(course, wrong):
    """Half of it wrong, other programs' metadata, cells many times or backwards, processes, prints, an old format."""
    course.hand_in("half", course.solved(**{name: wrong[name] for name in ("q6", "q8", "w1", "w2")}))
    programs = course.solved()
    programs.metadata["colab"] = {"provenance": []}
    for number, cell in enumerate(programs.cells):
        cell.metadata.update(id=f"c{number}", vscode={"languageId": "python"}, colab={"height": 35})
    course.hand_in("programs", programs)
    tripled = course.solved()
    tripled.cells = [copy.deepcopy(cell) for _ in range(3) for cell in tripled.cells]
    for number, cell in enumerate(tripled.cells):
        cell.id = f"cell{number}"
    course.hand_in("tripled", tripled)
    backwards = course.solved()
    backwards.cells = backwards.cells[::-1]
    course.hand_in("reversed", backwards)
    right = known(course.source)["q1_answer"].source
    course.hand_in("exits", course.solved(q1="raise SystemExit"))
    forks = "import os\nchild = os.fork()\nif child == 0:\n    os._exit(0)\nos.waitpid(child, 0)\n"
    course.hand_in("forks", course.solved(q1=forks + right))
    course.hand_in(
        "marked", course.solved(q1=f"import lmmkit.course.own_data as o\no._marked_as = None\n{right}")
    )
    course.hand_in("prints", course.solved(q1="while True:\n    print('owl')"))
    third = nbformat.convert(course.solved(), 3)
    course.hand_in("third", json.dumps(third))

    # Files of other programs: with a byte-order mark, and two of them; of a format to come, and with nothing but cells.
    course.hand_in("two files", nbformat.writes(course.solved()).encode("utf-8-sig"))
    course.hand_in("two files", course.release, name="06_pooling (1).ipynb")
    bare = json.loads(nbformat.writes(course.solved()))
    bare |= {"nbformat": 5, "nbformat_minor": 0}
    del bare["metadata"]
    for cell in bare["cells"]:
        for name in ("id", "metadata", "outputs", "execution_count"):
            cell.pop(name, None)
    course.hand_in("bare", json.dumps(bare))
    joined = "\n\n".join(cell.source for cell in course.solved().cells if cell.cell_type == "code")
    course.hand_in("one_cell", nbformat.v4.new_notebook(cells=[new_code_cell(joined)]))
    course.hand_in("empty", "")
    course.hand_in("document", b"PK\x03\x04\x14\x00")
    course.hand_in("folder", course.solved(), name="06_pooling/06_pooling.ipynb")


NOT_MARKED = (
    *("kills", "broken", "renamed", "pages", "links", "swallows"),
    *("empty", "document", "folder"),
)
#: A loop that an interrupt does not end.
SWALLOWS = """\
import time
while True:
    try:
        time.sleep(30)
    except BaseException:
        pass
"""
PORT = 48765
#: What students try on the program that marks them.
REPLACE = {
    "judges_within": "import lmmkit.course.check as c\n"
    "c._check = lambda key, question, value: c.Verdict(key, 'right', '', points=9)",
    "silences": "import lmmkit.course.grading as g\ng.assert_right = lambda *any, **more: None",
    "judges": "import lmmkit.course.check as c\nfrom types import SimpleNamespace\n"
    "c.check = lambda *any: SimpleNamespace(must_be_right=lambda: None)",
    "leaves_out": "get_ipython().input_transformers_cleanup.append(\n"
    "    lambda lines: [line for line in lines if 'right' not in line])",
    "rewrites": "from lmmkit.course import grading\n"
    "grading.assert_right.__code__ = (lambda key, value: None).__code__",
    "pretends_module": "import sys, types\nsys.modules['lmmkit.course.grading'] = "
    "types.SimpleNamespace(assert_right=lambda *any: None)",
}


def points(row, kind):
    """What one row of the table says of points, with `?` for what is not known."""
    return f"{row[kind] or '?'} / {row[f'{kind}_max'] or '?'}"


@pytest.mark.slow
def test_a_submission_sees_itself_and_nothing_else(tmp_path, grading):
    """It looks for the source and for another's file, and tries to leave a marker in both, and to reach the network."""
    course = Course(tmp_path, grading, "06_pooling")
    wall = course.run("-c", "import marking; print(marking.WALL)").stdout.strip()
    if wall != "True":
        pytest.skip("there is no wall here: bubblewrap is not installed, or may not make namespaces")
    course.hand_in("ada", course.solved())
    looks = f"""
import socket
from pathlib import Path
course = Path({str(course.folder)!r})
told = []
for place in ("source/06_pooling/06_pooling.ipynb", "submitted/ada/06_pooling/06_pooling.ipynb", "gradebook.db"):
    told.append(f"sees {{place}}" if (course / place).exists() else f"no {{place}}")
for place in ("submitted/ada/06_pooling/marker.txt", "source/marker.txt", "marker.txt"):
    try:
        (course / place).write_text("here")
    except OSError:
        told.append(f"no {{place}}")
try:
    socket.create_connection(("127.0.0.1", {PORT}), timeout=2)
except OSError:
    told.append("no network")
print("; ".join(told))
answer_1 = "no"
"""
    server = socket.create_server(("127.0.0.1", PORT))
    with server:
        course.hand_in("bob", course.solved(q1=looks))
        marks = course.marks()
    assert marks["ada"]["tests"] == "9" and marks["bob"]["tests"] == "8"
    said = known(course.autograded("bob"))["q1_answer"].outputs[0].text
    assert said.count("no ") == 7 and "sees" not in said, said
    assert not list(course.folder.rglob("marker.txt"))


@pytest.mark.slow
def test_what_is_handed_in_through_moodle_and_canvas_is_collected(tmp_path, grading):
    course = Course(tmp_path, grading, "06_pooling")
    archive = course.folder / "downloaded" / "06_pooling" / "archive"
    archive.mkdir(parents=True)
    text = nbformat.writes(course.release)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("06_pooling.ipynb", text)
    with zipfile.ZipFile(archive / "all submissions.zip", "w") as file:
        for name, content in {
            "Ada Byron_1234567_assignsubmission_file_/06_pooling.ipynb": text,
            "Kim Lee_7654321_assignsubmission_file/06_pooling (1).ipynb": text,
            "Ju\u0308rgen O'Groß_11_assignsubmission_file/Übung 06_pooling Jürgen.ipynb": text,
            "Eva Sub_12_assignsubmission_file/week 6/06_pooling.ipynb": text,
            "Tom Zip_13_assignsubmission_file/tom.zip": inner.getvalue(),
            "Leo Two_14_assignsubmission_file/06_pooling (1).ipynb": text,
            "Leo Two_14_assignsubmission_file/06_pooling.ipynb": text,
            "Leo Two_14_assignsubmission_file/__MACOSX/06_pooling.ipynb": "",
            "Pia Doc_15_assignsubmission_file/my answers.docx": "PK",
            "Ann Text_16_assignsubmission_onlinetext/onlinetext.html": "<p>I forgot</p>",
            "Participant_17_assignsubmission_file/06_pooling.ipynb": text,
            "Participant_18_assignsubmission_file/06_pooling.ipynb": text,
            "noetheremmy_12345_67890_06_pooling-1.ipynb": text,
            "curiemarie_LATE_12346_67891_06_pooling.ipynb": text,
            "doejane_12347_67892_Untitled.ipynb": text,
        }.items():
            file.writestr(name, content)
    run = course.run("-m", "nbgrader", "zip_collect", "06_pooling")
    found = {path.parent.parent.name: path.name for path in course.folder.glob("submitted/*/06_pooling/*")}
    right = ("Ada Byron", "Kim Lee", "Jürgen O'Groß", "Eva Sub", "Tom Zip", "noetheremmy", "curiemarie",
             "Participant 17", "Participant 18")  # fmt: skip
    others = {"Pia Doc": "my answers.docx", "Ann Text": "onlinetext.html", "doejane": "Untitled.ipynb"}
    assert {name: path for name, path in found.items() if name != "Leo Two"} == (
        dict.fromkeys(right, "06_pooling.ipynb") | others
    ), run.stderr
    assert {path.name for path in course.folder.glob("submitted/Leo Two/06_pooling/*")} == {
        "06_pooling.ipynb",
        "06_pooling (1).ipynb",
    }


@pytest.mark.slow
@pytest.mark.parametrize("page", ["INSTRUCTORS.md", "tools/nbgrader/README.md"])
def test_every_command_of_nbgrader_that_our_pages_name_is_there(page, grading):
    text = (ROOT / page).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
    commands = [found[1] for found in re.finditer(r"(?<!make )\bnbgrader (.+)", code)]
    assert commands

    def told(*words):
        run = subprocess.run(
            [str(grading), "-m", "nbgrader", *words, "--help-all"], capture_output=True, text=True
        )
        assert run.returncode == 0, words
        return run.stdout

    general = told()  # what nbgrader says, with exit code 0, of a command that it does not have
    for command in {line.split("#")[0].strip() for line in commands}:
        words = [word for word in command.split() if re.fullmatch(r"[a-z_]+", word)]
        help_text = told(*(words[:3] if words[0] == "db" else words[:1]))
        assert help_text.splitlines()[0] != general.splitlines()[0], command
        for flag in re.findall(r"--[\w.-]+", command):
            assert flag in help_text, (command, flag)


# ---------------------------------------------------------------- one course, one setting


def test_a_course_remembers_how_it_was_made(tmp_path, capsys):
    write_course(tmp_path, ["13"], own_data=True)
    (path,) = write_course(tmp_path, ["06"])
    assert "own_data(" in path.read_text(encoding="utf-8")
    assert main(["06", "--no-own-data", "--folder", str(tmp_path)]) == 1
    assert "was made with OWN_DATA=1" in capsys.readouterr().err
    assert main(["06", "--own-data", "--folder", str(tmp_path)]) == 0
    assert "OWN_DATA=1, BLIND=0" in capsys.readouterr().out


def test_what_a_course_leaves_out_is_the_same_in_any_order_and_is_not_made(tmp_path, capsys):
    write_course(tmp_path, ["06"], without="15 14")
    assert main(["06", "--without", "14 15", "--folder", str(tmp_path)]) == 0
    assert main(["15", "--folder", str(tmp_path)]) == 1
    assert "15 is left out of this course, which was made with WITHOUT='14 15'" in capsys.readouterr().err


def test_a_configuration_that_was_changed_is_left_alone(tmp_path, capsys):
    write_course(tmp_path, ["06"])
    config = tmp_path / "nbgrader_config.py"
    ours = config.read_text(encoding="utf-8")
    assert "nbgrader_config_local.py" in ours
    write_course(tmp_path, ["06"])
    assert config.read_text(encoding="utf-8") == ours and capsys.readouterr().out == ""
    config.write_text(ours + "c.Exchange.root = '/srv'\n", encoding="utf-8")
    write_course(tmp_path, ["06"])
    assert config.read_text(encoding="utf-8").endswith("'/srv'\n")
    assert "has been changed by you" in capsys.readouterr().out


def test_exercises_can_be_left_out(tmp_path):
    written = {path.stem for path in write_course(tmp_path, [], without="14 ex15")}
    assert written == {source.stem for source in SOURCES} - {"14_variance_partitioning", "15_power"}


@pytest.mark.slow
def test_a_student_is_marked_on_the_rows_of_the_folders_name(tmp_path, grading, monkeypatch):
    course = Course(tmp_path, grading, "13_counts", own_data=True)
    numbers = [
        f"ex13.{name}"
        for name, question in questions_of(chapters()["ex13"]).items()
        if follows_the_data(question)
    ]
    assert numbers
    monkeypatch.setenv(VARIABLE, "mia")
    answer = dict(re.findall(r"assert_right\('(ex13\.\w+)', (\w+)\)", texts(course.source)))
    copied = {key.split(".")[1]: f"{answer[key]} = {float(find(key).truth())!r}" for key in numbers}

    def named(notebook, student):
        (cell,) = [cell for cell in notebook.cells if cell.source.startswith("STUDENT =")]
        cell.source = f"STUDENT = {student!r}"
        return notebook

    everything = sum(question.points for question in questions_of(chapters()["ex13"]).values())
    course.hand_in("mia", named(course.solved(), "Mia "))
    course.hand_in("mia_pasted", named(course.solved(**copied), "mia"))
    course.hand_in("kim", named(course.solved(), "mia"))
    marks = {
        student: [points(row, "tests"), points(row, "written"), row["remarks"]]
        for student, row in course.marks().items()
    }
    assert marks["mia"][0] == f"{everything} / {everything}" and marks["mia"][2] == ""
    # Numbers taken over from somebody else are wrong, whichever name stands above them.
    assert marks["mia_pasted"][0] == f"{everything - len(numbers)} / {everything}"
    assert marks["mia_pasted"][2] == "signed in as mia"
    assert marks["kim"] == [f"{everything} / {everything}", marks["mia"][1], "signed in as mia"]


def follows_the_data(question):
    """Whether the right answer is a number that another student's rows make wrong."""
    from lmmkit.course.question import Number

    if not isinstance(question, Number):
        return False
    found = []
    for student in ("mia", "mia_pasted"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(VARIABLE, student)
            found.append(float(question.truth()))
    return not question._near(found[0], found[1])
