use super::follow::{Follower, SHOWN, STEPS, named, serves};
use super::subject::Subject;
use super::wait::failed;
use crate::args::ReleasePromote;
use crate::error::{self, CommandError};
use crate::render::release::words::told;
use crate::terminal;
use std::time::Duration;
use wharf_release::deploy::{Hold, proceed};
use wharf_release::probe::{self, Answer};
use wharf_release::promote::{self, Step};
use wharf_release::{Deployment, Report};

/// How long the test listener may take to answer.
const ANSWER: Duration = Duration::from_secs(15);

pub(crate) async fn run(args: &ReleasePromote) -> Result<u8, CommandError> {
    let subject = Subject::open(&args.target).await?;
    let follower = Follower::new(&subject);
    let clients = &subject.session.clients;
    let argument = &subject.session.loaded.argument;
    let mut report = follower.look().await?;
    let mut is_first = true;
    let mut only: Option<String> = None;
    loop {
        let step = promote::step(&report);
        let Some(deployment) = &report.deployment else {
            terminal::out(&format!("There is no deployment to promote; {}.", serves(&report)));
            terminal::note(&format!("hint: `wharf release push DIR{argument}` makes one"));
            return Ok(0);
        };
        let id = deployment.id.clone();
        // What somebody has started meanwhile is not what was to be promoted.
        if only.get_or_insert_with(|| id.clone()) != &id && !report.goes_back() {
            return Err(CommandError::new(format!("another deployment was started meanwhile: {id}"))
                .hint(format!("`wharf release status{argument}` shows how it stands; it was not promoted")));
        }
        let cloud = |problem| error::cloud(&problem);
        report = match step {
            Step::Never => return Ok(0),
            Step::Prepare => {
                terminal::note(&format!("{id} is still starting its tasks; waiting until it is ready"));
                let is_there = |report: &Report| promote::step(report) != Step::Prepare;
                follower.until("the deployment to be ready", STEPS, is_there).await?
            }
            Step::Check => {
                check(&report, args.force, argument).await?;
                proceed(clients, &subject.target, &id, Hold::Ready).await.map_err(cloud)?;
                terminal::note(&format!("{id}: the traffic may move"));
                let is_there = |report: &Report| promote::step(report) != Step::Check;
                follower.until("the deployment to go on", SHOWN, is_there).await?
            }
            Step::Reroute => {
                let is_there = |report: &Report| promote::step(report) != Step::Reroute;
                follower.until("the traffic to move", STEPS, is_there).await?
            }
            Step::Serves if args.finish => {
                proceed(clients, &subject.target, &id, Hold::Termination).await.map_err(cloud)?;
                terminal::note(&format!("{id}: the tasks that served before may go"));
                let is_there = |report: &Report| promote::step(report) != Step::Serves;
                follower.until("the deployment to end", STEPS, is_there).await?
            }
            Step::Serves | Step::Done => {
                terminal::out(&done(&report, deployment, is_first, step == Step::Done));
                if let Some(end) = deployment.terminates {
                    let end = end.of_day(report.looked);
                    terminal::note(&format!(
                        "the tasks that served before go at {end}; `wharf release promote --finish{argument}` ends them now"
                    ));
                }
                return Ok(0);
            }
            Step::Failed => return Err(failed(&report, argument)),
        };
        is_first = false;
    }
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
async fn check(report: &Report, force: bool, argument: &str) -> Result<(), CommandError> {
    let reasons = promote::obstacles(report);
    if force {
        for reason in reasons {
            terminal::note(&told(&format!("warning: {reason}; taken over all the same (--force)")));
        }
        return Ok(());
    }
    let refused = |message: String, reasons: Vec<String>| CommandError {
        details: reasons.into_iter().map(|reason| format!("  {reason}")).collect(),
        ..CommandError::new(message)
            .hint(format!("nothing was changed; `wharf release status{argument}` tells more"))
            .hint(format!(
                "`wharf release rollback{argument}` gives it up; `--force` lets it take over all the same"
            ))
    };
    if !reasons.is_empty() {
        return Err(refused("the new version is not healthy, so it does not take over".into(), reasons));
    }
    let mut listeners = promote::test_listeners(report).peekable();
    if listeners.peek().is_none() {
        terminal::note("there is no test listener: its targets are healthy, whether pages come is not known");
    }
    let new = promote::green(report).map(named).unwrap_or_default();
    for listener in listeners {
        if report.listeners.iter().any(|other| other.production && other.url == listener.url) {
            terminal::note(&format!(
                "tests and production share {}: its targets are healthy, whether pages come is not known",
                listener.url
            ));
            continue;
        }
        match probe::answer(&listener.url, ANSWER).await {
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
                let reasons = vec![problem];
                let error = refused(message, reasons);
                return Err(error.hint(
                    "the test listener has to be reachable from here: through its security group, and HTTP_PROXY if there is one",
                ));
            }
        }
    }
    Ok(())
}
