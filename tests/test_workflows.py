"""What a forge runs for us: the files of `.github/workflows` say what GitHub understands, and what is there to run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
each = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def steps(path):
    """All steps of a workflow, with the name of their job."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return [(name, step) for name, job in jobs.items() for step in job["steps"]]


def test_workflows_keep_to_githubs_schema():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    run = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert {"ci", "package", "pages"} <= {path.stem for path in WORKFLOWS}
    assert run.returncode == 0, run.stdout + run.stderr


@each
def test_a_workflow_runs_what_there_is(path):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for _, step in steps(path):
        asked = step.get("run", "")
        for target in re.findall(r"\bmake ([a-z-]+)", asked):
            assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target
        for file in re.findall(r"\bbash (\S+)", asked):
            assert (ROOT / file).exists()
        assert set(step) & {"run", "uses"} and "@" in step.get("uses", "@")


@each
def test_a_workflow_may_only_read_and_every_job_comes_to_an_end(path):
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert told["permissions"] == {"contents": "read"}
    for name, job in told["jobs"].items():
        assert "timeout-minutes" in job or name == "deploy"
        assert set([job["needs"]] if "needs" in job else []) <= set(told["jobs"])
        known = {step["id"] for step in job["steps"] if "id" in step}
        assert set(re.findall(r"steps\.(\w+)\.", str(job))) <= known


def test_a_package_knows_where_it_was_built():
    """The variable that tools/package_page.py reads is the one that the workflow sets."""
    from tools.package_page import ADDRESS

    job = yaml.safe_load((ROOT / ".github" / "workflows" / "package.yml").read_text("utf-8"))["jobs"]["build"]
    assert ADDRESS in job["env"]


def test_pages_finds_what_make_writes():
    told = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for folder in re.findall(r"dist/(\w+)", told):
        assert re.search(rf"^{folder}:.*dist/{folder}/", makefile, re.MULTILINE), folder
