"""Make docs/differences.md from findings/differences.json (`--check` tells whether the page is what the table gives).

Every row names the script that gave its value, and the key under which that script printed it; what the script
printed is kept beside it, in ``rows/NAME.txt``. The guess of a row was written before its script ran: ``guess`` in
words, ``expected`` so that it can be judged: ``right``, ``off`` (not right), ``nan``, ``error``, a number, two limits
``low..high``, or ``seen`` where the value was known before.
"""

import json
import re
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "differences.json"
PAGE = HERE.parent / "docs" / "differences.md"
FIELDS = (
    "package",
    "version",
    "data",
    "call",
    "quantity",
    "key",
    "value",
    "right",
    "how",
    "note",
    "guess",
    "expected",
)
HEAD = """\
# The same model in several packages

For those who move between packages, or find two numbers where one was expected. Each table asks several packages for
the same number on the same data. **Look for the name of your package**; a value in bold differs from the right one,
and the notes below the table say why and what to write instead.

- **Right** is the value that the question asks for; beside it stands who says so.
- Where a package answers another question than the one asked, its note says which.
- A package that gives the right value is listed too: it shows that the difference is not in the data. lmmkit is among
  them, asked in the same way.

Every value was printed by a script that ran; scripts and what they printed stand in the folder `findings/rows/`, and
`python findings/rows/again.py` runs them again. Two packages could not be run beside the others: lme4 2.1.0 was
measured once elsewhere, and MixedModels' values are those that its own tests hold it to. Both are marked *kept*.
The numbers are rounded here; the table `findings/differences.json` holds more digits.
"""


def kept(name: str) -> dict[str, str]:
    """What the script printed when it ran: its values by key, and the versions of its packages."""
    lines = (HERE / "rows" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def number(value: object) -> str:
    """Five digits are enough to see a difference, and words stay as they are."""
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def agrees(row: dict[str, object]) -> bool:
    """A value is right when the first four digits are."""
    value, right = row["value"], row["right"]
    if isinstance(value, float) and isinstance(right, float):
        return abs(value - right) <= 5e-4 * max(abs(right), 1e-3)
    return value == right


def cell(text: object) -> str:
    """Bars would end the cell."""
    return str(text).replace("|", "\\|")


def code(text: object) -> str:
    """A call, in letters of equal width."""
    return f"`{cell(text)}`"


def who(row: dict[str, object]) -> str:
    """The package, its version, and whether its value is one that could not be asked for again."""
    asked = any((HERE / "rows").glob(f"{row['script']}.[pR]*"))
    return f"{row['package']} {row['version']}{'' if asked else ', *kept*'}"


def page(rows: list[dict[str, object]]) -> str:
    """The page: where each package differs, a section for each question, what was guessed, the surprises."""
    wrong = sum(differs(row) for row in rows)
    dates = sorted({str(row["date"]) for row in rows})
    return "\n".join([
        HEAD,
        f"{len(rows)} values from {len({row['package'] for row in rows})} packages, run on {' and '.join(dates)}; "
        f"{wrong} differ.\n",
        index(rows),
        *(section(question, list(group)) for question, group in groupby(rows, key=lambda row: str(row["question"]))),
        guesses(rows),
        surprises(),
    ])  # fmt: skip


def differs(row: dict[str, object]) -> bool:
    """Whether a package gave a value, and not the right one."""
    return not agrees(row) and not str(row["value"]).startswith("could not be run")


def link(question: str) -> str:
    """A link to the section of a question, by the name that the site and the forge give it."""
    slug = re.sub(r"[^\w\- ]", "", question.lower()).replace(" ", "-")
    return f"[{question}](#{slug})"


def index(rows: list[dict[str, object]]) -> str:
    """A line for each package: in which of the tables it differs."""
    lines = [
        "## Find your package\n",
        "| package | differs in | tables where it is right |",
        "| --- | --- | --- |",
    ]
    for package in sorted({str(row["package"]) for row in rows}, key=str.lower):
        its = [row for row in rows if row["package"] == package]
        asked = dict.fromkeys(str(row["question"]) for row in its)
        wrong = dict.fromkeys(str(row["question"]) for row in its if differs(row))
        tables = len(asked) - len(wrong)
        lines.append(f"| {package} | {'; '.join(map(link, wrong)) or 'none of those asked'} | {tables} |")
    return "\n".join(lines) + "\n"


def section(question: str, rows: list[dict[str, object]]) -> str:
    """The table of one question; what is the same in all its rows stands once, above it."""
    alike = [field for field in ("quantity", "right") if len({row[field] for row in rows}) == 1]
    columns = ["package", "call", *(field for field in ("quantity", "value", "right") if field not in alike)]
    names = {"quantity": "what it gives"}
    lines = [
        "| " + " | ".join(names.get(column, column) for column in columns) + " |",
        "| " + " | ".join("---" for _ in columns) + " |",
        *("| " + " | ".join(shown(row, column) for column in columns) + " |" for row in rows),
    ]
    told = "; ".join(dict.fromkeys(str(row["how"]) for row in rows))
    asked = f" Asked for: {rows[0]['quantity']}." if "quantity" in alike else ""
    right = f"**Right: {number(rows[0]['right'])}**, says" if "right" in alike else "Right says"
    notes = dict.fromkeys(f"- {row['package']}: {row['note']}." for row in rows if row["note"])
    parts = [
        f"## {question}\n",
        f"Data: {rows[0]['data']}.{asked}\n\n{right} {told}.\n",
        "\n".join(lines) + "\n",
    ]
    return "\n".join([*parts, "\n".join(notes) + "\n"] if notes else parts)


def shown(row: dict[str, object], column: str) -> str:
    """One cell of a table."""
    if column == "package":
        return who(row)
    if column == "call":
        return code(row["call"])
    if column == "value":
        return f"**{number(row['value'])}**" if differs(row) else number(row["value"])
    return number(row["right"]) if column == "right" else cell(row[column])


def missed(row: dict[str, object]) -> bool:
    """Whether the guess was wrong."""
    expected, value = str(row["expected"]), row["value"]
    if expected in {"right", "off"}:
        return agrees(row) != (expected == "right")
    if expected == "error":
        return not isinstance(value, str) or value == "nan"
    low, _, high = expected.partition("..")
    if not high:
        return value != expected and str(value).removesuffix(".0") != expected
    return not (isinstance(value, float) and float(low) <= value <= float(high))


def guesses(rows: list[dict[str, object]]) -> str:
    """How often the guess that was written down before a script ran was wrong, and where."""
    written = [row for row in rows if row["expected"] != "seen"]
    wrong = [row for row in written if missed(row)]
    questions, packages = (Counter(str(row[by]) for row in wrong) for by in ("question", "package"))
    (question, most), (package, its) = questions.most_common(1)[0], packages.most_common(1)[0]
    return (
        f"Before a script ran, a guess was written down for each of its rows. {len(wrong)} of {len(written)} were "
        f'wrong, in {len(questions)} of the tables: most in "{question}" ({most}), and about {package} ({its}). The '
        f"other {len(rows) - len(written)} values were known before. {beyond()}\n"
    )


def beyond() -> str:
    """How often the guesses beside the table were wrong: a line of guesses.md each."""
    lines = (HERE / "guesses.md").read_text(encoding="utf-8").splitlines()
    ran = [line for line in lines if line.startswith("| ") and line.count(" | ") == 3 and "| not run" not in line][2:]
    wrong = [line.split(" | ")[0].removeprefix("| ") for line in ran if "| **wrong**" in line]
    grounds = ", ".join(dict.fromkeys(wrong))
    return (
        f"Beyond it, {len(wrong)} of {len(ran)} guesses in `findings/guesses.md` were wrong, about {grounds}."
    )


def surprise(path: Path) -> str:
    """One line of the list: what the comment at the head of a finding says, and what helps."""
    head = path.read_text(encoding="utf-8").split("\nsource ")[0].splitlines()[1:]
    text = " ".join(line.removeprefix("#").strip() for line in head)
    seen, rest = text.split(" Guess: ")
    helps = rest.split(" What helps: ")[1].split(" Seen on ")[0]
    packages = next(
        line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("install ")
    )
    return (
        f"- **{packages.split()[1].replace('==', ' ')}**: {seen} What helps: {helps} (`findings/{path.name}`)"
    )


def surprises() -> str:
    """The findings that are more than one number."""
    paths = sorted(path for path in HERE.glob("*.sh") if path.name != "run.sh")
    lines = "\n".join(map(surprise, paths))
    return (
        "## Surprises, each with a script\n\n"
        "Each script installs the versions named in it, runs them, and fails when they do something else today. "
        f"`make findings` runs all {len(paths)}.\n\n{lines}\n"
    )


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    made = page(json.loads(TABLE.read_text(encoding="utf-8")))
    if "--check" not in arguments:
        PAGE.write_text(made, encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != made:
        print("docs/differences.md is not what the table gives: run python findings/page.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
