"""Colours that colour-blind eyes tell apart, the same in every picture, with markers and lines as a second cue.

They are Okabe and Ito's (2008, *Color Universal Design*), without the yellow, which vanishes on white paper.
"""

BLACK = "#000000"
BLUE = "#0072B2"
RED = "#D55E00"
GREEN = "#009E73"
PINK = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREY = "#767676"  # what stands behind: guides, other groups
PALE = "#d9d9d9"  # bands

COLOURS = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
