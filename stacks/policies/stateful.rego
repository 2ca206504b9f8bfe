# What holds the only copy of something is not deleted, nor replaced.
package main

import rego.v1

deny_destroy_stateful contains data.plan.finding(r, null, msg) if {
	some r in data.plan.deleted
	not r.deposed
	r.type in data.policy.settings.get("stateful_types")
	msg := sprintf("is deleted with what it holds (%s)", [concat(", ", r.change.actions)])
}
