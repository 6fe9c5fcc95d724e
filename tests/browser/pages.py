"""A Jupyter server of our own, a notebook of explorers, and the moves a hand makes on a panel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CELL = "from lmmkit.course import explorers\nexplorers.{name}()"
BOOKS = {
    "all.ipynb": [
        "counts", "diagnostics", "likelihood", "model_builder", "nested_crossed", "pooling",
        "pseudoreplication", "random_effects", "random_or_fixed", "shrinkage", "simpson", "tests",
        "variance_partition",
    ],
    "three.ipynb": ["simpson", "likelihood", "pseudoreplication"],
}  # fmt: skip
DONE = "all cells ran"
LAST_CELL = "print('all cells', 'ran')"  # the sentence itself is only in its output
# Everything a lab would fetch from elsewhere is off; cells out of sight stay on the page.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


def chromium() -> str | None:
    """Where a Chromium is installed, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """A notebook of code cells without outputs; a last cell says that all have run."""
    import nbformat.v4 as nb

    book = nb.new_notebook(cells=[nb.new_code_cell(source) for source in (*cells, LAST_CELL)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(json.dumps(book))


@contextlib.contextmanager
def server(folder: Path, app: str = "lab") -> Iterator[str]:
    """A Jupyter server on 127.0.0.1 over `folder`/work, with folders of its own; yields its address.

    JupyterLab serves ``/lab`` and Notebook 7, installed beside it, ``/notebooks`` from the same server.
    """
    work = folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    for name, content in SETTINGS.items():
        target = folder / "settings" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(content))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = dict(os.environ)
    for variable, sub in (
        ("JUPYTER_CONFIG_DIR", "config"),
        ("JUPYTER_DATA_DIR", "data"),
        ("JUPYTER_RUNTIME_DIR", "runtime"),
        ("IPYTHONDIR", "ipython"),
    ):
        env[variable] = str(folder / sub)
    env["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
    env["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    env["PYTHONPATH"] = str(ROOT)
    env["OMP_NUM_THREADS"] = "1"
    command = [
        sys.executable,
        "-m",
        "jupyter",
        app,
        "--allow-root",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={work}",
        "--ServerApp.open_browser=False",
    ]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(address + "/api/status", process, folder / "server.log")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(address: str, process: subprocess.Popen[Any], log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.25)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text()[-3000:]}")


class Book:
    """A notebook open in a browser page, every cell run; what went wrong on the page is kept in `errors`."""

    def __init__(self, browser: Browser, address: str, name: str, *, app: str, width: int = 1300) -> None:
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.app = app
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.route("**/*", self._only_home)
        self.page.on("websocket", lambda socket: self._is_home(socket.url))  # which `route` never sees
        where = {"lab": "/lab/tree/", "notebook": "/notebooks/"}[app]
        self.page.goto(f"{address}{where}{name}")

    def _is_home(self, url: str) -> bool:
        home = url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))
        if not home:
            self.outside.append(url)
        return home

    def _only_home(self, route: Any) -> None:
        if self._is_home(route.request.url):
            route.continue_()
        else:
            route.abort()

    def run_all(self, until: Locator | None = None) -> None:
        """Wait for the kernel, run every cell, wait for the last cell's word (or for what is to be seen)."""
        page = self.page
        said = page.get_by_text(DONE) if until is None else until
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        if self.app == "lab":
            page.get_by_text("| Idle").first.wait_for(timeout=60_000)
        else:
            page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
        # Notebook 7.6 trips over its own settings while it starts; from here on every error counts.
        if self.app == "notebook":
            self.errors.clear()
        begun = page.locator(".jp-InputPrompt", has_text="*").or_(said)
        for _ in range(5):  # a kernel that has just become idle may still lose the first request
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            with contextlib.suppress(TimeoutError):
                begun.first.wait_for(timeout=4_000)
                break
        said.last.wait_for(timeout=120_000)

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window `width` pixels wide; a narrow one gives its room to the notebook, not to the file
        list.
        """
        self.page.set_viewport_size({"width": width, "height": height})
        files = self.page.locator("#filebrowser, .jp-FileBrowser").first
        if self.app == "lab" and files.is_visible() == (width < 1000):
            self.page.keyboard.press("Control+b")
        self.page.wait_for_timeout(400)

    def panel(self, name: str) -> PanelOnPage:
        """The panel of explorer `name`."""
        return PanelOnPage(self.page, self.page.locator(f".lmmkit-{name}").first)


class PanelOnPage:
    """A panel as a reader meets it."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root
        root.scroll_into_view_if_needed(timeout=30_000)

    @property
    def readout(self) -> str:
        """The sentence under the picture."""
        return self.root.locator('p[role="status"], p[role="alert"]').first.inner_text()

    @property
    def image(self) -> str:
        """The picture's bytes, as the page holds them."""
        return self.root.locator("img").first.get_attribute("src") or ""

    @property
    def handle(self) -> Locator:
        """The first slider's handle."""
        return self.root.locator(".noUi-handle").first

    def number_box(self) -> Locator:
        """The number box beside the first slider."""
        return self.root.locator('.widget-hbox:has(.noUi-handle) input[type="number"]').first

    def value(self) -> float:
        """What the number box beside the first slider shows (the slider itself tells one decimal only)."""
        return float(self.number_box().input_value())

    def drag(self, share: float) -> None:
        """Drag the first slider to `share` of its track with the mouse."""
        self.handle.evaluate("handle => handle.scrollIntoView({block: 'center'})")
        self.handle.hover()  # waits until the handle keeps still and nothing lies over it
        track = self.root.locator(".noUi-target").first.bounding_box()
        at = self.handle.bounding_box()
        assert track is not None and at is not None
        y = at["y"] + at["height"] / 2
        self.page.mouse.down()
        goal = track["x"] + share * track["width"]
        start = at["x"] + at["width"] / 2
        for i in range(1, 6):
            self.page.mouse.move(start + (goal - start) * i / 5, y)
        self.page.mouse.up()

    def press(self, key: str, times: int = 1) -> None:
        """Press `key` on the focused handle."""
        self.handle.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def type_number(self, text: str) -> None:
        """Type into the number box beside the first slider, and leave it by Enter."""
        box = self.number_box()
        box.click()
        box.fill(text)
        box.press("Enter")

    def changes(self, before: tuple[str, str], timeout: float = 20.0) -> tuple[str, str]:
        """Wait until readout and picture both differ from `before` and have come to rest; returns the new
        ones.
        """
        end = time.monotonic() + timeout
        last = before
        while time.monotonic() < end:
            now = self.seen()
            if now == last and now[0] != before[0] and now[1] != before[1]:
                return now
            last = now
            self.page.wait_for_timeout(400 if now != before else 50)
        raise AssertionError(f"readout or picture did not change from {before[0]!r}")

    def share(self) -> float:
        """Where the first slider stands on its track, 0 to 1."""
        low, high, now = (
            float(self.handle.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max", "now")
        )
        return (now - low) / (high - low)

    def button(self, label: str) -> Locator:
        """The button of that label."""
        return self.root.get_by_role("button", name=label, exact=True)

    def simulate(self) -> None:
        """Run the panel's simulation to its end."""
        self.root.locator("button", has_text="studies").first.click()
        self.wait_for_progress(1)
        self.root.locator('button:disabled:has-text("Stop")').wait_for(timeout=180_000)

    def wait_until_off(self, label: str) -> None:
        """Wait until the button of that label can no longer be pressed."""
        self.root.locator(f'button:disabled:has-text("{label}")').wait_for(timeout=20_000)

    def reset(self) -> None:
        """Back to the state the panel was shown in."""
        self.button("Reset").click()
        self.page.wait_for_timeout(200)

    def progress(self) -> float:
        """How many simulated studies the panel says are done."""
        words = self.root.locator(".widget-label", has_text=re.compile(r"^\d+ of \d+$")).first
        return float(words.inner_text().split()[0]) if words.count() else 0.0

    def wait_for_progress(self, least: float, timeout: float = 20.0) -> None:
        """Wait until at least so many studies are done."""
        end = time.monotonic() + timeout
        while self.progress() < least:
            assert time.monotonic() < end, "the simulation shows no progress"
            self.page.wait_for_timeout(50)

    def cut_labels(self) -> list[str]:
        """Labels and buttons whose words do not fit."""
        return list(
            self.root.evaluate(
                """root => [...root.querySelectorAll('.widget-label, button')]
              .filter(el => el.scrollWidth > el.clientWidth + 1).map(el => el.innerText)"""
            )
        )

    def without_name(self) -> list[str]:
        """Inputs and pictures of the panel that have no name; a slider's name is that of its number box."""
        return list(
            self.root.evaluate(
                """root => [...root.querySelectorAll('input, select, img')].filter(el => {
              if (el.matches('img')) return !el.alt;
              return !(el.labels && el.labels.length && el.labels[0].innerText.trim()) &&
              !el.getAttribute('aria-label');
            }).map(el => el.outerHTML.slice(0, 120))"""
            )
        )

    def smallest_text(self) -> float:
        """Size in CSS pixels of the smallest letters among the panel's words, the picture's own not
        counted.
        """
        return float(
            self.root.evaluate(
                """root => Math.min(...[...root.querySelectorAll('*')].filter(
              el => [...el.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && el.tagName !== 'STYLE'
                && !el.closest('mjx-container')
            ).map(el => parseFloat(getComputedStyle(el).fontSize)))"""
            )
        )

    def seen(self) -> tuple[str, str]:
        """Readout and picture now."""
        return self.readout, self.image

    def overflow(self) -> float:
        """By how many pixels anything of the panel sticks out of it or of its cell on the right."""
        return float(
            self.root.evaluate(
                """root => { const cell = root.closest('.jp-OutputArea-output') || root;
            const edge = Math.min(cell.getBoundingClientRect().right, window.innerWidth);
            let out = 0;
            for (const el of root.querySelectorAll('*')) {
              if (el.closest('style')) continue;
              const box = el.getBoundingClientRect();
              if (box.width && !el.closest('.noUi-target')) out = Math.max(out, box.right - edge);
            }
            return out; }"""
            )
        )


def launch(playwright: Any) -> Browser:
    """Debian's Chromium, quiet."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
