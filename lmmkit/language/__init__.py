"""A formula's text, read without ever being run.

The road from text to terms: `syntax` cuts the text and builds a tree (`tree`), `functions` checks every call
in it, `groups` reads what stands behind a bar, `algebra` multiplies the fixed part out into terms.
"""
