"""JupyterLite's page of the course in a real browser, with a kernel that runs in it: Python itself from npm's Pyodide.

NumPy and the other compiled wheels of Pyodide's are at no package registry, so what needs them is not seen here.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import urllib.request

import pytest

from tests.browser.pages import shown
from tools.make_lite import HERE, PURE, pyodide, write_lite

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]
#: What the kernel installs at its start from Pyodide's own list; all of it is pure Python.
STARTS_WITH = ("micropip", "packaging", "jedi", "ipython")


def run(*command, where=None):
    """Run what may need a package registry; where none is reached, the test says so and is skipped."""
    done = subprocess.run(list(map(str, command)), cwd=where, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        pytest.skip(f"{command[0]} cannot get what this needs: {last}")
    return done.stdout


def core(folder):
    """Pyodide's core from npm, and beside it the wheels of pure Python that a kernel starts with."""
    if shutil.which("npm") is None:
        pytest.skip("npm, which has Pyodide's core, is not installed")
    packed = run("npm", "pack", "--silent", f"pyodide@{pyodide()['pyodide']}", where=folder).strip()
    with tarfile.open(folder / packed) as archive:
        archive.extractall(folder, filter="data")
    home = (folder / "package").rename(folder / "pyodide")
    lock = json.loads((home / "pyodide-lock.json").read_text("utf-8"))
    known, needed = lock["packages"], list(STARTS_WITH)
    for name in needed:
        depends = (other.lower().replace("_", "-") for other in known[name]["depends"])
        needed += [other for other in depends if other not in needed]
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps")
    pins = [f"{known[name]['name']}=={known[name]['version']}" for name in needed]
    run(*pip, "--only-binary", ":all:", *PURE, "--dest", home, *pins)
    for name in needed:  # Pyodide packs them anew: the same files, another sum
        known[name]["sha256"] = hashlib.sha256((home / known[name]["file_name"]).read_bytes()).hexdigest()
    (home / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    with tarfile.open(folder / "pyodide.tar.bz2", "w:bz2") as archive:
        archive.add(home, "pyodide")
    return folder / "pyodide.tar.bz2"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The site as `make lite` makes it, with Pyodide's core, served by this machine."""
    folder = tmp_path_factory.mktemp("lite")
    run(sys.executable, "-m", "venv", folder / "env")
    pip = (
        folder / "env" / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
    )
    run(*pip, "--requirement", HERE / "requirements.txt")
    write_lite(folder / "site", folder / "env" / "bin" / "jupyter", core(folder))
    with shown(folder / "site") as where:
        yield where


def test_a_lesson_opens_and_its_kernel_runs_in_the_page(browser, address):
    elsewhere = []
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.on(
        "request",
        lambda request: request.url.startswith((address, "data:", "blob:")) or elsewhere.append(request.url),
    )
    page.goto(f"{address}/lab/index.html?path=lessons/00_start_here.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    page.locator("#jp-main-statusbar", has_text="| Idle").wait_for(timeout=400_000)
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    assert "%pip install -q lmmkit" in cell.inner_text()
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("import sys; print(sys.platform, 6 * 7)")
    page.keyboard.press("Shift+Enter")
    cell.locator(".jp-OutputArea-output", has_text="emscripten 42").wait_for(timeout=60_000)
    page.close()
    assert elsewhere == []


def test_the_site_carries_what_pyodide_lacks(address):
    with urllib.request.urlopen(f"{address}/pypi/all.json") as answer:
        carried = json.load(answer)
    assert {"lmmkit", "formulaic", "seaborn", "ipywidgets", "anywidget"} <= set(carried)
