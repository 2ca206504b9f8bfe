use super::Fault;
use super::ast::{Expr, ExprKind, Part};
use super::lower::Lowering;
use hcl_edit::template::{Directive, Element, Strip, Template};
use std::ops::Range;
use wharf_core::Value;

impl Lowering<'_> {
    /// The whole text of a scalar or a template file.
    pub(super) fn template_root(&self, template: &Template) -> Result<Expr, Fault> {
        self.template(template.iter(), 0..self.text.len())
    }

    /// A template as an expression; as everywhere in HCL, a lone `${...}` keeps its type.
    pub(super) fn template<'e>(
        &self,
        elements: impl Iterator<Item = &'e Element>,
        range: Range<usize>,
    ) -> Result<Expr, Fault> {
        let elements: Vec<&Element> = elements.collect();
        if let [Element::Interpolation(only)] = elements.as_slice() {
            return self.expr(&only.expr);
        }
        let mut parts = self.parts(&elements, false, false)?;
        let kind = match parts.as_mut_slice() {
            [] => ExprKind::Literal(Value::from("")),
            [Part::Text(text)] => ExprKind::Literal(Value::String(std::mem::take(text))),
            _ => ExprKind::Template(parts),
        };
        Ok(Expr { range, kind })
    }

    /// The parts of a template; `trim_start` and `trim_end` say whether a marker around it has a `~` on this side.
    fn parts(&self, elements: &[&Element], trim_start: bool, trim_end: bool) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::with_capacity(elements.len());
        for (i, element) in elements.iter().enumerate() {
            let trims_after =
                i.checked_sub(1).and_then(|i| elements.get(i)).map_or(trim_start, |e| ends_trimming(e));
            let trims_before = elements.get(i + 1).map_or(trim_end, |e| starts_trimming(e));
            match element {
                Element::Literal(literal) => {
                    let mut text = literal.value().as_str();
                    if trims_after {
                        text = trim_start_of(text);
                    }
                    if trims_before {
                        text = trim_end_of(text);
                    }
                    if !text.is_empty() {
                        parts.push(Part::Text(text.to_owned()));
                    }
                }
                Element::Interpolation(interpolation) => {
                    parts.push(Part::Expr(self.expr(&interpolation.expr)?));
                }
                Element::Directive(directive) => parts.push(self.directive(directive)?),
            }
        }
        Ok(parts)
    }

    fn directive(&self, directive: &Directive) -> Result<Part, Fault> {
        match directive {
            Directive::If(d) => {
                let end = d.endif_expr.strip.strip_start();
                let then_end = d.else_expr.as_ref().map_or(end, |otherwise| otherwise.strip.strip_start());
                let then = self.body(&d.if_expr.template, d.if_expr.strip, then_end)?;
                let otherwise = match &d.else_expr {
                    Some(otherwise) => self.body(&otherwise.template, otherwise.strip, end)?,
                    None => Vec::new(),
                };
                Ok(Part::If { condition: self.expr(&d.if_expr.cond_expr)?, then, otherwise })
            }
            Directive::For(d) => Ok(Part::For {
                key: d.for_expr.key_var.as_ref().map(|name| name.as_str().to_owned()),
                value: d.for_expr.value_var.as_str().to_owned(),
                collection: self.expr(&d.for_expr.collection_expr)?,
                body: self.body(&d.for_expr.template, d.for_expr.strip, d.endfor_expr.strip.strip_start())?,
            }),
        }
    }

    fn body(&self, template: &Template, opening: Strip, trim_end: bool) -> Result<Vec<Part>, Fault> {
        let elements: Vec<&Element> = template.iter().collect();
        self.parts(&elements, opening.strip_end(), trim_end)
    }
}

/// Whether the marker that begins an element has a `~` on its outer side.
fn starts_trimming(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(interpolation) => interpolation.strip.strip_start(),
        Element::Directive(directive) => match &**directive {
            Directive::If(d) => d.if_expr.strip.strip_start(),
            Directive::For(d) => d.for_expr.strip.strip_start(),
        },
    }
}

/// Whether the marker that ends an element has a `~` on its outer side.
fn ends_trimming(element: &Element) -> bool {
    match element {
        Element::Literal(_) => false,
        Element::Interpolation(interpolation) => interpolation.strip.strip_end(),
        Element::Directive(directive) => match &**directive {
            Directive::If(d) => d.endif_expr.strip.strip_end(),
            Directive::For(d) => d.endfor_expr.strip.strip_end(),
        },
    }
}

fn trim_start_of(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

fn trim_end_of(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

fn is_space(c: char) -> bool {
    c.is_whitespace()
}
