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

impl Permissions {
    /// Every action, some perhaps twice.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        [self.read, self.create, self.update, self.delete].into_iter().flatten().copied()
    }
}

/// On which resources actions of a type have to be allowed.
///
/// `resources` and the values of `condition` are templates. `{name}` is the object's property or attribute of that
/// name, `{a.b}` one inside it (of every block, if there are several). What is not known yet is `*`, and so is what is
/// absent, unless the placeholder says otherwise: `{name?}` leaves the whole template out, `{name|text}` stands for
/// `text`. A template that begins with a service, `ecs:cluster/{name}`, is short for the ARN of that resource in the
/// stack's account and region. A property that is absent while `NAME_prefix` is set stands for that prefix and `*`. `{partition}`,
/// `{region}` and `{account}` are those of the stack. A function may follow, `{cluster:last}`; which there are is up to
/// whoever fills the templates.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// The actions; empty for all that no other scope of the type names.
    pub actions: &'static [&'static str],
    /// The resources' ARNs.
    pub resources: &'static [&'static str],
    /// A property without which the actions are not needed: absent, empty and false are the same.
    pub when: Option<&'static str>,
    /// What a request has to say besides.
    pub condition: Option<Condition>,
    /// Whether the resources bear the stack's ownership tags when the action is asked for, and AWS looks at those.
    pub owned: bool,
}

/// A condition of a statement: `StringEquals`, `iam:PassedToService`, `ecs-tasks.amazonaws.com`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// The operator.
    pub operator: &'static str,
    /// The key.
    pub key: &'static str,
    /// A template of the values.
    pub value: &'static str,
}

impl Scope {
    /// These actions on these resources.
    pub const fn of(actions: &'static [&'static str], resources: &'static [&'static str]) -> Self {
        Scope { actions, resources, when: None, condition: None, owned: false }
    }

    /// Every action that no other scope of the type names.
    pub const fn rest(resources: &'static [&'static str]) -> Self {
        Self::of(&[], resources)
    }

    /// Only where a property is set, and not false.
    #[must_use]
    pub const fn when(self, property: &'static str) -> Self {
        Scope { when: Some(property), ..self }
    }

    /// Only if the key has the value: `StringEquals`.
    #[must_use]
    pub const fn only_if(self, key: &'static str, value: &'static str) -> Self {
        Scope { condition: Some(Condition { operator: "StringEquals", key, value }), ..self }
    }

    /// Only if the key has the ARN: `ArnEquals`, which takes `*`.
    #[must_use]
    pub const fn only_for(self, key: &'static str, value: &'static str) -> Self {
        Scope { condition: Some(Condition { operator: "ArnEquals", key, value }), ..self }
    }

    /// On objects of the stack, which are known by their tags.
    #[must_use]
    pub const fn owned(self) -> Self {
        Scope { owned: true, ..self }
    }

    /// `iam:PassRole` of the roles that a property names by ARN or by name, to a service.
    pub const fn pass_role(roles: &'static [&'static str], service: &'static str) -> Self {
        Self::of(&["iam:PassRole"], roles).only_if("iam:PassedToService", service)
    }
}
