# What the world talks to: warnings, since what is right depends on what is behind it.
package main

import rego.v1

warn_deletion_protection contains data.plan.finding(r, "enable_deletion_protection", msg) if {
	some r in data.plan.touched
	r.type in {"aws_lb", "aws_alb"}
	not data.plan.is_unknown(r, "enable_deletion_protection")
	not object.get(r.change.after, "enable_deletion_protection", false) == true
	msg := "anybody who may delete it can do so (`enable_deletion_protection: true`)"
}

warn_plain_http contains data.plan.finding(r, "protocol", msg) if {
	some r in data.plan.touched
	r.type in {"aws_lb_listener", "aws_alb_listener"}
	r.change.after.protocol == "HTTP"
	not redirects(r)
	msg := "serves over plain HTTP, and does not redirect"
}

redirects(r) if {
	some action in data.plan.list(r.change.after.default_action)
	action.type == "redirect"
	action.redirect
}
