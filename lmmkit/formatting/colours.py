"""Colours that colour-blind eyes tell apart, the same in every picture, with markers and lines as a second cue.

They are Okabe and Ito's (2008, *Color Universal Design*), without the yellow, which vanishes on white paper.
Orange and sky are darker than theirs, so that every line has three times the contrast of the paper (WCAG 2.2,
1.4.11).
"""

BLACK = "#000000"
BLUE = "#0072B2"
RED = "#D55E00"
GREEN = "#009E73"
PINK = "#CC79A7"
ORANGE = "#BC7C00"
SKY = "#2E95D3"
GREY = "#767676"  # what stands behind: guides, other groups
PALE = "#d9d9d9"  # bands

# What has a role keeps its colour through the whole course.
CONTROL, TREATED = SKY, ORANGE  # the arm without (placebo, healthy, parlour) and the arm with

COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
