use crate::Value;
use std::sync::Arc;

/// What a resource type's properties and attributes are; also what one of its blocks holds.
///
/// Made from the Rust types of a resource, so that it cannot differ from what the code reads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Schema {
    /// What it is, in Markdown.
    pub description: String,
    /// Properties in the order the type declares them, then computed attributes.
    pub fields: Vec<Field>,
    /// Names that Terraform has here and wharf does not: an error can say so.
    pub unsupported: Vec<String>,
}

/// One property or attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Terraform's name.
    pub name: String,
    /// What it means, in Markdown.
    pub description: String,
    /// What it takes.
    pub ty: Type,
    /// Must be set.
    pub required: bool,
    /// AWS tells it; the stack file cannot set it.
    pub computed: bool,
    /// A change needs a new object.
    pub forces_replacement: bool,
    /// Never shown or stored in clear.
    pub sensitive: bool,
    /// AWS does not tell it back: compared with what was last applied.
    pub write_only: bool,
    /// A computed attribute that an update in place may change.
    pub volatile: bool,
    /// The properties that a computed attribute is made of: as sensitive as the most sensitive of them.
    pub derived_from: Vec<String>,
    /// Others change it in the normal course, too (other resources of a stack, AWS itself): where the stack file does
    /// not set it, what it is says nothing.
    pub shared: bool,
    /// What counts when it is not set. Without one, an unset property is left as AWS has it.
    pub default: Option<Value>,
    /// The values it takes, when there are few.
    pub allowed: Vec<String>,
}

/// What a property takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A list; order means something.
    List(Box<Type>),
    /// A list whose order means nothing and which holds nothing twice.
    Set(Box<Type>),
    /// Names of the user's choice, each with a value of one type.
    Map(Box<Type>),
    /// An object with fields of its own, as a value (`name = {...}` in Terraform).
    Object(Arc<Schema>),
    /// A block: one map or a list of maps in the stack file, always a list in values.
    Block {
        /// What one of them holds.
        schema: Arc<Schema>,
        /// The most there may be.
        max: Option<usize>,
        /// Whether order means nothing.
        set: bool,
    },
    /// A JSON document, written as YAML or as JSON text; structured in values.
    Json,
    /// Anything.
    Any,
}

impl Schema {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// What the stack file may set.
    pub fn properties(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.computed)
    }

    /// What only AWS sets.
    pub fn attributes(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.computed)
    }
}

impl Field {
    /// A field of a name and type, with nothing else said about it.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Field {
            name: name.into(),
            description: String::new(),
            ty,
            required: false,
            computed: false,
            forces_replacement: false,
            sensitive: false,
            write_only: false,
            volatile: false,
            derived_from: Vec::new(),
            shared: false,
            default: None,
            allowed: Vec::new(),
        }
    }
}

impl Type {
    /// What it takes, in words: "a list of strings".
    pub fn describe(&self) -> String {
        match self {
            Type::String => "a string".into(),
            Type::Integer => "a whole number".into(),
            Type::Number => "a number".into(),
            Type::Bool => "true or false".into(),
            Type::List(item) | Type::Set(item) => format!("a list of {}", item.plural()),
            Type::Map(item) => format!("a mapping of names to {}", item.plural()),
            Type::Object(_) => "a mapping".into(),
            Type::Block { max: Some(1), .. } => "a mapping".into(),
            Type::Block { .. } => "a mapping or a list of mappings".into(),
            Type::Json => "a JSON document (YAML or JSON text)".into(),
            Type::Any => "any value".into(),
        }
    }

    fn plural(&self) -> String {
        match self {
            Type::String => "strings".into(),
            Type::Integer => "whole numbers".into(),
            Type::Number => "numbers".into(),
            Type::Bool => "booleans".into(),
            Type::List(item) | Type::Set(item) => format!("lists of {}", item.plural()),
            Type::Map(_) | Type::Object(_) | Type::Block { .. } => "mappings".into(),
            Type::Json => "JSON documents".into(),
            Type::Any => "values".into(),
        }
    }
}
