"""The glossary: its page, and the links to it at the first use of each term in a lesson.

`lessons/source/glossary.toml` has a table `[[term]]` for each: its `name`, other forms of it (`also`), the
`lesson` that explains it, and its meaning (`text`). A link is set in running text only: never in a heading, in
code, in a formula or inside another link.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from tools.student_version import regular

SOURCE = Path("lessons", "source", "glossary.toml")
PAGE = Path("lessons", "glossary.ipynb")
READING = "## Further reading"
#: What is no running text: fenced and inline code, formulas, links and pictures, headings, tags of HTML.
NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|!?\[[^\]]*\]\([^)]*\)|^#{1,6} [^\n]*$|<[^>\n]+>",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Term:
    """One word of the trade.

    Attributes
    ----------
    name : str
        As its heading in the glossary is written.
    text : str
        What it means, in a few sentences.
    lesson : str
        The number of the lesson that explains it, two digits.
    also : tuple of str
        Other forms that are linked: plurals, verbs, abbreviations.
    """

    name: str
    text: str
    lesson: str
    also: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """All ways to write it."""
        return (self.name, *self.also)

    @property
    def anchor(self) -> str:
        """The part of its address after `#`, as JupyterLab makes it from a heading."""
        return self.name.replace(" ", "-")

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term as a whole word; capitals matter only in abbreviations such as ML."""
        parts = [
            re.escape(form).replace(r"\ ", r"\s+") if form.isupper() else f"(?i:{_spaced(form)})"
            for form in sorted(self.forms, key=len, reverse=True)
        ]
        return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])")


def _spaced(form: str) -> str:
    return r"\s+".join(re.escape(word) for word in form.split())


def read(root: Path) -> list[Term]:
    """The terms, in alphabetical order; none where there is no glossary."""
    if not (root / SOURCE).exists():
        return []
    with (root / SOURCE).open("rb") as file:
        rows = tomllib.load(file)["term"]
    terms = [Term(row["name"], row["text"], row["lesson"], tuple(row.get("also", ()))) for row in rows]
    return sorted(terms, key=lambda term: term.name.casefold())


def prose(text: str) -> str:
    """The running text of a markdown cell, all else blanked out, every letter where it was."""
    return NOT_PROSE.sub(lambda found: " " * len(found[0]), text)


def plain(text: str) -> str:
    """The words of a markdown cell as they are read: without code fences, formulas, tags and addresses of links."""
    text = re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|<[^>\n]+>", " ", text, flags=re.DOTALL)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[`*#|]+", "", text)


def linked(cells: list[NotebookNode], terms: list[Term]) -> list[NotebookNode]:
    """The cells of a lesson, in which the first use of each term is a link into the glossary.

    Where two terms overlap, as in *random effect* and *random effects model*, the longer one is linked. From
    *Further reading* on nothing is: titles of papers are names.
    """
    waiting = list(terms)
    for cell in cells:
        if cell.source.startswith(READING):
            break
        if cell.cell_type != "markdown":
            continue
        for term, start, end in _first_uses(prose(cell.source), terms, waiting):
            shown = cell.source[start:end]
            link = f"[{shown}](glossary.ipynb#{term.anchor})"
            cell.source = cell.source[:start] + link + cell.source[end:]
            waiting.remove(term)
    return cells


def uses(text: str, terms: list[Term]) -> list[tuple[Term, int, int]]:
    """Every use of a term in running text, in order: which, and from where to where."""
    found = [(match.start(), match.end(), term) for term in terms for match in term.pattern.finditer(text)]
    found.sort(key=lambda one: (one[0], -one[1]))
    kept: list[tuple[Term, int, int]] = []
    for start, end, term in found:
        if not kept or start >= kept[-1][2]:
            kept.append((term, start, end))
    return kept


def _first_uses(text: str, terms: list[Term], waiting: list[Term]) -> list[tuple[Term, int, int]]:
    """The first uses of those terms that wait for one, from the last to the first, so that links can be put in."""
    first: dict[str, tuple[Term, int, int]] = {}
    for use in uses(text, terms):
        if use[0] in waiting:
            first.setdefault(use[0].name, use)
    return sorted(first.values(), key=lambda use: -use[1])


def page(terms: list[Term], titles: dict[str, str]) -> NotebookNode:
    """The glossary as a notebook: a heading a term, its meaning, and the lesson that explains it, if it is there."""
    top = "# Words of the trade\n\nEach word with its meaning, and the lesson that explains it."
    cells = [new_markdown_cell(top)]
    for term in terms:
        stem = next((stem for stem in titles if stem.startswith(term.lesson)), None)
        where = f" ([Lesson {int(term.lesson)}, {titles[stem]}]({stem}.ipynb))" if stem else ""
        cells.append(new_markdown_cell(f"### {term.name}\n\n{term.text.strip()}{where}"))
    return regular(cells)
