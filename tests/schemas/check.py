"""Checks a report of `wharf gate` with tools that know nothing of wharf: check.py sarif|junit FILE."""

import json
import sys
from pathlib import Path

import jsonschema
import xmlschema

form, report = sys.argv[1], Path(sys.argv[2])
folder = Path(__file__).parent
if form == "sarif":
    schema = json.loads((folder / "sarif-2.1.0.json").read_text())
    checker = jsonschema.FormatChecker()
    jsonschema.Draft7Validator(schema, format_checker=checker).validate(json.loads(report.read_text()))
elif form == "junit":
    xmlschema.XMLSchema(str(folder / "junit-10.xsd")).validate(str(report))
else:
    sys.exit(f"there is no form {form}")
