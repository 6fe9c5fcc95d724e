"""What the README promises of `make`: the commands themselves, run as a newcomer would."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIRST = "lessons/00_start_here.ipynb"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("make") or not (ROOT / ".venv" / ".course").exists(),
        reason="make has not set this environment up (no .venv/.course)",
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def lab():
    """The address and the token of a server started by `make lab`."""
    port, token = free_port(), secrets.token_hex(16)
    flags = f"--no-browser --ip=127.0.0.1 --port={port} --IdentityProvider.token={token}"
    server = subprocess.Popen(
        ["make", "lab", f"LAB_ARGS={flags}"],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield server, f"http://127.0.0.1:{port}", token
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate(timeout=30)


def get(url: str, token: str, server: subprocess.Popen, patience: float = 90) -> urllib.request.addinfourl:
    """Ask until the server answers."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    give_up = time.monotonic() + patience
    while True:
        try:
            return urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert server.poll() is None, server.communicate()[0]
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.5)


def test_make_lab_serves_the_first_notebook(lab):
    server, address, token = lab
    with get(f"{address}/?token={token}", token, server) as page:
        assert page.url.split("?")[0] == f"{address}/lab/tree/{FIRST}"
    with get(f"{address}/api/contents/{FIRST}", token, server) as answer:
        served = json.load(answer)["content"]
    stored = json.loads((ROOT / FIRST).read_text(encoding="utf-8"))
    assert [cell["id"] for cell in served["cells"]] == [cell["id"] for cell in stored["cells"]]
    with get(f"{address}/api/kernelspecs", token, server) as answer:
        assert "python3" in json.load(answer)["kernelspecs"]


def test_make_lists_its_commands():
    said = subprocess.check_output(["make", "--silent"], cwd=ROOT, text=True)
    listed = {line.split()[0] for line in said.splitlines()}
    assert {"lab", "test", "test-fast", "notebooks", "doctor"} <= listed
