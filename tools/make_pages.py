"""The pages that are made from other sources than a notebook's: `make notebooks` writes them.

The glossary from its table, the model answers from the solutions.
"""

import sys
from pathlib import Path

from tools import glossary, model_answers
from tools.build_notebooks import ROOT, as_text
from tools.lesson_page import Shelf


def pages(root: Path = ROOT) -> dict[Path, str]:
    """The text of each such file, by its place below the root."""
    shelf = Shelf(root)
    return {
        glossary.PAGE: as_text(glossary.page(glossary.read(root), shelf.lessons)),
        model_answers.FILE: model_answers.text(root),
    }


def main() -> int:
    """Write what differs."""
    for path, text in pages().items():
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text:
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"{path}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
