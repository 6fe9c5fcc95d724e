"""The stories that the explorer of fixed and random effects tells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """One variable of a design and what it is.

    `kind`: ``chosen`` (the levels themselves are the question), ``measured`` (a covariate, one number for each
    `per`), ``sampled`` (levels drawn from many, and no treatment is tied to them) or ``carrier`` (sampled, and
    each carries one level of a treatment or of a coarser unit, so that as a fixed effect it would swallow that).
    """

    name: str
    kind: str
    levels: int
    why: str
    per: str = ""


@dataclass(frozen=True)
class Story:
    """A design in two sentences, its variables, and its shape for the picture.

    `shape`: levels from coarse to fine as (name, how many in each of the level above); with ``crossed`` the
    first two are the rows and columns of a grid.
    """

    text: str
    variables: tuple[Variable, ...]
    shape: tuple[tuple[str, int], ...]
    crossed: bool = False

    def variable(self, name: str) -> Variable:
        """The variable of that name."""
        return next(one for one in self.variables if one.name == name)

    def counts(self, name: str, levels: int) -> tuple[int, ...]:
        """How many units each level of the shape has in all when variable `name` has so many."""
        names = [one for one, _ in self.shape]
        if self.crossed:
            return tuple(levels if one == name else count for one, count in self.shape)
        each = [count for _, count in self.shape]
        if name not in names:
            totals = [each[0]]
            for count in each[1:]:
                totals.append(totals[-1] * count)
            return tuple(totals)
        here = names.index(name)
        totals = [0] * len(each)
        totals[here] = levels
        for i in range(here + 1, len(each)):
            totals[i] = totals[i - 1] * each[i]
        kinds = {one.name: one.kind for one in self.variables}
        for i in range(here - 1, -1, -1):  # what was chosen keeps its number of levels
            chosen = kinds.get(names[i]) == "chosen"
            totals[i] = min(each[i], totals[i + 1]) if chosen else -(-totals[i + 1] // each[i + 1])
        return tuple(totals)


STORIES: dict[str, Story] = {
    "deer and soil": Story(
        "Do deer change the soil? Some plots are fenced against deer, some are left open; ten "
        "soil cores are taken from every plot.",
        (
            Variable(
                "treatment", "chosen", 2,
                "fenced and open are the two conditions the question is about",
            ),
            Variable(
                "plot", "carrier", 8,
                "the plots stand for all plots that might have been fenced, and the cores of "
                "one plot share its soil",
            ),
        ),
        (("treatment", 2), ("plot", 4), ("core", 10)),
    ),
    "halved fields": Story(
        "Does management change biodiversity? Every field is halved, and management A goes on "
        "one half, B on the other.",
        (
            Variable(
                "management", "chosen", 2,
                "A against B is the question",
            ),
            Variable(
                "field", "sampled", 12,
                "these fields stand for fields in general; each is its own control",
            ),
        ),
        (("field", 12), ("management", 2)),
        crossed=True,
    ),
    "owl nests": Story(
        "Does a hormone implant slow the growth of owl chicks? In every nest two chicks get "
        "hormone, two a placebo, and each chick is measured several times.",
        (
            Variable(
                "implant", "chosen", 2,
                "hormone against placebo is the question",
            ),
            Variable(
                "nest", "sampled", 15,
                "these nests are a sample of nests, and the chicks of a nest share parents "
                "and food",
            ),
            Variable(
                "chick", "carrier", 60,
                "the measurements of one chick hang together, and each chick has one implant "
                "only",
            ),
        ),
        (("nest", 4), ("chick", 4), ("day", 4)),
    ),
    "animals and weather": Story(
        "Does behaviour follow the weather and the hour? A number of animals are watched four "
        "times a day over several weeks.",
        (
            Variable(
                "time of day", "chosen", 4,
                "these four times of day were chosen, and their differences are wanted",
            ),
            Variable(
                "temperature", "measured", 1,
                "a mean daily temperature is a number with a slope, not a set of levels; but "
                "it has one value a day, so days, not observations, are its replicates", per="day",
            ),
            Variable(
                "day", "carrier", 20,
                "all that was seen on one day shares its weather beyond the temperature",
            ),
            Variable(
                "animal", "sampled", 10,
                "these animals stand for their species, and each is seen again and again",
            ),
        ),
        (("animal", 10), ("day", 20)),
        crossed=True,
    ),
    "mice of five strains": Story(
        "Does a drug lower the weight of mice? Mice of several inbred strains get rising "
        "doses.",
        (
            Variable(
                "dose", "measured", 1,
                "the slope on dose is the question", per="mouse",
            ),
            Variable(
                "strain", "sampled", 5,
                "they may stand for mouse strains in general, or be just the strains somebody "
                "wants to compare",
            ),
        ),
        (("strain", 5), ("mouse", 10)),
    ),
    "a clinic": Story(
        "Does a drug change the weight of patients? Women and men come to one clinic, at many "
        "doses.",
        (
            Variable(
                "dose", "measured", 1,
                "the slope on dose is the question", per="patient",
            ),
            Variable(
                "gender", "chosen", 2,
                "these levels are not a sample from a population of genders; ask for dose × "
                "gender",
            ),
        ),
        (("gender", 2), ("patient", 20)),
    ),
    "three cohorts": Story(
        "Does a biomarker go with a disease score? Patients come from three cohorts.",
        (
            Variable(
                "biomarker", "measured", 1,
                "its slope is the question", per="patient",
            ),
            Variable(
                "cohort", "sampled", 3,
                "the cohorts might be a sample of cohorts, and their patients differ together",
            ),
        ),
        (("cohort", 3), ("patient", 20)),
    ),
    "pipetted five times": Story(
        "Does enzyme activity go with a phenotype? Every biological sample is measured in "
        "several technical replicates.",
        (
            Variable(
                "phenotype", "measured", 1,
                "its slope is the question", per="sample",
            ),
            Variable(
                "sample", "carrier", 10,
                "the replicates of one sample say the same thing again, and each sample has "
                "one phenotype",
            ),
        ),
        (("sample", 10), ("replicate", 5)),
    ),
    "a protein over the years": Story(
        "Does a protein rise with the years? The same people come back every year.",
        (
            Variable(
                "year", "measured", 1,
                "the slope over the years is the question (its slope may still differ between "
                "people, which is a random slope)", per="visit",
            ),
            Variable(
                "person", "sampled", 6,
                "these people stand for people in general, and each is measured every year",
            ),
        ),
        (("person", 6), ("year", 5)),
        crossed=True,
    ),
    "cells of ten donors": Story(
        "Does a disease change the counts of a gene? Hundreds of cells are read from every "
        "donor, sick or healthy.",
        (
            Variable(
                "disease", "chosen", 2,
                "sick against healthy is the question",
            ),
            Variable(
                "donor", "carrier", 10,
                "the cells of one donor are no independent witnesses, and each donor is "
                "either sick or healthy",
            ),
        ),
        (("disease", 2), ("donor", 5), ("cell", 12)),
    ),
    "readers and words": Story(
        "Are rare words read more slowly? Every subject reads every word.",
        (
            Variable(
                "rarity", "chosen", 2,
                "rare against common is the question",
            ),
            Variable(
                "subject", "sampled", 24,
                "these subjects stand for readers in general",
            ),
            Variable(
                "word", "carrier", 20,
                "these words stand for the words of the language, and each is either rare or "
                "common",
            ),
        ),
        (("subject", 12), ("word", 16)),
        crossed=True,
    ),
    "schools": Story(
        "Does a teaching method raise the marks? Whole schools use it or do not; classes sit "
        "in schools, pupils in classes.",
        (
            Variable(
                "method", "chosen", 2,
                "the method is the question",
            ),
            Variable(
                "school", "carrier", 12,
                "the schools are a sample, and a school has one method",
            ),
            Variable(
                "class", "carrier", 36,
                "the pupils of a class share a teacher, and a class lies within one school",
            ),
        ),
        (("school", 4), ("class", 3), ("pupil", 6)),
    ),
}  # fmt: skip
