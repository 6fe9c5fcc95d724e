"""A Jupyter server of our own, a notebook of explorers, and the moves a hand makes on a panel."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError

from tools.make_slides import chromium

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
# Where an explorer opens in a state in which its slider has nothing to say.
STATES = {"random_or_fixed": {"variable": "plot"}}
BOOKS = {
    "all.ipynb": [
        "counts", "diagnostics", "likelihood", "model_builder", "nested_crossed", "pooling",
        "pseudoreplication", "random_effects", "random_or_fixed", "shrinkage", "simpson",
        "structures", "tests", "variance_partition",
    ],
    "three.ipynb": ["simpson", "likelihood", "pseudoreplication"],
}  # fmt: skip


def cell(name: str) -> str:
    """The cell that shows an explorer."""
    state = ", ".join(f"{control}={value!r}" for control, value in STATES.get(name, {}).items())
    return f"from lmmkit.course import explorers\nexplorers.{name}({state})"


DONE = "all cells ran"
PATIENCE = 300_000  # ms that a step may take on a busy machine; every wait ends as soon as its state is there
LAST_CELL = "print('all cells', 'ran')"  # the sentence itself is only in its output
# Everything a lab would fetch from elsewhere is off; cells out of sight stay on the page.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


@contextlib.contextmanager
def shown(folder: Path) -> Iterator[str]:
    """The address at which this machine shows a folder of pages."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


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
        self.page.set_default_timeout(PATIENCE)
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
        """Wait for the kernel, run every cell, wait for the last cell's word (or for what is to be seen).

        A busy machine may need long for it; an error of a cell ends the wait at once.
        """
        page = self.page
        said = page.get_by_text(DONE) if until is None else until
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
        self._wait_until(self._idle, "the kernel never came to rest")
        # Notebook 7.6 trips over its own settings while it starts; from here on every error counts.
        if self.app == "notebook":
            self.errors.clear()
        begun = page.locator(".jp-InputPrompt", has_text=re.compile(r"\[(\*|\d+)\]")).or_(said)
        for _ in range(8):  # a kernel that has just become idle may still lose the first request
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            with contextlib.suppress(TimeoutError):
                begun.first.wait_for(timeout=15_000)
                break
        failed = page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
        said.or_(failed).last.wait_for(timeout=PATIENCE)
        assert failed.count() == 0, failed.first.inner_text()
        said.last.wait_for(timeout=PATIENCE)

    def _idle(self) -> bool:
        """Whether the page says that the kernel waits for work."""
        if self.app == "lab":
            return self.page.get_by_text("| Idle").count() > 0
        return self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").count() > 0

    def _wait_until(self, state: Callable[[], bool], else_say: str) -> None:
        """Wait for a state of the page, for as long as a machine may be busy."""
        end = time.monotonic() + PATIENCE / 1000
        while not state():
            assert time.monotonic() < end, else_say
            self.page.wait_for_timeout(100)

    def resize(self, width: int, height: int = 900) -> None:
        """Make the window `width` pixels wide; a narrow one gives its room to the notebook, not to the file
        list.
        """
        self.page.set_viewport_size({"width": width, "height": height})
        files = self.page.locator("#filebrowser, .jp-FileBrowser").first
        if self.app == "lab" and files.is_visible() == (width < 1000):
            self.page.keyboard.press("Control+b")
        wide = self.page.locator("body")
        self._wait_until(
            lambda: wide.evaluate("body => body.clientWidth") <= width, "the page keeps its width"
        )
        self.settled()

    def settled(self) -> None:
        """Wait until the page's layout is the same in three looks one after the other."""
        seen: list[Any] = []
        while len(seen) < 3 or seen[-1] != seen[-2] or seen[-2] != seen[-3]:
            seen.append(
                self.page.evaluate("""() => [...document.querySelectorAll('.lmmkit-panel')].map(
                panel => { const box = panel.getBoundingClientRect(); return [box.width, box.height]; })""")
            )
            self.page.wait_for_timeout(100)
            assert len(seen) < 600, "the layout never comes to rest"

    def panel(self, name: str) -> PanelOnPage:
        """The panel of explorer `name`."""
        return PanelOnPage(self.page, self.page.locator(f".lmmkit-{name}").first)


class PanelOnPage:
    """A panel as a reader meets it."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page, self.root = page, root
        root.scroll_into_view_if_needed(timeout=PATIENCE)
        root.locator("input.lmmkit-track").first.wait_for(timeout=PATIENCE)

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
        """The first slider that can be moved."""
        return self.root.locator("input.lmmkit-track:enabled").first

    def number_box(self) -> Locator:
        """The number box beside the first slider."""
        return self.root.locator('.widget-hbox:has(input.lmmkit-track:enabled) input[type="number"]').first

    def value(self) -> float:
        """What the number box beside the first slider shows."""
        return float(self.number_box().input_value())

    def drag(self, share: float) -> None:
        """Drag the first slider to `share` of its track with the mouse."""
        self.handle.evaluate("track => track.scrollIntoView({block: 'center'})")
        self.handle.hover()  # waits until the slider keeps still and nothing lies over it
        box = self.handle.bounding_box()
        assert box is not None
        y, knob = box["y"] + box["height"] / 2, 16  # the knob stays within the track
        start, goal = (box["x"] + knob / 2 + at * (box["width"] - knob) for at in (self.share(), share))
        self.page.mouse.move(start, y)
        self.page.mouse.down()
        for i in range(1, 6):
            self.page.mouse.move(start + (goal - start) * i / 5, y)
        self.page.mouse.up()

    def press(self, key: str, times: int = 1) -> None:
        """Press `key` on the focused handle."""
        self.handle.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def press_on(self, place: int, key: str) -> None:
        """Press `key` on another handle, counted from 0."""
        handle = self.root.locator("input.lmmkit-track").nth(place)
        handle.focus()
        handle.press(key)

    def type_number(self, text: str) -> None:
        """Type into the number box beside the first slider, and leave it by Enter."""
        box = self.number_box()
        box.click()
        box.fill(text)
        box.press("Enter")

    def changes(self, before: tuple[str, str], *, little: bool = False) -> tuple[str, str]:
        """Wait until readout and picture both differ from `before` and have come to rest; returns the new
        ones. One step of a slider may be too `little` for the picture, and changes the words alone.
        """
        end = time.monotonic() + PATIENCE / 1000
        last, same = before, 0
        while time.monotonic() < end:
            now = self.seen()
            same = same + 1 if now == last else 0
            if same >= 4 and now[0] != before[0] and (little or now[1] != before[1]):
                return now
            last = now
            self.page.wait_for_timeout(100)
        raise AssertionError(f"readout or picture did not change from {before[0]!r}")

    def shows(self, value: Callable[[], object], right: Callable[[object], bool]) -> None:
        """Wait until what the page shows is right."""
        end = time.monotonic() + PATIENCE / 1000
        while not right(value()):
            assert time.monotonic() < end, f"the page still shows {value()!r}"
            self.page.wait_for_timeout(50)

    def share(self) -> float:
        """Where the first slider stands on its track, 0 to 1."""
        low, high = (float(self.handle.get_attribute(name) or 0) for name in ("min", "max"))
        now = float(self.handle.input_value())
        return (now - low) / (high - low)

    def sliders(self) -> list[dict[str, str]]:
        """Name and spoken value of every slider, and the number beside it."""
        return list(
            self.root.evaluate(
                """root => [...root.querySelectorAll('input.lmmkit-track')].map(track => ({
              name: track.getAttribute('aria-label'), spoken: track.getAttribute('aria-valuetext'),
              shown: track.closest('.widget-hbox').querySelector('input[type=number]').value}))"""
            )
        )

    def button(self, label: str) -> Locator:
        """The button of that label."""
        return self.root.get_by_role("button", name=label, exact=True)

    def simulate(self) -> None:
        """Run the panel's simulation to its end."""
        self.root.locator("button", has_text="studies").first.click()
        self.wait_for_progress(1)
        self.root.locator('button:disabled:has-text("Stop")').wait_for(timeout=PATIENCE)

    def wait_until_off(self, label: str) -> None:
        """Wait until the button of that label can no longer be pressed."""
        self.root.locator(f'button:disabled:has-text("{label}")').wait_for(timeout=PATIENCE)

    def reset(self) -> None:
        """Back to the state the panel was shown in; waits until the picture has come to rest."""
        before = self.seen()
        self.button("Reset").click()
        last, same = before, 0
        while same < 5:
            self.page.wait_for_timeout(100)
            now = self.seen()
            same = same + 1 if now == last else 0
            last = now

    def progress(self) -> float:
        """How many simulated studies the panel says are done."""
        words = self.root.locator(".widget-label", has_text=re.compile(r"^\d+ of \d+$")).first
        return float(words.inner_text().split()[0]) if words.count() else 0.0

    def wait_for_progress(self, least: float) -> None:
        """Wait until at least so many studies are done."""
        end = time.monotonic() + PATIENCE / 1000
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
              if (box.width) out = Math.max(out, box.right - edge);
            }
            return out; }"""
            )
        )


def launch(playwright: Any) -> Browser:
    """Debian's Chromium, quiet."""
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
