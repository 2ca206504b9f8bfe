# Logs are kept for a while, and not for ever.
package main

import rego.v1

deny_log_retention contains data.plan.finding(r, "retention_in_days", msg) if {
	some r in data.plan.touched
	r.type == "aws_cloudwatch_log_group"
	not data.plan.is_unknown(r, "retention_in_days")
	days := object.get(r.change.after, "retention_in_days", 0)
	bounds := data.policy.settings.get("log_retention_days")
	not in_bounds(days, bounds)
	msg := sprintf("logs are kept for %v days (0 is for ever); %v to %v are allowed", [days, bounds.least, bounds.most])
}

in_bounds(days, bounds) if {
	is_number(days)
	days >= bounds.least
	days <= bounds.most
}
