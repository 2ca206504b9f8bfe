use crate::pattern::matches;
use std::fmt;
use std::str::FromStr;
use wharf_core::Action;

/// How much one change of a type counts in the blast radius.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The type; `*` stands for any characters.
    pub resource_type: String,
    /// The action; any if left out.
    pub action: Option<Action>,
    /// What it counts.
    pub weight: u64,
}

/// A text that is no `TYPE[.ACTION]=N`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWeight {
    /// There is no `=`, or nothing in front of it.
    #[error("`{0}` is not TYPE[.ACTION]=N")]
    Form(String),
    /// What follows `=` is no number.
    #[error("`{0}` is no whole number from 0 on")]
    Number(String),
    /// What follows the dot is no action.
    #[error("there is no action `{name}`{}; there are create, update, replace, delete, forget", near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Action {
        /// The name.
        name: String,
        /// The one that was probably meant.
        near: Option<&'static str>,
    },
}

const ACTIONS: [Action; 5] =
    [Action::Create, Action::Update, Action::Replace, Action::Delete, Action::Forget];

impl Weight {
    /// Reads `TYPE` or `TYPE.ACTION`.
    ///
    /// # Errors
    ///
    /// There is no type, or no such action.
    pub fn of(what: &str, weight: u64) -> Result<Self, BadWeight> {
        let (resource_type, action) = match what.split_once('.') {
            None => (what, None),
            Some((resource_type, name)) => {
                let action = ACTIONS.into_iter().find(|action| action.name() == name).ok_or_else(|| {
                    let near = wharf_core::suggest(name, ACTIONS.map(Action::name));
                    BadWeight::Action { name: name.to_owned(), near }
                })?;
                (resource_type, Some(action))
            }
        };
        if resource_type.is_empty() {
            return Err(BadWeight::Form(what.to_owned()));
        }
        Ok(Weight { resource_type: resource_type.to_owned(), action, weight })
    }

    fn applies(&self, resource_type: &str, action: Action) -> bool {
        self.action.is_none_or(|only| only == action) && matches(&self.resource_type, resource_type)
    }
}

impl FromStr for Weight {
    type Err = BadWeight;

    fn from_str(text: &str) -> Result<Self, BadWeight> {
        let (what, number) = text.split_once('=').ok_or_else(|| BadWeight::Form(text.to_owned()))?;
        let weight = number.trim().parse().map_err(|_| BadWeight::Number(number.trim().to_owned()))?;
        Weight::of(what.trim(), weight)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource_type)?;
        if let Some(action) = self.action {
            write!(f, ".{action}")?;
        }
        write!(f, "={}", self.weight)
    }
}

/// What a change counts unless a weight says otherwise: a pattern for the type, then create, update, replace, delete.
/// The first row that matches counts. Forgetting always counts 1: the object stays.
pub const DEFAULT_WEIGHTS: &[(&str, [u64; 4])] = &[
    // What holds the only copy of something: gone is gone.
    ("aws_s3_bucket", [1, 2, 50, 50]),
    ("aws_s3_object", [1, 1, 2, 5]),
    ("aws_ecr_repository", [1, 2, 50, 50]),
    ("aws_codecommit_repository", [1, 2, 50, 50]),
    ("aws_kms_key", [1, 5, 50, 50]),
    ("aws_cloudwatch_log_group", [1, 1, 20, 20]),
    ("aws_db_*", [2, 10, 100, 100]),
    ("aws_rds_*", [2, 10, 100, 100]),
    ("aws_dynamodb_table", [2, 10, 100, 100]),
    ("aws_efs_file_system", [2, 5, 100, 100]),
    ("aws_secretsmanager_secret", [1, 2, 50, 50]),
    // What traffic goes through: everything behind it is down meanwhile.
    ("aws_vpc", [2, 10, 50, 50]),
    ("aws_subnet", [1, 3, 20, 20]),
    ("aws_nat_gateway", [2, 5, 20, 20]),
    ("aws_internet_gateway", [2, 5, 20, 20]),
    ("aws_route*", [1, 5, 10, 10]),
    ("aws_lb_listener*", [1, 5, 15, 20]),
    ("aws_lb_target_group", [1, 3, 15, 20]),
    ("aws_lb", [2, 5, 40, 40]),
    ("aws_ecs_cluster", [1, 3, 40, 40]),
    ("aws_ecs_service", [2, 5, 30, 30]),
    // Who may do what.
    ("aws_iam_*", [2, 3, 5, 5]),
    ("aws_kms_key_policy", [2, 5, 5, 10]),
    ("aws_s3_bucket_*", [1, 3, 3, 5]),
    ("aws_security_group", [1, 5, 15, 10]),
    ("aws_*security_group*", [1, 3, 3, 3]),
    // How it is delivered.
    ("aws_code*", [1, 2, 5, 5]),
    ("*", [1, 2, 5, 5]),
];

/// What a change counts: the last weight given that applies, else the default.
pub(crate) fn weigh(weights: &[Weight], resource_type: &str, action: Action) -> u64 {
    let at = match action {
        Action::None | Action::Read => return 0,
        Action::Create => 0,
        Action::Update => 1,
        Action::Replace => 2,
        Action::Delete => 3,
        Action::Forget => 4,
    };
    if let Some(weight) = weights.iter().rev().find(|weight| weight.applies(resource_type, action)) {
        return weight.weight;
    }
    let row = DEFAULT_WEIGHTS.iter().find(|(pattern, _)| matches(pattern, resource_type));
    row.and_then(|(_, row)| row.get(at)).copied().unwrap_or(1)
}
