# Networks, load balancers, containers, tags, and what is deleted.
package running_test

import rego.v1

gateways(names) := data.fixtures.plan([data.fixtures.change("aws_nat_gateway", name, ["create"], {}) | some name in names])

test_two_nat_gateways_pass if count(data.main.deny_nat_gateways) == 0 with input as gateways(["a", "b"])

test_three_are_denied if count(data.main.deny_nat_gateways) == 1 with input as gateways(["a", "b", "c"])

test_load_balancers_are_warned_of if {
	count(data.main.warn_deletion_protection) == 1 with input as data.fixtures.created("aws_lb", {})
	count(data.main.warn_deletion_protection) == 0 with input as data.fixtures.created("aws_lb", {"enable_deletion_protection": true})
}

test_plain_http_is_warned_of if {
	plain := {"protocol": "HTTP", "default_action": [{"type": "forward"}]}
	count(data.main.warn_plain_http) == 1 with input as data.fixtures.created("aws_lb_listener", plain)
	redirect := {"protocol": "HTTP", "default_action": [{"type": "redirect", "redirect": [{"protocol": "HTTPS"}]}]}
	count(data.main.warn_plain_http) == 0 with input as data.fixtures.created("aws_lb_listener", redirect)
}

task(container) := data.fixtures.created("aws_ecs_task_definition", {"container_definitions": json.marshal([container])})

test_privileged_containers_are_denied if {
	count(data.main.deny_privileged_container) == 1 with input as task({"name": "web", "privileged": true})
	count(data.main.deny_privileged_container) == 0 with input as task({"name": "web"})
}

test_secrets_in_plain_text_are_denied if {
	variable := {"name": "DB_PASSWORD", "value": "x"}
	denied := data.main.deny_secret_in_environment with input as task({"name": "web", "environment": [variable]})
	count(denied) == 1
	count(data.main.deny_secret_in_environment) == 0 with input as task({"name": "web", "environment": [{"name": "PORT", "value": "80"}]})
}

test_tags_are_required if {
	count(data.main.deny_missing_tags) == 1 with input as data.fixtures.created("aws_vpc", {"tags_all": {"Name": "n"}})
	count(data.main.deny_missing_tags) == 0 with input as data.fixtures.created("aws_vpc", {"tags_all": {"Application": "a"}})
	count(data.main.deny_missing_tags) == 0 with input as data.fixtures.created("aws_route", {})
}

test_the_only_copy_is_not_deleted if {
	count(data.main.deny_destroy_stateful) == 1 with input as data.fixtures.one("aws_s3_bucket", ["delete"], null)
	count(data.main.deny_destroy_stateful) == 1 with input as data.fixtures.one("aws_kms_key", ["create", "delete"], {})
	count(data.main.deny_destroy_stateful) == 0 with input as data.fixtures.one("aws_subnet", ["delete"], null)
}

test_exceptions_are_data if {
	data.main.exception == {["destroy_stateful"]} with data.settings as {"exceptions": ["destroy_stateful"]}
}
