//! What happens next, and until when: a decision without I/O.

use crate::promote::{is_divided, starts_tasks};
use crate::report::{Deployment, OnTimeout, Phase, Pipeline, Report, Role, TaskSet};
use crate::shift::Shift;
use crate::time::{Time, span};

/// How long new tasks have to become healthy.
///
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-ecs.html>.
const INSTALL_MINUTES: i64 = 60;

/// What happens next, the most important first. Commands stand in backticks, without the stack's name. `shift` are the steps in
/// which production traffic moves, if it does so in steps.
pub(crate) fn next(report: &Report, shift: Option<Shift>) -> Vec<String> {
    let mut lines = Vec::new();
    let pipeline = report.pipeline.as_ref().filter(|pipeline| pipeline.is_running());
    lines.extend(pipeline.and_then(|pipeline| of_pipeline(report, pipeline)));
    if report.deployment_is_to_come()
        && report.deployment.as_ref().is_none_or(|known| known.phase.has_ended())
    {
        return lines;
    }
    match &report.deployment {
        Some(deployment) => {
            // What the deployment does comes before what waits behind it.
            lines.splice(0..0, of_deployment(report, deployment, shift));
        }
        None if report.group_is_gone => lines.push(format!(
            "nothing: {}; the deployment group is gone, `wharf apply` makes it anew",
            serves(report)
        )),
        // ECS tells of no more than the last 90 days.
        None if report.controller == "ECS" => {
            lines.push(format!("nothing: {}; {} brings another version", serves(report), starts(report)));
        }
        None if report.pipeline.is_some() => lines.push(format!(
            "nothing: {}; there was no deployment yet, {} starts the first",
            serves(report),
            starts(report)
        )),
        None => lines.push(format!("nothing: {}; there was no deployment yet", serves(report))),
    }
    lines
}

fn of_pipeline(report: &Report, pipeline: &Pipeline) -> Option<String> {
    let behind = match pipeline.ahead {
        0 => String::new(),
        1 => "; the execution before it has to end first".to_owned(),
        ahead => format!("; {ahead} executions before it have to end first"),
    };
    let since = |started: Option<Time>| {
        started.map(|started| format!(" for {}", span(report.looked.since(started)))).unwrap_or_default()
    };
    let follows = if report.deployment_is_to_come() { "; a deployment follows" } else { "" };
    if let Some((stage, action)) = pipeline.running().find(|(_, action)| action.is_approval()) {
        return Some(format!(
            "the pipeline waits{} for somebody to approve {} at its stage {}, in CodePipeline's console or with `aws \
             codepipeline put-approval-result`{follows}{behind}",
            since(action.started),
            action.name,
            stage.name
        ));
    }
    if follows.is_empty() {
        return None;
    }
    Some(match pipeline.running().next() {
        Some((stage, action)) => format!(
            "the pipeline is at the stage {} ({}){}{follows}{behind}",
            stage.name,
            action.name,
            since(action.started)
        ),
        None => format!("the pipeline has begun{follows}{behind}"),
    })
}

fn of_deployment(report: &Report, deployment: &Deployment, shift: Option<Shift>) -> Vec<String> {
    if let Some(undone) = deployment.rolls_back.as_ref().filter(|_| !deployment.phase.has_ended()) {
        return vec![going_back(report, &deployment.id, undone)];
    }
    let by_itself = deployment.on_timeout == Some(OnTimeout::ContinueDeployment);
    match deployment.phase {
        Phase::Preparing => preparing(report, deployment, by_itself),
        Phase::Ready => vec![ready(report, deployment, by_itself)],
        _ if deployment.goes_back() => vec![format!("it goes back: {}", serves(report))],
        Phase::Rerouting => rerouting(report, shift),
        Phase::Rerouted => rerouted(report, deployment),
        Phase::Done if deployment.rolls_back.is_none() => vec![format!("nothing: {}", serves(report))],
        Phase::Failed if stayed(report) => {
            vec![format!("nothing: {} all the same; `wharf release rollback` goes back", serves(report))]
        }
        Phase::Failed if is_divided(report) => {
            vec![format!(
                "nothing: {}, with a part of the traffic left to others; `wharf release rollback` takes it back",
                serves(report)
            )]
        }
        Phase::Done | Phase::Failed if report.pipeline.is_none() && report.controller != "ECS" => {
            vec![format!("nothing: {}", serves(report))]
        }
        Phase::Done | Phase::Failed => {
            vec![format!("nothing: {}; {} brings another version", serves(report), starts(report))]
        }
    }
}

/// What CodeDeploy's own rollback comes to.
fn going_back(report: &Report, id: &str, undone: &str) -> String {
    let blue = report.task_sets.iter().find(|set| set.color.as_deref() == Some("Blue"));
    let Some(back) = blue.or_else(|| report.primary()) else {
        return format!("{id} rolls back {undone}; {}", serves(report));
    };
    let has_all = back.shares.iter().filter(|share| share.production).all(|share| share.percent == 100);
    if back.role == Role::Primary && has_all {
        return format!("{} serves; {id} rolls back {undone}", back.task_definition);
    }
    format!("traffic goes back to {}; {id} rolls back {undone}", back.task_definition)
}

/// Whether the tasks of a deployment that failed serve: it was not rolled back after the traffic had moved.
fn stayed(report: &Report) -> bool {
    report.primary().is_some_and(|primary| primary.color.as_deref() == Some("Green"))
}

fn preparing(report: &Report, deployment: &Deployment, by_itself: bool) -> Vec<String> {
    let then = if by_itself {
        "then production traffic moves by itself"
    } else {
        "then it waits for `wharf release promote`"
    };
    let mut lines = preparing_now(report, deployment, then);
    if !report.causes.is_empty() {
        lines.push("`wharf release rollback` gives it up now".to_owned());
    }
    lines
}

fn preparing_now(report: &Report, deployment: &Deployment, then: &str) -> Vec<String> {
    let event = deployment.events.iter().find(|event| event.status == "InProgress");
    let Some(event) = event else { return vec![format!("the deployment is about to begin; {then}")] };
    if !["Install", "SCALE_UP"].contains(&event.name.as_str()) {
        return vec![format!("{} is under way; {then}", event.name)];
    }
    let mut lines = vec![format!("the tasks of {} are being started; {then}", new(report))];
    if let Some(started) = event.started.filter(|_| event.name == "Install") {
        let until = started.plus_minutes(INSTALL_MINUTES);
        lines.push(format!("if they are not healthy by {}, it fails", moment(until, report.looked)));
    }
    lines
}

fn ready(report: &Report, deployment: &Deployment, by_itself: bool) -> String {
    let then = if by_itself { "then it takes over by itself" } else { "then it is stopped" };
    // One that takes over in steps may wait between them, and one of ECS before it has begun.
    let shifts = deployment.at() == Some("PRODUCTION_TRAFFIC_SHIFT");
    let part = if shifts { of_hundred(report) } else { String::new() };
    let begins = if starts_tasks(deployment) { ", before its tasks are started," } else { "" };
    let until = until(report, deployment, then);
    format!("{}{part} waits{begins} for `wharf release promote`{until}", new(report))
}

/// Until when it waits for somebody, and what happens then.
fn until(report: &Report, deployment: &Deployment, then: &str) -> String {
    let until =
        deployment.ready_until.map(|until| format!(" until {}, {then}", moment(until, report.looked)));
    until.unwrap_or_default()
}

/// What brings another version: without a pipeline, it is the stack file that names it.
fn starts(report: &Report) -> &'static str {
    if report.controller == "ECS" && report.pipeline.is_none() {
        "an apply of another task definition"
    } else {
        "`wharf release push DIR`"
    }
}

/// Where traffic is on its way, and the steps that follow.
fn rerouting(report: &Report, shift: Option<Shift>) -> Vec<String> {
    let share = share(report).unwrap_or_default();
    let line = format!("production traffic is moving to {}{}", new(report), of_hundred(report));
    let Some(shift) = shift.filter(|_| share < 100) else { return vec![line] };
    let ((next, time), end) = (shift.next(share), shift.end());
    let now = report.looked;
    let then = match next {
        100 => format!("at {} it gets all of it", moment(time, now)),
        next => {
            format!("at {} it gets {next} of 100, and all of it at {}", moment(time, now), moment(end, now))
        }
    };
    vec![format!("{line}; {then}"), "`wharf release rollback` goes back".to_owned()]
}

fn rerouted(report: &Report, deployment: &Deployment) -> Vec<String> {
    let by_ecs = report.controller == "ECS";
    if by_ecs && deployment.ready_until.is_some() {
        let by_itself = deployment.on_timeout == Some(OnTimeout::ContinueDeployment);
        let then = if by_itself { "then it goes on by itself" } else { "then it goes back" };
        let until = until(report, deployment, then);
        return vec![
            format!("{} has taken over, and waits for `wharf release promote --finish`{until}", new(report)),
            "`wharf release rollback` goes back".to_owned(),
        ];
    }
    let old = report.task_sets.iter().find(|set| set.role == Role::Other);
    let what = old.map_or_else(
        || "the tasks that served before".to_owned(),
        |old| match old.running {
            1 => format!("the task of {}", old.task_definition),
            running => format!("the {running} tasks of {}", old.task_definition),
        },
    );
    let verb = if old.is_some_and(|old| old.running == 1) { "is" } else { "are" };
    match deployment.terminates {
        // Nobody can end the bake time.
        Some(end) if by_ecs => vec![
            format!("{what} {verb} stopped at {}", moment(end, report.looked)),
            "until then `wharf release rollback` goes back to them".to_owned(),
        ],
        Some(end) => vec![
            format!("{what} {verb} stopped at {}", moment(end, report.looked)),
            "`wharf release promote --finish` ends that wait, `wharf release rollback` goes back".to_owned(),
        ],
        None => vec![format!("{what} {verb} kept; `wharf release rollback` goes back")],
    }
}

/// `14:05 UTC (in 52 min)`
fn moment(time: Time, now: Time) -> String {
    match time.since(now) {
        left @ 1.. => format!("{} (in {})", time.of_day(now), span(left)),
        _ => format!("{} (any moment)", time.of_day(now)),
    }
}

/// The revision that a deployment brings.
fn new(report: &Report) -> String {
    let green = report.task_sets.iter().find(|set| set.color.as_deref() == Some("Green"));
    let other = || report.task_sets.iter().find(|set| set.role == Role::Other);
    green.or_else(other).map_or_else(|| "the new version".to_owned(), |set| set.task_definition.clone())
}

/// What the new revision has of the production traffic, in hundredths.
fn share(report: &Report) -> Option<i64> {
    let green = report.task_sets.iter().find(|set| set.color.as_deref() == Some("Green"))?;
    green.shares.iter().find(|share| share.production).map(|share| share.percent)
}

/// The same in words, with a space before it: ` (10 of 100)`.
fn of_hundred(report: &Report) -> String {
    share(report).map(|share| format!(" ({share} of 100)")).unwrap_or_default()
}

fn serves(report: &Report) -> String {
    match report.primary() {
        Some(TaskSet { task_definition, .. }) => format!("{task_definition} serves"),
        None => "no tasks serve, `wharf plan` shows what is gone".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{
        deployment, event, failed_deployment, pipeline_at, pipeline_failed_at, report, rollback_of, task_set,
    };
    use crate::report::{Cause, Share};

    fn with_green(phase: Phase) -> Report {
        let status = if phase == Phase::Ready { "Ready" } else { "InProgress" };
        let mut report = report().with(deployment(status, phase));
        let mut green = task_set("web:8", "green", 2);
        green.color = Some("Green".into());
        report.task_sets.push(green);
        report
    }

    fn edit(mut report: Report, change: impl FnOnce(&mut Deployment)) -> Report {
        if let Some(deployment) = &mut report.deployment {
            change(deployment);
        }
        report
    }

    #[test]
    fn at_rest_nothing_happens() {
        assert_eq!(next(&report(), None), ["nothing: web:7 serves; there was no deployment yet"]);
        let fed =
            |report: Report| Report { pipeline: Some(pipeline_failed_at("CodeBuild", "shop:1")), ..report };
        assert_eq!(
            next(&fed(report()), None),
            ["nothing: web:7 serves; there was no deployment yet, `wharf release push DIR` starts the first"]
        );
        let gone = Report { group_is_gone: true, ..report() };
        assert_eq!(
            next(&gone, None),
            ["nothing: web:7 serves; the deployment group is gone, `wharf apply` makes it anew"]
        );
        let done = report().with(deployment("Succeeded", Phase::Done));
        assert_eq!(next(&done, None), ["nothing: web:7 serves"]);
        let failed = report().with(failed_deployment("TIMEOUT", "too late"));
        assert_eq!(next(&failed, None), ["nothing: web:7 serves"]);
        let mut left = failed.clone();
        let mut green = task_set("web:8", "green", 2);
        green.shares = vec![Share { port: 80, production: true, percent: 10 }];
        left.task_sets.push(green);
        let line = "nothing: web:7 serves, with a part of the traffic left to others; `wharf release rollback` takes it back";
        assert_eq!(next(&left, None), [line]);
        assert_eq!(
            next(&fed(failed), None),
            ["nothing: web:7 serves; `wharf release push DIR` brings another version"]
        );
    }

    #[test]
    fn a_rollback_says_where_the_traffic_goes() {
        let failed = || failed_deployment("HOOK_EXECUTION_FAILURE", "it said no");
        let mut back = rollback_of(failed(), "InProgress", Phase::Rerouting);
        let share = |percent| vec![Share { port: 80, production: true, percent }];
        let mut green = task_set("web:8", "green", 2);
        green.color = Some("Green".into());
        back.task_sets[0].color = Some("Blue".into());
        back.task_sets.push(green);
        // The traffic had not moved.
        back.task_sets[0].shares = share(100);
        assert_eq!(next(&back, None), ["web:7 serves; d-2 rolls back d-1"]);
        // It had, in part or wholly.
        back.task_sets[0].shares = share(90);
        assert_eq!(next(&back, None), ["traffic goes back to web:7; d-2 rolls back d-1"]);
        back.task_sets[0].role = Role::Other;
        back.task_sets[1].role = Role::Primary;
        assert_eq!(next(&back, None), ["traffic goes back to web:7; d-2 rolls back d-1"]);
        // Its end, and that of one that came to nothing.
        back.deployment.as_mut().unwrap().phase = Phase::Failed;
        assert_eq!(
            next(&back, None),
            ["nothing: web:8 serves all the same; `wharf release rollback` goes back"]
        );
        let done = rollback_of(failed(), "Succeeded", Phase::Done);
        assert_eq!(next(&done, None), ["nothing: web:7 serves"]);
    }

    #[test]
    fn while_it_is_prepared_what_it_waits_for_then_is_told() {
        let installing = edit(with_green(Phase::Preparing), |deployment| {
            let mut install = event("Install", "InProgress", None);
            install.started = Some(Time(0));
            deployment.events = vec![event("BeforeInstall", "Succeeded", None), install];
        });
        let now = Report { looked: Time(600), ..installing };
        assert_eq!(
            next(&now, None),
            [
                "the tasks of web:8 are being started; then it waits for `wharf release promote`",
                "if they are not healthy by 01:00 UTC (in 50 min), it fails",
            ]
        );
        let cause = Cause { what: "a task stopped".into(), source: None, log: Vec::new() };
        let bad = Report { causes: vec![cause], ..now };
        assert_eq!(next(&bad, None).last().unwrap(), "`wharf release rollback` gives it up now");
        let alone = edit(with_green(Phase::Preparing), |deployment| {
            deployment.on_timeout = Some(OnTimeout::ContinueDeployment);
        });
        assert_eq!(
            next(&alone, None),
            ["the deployment is about to begin; then production traffic moves by itself"]
        );
    }

    #[test]
    fn waits_have_an_end() {
        let ready = edit(with_green(Phase::Ready), |deployment| {
            deployment.ready_until = Some(Time(1_763_906_700));
            deployment.on_timeout = Some(OnTimeout::StopDeployment);
        });
        let now = Report { looked: Time(1_763_903_580), ..ready };
        assert_eq!(
            next(&now, None),
            ["web:8 waits for `wharf release promote` until 14:05 UTC (in 52 min), then it is stopped"]
        );
        let rerouted = edit(with_green(Phase::Rerouted), |deployment| {
            deployment.terminates = Some(Time(1_763_906_700));
        });
        let now = Report { looked: Time(1_763_906_400), ..rerouted };
        assert_eq!(next(&now, None)[0], "the 2 tasks of web:8 are stopped at 14:05 UTC (in 5 min)");
        assert!(next(&now, None)[1].contains("--finish"));
        let late = Report { looked: Time(1_763_906_800), ..now };
        assert!(next(&late, None)[0].ends_with("at 14:05 UTC (any moment)"));
    }

    #[test]
    fn traffic_that_moves_in_steps_says_which_come() {
        let mut moving = with_green(Phase::Rerouting);
        moving.looked = Time(1_763_906_460);
        let canary = Shift { percent: 10, minutes: 5, is_linear: false, since: Time(1_763_906_400) };
        let share = |report: &Report, percent| {
            let mut report = report.clone();
            report.task_sets[1].shares = vec![Share { port: 80, production: true, percent }];
            report
        };
        let told = |percent, shift| next(&share(&moving, percent), Some(shift)).remove(0);
        assert_eq!(
            told(10, canary),
            "production traffic is moving to web:8 (10 of 100); at 14:05 UTC (in 4 min) it gets all of it"
        );
        assert_eq!(
            told(20, Shift { is_linear: true, ..canary }),
            "production traffic is moving to web:8 (20 of 100); at 14:10 UTC (in 9 min) it gets 30 of 100, and all \
             of it at 14:45 UTC (in 44 min)"
        );
        assert_eq!(told(100, canary), "production traffic is moving to web:8 (100 of 100)");
        assert_eq!(next(&moving, None), ["production traffic is moving to web:8"]);
    }

    #[test]
    fn who_has_to_approve_is_asked_for() {
        let mut waiting = report();
        let mut pipeline = pipeline_at("Check", waiting.looked.plus_minutes(-5));
        pipeline.stages[0].actions[0].provider = Some("Manual".into());
        waiting.pipeline = Some(pipeline);
        let asked = "the pipeline waits for 5 min for somebody to approve image at its stage Check, in CodePipeline's \
                     console or with `aws codepipeline put-approval-result`";
        assert_eq!(next(&waiting, None), [format!("{asked}; a deployment follows")]);
        // After it has deployed.
        let mut done = deployment("Succeeded", Phase::Done);
        done.created = Some(waiting.looked);
        assert_eq!(next(&waiting.with(done), None), ["nothing: web:7 serves", asked]);
    }

    #[test]
    fn ecs_itself_pauses_where_it_is_told_to() {
        let at = |phase, stage: &str| {
            let mut report = edit(with_green(phase), |deployment| {
                deployment.events = vec![event(stage, "InProgress", None)];
                deployment.ready_until = Some(Time(1_763_906_700));
            });
            report.controller = "ECS";
            report.looked = Time(1_763_906_400);
            next(&report, None)
        };
        let until = "until 14:05 UTC (in 5 min), then it";
        let wait = "web:8 waits for `wharf release promote`";
        assert_eq!(at(Phase::Ready, "POST_SCALE_UP"), [format!("{wait} {until} is stopped")]);
        assert_eq!(
            at(Phase::Ready, "PRE_SCALE_UP"),
            [format!(
                "web:8 waits, before its tasks are started, for `wharf release promote` {until} is stopped"
            )]
        );
        assert_eq!(
            at(Phase::Rerouted, "POST_PRODUCTION_TRAFFIC_SHIFT")[0],
            format!("web:8 has taken over, and waits for `wharf release promote --finish` {until} goes back")
        );
        let mut baking = edit(with_green(Phase::Rerouted), |deployment| {
            deployment.terminates = Some(Time(1_763_906_700));
        });
        baking.controller = "ECS";
        assert!(
            next(&baking, None).iter().all(|line| !line.contains("--finish")),
            "{:?}",
            next(&baking, None)
        );
        let mut back = with_green(Phase::Rerouting);
        back.deployment = Some(deployment("ROLLBACK_IN_PROGRESS", Phase::Rerouting));
        assert_eq!(next(&back, None), ["it goes back: web:7 serves"]);
        let mut failed = report().with(failed_deployment("ROLLBACK_SUCCESSFUL", "no cart"));
        failed.controller = "ECS";
        assert_eq!(
            next(&failed, None),
            ["nothing: web:7 serves; an apply of another task definition brings another version"]
        );
    }

    #[test]
    fn a_pipeline_that_has_not_deployed_yet_is_told_of() {
        let mut building = report().with(deployment("Succeeded", Phase::Done));
        let created = building.deployment.as_ref().and_then(|deployment| deployment.created).unwrap();
        let started = created.plus_minutes(60);
        building.pipeline = Some(pipeline_at("build", started));
        building.looked = Time(started.0 + 90);
        assert_eq!(
            next(&building, None),
            ["the pipeline is at the stage build (image) for 1 min 30 s; a deployment follows"]
        );
        // Behind a deployment that waits.
        let mut waiting = with_green(Phase::Ready);
        let mut pipeline = pipeline_at("build", started);
        pipeline.ahead = 1;
        waiting.pipeline = Some(pipeline);
        waiting.looked = started;
        assert_eq!(next(&waiting, None)[0], "web:8 waits for `wharf release promote`");
        assert!(
            next(&waiting, None)[1]
                .ends_with("a deployment follows; the execution before it has to end first")
        );
    }
}
