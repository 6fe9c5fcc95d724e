#!/usr/bin/env bash
# A column of labels 001, 002 is taken for whole numbers, and the zeros are gone; one label S3 among them
# makes it text again.
# Guess: none written down; text was expected.
# What helps: say in the schema that the field is a string.
# Seen on 2026-11-28.
source "$(dirname "$0")/setup.bash"

install frictionless==5.21.0
run <<'PROGRAM'
from pathlib import Path

from frictionless import Resource

for labels in (["001", "002", "003"], ["001", "002", "S3"]):
    Path("data.csv").write_text("subject,y\n" + "".join(f"{label},1\n" for label in labels))
    resource = Resource(path="data.csv")
    resource.infer()
    print([field.type for field in resource.schema.fields], [row["subject"] for row in resource.read_rows()])
PROGRAM
expect <<'SEEN'
['integer', 'integer'] [1, 2, 3]
['string', 'integer'] ['001', '002', 'S3']
SEEN
