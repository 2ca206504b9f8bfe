//! What a rollback has to do next, by the deployments there were. No I/O.
//!
//! Running it again never goes back a second time: the last deployment tells what has been done already. CodeDeploy makes
//! deployments of its own to go back, also from one that wharf made to go back.

/// How the description of a rollback begins; the id of the deployment that is undone follows.
const PREFIX: &str = "wharf release rollback of ";

/// What CodeDeploy calls itself as the creator of a rollback.
const CODEDEPLOY: &str = "codeDeployRollback";

/// How a rollback of a deployment is described: by that a later run knows it.
pub fn description(undone: &str) -> String {
    format!("{PREFIX}{undone}")
}

/// A deployment, as far as it matters for going back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    /// Its id.
    pub id: String,
    /// As AWS says.
    pub status: String,
    /// Whether it has not ended.
    pub is_active: bool,
    /// What it was said to be for.
    pub description: Option<String>,
    /// `user`, `codeDeployRollback`.
    pub creator: Option<String>,
    /// The deployment that it takes back, if CodeDeploy made it for that.
    pub rolls_back: Option<String>,
    /// What it brought up, as `family:revision`; only of those that succeeded or are active, and only if AWS still knows.
    pub task_definition: Option<String>,
}

impl Past {
    /// The deployment that this one undoes, if wharf made it for that.
    fn undoes(&self) -> Option<&str> {
        self.description.as_deref().filter(|_| !self.is_automatic())?.strip_prefix(PREFIX)
    }

    pub(super) fn succeeded(&self) -> bool {
        self.status == "Succeeded"
    }

    /// Whether CodeDeploy made it, to go back from one that failed or was stopped.
    fn is_automatic(&self) -> bool {
        self.creator.as_deref() == Some(CODEDEPLOY)
    }
}

/// What CodeDeploy took back by a deployment of its own, the newest first, with what was before it: if it is a rollback itself,
/// what that took back. Empty if that is not known any more.
fn taken_back<'a>(automatic: &Past, before: &'a [Past]) -> &'a [Past] {
    let (mut automatic, mut before) = (automatic, before);
    while let Some(id) = &automatic.rolls_back {
        let Some(place) = before.iter().position(|past| past.id == *id) else { break };
        match &before[place..] {
            [undone, rest @ ..] if undone.is_automatic() => (automatic, before) = (undone, rest),
            found => return found,
        }
    }
    &[]
}

/// What a rollback has to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing(Nothing),
    /// Stop this deployment, with a rollback.
    Stop {
        /// Its id.
        id: String,
    },
    /// Wait for this deployment, which CodeDeploy itself made to go back.
    Wait {
        /// Its id.
        id: String,
    },
    /// Go on with this deployment, which an earlier run began.
    Resume {
        /// Its id.
        id: String,
        /// The deployment that it undoes.
        undone: String,
    },
    /// Deploy what was there before.
    Release {
        /// The deployment that is undone.
        undone: String,
        /// What to deploy.
        choice: Choice,
    },
}

/// Why there is nothing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nothing {
    /// There was no deployment yet.
    Never,
    /// The last deployment was a rollback.
    RolledBack {
        /// Its id.
        id: String,
        /// The deployment that it undid, if that is known.
        undone: Option<String>,
    },
    /// The last deployment has failed or was stopped, and what was there before it serves.
    NotReleased {
        /// Its id.
        id: String,
        /// `Failed` or `Stopped`.
        status: String,
    },
    /// The version that was asked for serves.
    Serves {
        /// `family:revision`.
        task_definition: String,
    },
    /// There is nothing else to go back to.
    NothingBefore {
        /// The deployment that cannot be undone.
        id: String,
    },
}

/// What to deploy in order to go back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// What an earlier deployment brought up, again.
    Deployment {
        /// Its id.
        id: String,
        /// What that is.
        task_definition: Option<String>,
    },
    /// What the last deployment replaced, in CodeDeploy's own memory.
    Previous,
    /// A task definition, on the service as it is.
    TaskDefinition(String),
}

/// What else there is to go back to, and where to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The task definition that was asked for, as `family:revision`.
    pub to: Option<String>,
    /// What serves.
    pub serving: Option<String>,
    /// The deployment that brought what serves; none if it came with the service.
    pub brought: Option<String>,
    /// What the last deployment replaced, if CodeDeploy tells: the task definition, if that can be read.
    pub previous: Option<Option<String>>,
    /// The stack's own task definition.
    pub own: Option<String>,
    /// Whether a part of the traffic stays with what has ended without taking over.
    pub is_divided: bool,
}

/// The next step, by the deployments there were, the newest first.
pub fn step(past: &[Past], wanted: &Wanted) -> Step {
    if let Some(to) = &wanted.to {
        return towards(past, to, wanted.serving.as_deref());
    }
    let mut last = past;
    loop {
        let Some((newest, before)) = last.split_first() else { return Step::Nothing(Nothing::Never) };
        if newest.is_active {
            return active(newest);
        }
        let (id, status) = (newest.id.clone(), newest.status.clone());
        let serves = |past: &Past| wanted.brought.as_deref() == Some(past.id.as_str());
        // What was tried last, and whether that came to nothing.
        let (tried, rest, in_vain) = match newest.is_automatic().then(|| taken_back(newest, before)) {
            None => (newest, before, !newest.succeeded() && !serves(newest)),
            Some([undone, rest @ ..]) => (undone, rest, newest.succeeded() || !serves(undone)),
            Some([]) if newest.succeeded() => {
                return Step::Nothing(Nothing::RolledBack { id, undone: None });
            }
            Some([]) => return Step::Nothing(Nothing::NotReleased { id, status }),
        };
        match (tried.undoes(), in_vain) {
            // A rollback that came to nothing is tried again: what it should have undone is to be undone still.
            (Some(_), true) => last = rest,
            (Some(undone), false) => {
                let undone = Some(undone.to_owned());
                return Step::Nothing(Nothing::RolledBack { id: tried.id.clone(), undone });
            }
            (None, true) if newest.is_automatic() && newest.succeeded() => {
                return Step::Nothing(Nothing::RolledBack { id, undone: Some(tried.id.clone()) });
            }
            (None, true) => {
                let (id, status) = (tried.id.clone(), tried.status.clone());
                return match &wanted.serving {
                    // What serves takes all of the traffic when it is deployed again.
                    Some(serving) if wanted.is_divided => {
                        Step::Release { undone: id, choice: Choice::TaskDefinition(serving.clone()) }
                    }
                    _ => Step::Nothing(Nothing::NotReleased { id, status }),
                };
            }
            (None, false) => {
                let live = wanted.serving.as_deref().or(tried.task_definition.as_deref());
                let undone = tried.id.clone();
                return match back(past, rest, live, wanted) {
                    Some(choice) => Step::Release { undone, choice },
                    None => Step::Nothing(Nothing::NothingBefore { id: undone }),
                };
            }
        }
    }
}

fn active(newest: &Past) -> Step {
    let id = newest.id.clone();
    match newest.undoes() {
        Some(undone) => Step::Resume { id, undone: undone.to_owned() },
        None if newest.is_automatic() => Step::Wait { id },
        None => Step::Stop { id },
    }
}

/// The last good revision: of the newest deployment that succeeded, was not rolled back, and brought something else. What
/// CodeDeploy itself went back to, one before has brought.
fn back(all: &[Past], before: &[Past], live: Option<&str>, wanted: &Wanted) -> Option<Choice> {
    let differs = |definition: &Option<String>| definition.is_some() && definition.as_deref() != live;
    let was_undone = |id: &str| all.iter().any(|past| past.succeeded() && past.undoes() == Some(id));
    let good = before
        .iter()
        .filter(|past| past.succeeded() && !past.is_automatic())
        .find(|past| differs(&past.task_definition) && !was_undone(&past.id))
        .map(|past| Choice::Deployment {
            id: past.id.clone(),
            task_definition: past.task_definition.clone(),
        });
    let previous = wanted.previous.as_ref();
    let previous = previous.filter(|definition| definition.is_none() || differs(definition));
    let own = wanted.own.clone().filter(|own| Some(own.as_str()) != live);
    good.or_else(|| previous.map(|_| Choice::Previous)).or_else(|| own.map(Choice::TaskDefinition))
}

/// To a version that was named.
fn towards(past: &[Past], to: &str, serving: Option<&str>) -> Step {
    if let Some(newest) = past.first().filter(|newest| newest.is_active) {
        return match active(newest) {
            Step::Resume { id, .. } if newest.task_definition.as_deref() != Some(to) => Step::Stop { id },
            step => step,
        };
    }
    if serving == Some(to) {
        return Step::Nothing(Nothing::Serves { task_definition: to.to_owned() });
    }
    let brought = past.iter().find(|past| past.succeeded() && past.task_definition.as_deref() == Some(to));
    let choice = match brought {
        Some(past) => {
            Choice::Deployment { id: past.id.clone(), task_definition: past.task_definition.clone() }
        }
        None => Choice::TaskDefinition(to.to_owned()),
    };
    let newest = past.iter().find(|past| past.succeeded() && past.undoes().is_none() && !past.is_automatic());
    let undone = newest.map_or_else(|| "the first version".to_owned(), |past| past.id.clone());
    Step::Release { undone, choice }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
