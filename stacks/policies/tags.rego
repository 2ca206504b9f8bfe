# Everything says whose it is.
package main

import rego.v1

deny_missing_tags contains data.plan.finding(r, "tags", msg) if {
	some r in data.plan.touched
	is_object(r.change.after.tags_all)
	missing := {tag |
		some tag in data.policy.settings.get("required_tags")
		not r.change.after.tags_all[tag]
		not object.get(r.change, ["after_unknown", "tags_all", tag], false)
	}
	count(missing) > 0
	msg := sprintf("lacks the tags: %s", [concat(", ", sort(missing))])
}
