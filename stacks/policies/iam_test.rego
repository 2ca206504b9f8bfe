package iam_test

import rego.v1

allows(action, resource) := data.fixtures.created("aws_iam_role_policy", {"policy": data.fixtures.policy({
	"Effect": "Allow", "Action": action, "Resource": resource,
})})

test_everything_is_denied if count(data.main.deny_wildcard_iam) == 1 with input as allows("*", "*")

test_all_of_a_service_is_denied if count(data.main.deny_wildcard_iam) == 1 with input as allows(["ecs:List*", "s3:*"], ["*"])

test_some_of_a_service_is_not if count(data.main.deny_wildcard_iam) == 0 with input as allows("ecs:Describe*", "*")

test_all_on_one_resource_is_not if count(data.main.deny_wildcard_iam) == 0 with input as allows("s3:*", "arn:aws:s3:::one")

test_denials_may_be_wide if {
	count(data.main.deny_wildcard_iam) == 0 with input as data.fixtures.created("aws_iam_policy", {"policy": data.fixtures.policy({
		"Effect": "Deny", "Action": "*", "Resource": "*",
	})})
}

# What wharf knows of a document before the apply is an object.
test_documents_that_are_partly_known_are_judged if {
	count(data.main.deny_wildcard_iam) == 1 with input as data.fixtures.created("aws_iam_role_policy", {"policy": {"Statement": [
		{"Effect": "Allow", "Action": "s3:GetObject"},
		{"Effect": "Allow", "Action": "iam:*", "Resource": "*"},
	]}})
}

test_not_action_is_denied if {
	count(data.main.deny_not_action) == 1 with input as data.fixtures.created("aws_iam_policy", {"policy": data.fixtures.policy({
		"Effect": "Allow", "NotAction": "iam:*", "Resource": "*",
	})})
}

trusts(principal) := data.fixtures.created("aws_iam_role", {"assume_role_policy": data.fixtures.policy({
	"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal,
})})

test_trusting_everybody_is_denied if count(data.main.deny_trust_everybody) == 1 with input as trusts({"AWS": "*"})

test_trusting_a_service_is_not if {
	count(data.main.deny_trust_everybody) == 0 with input as trusts({"Service": "ecs-tasks.amazonaws.com"})
}

test_administrators_are_warned_of if {
	count(data.main.warn_administrator) == 1 with input as data.fixtures.created("aws_iam_role_policy_attachment", {
		"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
	})
}
