"""Begin a lesson of one's own: `make new-lesson NB=17_beetles` writes its three files, each with examples that run.

They are the lesson's source, its questions, and the tests of what it claims. Change them, then
`make notebooks NB=17_beetles`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "tools" / "templates"


def places(name: str) -> dict[str, str]:
    """Where each template goes, for a lesson of this name.

    Examples
    --------
    >>> places("17_beetles")["answers.py.template"]
    'lmmkit/course/answers/lesson_17.py'
    """
    return {
        "lesson.py.template": f"lessons/source/{name}.py",
        "answers.py.template": f"lmmkit/course/answers/lesson_{name[:2]}.py",
        "claims.py.template": f"tests/notebooks/claims/test_{name}.py",
    }


def begin(name: str, root: Path = ROOT) -> list[Path]:
    """Write the files of a new lesson.

    Parameters
    ----------
    name : str
        Two digits and a word or more: ``"17_beetles"``.
    root : Path
        The repository.

    Raises
    ------
    SystemExit
        If the name is none, or its number is taken.
    """
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", name):
        raise SystemExit("name the lesson by two digits and a word: make new-lesson NB=17_beetles")
    taken = sorted((root / "lessons/source").glob(f"{name[:2]}_*.py"))
    if taken:
        raise SystemExit(
            f"lesson {name[:2]} is there already: {taken[0].relative_to(root)}; take another number"
        )
    title = name[3:].replace("_", " ").capitalize()
    written = []
    for template, place in places(name).items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        path.write_text(
            text.replace("NUMBER. ", f"{int(name[:2])}. ").replace("NUMBER", name[:2]).replace("TITLE", title)
        )
        written.append(path)
    return written


def main() -> None:
    """Write the files, and say what comes next."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    for path in begin(name):
        print(path.relative_to(ROOT))
    print(f"Change them, then: make notebooks NB={name}. What a question may be stands in docs/questions.md.")


if __name__ == "__main__":
    main()
