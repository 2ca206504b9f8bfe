# Buckets are private, encrypted, and spoken to over TLS. What belongs to a bucket is found by what refers to it: its name
# is not known before there is the bucket.
package main

import rego.v1

deny_public_bucket contains data.plan.finding(r, "bucket", msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket"
	not belongs("aws_s3_bucket_public_access_block", r)
	msg := "there is no aws_s3_bucket_public_access_block for this bucket"
}

deny_public_bucket contains data.plan.finding(r, name, msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket_public_access_block"
	some name in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	not data.plan.is_unknown(r, name)
	not object.get(r.change.after, name, false) == true
	msg := sprintf("leaves the bucket open to the public (`%s: true`)", [name])
}

deny_unencrypted_bucket contains data.plan.finding(r, "bucket", msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket"
	not belongs("aws_s3_bucket_server_side_encryption_configuration", r)
	msg := "there is no aws_s3_bucket_server_side_encryption_configuration for this bucket"
}

deny_bucket_without_tls contains data.plan.finding(r, "bucket", msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket"
	not belongs("aws_s3_bucket_policy", r)
	msg := "there is no aws_s3_bucket_policy for this bucket that denies plain HTTP"
}

deny_bucket_without_tls contains data.plan.finding(r, "policy", msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket_policy"
	not denies_plain_http(r)
	msg := "does not deny plain HTTP (`aws:SecureTransport`)"
}

deny_public_bucket_policy contains data.plan.finding(r, "policy", msg) if {
	some r in data.plan.touched
	r.type == "aws_s3_bucket_policy"
	some statement in data.plan.list(data.plan.document(r, "policy").Statement)
	statement.Effect == "Allow"
	is_everybody(statement.Principal)
	not statement.Condition
	msg := "lets everybody in"
}

# Something of a type refers to the bucket, and stays.
belongs(type, bucket) if {
	some r in data.plan.kept
	r.type == type
	same_key(r, bucket)
	data.plan.resource(bucket) in data.plan.referred(r, "bucket")
}

# Or names it.
belongs(type, bucket) if {
	some r in data.plan.kept
	r.type == type
	r.change.after.bucket == bucket.change.after.bucket
}

# With `for_each` on both, each has its own.
same_key(r, bucket) if r.index == bucket.index

same_key(r, bucket) if not r.index

same_key(r, bucket) if not bucket.index

denies_plain_http(r) if {
	some statement in data.plan.list(data.plan.document(r, "policy").Statement)
	statement.Effect == "Deny"
	some operator, conditions in statement.Condition
	startswith(operator, "Bool")
	some value in data.plan.list(conditions["aws:SecureTransport"])
	value in {"false", false}
}

# A document of which nothing is known cannot be judged here; `--fail-on unknown-policy` denies it.
denies_plain_http(r) if {
	data.plan.is_unknown(r, "policy")
	not data.plan.is_known(r, "policy")
}
