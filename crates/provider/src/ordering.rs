/// An order between resources of two types that no reference expresses, and the AWS error it prevents.
///
/// Creation and update follow it, destruction reverses it. Never makes a cycle: a pair whose references already
/// say the opposite is left alone.
#[derive(Debug, Clone, Copy)]
pub struct OrderingRule {
    /// The type that comes first.
    pub first: &'static str,
    /// The type that comes after it.
    pub then: &'static str,
    /// What makes a pair of them belong together.
    pub link: Link,
    /// What AWS says (or does) without it.
    pub prevents: &'static str,
}

/// What makes two resources belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Both refer, directly or through others, to the same resource of this type.
    Through(&'static str),
    /// The later one's properties mention the value of this property of the earlier one.
    Mentions(&'static str),
}
