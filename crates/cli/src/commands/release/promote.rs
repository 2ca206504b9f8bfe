use super::follow::{Follower, SHOWN, STEPS, named, serves};
use super::subject::Subject;
use super::wait::failed;
use crate::args::ReleasePromote;
use crate::error::{self, CommandError};
use crate::render::release::words::{told, with_stack};
use crate::terminal;
use std::time::Duration;
use wharf_release::deploy::{Hold, proceed};
use wharf_release::probe::{self, Answer};
use wharf_release::promote::{self, Step};
use wharf_release::{Deployment, Listener, Page, Report};

/// How long the test listener may take to answer.
const ANSWER: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: &ReleasePromote) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let follower = Follower::new(&subject);
    let clients = &subject.session.clients;
    let argument = &subject.argument();
    let mut report = follower.look().await?;
    let mut is_first = true;
    let mut finish = args.finish;
    loop {
        let step = promote::step(&report);
        if report.group_is_gone {
            return Err(subject.gone());
        }
        let Some(deployment) = &report.deployment else {
            terminal::out(&format!("There is no deployment to promote; {}.", serves(&report)));
            if !on_its_way(&report, argument) && subject.target.pipeline.is_some() {
                terminal::note(&format!("hint: `wharf release push DIR{argument}` makes one"));
            }
            return Ok(0);
        };
        let id = deployment.id.clone();
        // What is started after it is somebody else's, and nobody has seen it yet.
        follower.stay(&id);
        let cloud = |problem| error::cloud(&problem);
        report = match step {
            Step::Never => return Ok(0),
            Step::Prepare => {
                terminal::note(&format!("{id} is still starting its tasks; waiting until it is ready"));
                let is_there = |report: &Report| promote::step(report) != Step::Prepare;
                follower.until("the deployment to be ready", STEPS, is_there).await?
            }
            Step::Check => {
                check(&subject, &report, args.force).await?;
                proceed(clients, &subject.target, &id, Hold::Ready).await.map_err(cloud)?;
                terminal::note(&format!("{id}: the traffic may move"));
                let is_there = |report: &Report| promote::step(report) != Step::Check;
                let before = deployment.at();
                let goes_on = |report: &Report| is_there(report) || is_at_another(report, before);
                follower.until("the deployment to go on", SHOWN, goes_on).await?
            }
            Step::Reroute => {
                if let Some(line) = report.next.first() {
                    terminal::note(&told(&with_stack(line, argument)));
                }
                let is_there = |report: &Report| promote::step(report) != Step::Reroute;
                follower.until("the traffic to move", STEPS, is_there).await?
            }
            Step::Serves if finish => {
                proceed(clients, &subject.target, &id, Hold::Termination).await.map_err(cloud)?;
                // After a pause ECS bakes still, and nobody can end that.
                let pauses_at = deployment.at().filter(|_| report.controller == "ECS");
                finish = pauses_at.is_none();
                let word = if finish { "the tasks that served before may go" } else { "it goes on" };
                terminal::note(&format!("{id}: {word}"));
                let is_there = |report: &Report| {
                    promote::step(report) != Step::Serves
                        || pauses_at.is_some() && is_at_another(report, pauses_at)
                };
                follower.until("the deployment to end", STEPS, is_there).await?
            }
            Step::Serves | Step::Done => {
                terminal::out(&done(&report, deployment, is_first, step == Step::Done));
                // After the traffic has moved it may wait for somebody still.
                if step == Step::Serves
                    && deployment.ready_until.is_some()
                    && let Some(line) = report.next.first()
                {
                    terminal::note(&told(&with_stack(line, argument)));
                }
                if let Some(end) = deployment.terminates {
                    let end = end.of_day(report.looked);
                    if report.controller == "ECS" {
                        terminal::note(&format!(
                            "the tasks that served before go at {end}; until then `wharf release rollback{argument}` goes back to them"
                        ));
                        return Ok(0);
                    }
                    terminal::note(&format!(
                        "the tasks that served before go at {end}; `wharf release promote --finish{argument}` ends them now"
                    ));
                }
                on_its_way(&report, argument);
                return Ok(0);
            }
            Step::Failed => return Err(failed(&report, argument)),
        };
        is_first = false;
    }
}

/// Whether a deployment has come to another of its steps: one of ECS's own may wait at several.
pub(super) fn is_at_another(report: &Report, before: Option<&str>) -> bool {
    report.deployment.as_ref().is_some_and(|now| now.at() != before)
}

/// Says that the pipeline is on its way to another deployment, if it is.
fn on_its_way(report: &Report, argument: &str) -> bool {
    let pipeline = report.pipeline.as_ref().filter(|_| report.deployment_is_to_come());
    if let Some(pipeline) = pipeline {
        terminal::note(&told(&format!(
            "the pipeline {} is on its way to a deployment: `wharf release wait --until ready{argument}` waits for it",
            pipeline.name
        )));
    }
    pipeline.is_some()
}

fn done(report: &Report, deployment: &Deployment, is_first: bool, is_over: bool) -> String {
    let id = &deployment.id;
    match (is_first, is_over) {
        (true, true) => format!("There is nothing to promote: {id} is done; {}.", serves(report)),
        (true, false) => format!("{id} has taken over already; {}.", serves(report)),
        (false, _) => format!("{id} has taken over; {}.", serves(report)),
    }
}

/// Refuses to let new tasks take over that are not well.
async fn check(subject: &Subject, report: &Report, force: bool) -> Result<(), CommandError> {
    let argument = subject.argument();
    let reasons = promote::obstacles(report);
    if force {
        for reason in reasons {
            terminal::note(&told(&format!("warning: {reason}; taken over all the same (--force)")));
        }
        return Ok(());
    }
    let refused = |message: String, reasons: Vec<String>| CommandError {
        details: reasons.into_iter().map(|reason| format!("  {}", told(&reason))).collect(),
        ..CommandError::new(message)
            .hint(format!("nothing was changed; `wharf release status{argument}` tells more"))
            .hint(format!(
                "`wharf release rollback{argument}` gives it up; `--force` lets it take over all the same"
            ))
    };
    if !reasons.is_empty() {
        return Err(refused("the new version is not healthy, so it does not take over".into(), reasons));
    }
    if !promote::is_tested(report) {
        return Ok(());
    }
    let unknown = |why: String| {
        terminal::note(&told(&format!("{why}: its targets are healthy, whether pages come is not known")));
    };
    let mut listeners = promote::test_listeners(report).peekable();
    if listeners.peek().is_none() && !subject.target.test.is_empty() {
        let message = "the test listener is gone, so the new version does not take over";
        return Err(refused(message.to_owned(), report.missing.clone()));
    }
    if listeners.peek().is_none() {
        unknown("there is no test listener".to_owned());
    }
    let new = promote::green(report).map(named).unwrap_or_default();
    for listener in listeners {
        if !listener.url.starts_with("http") {
            unknown(format!("{} is no page", listener.url));
            continue;
        }
        let Some(page) = &listener.page else {
            unknown(format!("the rule behind {} takes no plain request for a page", listener.url));
            continue;
        };
        if is_production(report, listener, page) {
            unknown(format!("tests and production share {}", listener.url));
            continue;
        }
        match probe::answer(page, ANSWER).await {
            Ok(Answer::Status(status)) => {
                terminal::note(&told(&format!("{new} answers at {} with {status}", listener.url)));
            }
            Ok(Answer::Certificate(problem)) => terminal::note(&format!(
                "{} answers; its certificate is not the load balancer's own, so no page was asked for ({problem})",
                listener.url
            )),
            Err(problem) => {
                let message =
                    format!("nobody answers at {}, so the new version does not take over", listener.url);
                let error = refused(message, vec![problem]);
                return Err(error.hint(
                    "the test listener has to be reachable from here: through its security group, and HTTP_PROXY if there is one",
                ));
            }
        }
    }
    Ok(())
}

/// Whether the same request gets to production.
fn is_production(report: &Report, listener: &Listener, page: &Page) -> bool {
    let mut others = report.listeners.iter().filter(|other| other.production && other.port == listener.port);
    others.any(|other| other.page.as_ref() == Some(page))
}
