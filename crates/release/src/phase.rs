//! How far a deployment is, by what its controller says of it.

use crate::report::{LifecycleEvent, Phase};
use crate::time::Time;

/// The lifecycle events of CodeDeploy for ECS from which on production traffic moves.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>.
const OF_TRAFFIC: &[&str] = &["BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"];

/// The phase of a deployment of CodeDeploy. `terminating` says that the wait has begun after which the tasks that served
/// before are stopped, `goes_back` that it takes back another one.
pub(crate) fn of_codedeploy(
    status: &str,
    events: &[LifecycleEvent],
    terminating: bool,
    goes_back: bool,
) -> Phase {
    match status {
        "Succeeded" => Phase::Done,
        "Failed" | "Stopped" => Phase::Failed,
        // Traffic may be on its way back, and nobody is asked.
        _ if goes_back => Phase::Rerouting,
        "Ready" => Phase::Ready,
        _ if terminating || is_over(events, "AfterAllowTraffic") => Phase::Rerouted,
        _ if events.iter().any(|event| OF_TRAFFIC.contains(&event.name.as_str()) && has_begun(event)) => {
            Phase::Rerouting
        }
        _ => Phase::Preparing,
    }
}

/// The phase of a deployment that ECS makes itself. `waits` says that it waits for somebody at a hook.
///
/// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html>.
pub(crate) fn of_ecs(status: &str, stage: Option<&str>, waits: bool) -> Phase {
    match status {
        "SUCCESSFUL" => return Phase::Done,
        "STOPPED" | "ROLLBACK_SUCCESSFUL" | "ROLLBACK_FAILED" => return Phase::Failed,
        // Traffic may be on its way back.
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => return Phase::Rerouting,
        _ => {}
    }
    match stage {
        Some("POST_PRODUCTION_TRAFFIC_SHIFT" | "BAKE_TIME" | "CLEAN_UP") => Phase::Rerouted,
        // A pause before the traffic moves.
        _ if waits => Phase::Ready,
        Some("PRODUCTION_TRAFFIC_SHIFT") => Phase::Rerouting,
        _ => Phase::Preparing,
    }
}

/// When the last event ended that comes before production traffic moves: from then on a deployment waits for somebody.
pub(crate) fn last_before_traffic(events: &[LifecycleEvent]) -> Option<Time> {
    let before = events.iter().take_while(|event| !OF_TRAFFIC.contains(&event.name.as_str()));
    before.filter_map(|event| event.ended).max()
}

/// When the first of production traffic moved.
pub(crate) fn allow_traffic(events: &[LifecycleEvent]) -> Option<Time> {
    events.iter().find(|event| event.name == "AllowTraffic")?.started
}

/// When the last event ended of those that move production traffic: from then on the tasks that served before wait for their
/// end.
pub(crate) fn traffic_moved(events: &[LifecycleEvent]) -> Option<Time> {
    let of_traffic = events.iter().filter(|event| OF_TRAFFIC.contains(&event.name.as_str()));
    of_traffic.filter_map(|event| event.ended).max()
}

fn has_begun(event: &LifecycleEvent) -> bool {
    event.started.is_some() || matches!(event.status.as_str(), "InProgress" | "Succeeded" | "Failed")
}

fn is_over(events: &[LifecycleEvent], name: &str) -> bool {
    events.iter().any(|event| event.name == name && event.status == "Succeeded")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of a deployment: those before `at` are over, that one is under way.
    fn events(at: &str) -> Vec<LifecycleEvent> {
        let names = [
            "BeforeInstall",
            "Install",
            "AfterInstall",
            "AllowTestTraffic",
            "AfterAllowTestTraffic",
            "BeforeAllowTraffic",
            "AllowTraffic",
            "AfterAllowTraffic",
        ];
        let position = names.iter().position(|name| *name == at).unwrap_or(names.len());
        let event = |(index, name): (usize, &&str)| LifecycleEvent {
            name: (*name).to_owned(),
            status: match index.cmp(&position) {
                std::cmp::Ordering::Less => "Succeeded",
                std::cmp::Ordering::Equal => "InProgress",
                std::cmp::Ordering::Greater => "Pending",
            }
            .to_owned(),
            started: (index <= position).then(|| Time(10 * i64::try_from(index).unwrap())),
            ended: (index < position).then(|| Time(10 * i64::try_from(index).unwrap() + 5)),
            diagnostics: None,
        };
        names.iter().enumerate().map(event).collect()
    }

    #[test]
    fn phases_follow_the_events() {
        for (status, at, phase) in [
            ("Created", "BeforeInstall", Phase::Preparing),
            ("Queued", "BeforeInstall", Phase::Preparing),
            ("InProgress", "BeforeInstall", Phase::Preparing),
            ("InProgress", "AfterAllowTestTraffic", Phase::Preparing),
            ("Ready", "BeforeAllowTraffic", Phase::Ready),
            ("InProgress", "BeforeAllowTraffic", Phase::Rerouting),
            ("InProgress", "AllowTraffic", Phase::Rerouting),
            ("InProgress", "AfterAllowTraffic", Phase::Rerouting),
            ("InProgress", "", Phase::Rerouted),
            ("Succeeded", "", Phase::Done),
            ("Failed", "Install", Phase::Failed),
            ("Stopped", "AllowTraffic", Phase::Failed),
        ] {
            assert_eq!(of_codedeploy(status, &events(at), false, false), phase, "{status} {at}");
        }
        assert_eq!(of_codedeploy("Created", &[], false, false), Phase::Preparing);
        assert_eq!(of_codedeploy("InProgress", &[], true, false), Phase::Rerouted);
        for (status, phase) in [
            ("Created", Phase::Rerouting),
            ("InProgress", Phase::Rerouting),
            ("Ready", Phase::Rerouting),
            ("Succeeded", Phase::Done),
            ("Failed", Phase::Failed),
        ] {
            assert_eq!(of_codedeploy(status, &[], true, true), phase, "rollback: {status}");
        }
    }

    #[test]
    fn phases_of_ecs_follow_its_stages() {
        for (status, stage, waits, phase) in [
            ("PENDING", None, false, Phase::Preparing),
            ("IN_PROGRESS", Some("SCALE_UP"), false, Phase::Preparing),
            ("IN_PROGRESS", Some("POST_TEST_TRAFFIC_SHIFT"), true, Phase::Ready),
            ("IN_PROGRESS", Some("PRODUCTION_TRAFFIC_SHIFT"), false, Phase::Rerouting),
            ("IN_PROGRESS", Some("BAKE_TIME"), false, Phase::Rerouted),
            ("ROLLBACK_IN_PROGRESS", Some("SCALE_UP"), false, Phase::Rerouting),
            ("ROLLBACK_SUCCESSFUL", None, false, Phase::Failed),
            ("SUCCESSFUL", None, false, Phase::Done),
        ] {
            assert_eq!(of_ecs(status, stage, waits), phase, "{status} {stage:?}");
        }
    }

    #[test]
    fn waits_begin_when_the_events_before_them_are_over() {
        assert_eq!(last_before_traffic(&events("BeforeAllowTraffic")), Some(Time(45)));
        assert_eq!(last_before_traffic(&events("")), Some(Time(45)));
        assert_eq!(last_before_traffic(&events("BeforeInstall")), None);
        assert_eq!(traffic_moved(&events("")), Some(Time(75)));
        assert_eq!(traffic_moved(&events("AllowTraffic")), Some(Time(55)));
    }
}
