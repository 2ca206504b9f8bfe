package security_groups_test

import rego.v1

rule(port, cidr) := data.fixtures.created("aws_vpc_security_group_ingress_rule", {
	"cidr_ipv4": cidr, "ip_protocol": "tcp", "from_port": port, "to_port": port,
})

test_ssh_from_everywhere_is_denied if count(data.main.deny_public_ingress) == 1 with input as rule(22, "0.0.0.0/0")

test_http_from_everywhere_is_not if count(data.main.deny_public_ingress) == 0 with input as rule(80, "0.0.0.0/0")

test_ssh_from_the_office_is_not if count(data.main.deny_public_ingress) == 0 with input as rule(22, "203.0.113.0/24")

test_ports_can_be_set if {
	count(data.main.deny_public_ingress) == 0 with input as rule(8080, "0.0.0.0/0")
		with data.settings as {"public_ports": [8080]}
}

test_everything_over_ipv6_is_denied if {
	count(data.main.deny_public_ingress) == 1 with input as data.fixtures.created("aws_vpc_security_group_ingress_rule", {
		"cidr_ipv6": "::/0", "ip_protocol": "-1",
	})
}

test_a_range_is_denied if {
	count(data.main.deny_public_ingress) == 1 with input as data.fixtures.created("aws_security_group_rule", {
		"type": "ingress", "cidr_blocks": ["0.0.0.0/0"], "protocol": "tcp", "from_port": 80, "to_port": 443,
	})
}

test_egress_is_not if {
	count(data.main.deny_public_ingress) == 0 with input as data.fixtures.created("aws_security_group_rule", {
		"type": "egress", "cidr_blocks": ["0.0.0.0/0"], "protocol": "-1", "from_port": 0, "to_port": 0,
	})
}

test_blocks_of_groups_are_looked_at if {
	count(data.main.deny_public_ingress) == 1 with input as data.fixtures.created("aws_security_group", {"ingress": [
		{"cidr_blocks": ["0.0.0.0/0"], "protocol": "tcp", "from_port": 443, "to_port": 443},
		{"cidr_blocks": ["0.0.0.0/0"], "protocol": "tcp", "from_port": 5432, "to_port": 5432},
	]})
}

test_what_stays_is_not_judged if {
	count(data.main.deny_public_ingress) == 0 with input as data.fixtures.one(
		"aws_vpc_security_group_ingress_rule", ["no-op"],
		{"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "tcp", "from_port": 22, "to_port": 22},
	)
}
