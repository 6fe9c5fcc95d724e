#!/usr/bin/env bash
# A notebook whose picture has changed passes nbval; a changed line of text does not. Nothing says that pictures are
# left out of the comparison.
# Guess: it passes (so it is).
# What helps: print the numbers that a picture shows, or compare the stored image/png yourself.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install nbval==0.11.0 nbformat==5.11.1 ipykernel==7.4.0 pytest==9.2.0
run <<'PROGRAM'
import base64
import struct
import subprocess
import sys
import zlib

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output


def png(shade):
    """A picture of one point, black (0) to white (255)."""
    parts = {b"IHDR": struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0), b"IDAT": zlib.compress(bytes([0, shade])), b"IEND": b""}
    made = [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts.items()]
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def passes(source, output):
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python"}}
    cell = new_code_cell(source, execution_count=1, outputs=[output])
    nbformat.write(new_notebook(cells=[cell], metadata=metadata), "page.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "--nbval", "page.ipynb"]
    return "passed" if subprocess.run(command, capture_output=True, check=False).returncode == 0 else "failed"


white = f"from IPython.display import Image, display\ndisplay(Image(data={png(255)!r}, format='png'))"
black = {"image/png": base64.b64encode(png(0)).decode(), "text/plain": "<IPython.core.display.Image object>"}
print("black stored, white drawn:", passes(white, new_output("display_data", data=black)))
print("1 stored, 2 printed:", passes("print(2)", new_output("stream", name="stdout", text="1\n")))
PROGRAM
expect <<'SEEN'
black stored, white drawn: passed
1 stored, 2 printed: failed
SEEN
