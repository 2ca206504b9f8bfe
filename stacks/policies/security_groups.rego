# The world reaches the ports in `public_ports` and no others.
package main

import rego.v1

everywhere := {"0.0.0.0/0", "::/0"}

deny_public_ingress contains data.plan.finding(r, name, msg) if {
	some r in data.plan.touched
	r.type == "aws_vpc_security_group_ingress_rule"
	some name in ["cidr_ipv4", "cidr_ipv6"]
	r.change.after[name] in everywhere
	not is_public(object.get(r.change.after, "ip_protocol", "-1"), r.change.after)
	msg := sprintf("lets in the world (%s) on a port that is not public", [r.change.after[name]])
}

deny_public_ingress contains data.plan.finding(r, name, msg) if {
	some r in data.plan.touched
	r.type == "aws_security_group_rule"
	r.change.after.type == "ingress"
	some name in ["cidr_blocks", "ipv6_cidr_blocks"]
	some cidr in r.change.after[name]
	cidr in everywhere
	not is_public(r.change.after.protocol, r.change.after)
	msg := sprintf("lets in the world (%s) on a port that is not public", [cidr])
}

deny_public_ingress contains data.plan.finding(r, "ingress", msg) if {
	some r in data.plan.touched
	r.type == "aws_security_group"
	some rule in r.change.after.ingress
	some name in ["cidr_blocks", "ipv6_cidr_blocks"]
	some cidr in rule[name]
	cidr in everywhere
	not is_public(rule.protocol, rule)
	msg := sprintf("lets in the world (%s) on a port that is not public", [cidr])
}

# One port, over TCP. A range is more than anybody means.
is_public(protocol, rule) if {
	protocol in {"tcp", "6"}
	rule.from_port == rule.to_port
	rule.from_port in data.policy.settings.get("public_ports")
}
