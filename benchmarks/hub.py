"""What a teacher needs to know to order a hub: memory of a kernel after each lesson, a class that drags explorers at
the same time, and how long the lab takes to start.

    python benchmarks/hub.py memory             # runs every lesson in a kernel of its own
    python benchmarks/hub.py class --kernels 30 # so many kernels, each with an explorer whose handle is moved
    python benchmarks/hub.py start              # JupyterLab, and the first cell of a lesson

Each prints rows for the tables of docs/hub.md. Say beside the figures what else the machine was doing.
"""

from __future__ import annotations

import argparse
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
FIRST = "from lmmkit.course.start import check, explorers, lesson, lk, np, pd, plt"
#: Explorers that a class has before it, in turns.
CLASS = ("random_effects", "pooling", "model_builder", "nested_crossed", "likelihood", "tests")
READY = """
import sys
sys.path.insert(0, {root!r})
from benchmarks.explorers import stops
from lmmkit.course import explorers
from lmmkit.course.explorers.controls import Slider
panel = explorers.{name}()
sliders = [control for control in panel.explorer.controls if isinstance(control, Slider)]
moves = [(panel._inputs[slider.name][1], value) for slider in sliders for value in stops(slider)]
"""


@contextmanager
def kernel() -> Iterator[tuple[Any, Any]]:
    """A kernel of this Python, in the folder of the lessons, and a client that talks to it."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager()
    manager.kernel_spec.argv[0] = sys.executable
    environment = os.environ | {
        "LMMKIT_PROGRESS": "off",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    manager.start_kernel(cwd=str(ROOT / "lessons"), env=environment)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=300)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: Any, code: str, timeout: float = 600) -> float:
    """Seconds from sending some code to its answer; an error in it stops the measurement."""
    begin = time.perf_counter()
    sent = client.execute(code)
    reply = client.get_shell_msg(timeout=timeout)
    while reply["parent_header"].get("msg_id") != sent:
        reply = client.get_shell_msg(timeout=timeout)
    seconds = time.perf_counter() - begin
    if reply["content"]["status"] != "ok" and "raises-exception" not in code:
        raise RuntimeError(f"{reply['content'].get('evalue')}: {code[:200]}")
    with_empty_queue(client)
    return seconds


def with_empty_queue(client: Any) -> None:
    """Throw away what the kernel has shown, so that it does not pile up here."""
    try:
        while True:
            client.get_iopub_msg(timeout=0)
    except queue.Empty:
        pass


def megabytes(process: int) -> tuple[float, float]:
    """Memory of a process: all that it uses, and what no other process shares."""
    import psutil

    told = psutil.Process(process).memory_full_info()
    return told.rss / 2**20, told.uss / 2**20


def memory() -> None:
    """A row for each lesson: MB of its kernel when its last cell has run."""
    import nbformat

    for path in sorted((ROOT / "lessons").glob("*.ipynb")):
        with kernel() as (manager, client):
            for cell in nbformat.read(path, as_version=4).cells:
                if cell.cell_type == "code":
                    raises = "raises-exception" in cell.metadata.get("tags", [])
                    run(client, f"{cell.source}\n# raises-exception" if raises else cell.source)
            rss, uss = megabytes(manager.provisioner.pid)
        print(f"| {path.stem} | {rss:.0f} | {uss:.0f} |", flush=True)


def drag(client: Any, number: int, every: float, seconds: float) -> list[float]:
    """Milliseconds of each redraw of a student who moves a handle, looks, and moves it again."""
    draw, found = Random(number), []
    end = time.perf_counter() + seconds
    place = number
    while True:
        time.sleep(draw.uniform(0.5, 1.5) * every)
        if time.perf_counter() > end:
            return found
        place += 1
        found.append(1000 * run(client, f"h, v = moves[{place} % len(moves)]; h.value = v"))


def in_class(kernels: int, every: float, seconds: float) -> None:
    """A row: so many kernels at once, each with an explorer whose handle is moved."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        clients = []
        for number in range(kernels):
            manager, client = stack.enter_context(kernel())
            run(client, READY.format(root=str(ROOT), name=CLASS[number % len(CLASS)]))
            run(client, "h, v = moves[0]; h.value = v")
            clients.append((manager, client))
        with ThreadPoolExecutor(kernels) as pool:
            times = list(pool.map(lambda pair: drag(pair[1][1], pair[0], every, seconds), enumerate(clients)))
        used = [megabytes(manager.provisioner.pid)[1] for manager, _ in clients]
    every_time = sorted(one for student in times for one in student)
    slow = statistics.quantiles(every_time, n=20, method="inclusive")[-1]
    print(
        f"| {kernels} | {every:g} | {len(every_time)} | {statistics.median(every_time):.0f} | {slow:.0f} | "
        f"{every_time[-1]:.0f} | {sum(used) / 1024:.1f} | {os.getloadavg()[0]:.0f} |",
        flush=True,
    )


def start() -> None:
    """Rows: seconds until JupyterLab answers, until a kernel does, and for the first cell of a lesson."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {f"JUPYTER_{kind}_DIR": scratch for kind in ("CONFIG", "RUNTIME", "DATA")}
        begin = time.perf_counter()
        lab = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--port=48871", "--ServerApp.port_retries=0",
             "--IdentityProvider.token=", "--allow-root", f"--ServerApp.root_dir={ROOT}"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while not _answers("http://127.0.0.1:48871/lab"):
                if lab.poll() is not None:
                    raise RuntimeError("JupyterLab did not start; is port 48871 taken?")
                time.sleep(0.1)
            print(f"| JupyterLab answers | {time.perf_counter() - begin:.1f} |")
            print(f"| memory of the server | {megabytes(lab.pid)[0]:.0f} MB |")
        finally:
            lab.terminate()
            lab.wait()
    begin = time.perf_counter()
    with kernel() as (_, client):
        print(f"| a kernel answers | {time.perf_counter() - begin:.1f} |")
        print(f"| the first cell of a lesson | {run(client, FIRST):.1f} |")
    print(f"| load of the machine meanwhile | {os.getloadavg()[0]:.0f} |")


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5) as page:
            return bool(page.status == 200)
    except (URLError, OSError):
        return False


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure what a hub needs.")
    parser.add_argument("what", choices=["memory", "class", "start"])
    parser.add_argument("--kernels", type=int, default=30)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two moves of one student")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the class drags")
    options = parser.parse_args()
    if options.what == "memory":
        memory()
    elif options.what == "class":
        in_class(options.kernels, options.every, options.seconds)
    else:
        start()


if __name__ == "__main__":
    main()
