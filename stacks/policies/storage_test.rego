# Buckets, registries, keys, logs.
package storage_test

import rego.v1

bucket := data.fixtures.change("aws_s3_bucket", "it", ["create"], {"bucket": "b"})

private := data.fixtures.change("aws_s3_bucket_public_access_block", "block", ["create"], {
	"bucket": "b", "block_public_acls": true, "block_public_policy": true,
	"ignore_public_acls": true, "restrict_public_buckets": true,
})

encrypted := data.fixtures.change("aws_s3_bucket_server_side_encryption_configuration", "encryption", ["create"], {"bucket": "b"})

over_tls := data.fixtures.change("aws_s3_bucket_policy", "policy", ["create"], {"bucket": "b", "policy": data.fixtures.policy({
	"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
	"Condition": {"Bool": {"aws:SecureTransport": "false"}},
})})

test_a_bucket_with_all_of_it_passes if {
	complete := data.fixtures.plan([bucket, private, encrypted, over_tls])
	count(data.main.deny_public_bucket) == 0 with input as complete
	count(data.main.deny_unencrypted_bucket) == 0 with input as complete
	count(data.main.deny_bucket_without_tls) == 0 with input as complete
	count(data.main.deny_public_bucket_policy) == 0 with input as complete
}

test_a_bare_bucket_is_denied if {
	bare := data.fixtures.plan([bucket])
	count(data.main.deny_public_bucket) == 1 with input as bare
	count(data.main.deny_unencrypted_bucket) == 1 with input as bare
	count(data.main.deny_bucket_without_tls) == 1 with input as bare
}

# On a first apply the name of the bucket is not known; the configuration says what belongs to it.
test_references_tell_what_belongs_together if {
	unnamed := data.fixtures.change("aws_s3_bucket_public_access_block", "block", ["create"], object.remove(private.change.after, ["bucket"]))
	referring := object.union(data.fixtures.plan([bucket, unnamed]), {"configuration": {"root_module": {"resources": [{
		"address": "aws_s3_bucket_public_access_block.block",
		"expressions": {"bucket": {"references": ["aws_s3_bucket.it.id", "aws_s3_bucket.it"]}},
	}]}}})
	count(data.main.deny_public_bucket) == 0 with input as referring
}

test_a_block_with_a_hole_is_denied if {
	hole := data.fixtures.created("aws_s3_bucket_public_access_block", object.union(private.change.after, {"block_public_policy": false}))
	count(data.main.deny_public_bucket) == 1 with input as hole
}

test_a_policy_for_everybody_is_denied if {
	open := data.fixtures.created("aws_s3_bucket_policy", {"policy": data.fixtures.policy({
		"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject", "Resource": "*",
	})})
	count(data.main.deny_public_bucket_policy) == 1 with input as open
	count(data.main.deny_bucket_without_tls) == 1 with input as open
}

test_a_registry_as_it_should_be_passes if {
	good := data.fixtures.created("aws_ecr_repository", {
		"image_tag_mutability": "IMMUTABLE", "image_scanning_configuration": [{"scan_on_push": true}],
	})
	count(data.main.deny_unscanned_images) == 0 with input as good
	count(data.main.deny_mutable_tags) == 0 with input as good
}

test_a_registry_as_it_comes_is_denied if {
	bare := data.fixtures.created("aws_ecr_repository", {"name": "r"})
	count(data.main.deny_unscanned_images) == 1 with input as bare
	count(data.main.deny_mutable_tags) == 1 with input as bare
}

test_keys_are_rotated if {
	count(data.main.deny_key_rotation) == 1 with input as data.fixtures.created("aws_kms_key", {})
	count(data.main.deny_key_rotation) == 0 with input as data.fixtures.created("aws_kms_key", {"enable_key_rotation": true})
	count(data.main.deny_key_rotation) == 0 with input as data.fixtures.created("aws_kms_key", {"customer_master_key_spec": "RSA_2048"})
}

test_logs_are_kept_for_a_while if {
	count(data.main.deny_log_retention) == 1 with input as data.fixtures.created("aws_cloudwatch_log_group", {})
	count(data.main.deny_log_retention) == 1 with input as data.fixtures.created("aws_cloudwatch_log_group", {"retention_in_days": 1})
	count(data.main.deny_log_retention) == 0 with input as data.fixtures.created("aws_cloudwatch_log_group", {"retention_in_days": 30})
	later := data.fixtures.later("aws_cloudwatch_log_group", {}, {"retention_in_days": true})
	count(data.main.deny_log_retention) == 0 with input as later
}
