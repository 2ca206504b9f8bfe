//! The types of the fake cloud: a handful that has everything a real type may have.

use super::kind::{FakeKind, Identified};
use std::sync::Arc;
use wharf_core::{Field, Number, Schema, Type, Value};
use wharf_provider::{Link, OrderingRule};

/// The order that no reference says.
pub(super) const ORDERINGS: &[OrderingRule] = &[OrderingRule {
    first: "fake_attachment",
    then: "fake_outlet",
    link: Link::Through("fake_network"),
    prevents: "NotAttached: the network of the subnet has no gate attached",
}];

/// Every type.
///
/// | type | what it is for |
/// | --- | --- |
/// | `fake_network` | no unique name, found by its tags; `revision` changes with every update |
/// | `fake_subnet` | refers to a network; both its properties force replacement |
/// | `fake_named` | a unique name; sensitive, write-only, late, set, JSON and block properties; may refer to a gate |
/// | `fake_gate` | a replacement makes the new one first |
/// | `fake_attachment` | joins a gate and a network: no tags, an id made of both |
/// | `fake_controller` | moves the `size` and `note` of a named one; `busy` while it does, and not touched then itself |
/// | `fake_service` | what only a controller of its name changes: the target in its `pool`, its `groups` |
/// | `fake_route` | what a controller of its name moves, too: its `to`; and its `label`, until the stack file says something new |
/// | `fake_outlet` | lies in a subnet and needs its network's attachment, to which it does not refer |
pub(super) fn kinds() -> Vec<FakeKind> {
    let required = |name: &str, ty: Type| Field { required: true, ..Field::new(name, ty) };
    let forcing = |name: &str| Field { forces_replacement: true, ..required(name, Type::String) };
    let text = |name: &str| Field::new(name, Type::String);
    let secret = |name: &str| Field { sensitive: true, ..text(name) };
    let strings = || Type::Set(Box::new(Type::String));
    let part = |fields: Vec<Field>| Arc::new(Schema { fields, ..Schema::default() });
    let rule = part(vec![required("port", Type::Integer), text("protocol"), text("note")]);
    let step = part(vec![required("name", Type::String), text("image"), secret("key")]);
    let pool = part(vec![required("target", Type::String), Field::new("port", Type::Integer)]);
    let box_ = part(vec![text("mode"), Field::new("depth", Type::Integer)]);
    let block = |schema, max, set| Type::Block { schema, max, set };
    vec![
        FakeKind::new("fake_network", vec![forcing("cidr"), text("label"), Field::new("open", Type::Bool)]),
        FakeKind {
            references: &["network_id"],
            blocking: &["network_id"],
            fills: &[("zone", "zone-1")],
            ..FakeKind::new(
                "fake_subnet",
                vec![forcing("network_id"), forcing("cidr"), text("zone"), text("label")],
            )
        },
        FakeKind {
            identified: Identified::ByName("name"),
            named_by: &["name"],
            references: &["gate_id"],
            blocking: &["gate_id"],
            late: &["password", "policy"],
            ..FakeKind::new(
                "fake_named",
                vec![
                    forcing("name"),
                    Field {
                        default: Some(Value::Number(Number::Int(1))),
                        ..Field::new("size", Type::Integer)
                    },
                    text("note"),
                    secret("token"),
                    Field { write_only: true, ..secret("password") },
                    Field { write_only: true, ..Field::new("force", Type::Bool) },
                    Field::new("members", strings()),
                    Field::new("policy", Type::Json),
                    Field::new("rule", block(rule, None, true)),
                    Field::new("step", block(step, None, false)),
                    Field::new("box", Type::Object(box_)),
                    text("gate_id"),
                ],
            )
        },
        FakeKind {
            create_before_destroy: true,
            references: &["network_id", "subnets"],
            blocking: &["network_id"],
            ..FakeKind::new(
                "fake_gate",
                vec![
                    forcing("flavor"),
                    Field { forces_replacement: true, ..text("network_id") },
                    text("label"),
                    Field::new("subnets", strings()),
                ],
            )
        },
        FakeKind::joining(
            "fake_attachment",
            &["gate_id", "network_id"],
            vec![forcing("gate_id"), forcing("network_id"), text("label")],
        ),
        FakeKind::new("fake_controller", vec![forcing("moves"), Field::new("busy", Type::Bool)]),
        FakeKind::new(
            "fake_service",
            vec![
                forcing("name"),
                Field::new("pool", block(pool, None, false)),
                Field::new("groups", strings()),
                Field::new("count", Type::Integer),
            ],
        ),
        FakeKind::new("fake_route", vec![text("name"), Field::new("to", strings()), text("label")]),
        FakeKind {
            references: &["subnet_id"],
            blocking: &["subnet_id"],
            needs_attachment: true,
            ..FakeKind::new("fake_outlet", vec![forcing("subnet_id"), text("label")])
        },
    ]
}
