#!/usr/bin/env bash
# In a file with semicolons and decimal commas the numbers 1,5 and 2,5 are taken for a place on the earth
# (geopoint).
# Guess: none written down; text was expected.
# What helps: give the field the type number and decimalChar ",".
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install frictionless==5.21.0
run <<'PROGRAM'
from pathlib import Path

from frictionless import Resource, Schema

Path("data.csv").write_text("plot;height\na;1,5\nb;2,5\n")
resource = Resource(path="data.csv")
resource.infer()
print({field.name: field.type for field in resource.schema.fields})
print(resource.read_rows()[0]["height"])
told = {"fields": [{"name": "plot", "type": "string"}, {"name": "height", "type": "number", "decimalChar": ","}]}
print(Resource(path="data.csv", schema=Schema.from_descriptor(told)).read_rows()[0]["height"])
PROGRAM
expect <<'SEEN'
{'plot': 'string', 'height': 'geopoint'}
[1.0, 5.0]
1.5
SEEN
