"""pyproject, the pins, conda's file, the packages in use and the pages that speak of them agree."""

import doctest
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import lmmkit

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ASKED = [Requirement(text) for text in [*PROJECT["dependencies"], *EXTRAS["course"], *EXTRAS["dev"]]]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
PAIRS = [line.split("==") for line in LOCK if not line.startswith("#")]
PINS = {canonicalize_name(name): version for name, version in PAIRS}


@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.name)
def test_every_dependency_is_pinned_within_its_range(asked):
    assert canonicalize_name(asked.name) in PINS, f"{asked.name} is not in requirements.lock: make lock"
    assert asked.specifier.contains(PINS[canonicalize_name(asked.name)])


@pytest.mark.parametrize("extra", ["lm", "plot"])
def test_a_smaller_extra_is_a_part_of_the_course(extra):
    assert set(EXTRAS[extra]) < set(EXTRAS["course"])


def test_the_smaller_extras_are_what_the_library_uses():
    """Packages imported outside the course, by room."""
    needed = {"lm": ["fitted"], "plot": ["plots"]}
    for extra, rooms in needed.items():
        texts = [path.read_text("utf-8") for room in rooms for path in (ROOT / "lmmkit" / room).glob("*.py")]
        imports = " ".join(line for text in texts for line in text.splitlines() if "import" in line)
        for asked in map(Requirement, EXTRAS[extra]):
            assert asked.name in imports, asked.name


def test_the_lock_holds_plain_pins_and_no_place_of_this_machine():
    assert [line for line in LOCK if not re.fullmatch(r"#.*|[\w.-]+==[\w.!+]+", line)] == []


def test_these_tests_run_on_the_pins():
    found = {canonicalize_name(dist.name): dist.version for dist in metadata.distributions()}
    assert {name: found[name] for name in PINS if name in found} == {
        name: version for name, version in PINS.items() if name in found
    }


def test_conda_gets_the_same_environment():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, from_pip = conda["dependencies"]
    assert conda["name"] == PROJECT["name"]
    name, version = python.split("=")
    assert name == "python" and SpecifierSet(PROJECT["requires-python"]).contains(f"{version}.0")
    assert pip == "pip"
    # The dependencies themselves are pyproject's, at the versions of the lock.
    assert from_pip == {"pip": ["-c requirements.lock", "-e .[course]"]}
    assert {"jupyterlab", "ipykernel"} <= {Requirement(text).name for text in EXTRAS["course"]}


def test_python_is_the_same_everywhere():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"sys.version_info < ({oldest.replace('.', ', ')})" in makefile
    from lmmkit.course.doctor import OLDEST_PYTHON

    assert ".".join(map(str, OLDEST_PYTHON)) == oldest


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert {lmmkit.__version__, str(citation["version"]), newest[1]} == {PROJECT["version"]}


def test_contributing_says_why_for_each_dependency():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Dependencies")[2]
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ")][2:]
    named = {name.strip() for names, why in rows for name in names.split(",") if why.strip()}
    files = [ROOT / "tools" / tool / "requirements.txt" for tool in ("nbgrader", "lite")]
    pins = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    apart = {Requirement(line).name for line in pins if line and not line.startswith("#")}
    assert named == {asked.name for asked in ASKED} | apart


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_a_page_names_only_commands_and_files_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.DOTALL))
    commands = set(re.findall(r"\bmake ([a-z][a-z-]+)\b", code))
    assert commands and not {name for name in commands if not re.search(rf"^{name}:", makefile, re.MULTILINE)}
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    assert not {link for link in links if not (ROOT / link).exists()}


def test_the_readme_shows_what_the_library_answers():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert tried and not failed


@pytest.mark.slow
def test_the_wheel_stands_alone(tmp_path):
    """Built and unpacked elsewhere, the library fits, and has its data with it."""
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"lmmkit-{PROJECT['version']}-py3-none-any.whl"
    names = zipfile.ZipFile(wheel).namelist()
    assert "lmmkit/data/sleepstudy.csv" in names and "lmmkit/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"lmmkit", f"lmmkit-{PROJECT['version']}.dist-info"}
    assert not [name for name in names if "synthesis" in name or "__pycache__" in name]

    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        "import lmmkit as lk; print(lk.__file__);"
        "fit = lk.lmer('Reaction ~ Days + (Days | Subject)', lk.load_data('sleepstudy'));"
        "print(f'{fit.reml_criterion:.4f}')"
    )
    env = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    said = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, env=env, text=True)
    where, criterion = said.split()
    assert Path(where).is_relative_to(tmp_path) and criterion == "1743.6283"


def test_a_package_page_leads_to_no_file_and_to_no_host_that_nobody_named(monkeypatch):
    """As hatchling writes it: nobody has said where the repository stands, then somebody has."""
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    def core(address):
        monkeypatch.setenv("LMMKIT_URL", address)
        return ProjectMetadata(str(ROOT), PluginManager()).core

    alone = core("")
    assert alone.readme_content_type == "text/markdown" and alone.urls == {}
    assert "](" not in alone.readme and alone.readme.startswith("# lmmkit")
    linked = core("https://example.org/lmmkit/")
    assert set(linked.urls) == {"Source", "Issues", "Changelog"}
    targets = re.findall(r"\]\(([^)]+)\)", linked.readme)
    assert targets and {target[: len("https://example.org/lmmkit/")] for target in targets} == {
        "https://example.org/lmmkit/"
    }
    assert all((ROOT / re.sub(r"^.*/(?:blob|raw)/HEAD/", "", target)).exists() for target in targets)


def test_the_first_screen_says_what_it_is_and_shows_three_doors():
    """A newcomer's window holds some forty lines: what it is, a picture, the doors, the first commands."""
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    what = " ".join(first[2 : first.index("", 2)])
    assert len(re.findall(r"\.(?= |$)", what.replace("R's", ""))) == 2
    text = "\n".join(first)
    assert "![" in text and "| Read | Run in a browser | Install |" in text
    assert "make lab" in text and "```powershell" in text and "conda env create" in text
