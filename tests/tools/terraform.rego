# A policy as people write them for Terraform's plans: a budget for changes, weighed by type and action, and no change to
# IAM without a person. Nothing in it knows wharf.
package terraform.analysis

import input as tfplan
import rego.v1

blast_radius := 30

weights := {
    "aws_vpc": {"delete": 100, "create": 10, "modify": 1},
    "aws_subnet": {"delete": 10, "create": 1, "modify": 1},
}

resource_types := {"aws_vpc", "aws_subnet"}

default authz := false

authz if {
    score < blast_radius
    not touches_iam
}

score := s if {
    all := [x |
        crud := weights[resource_type]
        x := ((crud["delete"] * num_deletes[resource_type]) + (crud["create"] * num_creates[resource_type])) + (crud["modify"] * num_modifies[resource_type])
    ]
    s := sum(all)
}

touches_iam if {
    some i
    startswith(tfplan.resource_changes[i].type, "aws_iam_")
    tfplan.resource_changes[i].change.actions[_] != "no-op"
}

num_creates[resource_type] := num if {
    some resource_type
    resource_types[resource_type]
    num := count([r | r := tfplan.resource_changes[_]; r.type == resource_type; r.change.actions[_] == "create"])
}

num_deletes[resource_type] := num if {
    some resource_type
    resource_types[resource_type]
    num := count([r | r := tfplan.resource_changes[_]; r.type == resource_type; r.change.actions[_] == "delete"])
}

num_modifies[resource_type] := num if {
    some resource_type
    resource_types[resource_type]
    num := count([r | r := tfplan.resource_changes[_]; r.type == resource_type; r.change.actions[_] == "update"])
}

# Where the documents are only partly known, the rest is judged.
wildcards contains address if {
    r := tfplan.resource_changes[_]
    r.type == "aws_iam_policy"
    statement := document(r.change.after.policy).Statement[_]
    statement.Action == "*"
    address := r.address
}

document(policy) := json.unmarshal(policy) if {
    is_string(policy)
}

document(policy) := policy if {
    is_object(policy)
}
