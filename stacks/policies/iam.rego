# Nobody may do everything, and not everybody may take on a role.
package main

import rego.v1

identity_policies := {"aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"}

deny_wildcard_iam contains data.plan.finding(r, "policy", msg) if {
	some r in data.plan.touched
	r.type in identity_policies
	some statement in data.plan.list(data.plan.document(r, "policy").Statement)
	statement.Effect == "Allow"
	some action in data.plan.list(statement.Action)
	is_wildcard(action)
	"*" in data.plan.list(statement.Resource)
	msg := sprintf("allows `%s` on every resource", [action])
}

deny_not_action contains data.plan.finding(r, "policy", msg) if {
	some r in data.plan.touched
	r.type in identity_policies
	some statement in data.plan.list(data.plan.document(r, "policy").Statement)
	statement.Effect == "Allow"
	statement.NotAction
	msg := "allows everything but a few actions (`NotAction`), also what AWS adds later"
}

deny_trust_everybody contains data.plan.finding(r, "assume_role_policy", msg) if {
	some r in data.plan.touched
	r.type == "aws_iam_role"
	some statement in data.plan.list(data.plan.document(r, "assume_role_policy").Statement)
	statement.Effect == "Allow"
	is_everybody(statement.Principal)
	not statement.Condition
	msg := "everybody may take on this role"
}

warn_administrator contains data.plan.finding(r, "policy_arn", msg) if {
	some r in data.plan.touched
	r.type in {"aws_iam_role_policy_attachment", "aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment"}
	regex.match(`:iam::aws:policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$`, r.change.after.policy_arn)
	msg := sprintf("attaches `%s`", [r.change.after.policy_arn])
}

# `*`, or all actions of a service. `kms:ReEncrypt*` is none of them.
is_wildcard(action) if action == "*"

is_wildcard(action) if endswith(action, ":*")

is_everybody(principal) if principal == "*"

is_everybody(principal) if {
	is_object(principal)
	"*" in data.plan.list(principal.AWS)
}
