# NAT gateways are paid by the hour.
package main

import rego.v1

deny_nat_gateways contains msg if {
	gateways := {r.address | some r in data.plan.kept; r.type == "aws_nat_gateway"}
	created := [r | some r in data.plan.touched; r.type == "aws_nat_gateway"; "create" in r.change.actions]
	count(created) > 0
	most := data.policy.settings.get("nat_gateways")
	count(gateways) > most
	msg := sprintf("there would be %d NAT gateways, and %d are allowed", [count(gateways), most])
}
