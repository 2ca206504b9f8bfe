//! What is said about bad stack files, and where.

use crate::support::{file, mistakes};

#[test]
fn smoke() {
    for text in [
        "",
        "stack: a\nresource: {}\n",
        "stack: a\nresources:\n  v: {type: aws_vpc, properties: {cidr_blok: 1}}\n",
        "stack: a\nresources:\n  v: {type: aws_vpc, properties: {cidr_block: 1, enable_dns_hostnames: yes}}\n",
        "stack: a\nresources:\n  v:\n    type: aws_vpc\n    properties:\n      cidr_block: ${w.id}\n  w:\n    type: aws_vpc\n    properties:\n      cidr_block: x${v.id}\n",
        "stack: a\nlocals:\n  a: ${local.a}\n  b: [1, \"${1 +}\"]\n  c: {x: ${local.a}}\n",
        "stack: a\nlocals:\n  a: ${ 1 # two }\n",
        "stack: a\nlocals:\n  a: ${ 1 ? 2 : 3 }\n",
        "stack: a\nlocals:\n\ta: 1\n",
        "stack: a\nlocals: [\n",
        "stack: a\nlocals: {a: 1}\n---\nb: 1\n",
        "stack: a\nstack: b\n",
        "stack: a\nvariables: {x: {type: string}}\noutputs: {a: '${1/0}', b: \"${var.y}\", c: '${nope(1)}', d: '${join(1)}'}\n",
        "stack: a\nvariables: {x: {type: string}}\noutputs: {a: '${1/0}', b: \"${var.x}\", c: '${join(\",\", 1)}', d: '${vpc.id}'}\n",
    ] {
        eprintln!("{text}\n=> {}", mistakes(text));
    }
    assert_eq!(mistakes(&file("")), "");
}
