"""Whether the description of the API is OpenAPI 3.1, and whether every request and answer fits it.

usage: openapi.py FILE     FILE holds {description, exchanges: [{name, request, readable, status, body}]}
"""
import copy
import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

collected = json.load(open(sys.argv[1], encoding="utf-8"))
description, exchanges = collected["description"], collected["exchanges"]
faults = [str(e) for e in OpenAPIV31SpecValidator(description).iter_errors()]

broken = copy.deepcopy(description)
broken["paths"]["/api/v1/quotes"]["post"]["responses"]["200"] = 7
if not list(OpenAPIV31SpecValidator(broken).iter_errors()):
    faults.append("a broken description passes: the check checks nothing")


def validator(name):
    return Draft202012Validator({**description, "$ref": f"#/components/schemas/{name}"})


situation, answer, problem = validator("Situation"), validator("Answer"), validator("Problem")
counts = {"requests that fit": 0, "requests that do not": 0, "answers": 0, "problems": 0}
# A date that no calendar has fits any schema of text; a count over the most the hospital takes is its own rule.
by_rule = {"no-such-day", "date-not-read", "out-of-range"}
for one in exchanges:
    fits = situation.is_valid(one["request"])
    counts["requests that fit" if fits else "requests that do not"] += 1
    if one["readable"] and not fits:
        faults.append(f"{one['name']}: {next(situation.iter_errors(one['request'])).message}")
    if not one["readable"] and fits and not {v["code"] for v in one["body"]["violations"]} <= by_rule:
        faults.append(f"{one['name']}: it fits the schema, and the desk cannot read it")
    of, count = (answer, "answers") if one["status"] == 200 else (problem, "problems")
    counts[count] += 1
    faults += [f"{one['name']}: {e.json_path}: {e.message}" for e in of.iter_errors(one["body"])]

good = next(one["body"] for one in exchanges if one["status"] == 200)
for change in (lambda a: a.pop("total_twd"), lambda a: a.update(total_twd="400"), lambda a: a.update(colour="red")):
    wrong = copy.deepcopy(good)
    change(wrong)
    if answer.is_valid(wrong):
        faults.append("a wrong answer fits the schema: the check checks nothing")

print("\n".join(faults[:40]), end="\n" if faults else "", file=sys.stderr)
print("OpenAPI 3.1:", ", ".join(f"{n} {what}" for what, n in counts.items()))
sys.exit(1 if faults or min(counts.values()) == 0 else 0)
