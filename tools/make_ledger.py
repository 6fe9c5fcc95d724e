"""Print the ledger and write it as a page: `make ledger` -> lessons/LEDGER.md.

The page is what `tools/ledger.py` computes today, nothing else: every printed figure beside ours, with totals
on top.
"""

from __future__ import annotations

import sys
from collections import Counter
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from tools.ledger import (
    BESIDE,
    FOUR_DIGITS,
    LECTURES,
    REASONS,
    Ledger,
    Verdict,
    as_number,
    read_figures,
    unit,
)

PAGE = Path(__file__).parents[1] / "lessons" / "LEDGER.md"

WORDY = {"lecture", "title", "figure", "where", "data", "what", "verdict", "why"}  # columns of words

INTRODUCTION = """\
# The ledger: every number the lectures print

Five lectures on mixed models print {total} numbers. Each of them is computed here, live, from a data set in
[`data/`](../data/README.md) that anyone may copy. *Ours* is what lmmkit answers through its public interface,
with two digits more than were printed; *match* means that it lies within half a unit of the last printed
digit. The data of the lectures themselves may not be published, so most sets are synthetic: made so that the
same models give the same numbers.

This page is written by `make ledger`; `tests/test_lecture_figures.py` checks the same rows one by one, and
that a data set with a single damaged value fails.
"""

EXCEPTIONS = """\
## The exceptions

A printed number is not always right to its last digit. These {count} figures we do not match, for the reason
given, and we say which value we stand by.
"""

STALLED = """\
## Two answers worth two looks

**biomarker, lecture 000, slides 28 and 29.** The printed random-slope fit is not the optimum: the search
stalled on a flat ridge, where intercept and slope can hardly be told apart. The ledger evaluates the model at
that point, θ = (1.207703175, 0.014691126, 0.002973204), with `lk.lmer(..., start=theta, optimize=False)`, and
the printed figures appear. The optimum lies elsewhere:

{biomarker}

**protein_years, lecture 000, slide 33.** The printed likelihood-ratio test compares two REML fits with
different fixed effects. Their criteria are not comparable; `lk.anova` refits both by ML unless told not to:

{lrt}
"""


def shown(verdict: Verdict, value: float | str, more: int = 2) -> str:
    """Our value as the printed figure (or the one that we stand by) would show it with two more digits."""
    if isinstance(value, str):
        return value
    figure = verdict.figure
    return like(figure.stands or figure.printed, value, more, figure.quantity in FOUR_DIGITS)


def like(printed: str, value: float, more: int = 2, four_digits: bool = False) -> str:
    """`value` in the manner of `printed`, with a few digits more; counts stay counts.

    >>> like("2.842", 2.8417712), like("<2e-16", 3.1e-21), like("48", 48.0), like("1.121e-05", 1.12025e-05)
    ('2.84177', '3.1e-21', '48', '1.12025e-05')
    """
    number = as_number(printed)
    if number is None or ("." not in printed and float(value).is_integer()):
        return f"{value:g}"
    if "e" in printed.lower():
        digits = 1 if printed.startswith("<") else more + len(number.as_tuple().digits) - 1
        return f"{value:.{digits}e}"
    places = more - Decimal(repr(unit(printed, four_digits))).adjusted()
    return f"{round(value, max(places, 0)) + 0.0:.{max(places, 0)}f}"  # no negative zero


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; words are set left, numbers right."""
    lines = [header, ["---" if name in WORDY else "---:" for name in header], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def why(verdict: Verdict) -> str:
    """The reason of an exception, the value beside, and the row's own note, in that order."""
    figure, parts = verdict.figure, []
    if figure.exception:
        parts.append(f"{REASONS[figure.exception]} We stand by {figure.stands}.")
    if verdict.beside:
        label, value = verdict.beside
        parts.append(f"{label}: {shown(verdict, value, more=0)}")
    if figure.note:
        parts.append(figure.note)
    if figure.repeats:
        parts.append(f"as on slide {figure.repeats}")
    return "; ".join(parts)


def totals(verdicts: list[Verdict]) -> str:
    """Figures, matches and exceptions of each lecture and of all."""
    rows = []
    for lecture, title in LECTURES.items():
        words = Counter(v.word for v in verdicts if v.figure.lecture == lecture)
        rows.append([f"[{lecture}](#lecture-{lecture})", title, *_counts(words)])
    rows.append(["", "**all**", *(f"**{n}**" for n in _counts(Counter(v.word for v in verdicts)))])
    return table(["lecture", "title", "figures", "match", "exceptions", "failures"], rows)


def _counts(words: Counter[str]) -> list[str]:
    return [str(n) for n in (sum(words.values()), words["match"], words["exception"], words["FAIL"])]


def beside(verdicts: list[Verdict], model: str) -> str:
    """What a model's companion says, beside the printed figures."""
    label = BESIDE[model][0]
    rows = [
        [v.figure.id, v.figure.what, v.figure.printed, shown(v, v.ours), shown(v, v.beside[1], more=0)]
        for v in verdicts
        if v.figure.model == model and v.beside
    ]
    return table(["figure", "what", "printed", "ours", label], rows)


def page(verdicts: list[Verdict]) -> str:
    """The whole of LEDGER.md."""
    named = [v for v in verdicts if v.figure.exception]
    parts = [
        INTRODUCTION.format(total=len(verdicts)),
        totals(verdicts),
        EXCEPTIONS.format(count=len(named)),
        table(
            ["figure", "where", "what", "printed", "ours", "we stand by", "why"],
            [
                [
                    v.figure.id,
                    f"{v.figure.lecture}, {v.figure.place}",
                    v.figure.what,
                    v.figure.printed,
                    shown(v, v.ours),
                    v.figure.stands,
                    REASONS[v.figure.exception],
                ]
                for v in named
            ],
        ),
        STALLED.format(biomarker=beside(verdicts, "biomarker_rs"), lrt=beside(verdicts, "protein_lrt")),
    ]
    for lecture, group in groupby(verdicts, key=lambda v: v.figure.lecture):
        parts += [f"## Lecture {lecture}", f"*{LECTURES[lecture]}*", figures_table(list(group))]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def figures_table(verdicts: list[Verdict]) -> str:
    """One lecture's figures, in the order of its slides."""
    rows = [
        [
            v.figure.id,
            v.figure.place,
            v.figure.dataset,
            v.figure.what,
            v.figure.printed,
            shown(v, v.ours),
            {"match": "✓ match", "exception": "exception"}.get(v.word, "✗ FAIL"),
            why(v),
        ]
        for v in verdicts
    ]
    return table(["figure", "where", "data", "what", "printed", "ours", "verdict", "why"], rows)


def main() -> int:
    """Judge every figure, print the table, write the page; 1 when a figure fails."""
    ledger = Ledger()
    verdicts = [ledger.judge(figure) for figure in read_figures()]
    for v in verdicts:
        what = v.figure.what.replace("`", "")
        numbers = f"{v.figure.printed:>14}  {shown(v, v.ours):>18}"
        print(f"{v.figure.id}  {v.word:9}  {numbers}  {v.figure.dataset}: {what}")
    words = Counter(v.word for v in verdicts)
    print(
        f"\n{len(verdicts)} figures: {words['match']} match, {words['exception']} named exceptions, "
        f"{words['FAIL']} fail"
    )
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(verdicts), encoding="utf-8")
    print(f"written: {PAGE.relative_to(PAGE.parents[1])}")
    return 1 if words["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
