"""What a page of the course must keep to; `python -m tools.lesson_report` measures it."""

#: Screens of 900 px that a lesson may be long when its folded cells are folded.
MAX_SCREENS = 12.0
#: Boxes that a lesson may have, and the share of its words that may stand in them.
MAX_BOXES = 3
MAX_BOX_WORDS = 0.12
#: Share of the visible lines of code that are data, models, or questions to models.
MIN_MODEL_CODE = 0.80

#: Pages that were written before these rules. A page leaves this list when it is rewritten, and none is added.
OLD_PAGES = frozenset(
    {
        "lessons/00_start_here",
        "lessons/01_linear_models",
        "lessons/02_simpson",
        "lessons/03_fixed_or_random",
        "lessons/04_random_intercepts",
        "lessons/05_random_slopes",
        "lessons/06_pooling",
        "lessons/07_nested_crossed",
        "lessons/08_replicates",
        "lessons/09_repeated_measures",
        "lessons/10_fitting",
        "lessons/11_testing",
        "lessons/12_checking",
        "lessons/13_counts",
        "lessons/14_variance_partitioning",
        "lessons/15_power",
        "lessons/16_choosing_and_reporting",
        "lessons/explorers",
        "solutions/01_linear_models",
        "solutions/02_simpson",
        "solutions/03_fixed_or_random",
        "solutions/04_random_intercepts",
        "solutions/05_random_slopes",
        "solutions/06_pooling",
        "solutions/07_nested_crossed",
        "solutions/08_replicates",
        "solutions/09_repeated_measures",
        "solutions/10_fitting",
        "solutions/11_testing",
        "solutions/12_checking",
        "solutions/13_counts",
        "solutions/14_variance_partitioning",
        "solutions/15_power",
        "solutions/16_choosing_and_reporting",
        "solutions/capstone_fields",
        "solutions/capstone_forest",
        "solutions/capstone_owls",
    }
)
