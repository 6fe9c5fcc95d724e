"""Start the kernel that runs a submission behind a wall, made by bubblewrap (`bwrap`).

The kernel sees the files of the submission, Python with its packages, and lmmkit with the course's data, all of it
read-only, and an empty `/tmp`. What it saves beside the notebook, such as a picture, is gone when it ends. It has no
network: it talks to nbgrader through sockets in one folder. So a student's code finds neither solutions nor hidden
tests, gradebook or other people's work, and changes nothing.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
#: What programs of the system need, where it is there.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"),
    *("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives"),
)
#: What a kernel may know of the marker's environment.
PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "MPLBACKEND",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "LMMKIT_PROGRESS",
)


def stands() -> bool:
    """Whether a wall can be built here: bubblewrap is installed, and allowed to do its work."""
    with tempfile.TemporaryDirectory() as sockets:
        command = _bwrap(Path(sockets), Path(sockets), [sys.executable, "-c", "import ipykernel, lmmkit"])
        try:
            return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False


def _bwrap(submission: Path, sockets: Path, command: list[str]) -> list[str]:
    """The command that runs another one behind the wall."""
    seen = {Path(place): "--ro-bind-try" for place in (*SYSTEM, *_python())}
    # What lies in the course's folder stays out of sight, even if Python was installed around it.
    seen |= {Path("/tmp"): "--tmpfs", COURSE: "--tmpfs"}
    seen |= {Path(place): "--ro-bind-try" for place in _python() if COURSE in Path(place).parents}
    seen |= {submission: "--tmpfs"} | dict.fromkeys(submission.iterdir(), "--ro-bind") | {sockets: "--bind"}
    parts = ["bwrap", "--unshare-all", "--die-with-parent", "--proc", "/proc", "--dev", "/dev"]
    for place in sorted(seen, key=lambda place: len(place.parts)):  # outer folders first
        kind = seen[place]
        parts += [kind, str(place)] if kind == "--tmpfs" else [kind, str(place), str(place)]
    return [*parts, "--remount-ro", str(COURSE), "--chdir", str(submission), *command]


def _python() -> list[str]:
    """Where Python, its packages and lmmkit are."""
    places = {
        sys.prefix,
        sys.base_prefix,
        str(Path(sys.prefix).resolve()),
        _prefix_of(Path(sys.executable).resolve()),
    }
    spec = importlib.util.find_spec("lmmkit")
    if spec is not None and spec.origin is not None:  # a checkout that is installed as it stands
        package = Path(spec.origin).resolve().parent
        places |= {str(package), str(package.parent / "data")}
    return sorted(place for place in places if place != "/")


def _prefix_of(program: Path) -> str:
    """The folder that a program in `bin` belongs to."""
    return str(program.parent.parent)


def main() -> None:
    connection = Path(sys.argv[1]).resolve()
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", str(connection)]
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # JPY_PARENT_PID is left out: behind the wall the parent has another number, and the kernel would stop.
    environment = known | {"HOME": "/tmp", "IPYTHONDIR": "/tmp/ipython", "MPLCONFIGDIR": "/tmp/matplotlib"}
    command = _bwrap(Path.cwd(), connection.parent, kernel)
    os.execve(shutil.which("bwrap") or "bwrap", command, environment)


if __name__ == "__main__":
    main()
