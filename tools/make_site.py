"""The course and the library as pages to read, search and send: `make site` writes `dist/site/`.

Sphinx makes the pages from what is gathered here: the executed lessons, with what a prediction is about folded until
the reader has guessed; exercises; the pages of `docs/`, of the data and for teachers; and a page for everything public
in lmmkit. Each explorer becomes a picture with a handle that needs no kernel (`tools/site_explorers.py`). A warning of
Sphinx's stops the build, and so does a link that leads nowhere. Nothing on the pages is asked of another machine.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from tools.api_pages import write_api
from tools.page_rules import PREDICT
from tools.site_explorers import called, figure
from tools.student_version import tags

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tools" / "site"
#: Pages that are Markdown already, and where they stand on the site.
PAGES = {
    "INSTRUCTORS.md": "INSTRUCTORS.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "data/README.md": "data/README.md",
    "data/synthesis/README.md": "data/synthesis/README.md",
    "lessons/LEDGER.md": "lessons/LEDGER.md",
    "lessons/COVERAGE.md": "lessons/COVERAGE.md",
}
#: What is not read but opened or printed.
FILES = ("lessons/cheat_sheet.pdf",)
#: What moves on the front page.
FRONT = "explorers.random_effects()"
#: Pages whose Python is run while the site is built.
HOW_TO = "docs/how_to_"
FOR_TEACHERS = ("docs/questions", "docs/hub")
LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\((?!\w+:|#|<)([^)#\s]*)(#[^)\s]*)?\)")
#: Letters in a line that the page has room for.
WIDE = 88
#: What stays of MathJax: the program, parts of TeX that it loads when a page uses them, and letters.
MATHJAX = ("tex-chtml.js", "input/tex/extensions/", "output/chtml/fonts/")
SUMMARY = "Guess first, then open: what it shows"
#: Said under the title of a lesson and of an exercise.
TO_READ = (
    "*This page is for reading: pictures with a handle move, nothing else runs. To run the code, and to have your "
    "answers checked, [open it as a notebook](../docs/run.md).*"
)


def gather(folder: Path, only: tuple[str, ...] = (), lite: str = "") -> None:
    """Write all sources of the site into a folder.

    Parameters
    ----------
    folder : Path
        Emptied first, but for pictures of explorers that are drawn already.
    only : tuple of str
        Beginnings of names of notebooks, to look at these alone; all when empty.
    lite : str
        Where the site has the course that runs in a browser, from its own top; empty when it has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name != "_static":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    pages = dict(PAGES) | {
        f"docs/{path.name}": f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))
    }
    books = [
        path
        for room in ("lessons", "exercises")
        for path in sorted((ROOT / room).glob("*.ipynb"))
        if path.stem.startswith(only) or not only
    ]
    write_api(folder / "api")
    there = {*pages.values(), *FILES, *(str(path.relative_to(ROOT)) for path in books), "README.md"}
    for source, target in pages.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        text, words = living(text, target, there), first_words(text)
        save(folder / target, executed(text, words) if target.startswith(HOW_TO) else described(text, words))
    for path in books:
        notebook = nbformat.read(path, as_version=4)
        name = str(path.relative_to(ROOT))
        save(folder / name, nbformat.writes(page_of(notebook, name, folder, there, lite)))
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    write_sections(folder, books)
    front = (HERE / "index.md").read_text(encoding="utf-8")
    shown = figure(FRONT, folder / "_static" / "explorers", "", lite)
    front = living(front, "index.md", there | {"api/index.md"}).replace("<EXPLORER>", shown)
    save(folder / "index.md", front)


def save(path: Path, text: str) -> None:
    """Write a file, and the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- notebooks


def page_of(notebook: NotebookNode, name: str, folder: Path, there: set[str], lite: str) -> NotebookNode:
    """A notebook as a page: predictions folded, explorers to be dragged, no verdict on answers nobody has given."""
    cells = []
    folded = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            folded = PREDICT in cell.source
            cell.source = living(cell.source, name, there)
            save_attachments(cell, folder / name)
        elif re.search(r"^(?:from .* import .*show_progress|.*\bmodel_answer\()", cell.source, re.MULTILINE):
            continue
        elif called(cell.source):
            show_explorer(cell, folder, lite)
        else:
            show_code(cell, folded)
        cells.append(cell)
    notebook.cells = cells
    raise_headings(cells)
    words = next(cell.source for cell in cells if cell.cell_type == "markdown")
    notebook.metadata["myst"] = {"html_meta": {"description": first_words(words)}}
    if re.match(r"lessons/\d|exercises/", name):
        cells[0].source = re.sub(
            r"^(# .+)$", rf"\1\n\n{TO_READ}", cells[0].source, count=1, flags=re.MULTILINE
        )
    notebook.metadata.pop("widgets", None)
    return notebook


def raise_headings(cells: list[NotebookNode]) -> None:
    """Where nothing stands on the second level, lift the third: a page must not leave one out."""
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    if not any(re.search(r"^## ", cell.source, re.MULTILINE) for cell in texts):
        for cell in texts:
            cell.source = re.sub(r"^###(#*) ", r"##\1 ", cell.source, flags=re.MULTILINE)


def save_attachments(cell: NotebookNode, page: Path) -> None:
    """Write pictures that a text cell carries beside its page."""
    for name, kinds in cell.pop("attachments", {}).items():
        for content in kinds.values():
            page.parent.mkdir(parents=True, exist_ok=True)
            (page.parent / name).write_bytes(base64.b64decode(content))
        cell.source = cell.source.replace(f"attachment:{name}", name)


def show_explorer(cell: NotebookNode, folder: Path, lite: str) -> None:
    """Put the picture with its handle in the place of a panel that would need a kernel."""
    made = figure(cell.source, folder / "_static" / "explorers", "../", lite)
    cell.outputs = [new_output("display_data", data={"text/html": made, "text/plain": cell.source})]


def show_code(cell: NotebookNode, folded: bool) -> None:
    """Fold what a notebook folds, and what answers a prediction; take away verdicts on `...`."""
    kinds = tags(cell) if "tags" in cell.metadata else set()
    if re.search(r"^check\(", cell.source, re.MULTILINE):
        cell.outputs = []
    elif folded and cell.outputs:
        cell.metadata["mystnb"] = {"code_prompt_show": SUMMARY, "code_prompt_hide": "Close it"}
        kinds = kinds | {"hide-output"}
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        caption = cell.source.splitlines()[0].lstrip("# ")
        cell.metadata.setdefault("mystnb", {})
        if "hide-output" not in kinds:
            cell.metadata["mystnb"] = {
                "code_prompt_show": f"Code. {caption}",
                "code_prompt_hide": "Hide the code",
            }
            kinds = kinds | {"hide-input"}
        else:  # its code is about what it shows
            kinds = kinds - {"hide-output"} | {"hide-cell"}
    if any(is_prose(output) for output in cell.get("outputs", [])):
        kinds = kinds | {"prose"}
    cell.metadata["tags"] = sorted(kinds)
    for output in cell.get("outputs", []):
        alt = output.get("metadata", {}).get("image/png", {}).get("alt")
        if alt:
            cell.metadata.setdefault("mystnb", {})["image"] = {"alt": " ".join(alt.split())}


def is_prose(output: NotebookNode) -> bool:
    """Whether what is printed has long lines that are no table's: they may break where the page ends.

    Examples
    --------
    >>> is_prose(new_output("stream", text="A sentence " * 10)), is_prose(new_output("stream", text="1    2" * 20))
    (True, False)
    """
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return max(map(len, text.splitlines()), default=0) > WIDE and "  " not in text.strip()


# ---------------------------------------------------------------- words


def living(text: str, name: str, there: set[str]) -> str:
    """The text without links to what is no page; links to a folder's README and to notebooks stay.

    Examples
    --------
    >>> living("[a](../lmmkit/x.py) and [b](README.md)", "data/y.md", {"data/README.md"})
    'a and [b](README.md)'
    """

    def keep(link: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(name), link[2]))
        if target not in there or target == "README.md":
            return link[1]
        return f"[{link[1]}]({link[2]}{slug(link[3] or '')})"

    return LINK.sub(keep, text)


def slug(anchor: str) -> str:
    """An anchor of JupyterLab's as the site has it.

    Examples
    --------
    >>> slug("#Simpson's-paradox"), slug("")
    ('#simpsons-paradox', '')
    """
    return re.sub(r"[^#\w-]", "", unquote(anchor).lower())


def first_words(text: str, most: int = 155) -> str:
    """The first sentence or two of a page, for its description.

    Examples
    --------
    >>> first_words("# Title\\n\\nOwls *hunt* mice.")
    'Title: Owls hunt mice.'
    >>> first_words("# Why?\\n\\n**You will**\\n\\n- call `fit_many`;\\n- read on.\\n\\n![Two owls](owl.png)")
    'Why? You will call fit_many; read on.'
    """
    title = re.search(r"^# (.+)", text, re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^#.*$|^\|.*$|^- |!\[[^\]]*\]\([^)]*\)", "", rest, flags=re.MULTILINE)
    marks = r"\[([^\]]*)\]\([^)]*\)|[*`$]|\b_|_\b"
    words = re.sub(marks, lambda found: found[1] or "", " ".join(rest.split()))
    told = f"{title[1]}{'' if title[1].endswith('?') else ':'} {words}" if title else words
    return told if len(told) <= most else told[:most].rsplit(" ", 1)[0] + " …"


def described(text: str, words: str) -> str:
    """Markdown with a description in its front matter."""
    safe = words.replace("\\", "").replace('"', "'")
    return f'---\nmyst:\n  html_meta:\n    "description": "{safe}"\n---\n\n{text}'


def executed(text: str, words: str) -> str:
    """A page whose blocks of Python are cells, to be run by the build, with a description in its front matter."""
    cells = re.sub(r"^```python$", "```{code-cell} python", text, flags=re.MULTILINE)
    kernel = "kernelspec:\n  name: python3\n  display_name: Python 3\nfile_format: mystnb\n"
    return (
        described(cells, words)
        .replace("---\n", f"---\n{kernel}", 1)
        .replace("myst:\n", "mystnb:\n  execution_mode: force\n  execution_raise_on_error: true\nmyst:\n", 1)
    )


def write_sections(folder: Path, books: list[Path]) -> None:
    """The front page's parts: a page with the contents of each, so that the bar above every page stays short."""
    names = [f"{path.parent.name}/{path.stem}" for path in books]
    lessons = [name for name in names if re.match(r"lessons/\d", name)]
    exercises = [name for name in names if name.startswith("exercises/")]
    others = [name for name in names if name not in lessons and name not in exercises]
    docs = [f"docs/{path.stem}" for path in sorted((ROOT / "docs").glob("*.md"))]
    docs.sort(key=lambda name: not name.startswith(HOW_TO))
    parts = {
        "lessons/index": ("Lessons", "The course, in the order of the numbers.", lessons),
        "exercises/index": ("Exercises", "What to do after a lesson, and three capstones.", exercises),
        "look-up": ("Look up", "Words, explorers, data, lectures.",
                    [*others, "data/README", "data/synthesis/README", "lessons/COVERAGE", "lessons/LEDGER"]),
        "teach": ("Teach", "For those who teach with it.", ["INSTRUCTORS", *(d for d in docs if d in FOR_TEACHERS)]),
        "library": ("Library", "How to do what, and everything public.",
                    ["api/index", *(d for d in docs if d not in FOR_TEACHERS), "CHANGELOG", "CONTRIBUTING"]),
    }  # fmt: skip
    for name, (title, said, pages) in parts.items():
        tree = "\n".join(f"/{page}" for page in pages)
        text = f"# {title}\n\n{said}\n\n```{{toctree}}\n:maxdepth: 1\n\n{tree}\n```\n"
        save(folder / f"{name}.md", described(text, f"{title}: {said}"))


# ---------------------------------------------------------------- the build


def build(source: Path, target: Path) -> int:
    """Run Sphinx, warnings as errors; its exit code."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
    ]  # one process: not every extension says that it may share
    # Kernels of the how-tos: nobody's own settings count, and they keep their remarks to themselves.
    save(
        source / "_ipython" / "profile_default" / "ipython_kernel_config.py", "c.Application.log_level = 40\n"
    )
    environment = os.environ | {"LMMKIT_ROOT": str(ROOT), "IPYTHONDIR": str(source / "_ipython")}
    code = subprocess.run([*command, str(source), str(target)], env=environment).returncode
    shutil.rmtree(target.parent / "jupyter_execute", ignore_errors=True)
    if code == 0:
        trim(target / "_static" / "mathjax")
    return code


def trim(mathjax: Path) -> None:
    """Leave of MathJax what a page of ours can ask for: a tenth of it."""
    for path in sorted(mathjax.rglob("*"), reverse=True):
        name = path.relative_to(mathjax).as_posix()
        if path.is_file() and not name.startswith(MATHJAX):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the course and the library as pages.")
    parser.add_argument("names", nargs="*", help="only these notebooks, to look at them")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist")
    parser.add_argument("--lite", default="", help="where the site will have what `make lite` writes")
    options = parser.parse_args(argv)
    source, target = options.folder / "site_source", options.folder / "site"
    gather(source, tuple(options.names), options.lite.strip("/"))
    shutil.rmtree(target, ignore_errors=True)
    code = build(source, target)
    if code == 0:
        print(f"the site is in {target}; open {target / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
