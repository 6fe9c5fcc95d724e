"""The doctor says what works, notices what does not, and then says what to do."""

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import lmmkit as lk
from lmmkit.course import doctor

HERE = "|".join([sys.prefix, lk.__version__, *(metadata.version(name) for name in doctor.WIDGETS)])


def assert_ill(finding, *words):
    """The finding is bad, says these words, and says what to do."""
    assert not finding.well
    assert all(word in finding.says for word in words), finding.says
    assert finding.remedy and "What to do: " + finding.remedy in str(finding)


def test_python_is_new_enough(monkeypatch):
    assert doctor.check_python().well
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert_ill(doctor.check_python(), "this is Python 3.9.18", "3.11 or newer")


def test_packages_are_here():
    assert doctor.check_packages().well


def fake_versions(monkeypatch, **versions):
    real = doctor.installed
    monkeypatch.setattr(doctor, "installed", lambda name: versions.get(name, real(name)))


def test_a_missing_package_is_named(monkeypatch):
    fake_versions(monkeypatch, seaborn=None)
    assert_ill(doctor.check_packages(), "seaborn is not installed")


def test_a_package_out_of_range_is_named_with_the_range(monkeypatch):
    fake_versions(monkeypatch, formulaic="0.6.1")
    assert_ill(doctor.check_packages(), "formulaic is 0.6.1, but lmmkit needs", ">=1.2")


def test_a_package_that_differs_from_the_pins_is_mentioned(monkeypatch):
    monkeypatch.setattr(doctor, "pins", lambda: {"numpy": "9.9"})
    finding = doctor.check_packages()
    assert finding.well and f"numpy {metadata.version('numpy')} (tested with 9.9)" in finding.says


def test_pins_are_read_from_the_folder_of_work(monkeypatch, tmp_path):
    (tmp_path / "requirements.lock").write_text("# a remark\nnumpy==2.4.6\npandas==3.1.1\n")
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    monkeypatch.chdir(tmp_path)
    assert doctor.pins() == {"numpy": "2.4.6", "pandas": "3.1.1"}


def test_the_kernel_is_compared_with_the_server(monkeypatch):
    monkeypatch.setattr(doctor, "ask_kernel", lambda code: HERE + "\n")
    assert doctor.check_kernel().well
    monkeypatch.setattr(doctor, "ask_kernel", lambda code: HERE.replace(sys.prefix, "/elsewhere"))
    assert_ill(doctor.check_kernel(), "notebooks would run in /elsewhere")
    monkeypatch.setattr(doctor, "ask_kernel", lambda code: HERE.rpartition("|")[0] + "|0.1")
    assert_ill(doctor.check_kernel(), "the kernel sees", "0.1, the server")
    monkeypatch.setattr(doctor, "ask_kernel", lambda code: "ModuleNotFoundError: No module named 'lmmkit'")
    assert_ill(doctor.check_kernel(), "cannot load lmmkit and the widgets: ModuleNotFoundError")


@pytest.mark.slow
def test_the_real_kernel_answers():
    assert doctor.ask_kernel("print(6 * 7)") == "42\n"
    assert doctor.ask_kernel("1 / 0") == "ZeroDivisionError: division by zero"
    assert doctor.check_kernel().well


def test_widgets_of_another_installation_are_noticed(monkeypatch, tmp_path):
    import jupyter_core.paths

    assert doctor.check_widgets().well
    own = [str(Path(sys.prefix, "share", "jupyter", "labextensions"))]
    file = tmp_path / doctor.WIDGET_EXTENSION
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *parts: [str(tmp_path), *own])
    assert_ill(doctor.check_widgets(), "another installation", str(tmp_path))
    monkeypatch.setattr(jupyter_core.paths, "jupyter_path", lambda *parts: [])
    assert_ill(doctor.check_widgets(), "no extension for sliders")
    fake_versions(monkeypatch, widgetsnbextension=None)
    assert_ill(doctor.check_widgets(), "widgetsnbextension cannot be found")


def test_data_can_be_read(monkeypatch):
    assert doctor.check_data().well

    def damaged(name):
        raise lk.DataError("column 'Weight' is missing")

    monkeypatch.setattr("lmmkit.datasets.load_data", damaged)
    assert_ill(doctor.guarded("data", doctor.check_data), "column 'Weight' is missing")


def test_the_known_answer_comes_out(monkeypatch):
    assert doctor.check_fit().well
    monkeypatch.setattr(lk, "lmer", lambda *args: SimpleNamespace(reml_criterion=1751.9393))
    assert_ill(doctor.check_fit(), "1751.9393", "should be 1743.6283")


def test_a_check_that_breaks_down_is_a_failed_one():
    assert_ill(doctor.guarded("fit", lambda: 1 / 0), "the check itself stopped", "division by zero")


def test_the_exit_code_and_the_last_line(monkeypatch, capsys):
    good, bad = doctor.Finding("Python", True, "3.12"), doctor.Finding("data", False, "torn.", "mend it")
    monkeypatch.setattr(doctor, "examine", lambda: iter([good]))
    assert doctor.main() == 0
    assert "All is well" in capsys.readouterr().out
    monkeypatch.setattr(doctor, "examine", lambda: iter([good, bad]))
    assert doctor.main() == 1
    assert "1 of 2 checks failed. Begin with the first, data." in capsys.readouterr().out


def test_every_check_is_made(monkeypatch):
    monkeypatch.setattr(doctor, "ask_kernel", lambda code: HERE)
    findings = list(doctor.examine())
    names = ["Python", "packages", "kernel", "widgets", "data", "fit", "progress", "others"]
    assert [finding.check for finding in findings] == names
    assert [str(finding) for finding in findings if not finding.well] == []


@pytest.fixture
def zip_folder(tmp_path, monkeypatch):
    """Where a student's zip was unpacked: the pins, and no Makefile."""
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    (tmp_path / "exercises").mkdir()
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "site" / "lmmkit" / "course" / "doctor.py"))
    monkeypatch.chdir(tmp_path / "exercises")
    return tmp_path


def test_where_there_is_no_makefile_nobody_is_sent_to_make(zip_folder, monkeypatch, capsys):
    assert "make" not in doctor.reinstall() and "README" in doctor.reinstall()
    assert doctor.pins() == {"numpy": "2.4.6"}
    monkeypatch.setattr(doctor, "examine", lambda: iter([doctor.Finding("Python", True, "3.12")]))
    doctor.main()
    assert "make" not in capsys.readouterr().out
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert "make" not in doctor.check_python().remedy
    (zip_folder / "Makefile").touch()
    assert "make clean" in doctor.reinstall()


def test_a_bare_library_is_told_what_to_install():
    def needs():
        raise ModuleNotFoundError("No module named 'packaging'", name="packaging")

    finding = doctor.guarded("packages", needs)
    assert_ill(finding, "not all installed: there is no packaging")
    assert "lmmkit[course]" in finding.remedy


def test_a_folder_that_cannot_be_written_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("LMMKIT_PROGRESS", str(tmp_path / "progress.json"))
    assert doctor.check_progress().well
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert_ill(doctor.check_progress(), "is forgotten when a notebook is closed")
    monkeypatch.setenv("LMMKIT_PROGRESS", "off")
    assert doctor.check_progress().well


def test_who_has_another_package_is_told_where_its_numbers_differ(monkeypatch):
    fake_versions(monkeypatch, pymer4="0.8.2", gpboost="1.9.0")
    said = str(doctor.check_others())
    assert (
        "pymer4 0.8.2: fit() drops options" in said and "gpboost 1.9.0 (asked: 1.8.0): with two terms" in said
    )
    assert "docs/differences.md" in said and all(len(line) <= 130 for line in said.splitlines())
    monkeypatch.setattr(doctor, "installed", lambda name: None)
    assert doctor.check_others().well and "no other package" in doctor.check_others().says
