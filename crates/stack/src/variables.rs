use crate::check::{Checker, Place};
use crate::expression::{self, Budget, Evaluator, Fault, NoScope};
use crate::files::NoFiles;
use crate::written::Written;
use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, FuncCall, Object, ObjectKey};
use std::sync::Arc;
use wharf_core::{Diagnostic, Diagnostics, Field, Schema, Segment, Span, Type, Value};

/// One entry under `variables:`.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) sensitive: bool,
    pub(crate) default: Option<Written>,
    /// Where its key is.
    pub(crate) span: Span,
}

impl Variable {
    /// The default, in the variable's type.
    pub(crate) fn default_value(&self, default: &Written, errors: &mut Diagnostics) -> Value {
        let budget = Budget::default();
        let evaluator = Evaluator::new(&NoScope, &NoFiles, &budget);
        let value = default.evaluate(&evaluator, errors);
        let mut report = |path: &[Segment], place: Place, error: Diagnostic| {
            let span = if place == Place::Key { default.key_span_of(path) } else { default.span_of(path) };
            errors.push(error.at(span).label(format!("the default of `{}`", self.name)));
        };
        self.convert(value, &mut report)
    }

    /// A value in the variable's type; a secret is marked first, so that no message shows it.
    pub(crate) fn convert(
        &self,
        value: Value,
        report: &mut dyn FnMut(&[Segment], Place, Diagnostic),
    ) -> Value {
        let value = if self.sensitive { value.sensitive() } else { value };
        Checker::new(&self.name, true, report).value(value, &self.ty)
    }
}

/// Reads a type as Terraform writes it: `string`, `list(string)`, `map(object({a = string, b = optional(number)}))`.
pub(crate) fn parse_type(text: &str) -> Result<Type, Fault> {
    type_of(&expression::parse_type(text)?)
}

fn type_of(expression: &Expression) -> Result<Type, Fault> {
    let range = expression.span().unwrap_or(0..0);
    match expression {
        Expression::Variable(name) => match name.as_str() {
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            "any" | "object" => Ok(Type::Any),
            "list" => Ok(Type::List(Box::new(Type::Any))),
            "set" => Ok(Type::Set(Box::new(Type::Any))),
            "map" => Ok(Type::Map(Box::new(Type::Any))),
            other => Err(unknown(other).at(&range)),
        },
        Expression::FuncCall(call) => constructed(call).map_err(|fault| fault.at(&range)),
        _ => Err(Fault::new("this is no type").at(&range).help("types look like `string` or `map(string)`")),
    }
}

fn constructed(call: &FuncCall) -> Result<Type, Fault> {
    let name = call.name.name.as_str();
    let arguments: Vec<&Expression> = call.args.iter().collect();
    match (name, arguments.as_slice()) {
        ("list", [item]) => Ok(Type::List(Box::new(type_of(item)?))),
        ("set", [item]) => Ok(Type::Set(Box::new(type_of(item)?))),
        ("map", [item]) => Ok(Type::Map(Box::new(type_of(item)?))),
        ("object", [Expression::Object(fields)]) => object(fields),
        ("object", _) => {
            Err(Fault::new("`object` takes its fields in braces").help("object({name = string})"))
        }
        ("list" | "set" | "map", _) => {
            Err(Fault::new(format!("`{name}` takes one type")).help(format!("{name}(string)")))
        }
        ("tuple", _) => Err(Fault::new("there are no tuples").help("use `list(any)`")),
        (other, _) => Err(unknown(other)),
    }
}

fn object(object: &Object) -> Result<Type, Fault> {
    let mut fields = Vec::with_capacity(object.len());
    for (key, value) in object {
        let name = match key {
            ObjectKey::Ident(name) => name.as_str().to_owned(),
            ObjectKey::Expression(Expression::String(name)) => name.as_str().to_owned(),
            ObjectKey::Expression(_) => return Err(Fault::new("a field's name must be a plain word")),
        };
        fields.push(field(name, value.expr())?);
    }
    Ok(Type::Object(Arc::new(Schema { fields, ..Schema::default() })))
}

/// `string`, `optional(string)` or `optional(string, "default")`
fn field(name: String, expression: &Expression) -> Result<Field, Fault> {
    let Expression::FuncCall(call) = expression else {
        return Ok(Field { required: true, ..Field::new(name, type_of(expression)?) });
    };
    if call.name.name.as_str() != "optional" {
        return Ok(Field { required: true, ..Field::new(name, type_of(expression)?) });
    }
    let range = expression.span().unwrap_or(0..0);
    let arguments: Vec<&Expression> = call.args.iter().collect();
    match arguments.as_slice() {
        [ty] => Ok(Field::new(name, type_of(ty)?)),
        [ty, default] => {
            let default = expression::literal(default).map_err(|fault| fault.at(&range))?;
            Ok(Field { default: Some(default), ..Field::new(name, type_of(ty)?) })
        }
        _ => Err(Fault::new("`optional` takes a type and maybe a default").at(&range)),
    }
}

fn unknown(name: &str) -> Fault {
    let names = ["string", "number", "bool", "any", "list", "set", "map", "object"];
    Fault::new(format!("unknown type `{name}`"))
        .suggest(name, names)
        .help(format!("types are: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_as_terraform_writes_them() {
        assert_eq!(parse_type("string"), Ok(Type::String));
        assert_eq!(parse_type("list"), Ok(Type::List(Box::new(Type::Any))));
        assert_eq!(
            parse_type("map(set(number))"),
            Ok(Type::Map(Box::new(Type::Set(Box::new(Type::Number)))))
        );
        let Ok(Type::Object(schema)) = parse_type("object({a = string, b = optional(number, 3)})") else {
            panic!("an object");
        };
        assert!(schema.field("a").is_some_and(|field| field.required));
        assert_eq!(schema.field("b").and_then(|field| field.default.clone()), Some(Value::from(3)));
    }

    #[test]
    fn types_that_are_none() {
        for text in [
            "strng",
            "list(strng)",
            "object",
            "tuple([string])",
            "list()",
            "map(a, b)",
            "1",
            "object(string)",
        ] {
            assert_eq!(parse_type(text).is_err(), text != "object", "{text}");
        }
    }
}
