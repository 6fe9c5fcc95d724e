"""Nothing that a reader has done is lost: damaged files, full disks, two notebooks at once."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lmmkit.course import progress
from lmmkit.course.check import check, show_progress

RIGHT = {f"ex0{n}.q1": {"tries": n, "right": True} for n in range(1, 9)}
TEXT = json.dumps(RIGHT, indent=1)
DAMAGED = {
    "cut off": TEXT[: len(TEXT) // 2].encode(),
    "one byte lost": TEXT.replace("{", "", 1).encode(),
    "one odd byte": TEXT.replace("ex01", "ex\xe9").encode("latin-1"),
    "conflict marks": f"<<<<<<< HEAD\n{TEXT}\n=======\n{TEXT}\n>>>>>>> theirs\n".encode(),
    "a list": json.dumps([RIGHT]).encode(),
    "a number too long": TEXT.replace("8", "8" * 5000).encode(),
    "too deep": b"[" * 100_000,
    "binary": bytes(range(256)),
    "an entry that is none": json.dumps(RIGHT | {"ex09.q1": 3}).encode(),
}


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    path = tmp_path / "progress.json"
    monkeypatch.setenv(progress.VARIABLE, str(path))
    monkeypatch.setattr(progress, "_PENDING", {})
    monkeypatch.setattr(progress, "_NOTICES", [])
    return path


def copies(file):
    return sorted(file.parent.glob("*unreadable*"))


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_file_that_cannot_be_read_is_kept_as_a_copy_and_told(file, kind):
    file.write_bytes(DAMAGED[kind])
    verdict = check("00.q1", 3)
    (copy,) = copies(file)
    assert copy.read_bytes() == DAMAGED[kind]
    assert copy.name in verdict.note and copy.name in repr(verdict) and copy.name in verdict._repr_html_()
    assert progress.load()["00.q1"]["tries"] == 1
    assert check("00.q1", 3).note == ""
    assert copies(file) == [copy]


@pytest.mark.parametrize(
    ("kind", "saved"), [("cut off", 4), ("one byte lost", 8), ("conflict marks", 8), ("one odd byte", 7)]
)
def test_whole_entries_of_a_damaged_file_are_saved(file, kind, saved):
    file.write_bytes(DAMAGED[kind])
    check("00.q1", 3)
    known = json.loads(file.read_text())
    assert len(RIGHT.keys() & known.keys()) >= saved - 1
    assert all(known[key]["right"] for key in RIGHT.keys() & known.keys())


@pytest.mark.parametrize("tries", ["NaN", "1e400", "null", '"x"', "[1]"])
def test_a_count_that_is_none_counts_from_nothing(file, tries):
    file.write_text(f'{{"00.q1": {{"tries": {tries}, "right": false}}}}')
    assert "so far 0" in check("00.q1", "show me").message
    check("00.q1", 3)
    assert progress.load()["00.q1"]["tries"] == 1


def test_a_second_damaged_file_gets_a_copy_of_its_own(file):
    for number in (1, 2):
        file.write_text("{half")
        check("00.q1", 3)
        assert len(copies(file)) == number


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_an_editor_has_saved_otherwise_is_read(file, encoding):
    file.write_bytes(TEXT.encode(encoding))
    check("00.q1", 3)
    assert {key: progress.load()[key] for key in RIGHT} == RIGHT
    assert copies(file) == []


def test_after_a_failed_write_the_answers_of_others_stay(file, monkeypatch):
    def full(*args):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        check("00.q1", 3)
        check("00.q1", 3)
        assert not file.exists() and progress.load()["00.q1"]["tries"] == 2
        assert "not kept" in repr(show_progress("00"))
    file.write_text(TEXT)  # another kernel, meanwhile
    check("00.q1", 3)
    assert json.loads(file.read_text()) == RIGHT | {"00.q1": {"tries": 3, "right": False}}
    assert "not kept" not in repr(show_progress("00"))
    assert [path.name for path in file.parent.iterdir() if ".part" in path.name] == []


def test_two_kernels_lose_nothing(file):
    program = (
        "import sys\nfrom lmmkit.course import progress\n"
        "for n in range(60): progress.record(f'ex{sys.argv[1]}.q{n}', True)"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", program, name]) for name in ("01", "02")]
    assert [kernel.wait(timeout=120) for kernel in kernels] == [0, 0]
    assert len(json.loads(file.read_text())) == 120


def test_who_holds_the_lock_for_long_stops_nobody(file, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(progress, "_PATIENCE", 0.05)
    with FileLock(file.with_name(f"{file.name}.lock")):
        assert progress.record("00.q1", False) == 1
    assert not file.exists()
    assert progress.record("00.q1", True) == 2
    assert json.loads(file.read_text())["00.q1"] == {"tries": 2, "right": True}


def test_a_folder_in_the_place_of_a_file_is_used_as_one(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path))
    check("00.q1", 3)
    assert (tmp_path / progress.FILE).exists()


def test_a_working_folder_that_is_gone_does_no_harm(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert check("06.q2", 5 / 6).state == "right"
    assert show_progress("06")


def test_a_link_stays_a_link(file):
    real = file.with_name("elsewhere.json")
    real.write_text(TEXT)
    file.symlink_to(real)
    check("00.q1", 3)
    assert file.is_symlink() and json.loads(real.read_text()).keys() > RIGHT.keys()


def test_rows_lead_to_the_notebooks_that_are_there(tmp_path, monkeypatch):
    for place in ("lessons/06_pooling", "exercises/06_pooling", "exercises/capstone_owls"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / f"{place}.ipynb").touch()
    monkeypatch.chdir(tmp_path / "exercises")
    shown = show_progress()._repr_html_()
    assert re.findall(r"href='([^']*)'", shown) == [
        "../lessons/06_pooling.ipynb", "../exercises/06_pooling.ipynb",
        "../exercises/capstone_owls.ipynb", "../exercises/capstone_owls.ipynb",
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert "href" not in show_progress()._repr_html_()
