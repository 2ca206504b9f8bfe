use serde::Serialize;

/// The IAM actions that each operation of a type may need, as AWS spells them (`ec2:CreateVpc`).
///
/// Printed for the user (least privilege) and checked against what the emulator counts.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Permissions {
    /// To read, and to find.
    pub read: &'static [&'static str],
    /// To create, besides `read`.
    pub create: &'static [&'static str],
    /// To update, besides `read`.
    pub update: &'static [&'static str],
    /// To delete, besides `read`.
    pub delete: &'static [&'static str],
}
