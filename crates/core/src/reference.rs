use crate::{Address, Segment, Span};
use std::fmt;

/// A name used in an expression: `vpc.id`, `subnet["a"].id`, `var.region`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The first name: a resource's, or `var`, `local`, `each`, `aws`, `stack`, `path`.
    pub root: String,
    /// The steps after it that are written out; ends at the first splat or computed index.
    pub path: Vec<Segment>,
    /// Where it is written.
    pub span: Span,
}

impl Reference {
    /// The instance it names, if `root` is a resource and the key is written out.
    pub fn address(&self, for_each: bool) -> Option<Address> {
        match (for_each, self.path.first()) {
            (false, _) => Some(Address::single(&self.root)),
            (true, Some(Segment::Key(key))) => Some(Address::instance(&self.root, key)),
            (true, _) => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        for segment in &self.path {
            match segment {
                Segment::Key(key) if Address::is_name(key) => write!(f, ".{key}")?,
                Segment::Key(key) => write!(f, "[{key:?}]")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
