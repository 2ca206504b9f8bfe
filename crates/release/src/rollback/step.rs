//! What a rollback has to do next, by the deployments there were. No I/O.
//!
//! Running it again never goes back a second time: the last deployment tells what has been done already.

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
    /// What it brought up, as `family:revision`; only of those that succeeded or are active, and only if AWS still knows.
    pub task_definition: Option<String>,
}

impl Past {
    /// The deployment that this one undoes, if wharf made it for that.
    fn undoes(&self) -> Option<&str> {
        self.description.as_deref()?.strip_prefix(PREFIX)
    }

    fn succeeded(&self) -> bool {
        self.status == "Succeeded"
    }

    /// Whether it was a rollback that came to nothing: then the one it should have undone is to be undone still.
    fn is_in_vain(&self) -> bool {
        self.undoes().is_some() && !self.is_active && !self.succeeded()
    }
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
    /// The last deployment has failed or was stopped: what was there before it serves.
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
    /// What the last deployment replaced, if CodeDeploy tells: the task definition, if that can be read.
    pub previous: Option<Option<String>>,
    /// The stack's own task definition.
    pub own: Option<String>,
}

/// The next step, by the deployments there were, the newest first.
pub fn step(past: &[Past], wanted: &Wanted) -> Step {
    if let Some(to) = &wanted.to {
        return towards(past, to, wanted.serving.as_deref());
    }
    // A rollback that came to nothing is tried again.
    let mut last = past;
    while let [first, rest @ ..] = last
        && first.is_in_vain()
    {
        last = rest;
    }
    let Some((newest, before)) = last.split_first() else { return Step::Nothing(Nothing::Never) };
    if newest.is_active {
        return active(newest);
    }
    let is_rollback = newest.undoes().is_some() || newest.creator.as_deref() == Some(CODEDEPLOY);
    if newest.succeeded() && is_rollback {
        let undone = newest.undoes().map(str::to_owned);
        return Step::Nothing(Nothing::RolledBack { id: newest.id.clone(), undone });
    }
    if !newest.succeeded() {
        let (id, status) = (newest.id.clone(), newest.status.clone());
        return Step::Nothing(Nothing::NotReleased { id, status });
    }
    let live = wanted.serving.as_deref().or(newest.task_definition.as_deref());
    let undone = newest.id.clone();
    match back(past, before, live, wanted) {
        Some(choice) => Step::Release { undone, choice },
        None => Step::Nothing(Nothing::NothingBefore { id: undone }),
    }
}

fn active(newest: &Past) -> Step {
    let id = newest.id.clone();
    match newest.undoes() {
        Some(undone) => Step::Resume { id, undone: undone.to_owned() },
        None if newest.creator.as_deref() == Some(CODEDEPLOY) => Step::Wait { id },
        None => Step::Stop { id },
    }
}

/// The last good revision: of the newest deployment that succeeded, was not rolled back, and brought something else.
fn back(all: &[Past], before: &[Past], live: Option<&str>, wanted: &Wanted) -> Option<Choice> {
    let differs = |definition: &Option<String>| definition.is_some() && definition.as_deref() != live;
    let was_undone = |id: &str| all.iter().any(|past| past.succeeded() && past.undoes() == Some(id));
    let good = before
        .iter()
        .find(|past| past.succeeded() && differs(&past.task_definition) && !was_undone(&past.id))
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
    let newest = past.iter().find(|past| past.succeeded() && past.undoes().is_none());
    let undone = newest.map_or_else(|| "the first version".to_owned(), |past| past.id.clone());
    Step::Release { undone, choice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(id: &str, status: &str, definition: &str) -> Past {
        Past {
            id: id.into(),
            status: status.into(),
            is_active: !["Succeeded", "Failed", "Stopped"].contains(&status),
            task_definition: Some(definition.into()),
            creator: Some("user".into()),
            ..Past::default()
        }
    }

    fn undoing(undone: &str, past: Past) -> Past {
        Past { description: Some(description(undone)), ..past }
    }

    fn serving(definition: &str) -> Wanted {
        Wanted { serving: Some(definition.into()), ..Wanted::default() }
    }

    fn release(undone: &str, id: &str, definition: &str) -> Step {
        let choice = Choice::Deployment { id: id.into(), task_definition: Some(definition.into()) };
        Step::Release { undone: undone.into(), choice }
    }

    fn nothing(step: Step) -> Nothing {
        match step {
            Step::Nothing(nothing) => nothing,
            step => panic!("{step:?}"),
        }
    }

    #[test]
    fn what_is_active_is_stopped() {
        for status in ["Created", "Queued", "InProgress", "Ready"] {
            let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
            assert_eq!(step(&all, &serving("web:1")), Step::Stop { id: "d-2".into() });
        }
    }

    #[test]
    fn the_last_good_version_comes_back() {
        // Not the one that brought the same, not one that failed.
        let all = [
            past("d-5", "Succeeded", "web:5"),
            past("d-4", "Succeeded", "web:5"),
            past("d-3", "Failed", "web:4"),
            past("d-2", "Succeeded", "web:2"),
            past("d-1", "Succeeded", "web:1"),
        ];
        assert_eq!(step(&all, &serving("web:5")), release("d-5", "d-2", "web:2"));
    }

    #[test]
    fn what_was_rolled_back_is_not_good() {
        let all = [
            past("d-5", "Succeeded", "web:1"),
            undoing("d-2", past("d-3", "Succeeded", "web:1")),
            past("d-2", "Succeeded", "web:2"),
            past("d-1", "Succeeded", "web:1"),
            past("d-0", "Succeeded", "web:0"),
        ];
        assert_eq!(step(&all, &serving("web:1")), release("d-5", "d-0", "web:0"));
    }

    #[test]
    fn a_rollback_is_never_rolled_back() {
        let done = [
            undoing("d-2", past("d-3", "Succeeded", "web:1")),
            past("d-2", "Succeeded", "web:2"),
            past("d-1", "Succeeded", "web:1"),
        ];
        let rolled_back = Nothing::RolledBack { id: "d-3".into(), undone: Some("d-2".into()) };
        assert_eq!(nothing(step(&done, &serving("web:1"))), rolled_back);
        for status in ["Created", "InProgress", "Ready"] {
            let running = [undoing("d-2", past("d-3", status, "web:1")), past("d-2", "Succeeded", "web:2")];
            let resume = Step::Resume { id: "d-3".into(), undone: "d-2".into() };
            assert_eq!(step(&running, &serving("web:2")), resume);
        }
        let by_codedeploy = Past { creator: Some(CODEDEPLOY.into()), ..past("d-3", "Succeeded", "web:1") };
        let all = [by_codedeploy, past("d-2", "Failed", "web:2"), past("d-1", "Succeeded", "web:1")];
        assert_eq!(
            nothing(step(&all, &serving("web:1"))),
            Nothing::RolledBack { id: "d-3".into(), undone: None }
        );
    }

    #[test]
    fn a_rollback_in_vain_is_tried_again() {
        let all = [
            undoing("d-2", past("d-4", "Stopped", "web:1")),
            undoing("d-2", past("d-3", "Failed", "web:1")),
            past("d-2", "Succeeded", "web:2"),
            past("d-1", "Succeeded", "web:1"),
        ];
        assert_eq!(step(&all, &serving("web:2")), release("d-2", "d-1", "web:1"));
    }

    #[test]
    fn what_never_served_needs_no_rollback() {
        assert_eq!(nothing(step(&[], &serving("web:1"))), Nothing::Never);
        for status in ["Failed", "Stopped"] {
            let all = [past("d-2", status, "web:2"), past("d-1", "Succeeded", "web:1")];
            let wanted = Nothing::NotReleased { id: "d-2".into(), status: status.into() };
            assert_eq!(nothing(step(&all, &serving("web:1"))), wanted);
        }
    }

    #[test]
    fn without_an_earlier_deployment_it_is_what_was_there_before() {
        let first = [past("d-1", "Succeeded", "web:2")];
        let mut wanted = serving("web:2");
        assert_eq!(nothing(step(&first, &wanted)), Nothing::NothingBefore { id: "d-1".into() });
        wanted.own = Some("web:2".into());
        assert_eq!(nothing(step(&first, &wanted)), Nothing::NothingBefore { id: "d-1".into() });
        wanted.own = Some("web:1".into());
        let choice = Choice::TaskDefinition("web:1".into());
        assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
        // What CodeDeploy remembers comes first, if it is something else.
        wanted.previous = Some(Some("web:2".into()));
        let choice = Choice::TaskDefinition("web:1".into());
        assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
        for previous in [None, Some("web:0".into())] {
            wanted.previous = Some(previous);
            let choice = Choice::Previous;
            assert_eq!(step(&first, &wanted), Step::Release { undone: "d-1".into(), choice });
        }
    }

    #[test]
    fn further_back_by_name() {
        let all = [
            undoing("d-3", past("d-4", "Succeeded", "web:2")),
            past("d-3", "Succeeded", "web:3"),
            past("d-2", "Succeeded", "web:2"),
            past("d-1", "Succeeded", "web:1"),
        ];
        let to = |to: &str| Wanted { to: Some(to.into()), ..serving("web:2") };
        assert_eq!(step(&all, &to("web:1")), release("d-3", "d-1", "web:1"));
        assert_eq!(step(&all, &to("web:3")), release("d-3", "d-3", "web:3"));
        assert_eq!(nothing(step(&all, &to("web:2"))), Nothing::Serves { task_definition: "web:2".into() });
        let choice = Choice::TaskDefinition("web:9".into());
        assert_eq!(step(&all, &to("web:9")), Step::Release { undone: "d-3".into(), choice });
        let running = [undoing("d-3", past("d-5", "Ready", "web:1")), past("d-3", "Succeeded", "web:3")];
        let resume = Step::Resume { id: "d-5".into(), undone: "d-3".into() };
        assert_eq!(step(&running, &to("web:1")), resume);
        assert_eq!(step(&running, &to("web:0")), Step::Stop { id: "d-5".into() });
    }
}
