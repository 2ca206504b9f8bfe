use crate::change::Change;
use crate::switch::Switch;
use crate::verdict::{Finding, Level};

impl Finding {
    /// A denial of a change.
    pub(crate) fn denied(switch: Switch, change: &Change, message: String) -> Self {
        Finding {
            plan: None,
            rule: switch.name().to_owned(),
            level: Level::Deny,
            address: Some(change.address.clone()),
            property: None,
            message,
            help: None,
            place: change.place.clone(),
        }
    }

    /// Something about a property of the change.
    #[must_use]
    pub(crate) fn of(self, change: &Change, property: &str) -> Self {
        Finding { property: Some(property.to_owned()), place: change.place_of(property), ..self }
    }

    #[must_use]
    pub(crate) fn help(self, help: &str) -> Self {
        Finding { help: Some(help.to_owned()), ..self }
    }
}
