"""The pages that are made from other sources than a notebook's: `make notebooks` writes them.

The glossary and the cheat sheet from their tables, the model answers from the solutions.
"""

import sys
from pathlib import Path

from tools import cheat_sheet, glossary, model_answers
from tools.build_notebooks import ROOT, as_text
from tools.lesson_page import Shelf


def pages(root: Path = ROOT) -> dict[Path, bytes]:
    """What stands in each such file, by its place below the root."""
    shelf, sheet = Shelf(root), cheat_sheet.read(root)
    return {
        glossary.PAGE: as_text(glossary.page(glossary.read(root), shelf.lessons)).encode(),
        cheat_sheet.PAGE: as_text(cheat_sheet.page(sheet)).encode(),
        cheat_sheet.PDF: cheat_sheet.pdf(sheet),
        model_answers.FILE: model_answers.text(root).encode(),
    }


def main() -> int:
    """Write what differs."""
    for path, content in pages().items():
        if not (ROOT / path).exists() or (ROOT / path).read_bytes() != content:
            (ROOT / path).write_bytes(content)
            print(f"{path}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
