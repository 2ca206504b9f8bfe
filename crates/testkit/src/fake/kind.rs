use std::sync::Arc;
use wharf_core::{Field, Schema, Type, Value};
use wharf_provider::Naming;

/// One type of the fake cloud, as data.
#[derive(Debug, Clone)]
pub struct FakeKind {
    /// Its name.
    pub name: &'static str,
    /// Its properties and attributes. The computed ones that it may have are `id`, `arn`, `revision`, `endpoint` and
    /// `tags_all`.
    pub schema: Arc<Schema>,
    /// How its objects are told apart.
    pub identified: Identified,
    /// See [`wharf_provider::ResourceType::NAMED_BY`].
    pub named_by: &'static [&'static str],
    /// Properties that hold ids of objects which must exist.
    pub references: &'static [&'static str],
    /// Those of them that keep the other object from being deleted.
    pub blocking: &'static [&'static str],
    /// Properties that the create request cannot set: `finish` does.
    pub late: &'static [&'static str],
    /// What the cloud sets where the request does not: property and value.
    pub fills: &'static [(&'static str, &'static str)],
    /// See [`wharf_provider::ResourceType::CREATE_BEFORE_DESTROY`].
    pub create_before_destroy: bool,
    /// Whether a network must have an attachment before one of these can be made in one of its subnets.
    pub needs_attachment: bool,
}

/// How the objects of a type are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// By an id that the cloud makes up; found by ownership tags.
    ByTags,
    /// By a property that is unique; it is the id as well.
    ByName(&'static str),
    /// By what it joins: the id is made of these properties. There are no tags.
    ByParts(&'static [&'static str]),
}

impl FakeKind {
    /// A type with these properties, found by its tags.
    pub fn new(name: &'static str, properties: Vec<Field>) -> Self {
        let computed = |name: &str, ty: Type| Field { computed: true, ..Field::new(name, ty) };
        let tags = || Type::Map(Box::new(Type::String));
        let mut fields = properties;
        fields
            .push(Field { default: Some(Value::Map(wharf_core::Map::new())), ..Field::new("tags", tags()) });
        fields.push(computed("id", Type::String));
        fields.push(computed("arn", Type::String));
        fields.push(computed("endpoint", Type::String));
        fields.push(Field { volatile: true, ..computed("revision", Type::Integer) });
        fields.push(computed("tags_all", tags()));
        FakeKind {
            name,
            schema: Arc::new(Schema { description: "A fake.".into(), fields, unsupported: Vec::new() }),
            identified: Identified::ByTags,
            named_by: &[],
            references: &[],
            blocking: &[],
            late: &[],
            fills: &[],
            create_before_destroy: false,
            needs_attachment: false,
        }
    }

    pub(super) fn naming(&self) -> Naming {
        Naming {
            named_by: self.named_by,
            import_id: "ID",
            id_in_terraform: |attributes| attributes.get("id")?.as_str().map(str::to_owned),
        }
    }

    /// A type that joins others, with these properties and no tags.
    pub fn joining(name: &'static str, parts: &'static [&'static str], properties: Vec<Field>) -> Self {
        let kind = FakeKind::new(name, properties);
        let untagged = |field: &&Field| field.name != "tags" && field.name != "tags_all";
        let fields = kind.schema.fields.iter().filter(untagged).cloned().collect();
        let schema = Arc::new(Schema { fields, ..Schema::default() });
        FakeKind {
            schema,
            identified: Identified::ByParts(parts),
            references: parts,
            blocking: parts,
            ..kind
        }
    }
}
