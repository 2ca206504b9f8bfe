# What can be set without changing a policy: give `wharf gate` (or conftest) a file with
#
#     settings:
#       required_tags: [Application, Owner]
#
# with `--data FILE`. What is not in it is as here.
package policy.settings

import rego.v1

defaults := {
	# Ports that the world may reach.
	"public_ports": [80, 443],
	# How many NAT gateways a plan may leave there be.
	"nat_gateways": 2,
	# Tags that everything with tags has.
	"required_tags": ["Application"],
	# Days that logs are kept at least, and at most.
	"log_retention_days": {"least": 7, "most": 731},
	# Types whose objects hold the only copy of something.
	"stateful_types": [
		"aws_codecommit_repository",
		"aws_db_instance",
		"aws_dynamodb_table",
		"aws_ecr_repository",
		"aws_efs_file_system",
		"aws_kms_key",
		"aws_rds_cluster",
		"aws_s3_bucket",
	],
	# Rules that do not apply, without `deny_` or `warn_`. The reason belongs beside it.
	"exceptions": [],
}

get(name) := data.settings[name]

get(name) := defaults[name] if not has(name)

has(name) if data.settings[name] != null
