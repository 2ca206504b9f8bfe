# What the policies of this folder ask of a plan. `input` is a plan in Terraform's representation: what `wharf gate`
# evaluates, and what `terraform show -json` prints.
package plan

import rego.v1

# Everything a plan makes or changes. What stays as it is was looked at when it came.
touched contains r if {
	some r in input.resource_changes
	r.mode == "managed"
	some action in r.change.actions
	action in {"create", "update"}
}

# Everything a plan deletes, also to make it anew.
deleted contains r if {
	some r in input.resource_changes
	r.mode == "managed"
	"delete" in r.change.actions
}

# Everything there is once the plan is carried out.
kept contains r if {
	some r in input.resource_changes
	r.mode == "managed"
	is_object(r.change.after)
}

# A property has a value, be it one that is known only after the apply.
has(r, name) if is_known(r, name)

has(r, name) if is_unknown(r, name)

is_known(r, name) if r.change.after[name] != null

# It is set, to something that is known only after the apply. What nobody sets is not known either: AWS decides.
is_unknown(r, name) if {
	marks := object.get(r.change, ["after_unknown", name], false)
	is_marked(marks)
	not is_left_out(r, name)
}

is_marked(marks) if marks == true

is_marked(marks) if {
	not is_boolean(marks)
	walk(marks, [_, true])
}

is_left_out(r, name) if {
	some declared in input.configuration.root_module.resources
	declared.address == resource(r)
	not declared.expressions[name]
}

# The policy document in a property: Terraform has it as text; wharf as an object where a part is not known yet.
document(r, name) := r.change.after[name] if is_object(r.change.after[name])

document(r, name) := json.unmarshal(r.change.after[name]) if {
	is_string(r.change.after[name])
	json.is_valid(r.change.after[name])
}

# Policy documents have lists of one without brackets.
list(value) := value if is_array(value)

list(value) := [value] if {
	not is_array(value)
	value != null
}

# The address without the key of `for_each`: by it the configuration knows a resource.
resource(r) := sprintf("%s.%s", [r.type, r.name])

# The resources to which a resource refers with a property.
referred(r, name) := {reference |
	some declared in input.configuration.root_module.resources
	declared.address == resource(r)
	some reference in declared.expressions[name].references
}

# A finding; wharf puts it at the line of the resource or of its property.
finding(r, property, msg) := {
	"msg": sprintf("%s: %s", [name(r), msg]),
	"address": r.address,
	"property": property,
}

name(r) := r.wharf_address

name(r) := r.address if not r.wharf_address
