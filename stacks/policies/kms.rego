# Keys are rotated.
package main

import rego.v1

deny_key_rotation contains data.plan.finding(r, "enable_key_rotation", msg) if {
	some r in data.plan.touched
	r.type == "aws_kms_key"
	# AWS rotates symmetric keys only
	object.get(r.change.after, "customer_master_key_spec", "SYMMETRIC_DEFAULT") in {"SYMMETRIC_DEFAULT", null}
	not data.plan.is_unknown(r, "enable_key_rotation")
	not object.get(r.change.after, "enable_key_rotation", false) == true
	msg := "the key is not rotated (`enable_key_rotation: true`)"
}
