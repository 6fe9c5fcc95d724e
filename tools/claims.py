"""What a page claims about its data, and which of it a test computes: `python -m tools.claims 06`.

A claim is a test in `tests/notebooks/claims/test_NN_name.py` whose docstring quotes, between “ and ”, the
sentence that the test computes. The quote is an exact piece of the page's source, white space aside; in a
text that a cell puts together, … stands for what is computed. This tool lists the sentences of a page that
count or compare ("all", "never", "larger", "towards"), that no claim quotes, and that nobody has read yet.

Many such sentences say nothing that data could contradict: a definition, a story, an instruction, a wrong option.
Who has read a page with this question marks what is left with `python -m tools.claims 06 --read`. A sentence that is
changed later is listed again.
"""

import argparse
import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jupytext

ROOT = Path(__file__).resolve().parent.parent
CLAIMS = Path("tests/notebooks/claims")
ANSWERS = Path("lmmkit/course/answers")
READ = CLAIMS / "read.txt"  # of each page the sentences that were read and need no claim, by their hashes

QUOTE = re.compile("“([^”]+)”")
COMPUTED = "…"

# Words of quantity and of direction. A sentence that has one says something that can be counted.
COUNTING = re.compile(
    r"""\b(all|only|most|mostly|every|everybody|everyone|never|always|none|nobody|no\ one
    |neither|both|half|twice|thrice|double|hardly|nearly|almost|exactly|identical|alike
    |larger|smaller|largest|smallest|higher|lower|highest|lowest|fewer|less|more|wider|narrower
    |stronger|weaker|better|worse|closer|nearest|towards|away\ from|per\ cent|times\ as)\b""",
    re.IGNORECASE | re.VERBOSE,
)
BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*|#>]|\d+\.)\s)")
SENTENCE_END = re.compile(r"(?<=[.!?])([*_)\"'”]*)\s+(?=[^a-z])")
LIST_NUMBER = re.compile(r"(\d+\. |)(.*)")
SPOKEN = 5  # a text in code with fewer words is a label


@dataclass(frozen=True)
class Page:
    """A piece of prose: one text cell, or one text that code puts together, as its sentences."""

    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole, with single spaces."""
        return " ".join(self.sentences)

    def spans(self) -> Iterator[tuple[str, int, int]]:
        """Each sentence with where it begins and ends in the whole."""
        start = 0
        for sentence in self.sentences:
            yield sentence, start, start + len(sentence)
            start += len(sentence) + 1


# ---------------------------------------------------------------- what the pages say


def sources_of(stem: str, root: Path = ROOT) -> list[Path]:
    """The files whose prose a claims file speaks of: a lesson, its exercise, the answers to both."""
    if stem in {"instructors", "data"}:
        return [root / {"instructors": "INSTRUCTORS.md", "data": "data/README.md"}[stem]]
    number = stem[:2] if stem[:1].isdigit() else ""
    answers = [f"lesson_{number}.py", f"exercise_{number}.py"] if number else [f"{stem}.py"]
    candidates = [root / room / "source" / f"{stem}.py" for room in ("lessons", "solutions")]
    candidates += [root / ANSWERS / name for name in answers]
    return [path for path in candidates if path.exists()]


def pages(path: Path) -> list[Page]:
    """The prose of a file: its text cells, and what its code says in whole sentences."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return [page_of(text)]
    if "# %%" not in text:
        return [page_of(spoken) for spoken in texts_in_code(text)]
    found = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            found.append(page_of(cell.source))
        elif cell.cell_type == "code":
            found += [page_of(spoken) for spoken in texts_in_code(cell.source)]
    return found


def page_of(text: str) -> Page:
    """A text as its sentences; a list item, a table's row and a heading end one as a full stop does."""
    blocks = (" ".join(block.split()) for block in BLOCK.split(text))
    return Page(tuple(sentence for block in blocks if block for sentence in split(block)))


def split(block: str) -> list[str]:
    """The sentences of one paragraph; a heading is one, and a list's number belongs to its sentence."""
    if block.startswith("#"):
        return [block]
    number, text = LIST_NUMBER.match(block).groups()  # type: ignore[union-attr]  # matches anything
    return [part.strip() for part in (number + SENTENCE_END.sub("\\1\n", text)).split("\n") if part.strip()]


def texts_in_code(code: str) -> list[str]:
    """The sentences in code: its strings of some words, with … where an f-string computes."""
    found: list[str] = []
    tree = ast.parse(code)
    notes = {id(note) for node in ast.walk(tree) if (note := _docstring(node)) is not None}

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.JoinedStr):
            found.append("".join(_said(part) for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in notes:
                found.append(node.value)
        else:
            for child in ast.iter_child_nodes(node):
                visit(child)

    visit(tree)
    return [text for text in found if len(text.split()) >= SPOKEN]


def _docstring(node: ast.AST) -> ast.Constant | None:
    """The docstring of a module, function or class, which a reader of the page does not see."""
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return first.value if is_text and isinstance(first.value.value, str) else None  # type: ignore[union-attr]


def _said(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else COMPUTED


# ---------------------------------------------------------------- what the tests compute


def claims(path: Path) -> dict[str, list[str]]:
    """The quotes of each test in a claims file, by the test's name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return {
        test.name: [" ".join(quote.split()) for quote in QUOTE.findall(ast.get_docstring(test) or "")]
        for test in tests
    }


def claims_file(stem: str, root: Path = ROOT) -> Path:
    """Where the claims of a page stand."""
    return root / CLAIMS / f"test_{stem}.py"


def quotes_of(stem: str, root: Path = ROOT) -> list[str]:
    """All that the tests quote of a page."""
    path = claims_file(stem, root)
    return [quote for quotes in claims(path).values() for quote in quotes] if path.exists() else []


def mark(sentence: str) -> str:
    """A short hash of a sentence."""
    return hashlib.sha256(sentence.encode()).hexdigest()[:8]


def already_read(root: Path = ROOT) -> dict[str, set[str]]:
    """The marks of the sentences that were read, by page."""
    path = root / READ
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {stem: set(marks.split()) for stem, _, marks in (line.partition(":") for line in lines if line)}


def remember(found: list[str], root: Path = ROOT) -> None:
    """Mark what no claim of these pages quotes as read."""
    read = already_read(root)
    for stem in found:
        quotes = quotes_of(stem, root)
        bare = (unclaimed(source, quotes)[1] for source in sources_of(stem, root))
        read[stem] = {mark(sentence) for sentences in bare for sentence in sentences}
    lines = [f"{stem}: {' '.join(sorted(marks))}" for stem, marks in sorted(read.items()) if marks]
    (root / READ).write_text("\n".join(lines) + "\n", encoding="utf-8")


def unclaimed(path: Path, quotes: list[str]) -> tuple[int, list[str]]:
    """How many sentences of a file count or compare, questions left out, and those that no quote touches."""
    total, bare = 0, []
    for page in pages(path):
        touched = [found.span() for quote in quotes for found in re.finditer(re.escape(quote), page.text)]
        for sentence, start, end in page.spans():
            if COUNTING.search(sentence) and not sentence.rstrip("*_)\"'” ").endswith("?"):
                total += 1
                if not any(first < end and start < last for first, last in touched):
                    bare.append(sentence)
    return total, bare


# ---------------------------------------------------------------- the report


def report(path: Path, in_full: bool, root: Path = ROOT) -> list[str]:
    """One line on a file, and in full a line for each sentence that has no claim and that nobody has read."""
    stem = next(stem for stem in stems(root) if path in sources_of(stem, root))
    total, bare = unclaimed(path, quotes_of(stem, root))
    read = already_read(root).get(stem, set())
    new = [sentence for sentence in bare if mark(sentence) not in read]
    name = path.relative_to(root).as_posix()
    head = f"{name}: {total} sentences count or compare; {total - len(bare)} have a claim, {len(new)} are not read yet"
    return [head, *(f"    {sentence}" for sentence in new if in_full)]


def stems(root: Path = ROOT) -> list[str]:
    """The pages that can have claims, in order."""
    sources = [path for room in ("lessons", "solutions") for path in (root / room / "source").glob("*.py")]
    return [*sorted({path.stem for path in sources}), "data", "instructors"]


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="List the sentences that count or compare, have no claim, and are not read yet."
    )
    parser.add_argument("--read", action="store_true", help="mark what is listed as read: it needs no claim")
    parser.add_argument("names", nargs="*", help="only these in full, e.g. 06_pooling, 06 or data")
    options = parser.parse_args(argv)
    wanted = tuple(options.names)
    found = [stem for stem in stems(root) if not wanted or stem.startswith(wanted)]
    if not found:
        print(f"no page is called {options.names[0]}", file=sys.stderr)
        return 1
    if options.read:
        remember(found, root)
    for stem in found:
        path = claims_file(stem, root)
        print(f"{stem}: {len(claims(path)) if path.exists() else 0} claims")
        for source in sources_of(stem, root):
            print("\n".join(f"  {line}" for line in report(source, bool(wanted), root)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
