# Containers have no more rights than they need.
package main

import rego.v1

containers(r) := r.change.after.container_definitions if is_array(r.change.after.container_definitions)

containers(r) := json.unmarshal(r.change.after.container_definitions) if {
	is_string(r.change.after.container_definitions)
	json.is_valid(r.change.after.container_definitions)
}

deny_privileged_container contains data.plan.finding(r, "container_definitions", msg) if {
	some r in data.plan.touched
	r.type == "aws_ecs_task_definition"
	some container in containers(r)
	container.privileged == true
	msg := sprintf("the container `%v` is privileged", [container.name])
}

# Names of variables that usually hold a secret; those belong under `secrets`.
deny_secret_in_environment contains data.plan.finding(r, "container_definitions", msg) if {
	some r in data.plan.touched
	r.type == "aws_ecs_task_definition"
	some container in containers(r)
	some variable in container.environment
	regex.match(`password|passwd|secret|token|api_?key|private_?key`, lower(variable.name))
	msg := sprintf("`%s` of the container `%v` is in plain text; give it under `secrets`", [variable.name, container.name])
}
