"""Make docs/differences.md from findings/differences.json (`--check` tells whether the page is what the table gives).

Every row names the script that gave its value, and the key under which that script printed it; what the script
printed is kept beside it, in ``rows/NAME.txt``.
"""

import json
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "differences.json"
PAGE = HERE.parent / "docs" / "differences.md"
FIELDS = ("package", "version", "data", "call", "quantity", "key", "value", "right", "how", "note", "guess")
HEAD = """\
# The same model in several packages

Each table below asks several packages for the same number on the same data. Every value was printed by a script
that ran on the day given; the scripts and what they printed stand in the folder `findings/rows/`. The numbers of
this page are rounded; the table `findings/differences.json` holds more digits.

**Right** is the value that the question asks for, and **how we know** says where it comes from. Where a package
answers another question than the one asked, the note says which. A package that gives the right value is listed
too: it shows that the difference is not in the data. lmmkit is among them, asked in the same way.
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


def page(rows: list[dict[str, object]]) -> str:
    """The page: a section for each question, its rows in the order of the table."""
    wrong = sum(not agrees(row) for row in rows)
    parts = [
        HEAD,
        f"{len(rows)} values from {len({row['package'] for row in rows})} packages; {wrong} differ.\n",
    ]
    for question, group in groupby(rows, key=lambda row: row["question"]):
        members = list(group)
        parts.append(f"## {question}\n")
        lines = ["| package | call | what it gives | value | right |", "| --- | --- | --- | --- | --- |"]
        for row in members:
            mark = number(row["value"]) if agrees(row) else f"**{number(row['value'])}**"
            lines.append(
                f"| {row['package']} {row['version']} | {code(row['call'])} | {cell(row['quantity'])} "
                f"| {mark} | {number(row['right'])} |"
            )
        parts.append("\n".join(lines) + "\n")
        told = dict.fromkeys(str(row["how"]) for row in members)
        parts.append(f"Data: {members[0]['data']}. How we know: {'; '.join(told)}.\n")
        notes = dict.fromkeys(f"- {row['package']}: {row['note']}" for row in members if row["note"])
        if notes:
            parts.append("\n".join(notes) + "\n")
    dates = sorted({str(row["date"]) for row in rows})
    parts.append(f"Run on {' and '.join(dates)}. A value in bold differs from the right one.\n")
    parts.append(guesses(rows))
    parts.append(surprises())
    return "\n".join(parts)


def guesses(rows: list[dict[str, object]]) -> str:
    """How often the guess that was written down before a value was seen was wrong, and where."""
    written = [row for row in rows if row["wrong"] is not None]
    wrong = Counter(str(row["question"]) for row in written if row["wrong"])
    most, count = wrong.most_common(1)[0]
    return (
        f"Before a value was seen, a guess was written down. {sum(wrong.values())} of {len(written)} guesses were "
        f"wrong, in {len(wrong)} of the tables; {count} of them in \"{most}\". The other {len(rows) - len(written)} "
        "values were known before.\n"
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
