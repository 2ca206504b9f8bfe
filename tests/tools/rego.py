"""Asks a Rego policy about a plan, with a Rego interpreter that is not wharf's.

    python rego.py POLICY.rego INPUT.json QUERY...
"""

import json
import sys
from pathlib import Path

from regopy import Interpreter


def main(policy: str, plan: str, *queries: str) -> None:
    """Prints the value of each query as a JSON list."""
    rego = Interpreter()
    rego.add_module(policy, Path(policy).read_text())
    rego.set_input(json.loads(Path(plan).read_text()))
    answers = []
    for query in queries:
        # Bound to a variable, because an expression that is false has no answer.
        answers.append(json.loads(str(rego.query(f"answer = {query}")))["bindings"]["answer"])
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
