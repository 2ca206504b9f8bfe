# Plans for the tests of this folder.
package fixtures

import rego.v1

# A plan with one change.
one(type, actions, after) := plan([change(type, "it", actions, after)])

created(type, after) := one(type, ["create"], after)

plan(changes) := {"format_version": "1.2", "resource_changes": changes}

change(type, name, actions, after) := {
	"address": sprintf("%s.%s", [type, name]),
	"mode": "managed",
	"type": type,
	"name": name,
	"change": {"actions": actions, "before": null, "after": after, "after_unknown": {}},
}

# With properties that are known only after the apply.
later(type, after, marks) := plan([object.union(change(type, "it", ["create"], after), {"change": {"after_unknown": marks}})])

policy(statement) := json.marshal({"Version": "2012-10-17", "Statement": [statement]})
