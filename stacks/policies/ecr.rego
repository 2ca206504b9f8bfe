# Images are looked at when they come, and a tag means the same image for ever.
package main

import rego.v1

deny_unscanned_images contains data.plan.finding(r, "image_scanning_configuration", msg) if {
	some r in data.plan.touched
	r.type == "aws_ecr_repository"
	not scans(r)
	msg := "images are not scanned when they are pushed (`scan_on_push: true`)"
}

deny_mutable_tags contains data.plan.finding(r, "image_tag_mutability", msg) if {
	some r in data.plan.touched
	r.type == "aws_ecr_repository"
	not data.plan.is_unknown(r, "image_tag_mutability")
	not startswith(object.get(r.change.after, "image_tag_mutability", "MUTABLE"), "IMMUTABLE")
	msg := "a tag may be moved to another image (`image_tag_mutability: IMMUTABLE`)"
}

scans(r) if {
	some block in data.plan.list(r.change.after.image_scanning_configuration)
	block.scan_on_push == true
}

scans(r) if data.plan.is_unknown(r, "image_scanning_configuration")
