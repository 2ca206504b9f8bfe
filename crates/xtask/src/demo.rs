//! The demo: wharf's main job on the reference stack, against the emulator. And the emulator alone.

use crate::host::{self, Result};
use crate::python;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use wharf_testkit::emulator::Emulator;
use wharf_testkit::python::EMULATOR;
use wharf_testkit::reader::Reader;

/// Runs the emulator in the foreground and prints the environment to use it.
pub(crate) fn emulator(port: u16) -> Result<()> {
    let emulator = start(port)?;
    print_environment(&emulator);
    host::say("# the emulator runs until Ctrl-C");
    wait_for_interrupt(&emulator)
}

pub(crate) fn start(port: u16) -> Result<Emulator> {
    let python = python::ensure(EMULATOR)?;
    Ok(Emulator::start_with(&python, port)?)
}

fn print_environment(emulator: &Emulator) {
    for (name, value) in emulator.environment() {
        host::say(&format!("export {name}={value}"));
    }
}

/// The emulator ends with this process.
fn wait_for_interrupt(emulator: &Emulator) -> Result<()> {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
        if emulator.get("/_wharf/counters").is_err() {
            return Err("the emulator has ended".into());
        }
    }
}

/// How many objects there are when the demo pulls the plug: about half of them.
const MIDDLE: usize = 40;

/// A stack's copy in a folder of its own, so that the demo leaves nothing in the repository.
struct Stage {
    wharf: PathBuf,
    emulator: Emulator,
    stack: PathBuf,
}

/// Applies the reference stack, killed in the middle and run again, shows that the second plan is empty, changes something
/// behind wharf's back, shows the plan that mends it, mends it, releases a version and goes back, and destroys everything.
pub(crate) fn run(keep: bool) -> Result<()> {
    let wharf = host::wharf(false)?;
    let emulator = start(0)?;
    let folder = tempfile::Builder::new().prefix("wharf-demo-").tempdir()?;
    let stack = folder.path().join("ecs-pipeline");
    copy(&host::root().join("stacks/ecs-pipeline"), &stack)?;
    let stage = Stage { wharf, emulator, stack };
    host::say(&format!(
        "The AWS emulator listens at {}. No request leaves this machine.",
        stage.emulator.url()
    ));

    stage.wharf(&["validate", "ecs-pipeline"])?;
    host::say("\n# Apply, and somebody pulls the plug in the middle (SIGKILL):");
    stage.killed(&["apply", "ecs-pipeline", "--auto-approve"])?;
    host::say("\n# The next one looks up what was under way, and finishes the work:");
    stage.wharf(&["apply", "ecs-pipeline", "--auto-approve"])?;
    stage.nothing_twice()?;
    host::say("\n# A second plan finds nothing to do:");
    stage.wharf(&["plan", "ecs-pipeline", "--stats"])?;
    if keep {
        return stage.keep(folder);
    }
    host::say("\n# Somebody turns off image scanning and points a health check elsewhere, outside wharf.");
    host::say("# The plan that mends it:");
    stage.interfere()?;
    stage.wharf(&["plan", "ecs-pipeline"])?;
    host::say("\n# Apply mends it:");
    stage.wharf(&["apply", "ecs-pipeline", "--auto-approve"])?;
    stage.release()?;
    host::say("\n# And everything goes away again:");
    stage.wharf(&["destroy", "ecs-pipeline", "--auto-approve"])?;
    let (revisions, left) = stage.left()?;
    host::say(&format!(
        "\nLeft in the account: {left} objects, and what the pipeline registered for its deployments: {revisions} task definition."
    ));
    if left == 0 { Ok(()) } else { Err("the destroy left something".into()) }
}

impl Stage {
    /// From a commit to the traffic, and back.
    fn release(&self) -> Result<()> {
        let environment = self.emulator.environment();
        let output = Command::new(&self.wharf)
            .args(["output", "ecs-pipeline", "--json"])
            .current_dir(self.folder())
            .envs(environment)
            .output()?;
        let outputs: Value = serde_json::from_slice(&output.stdout)?;
        let url = |name: &str| {
            let output = &outputs[name];
            output.as_str().or_else(|| output["value"].as_str()).unwrap_or_default().to_owned()
        };
        let (production, qa) = (url("production_url"), url("qa_url"));
        host::say(
            "\n# A developer commits. The pipeline builds an image and deploys it beside the one that serves:",
        );
        let page = self.stack.join("app/index.html");
        let text = std::fs::read_to_string(&page)?;
        std::fs::write(&page, text.replace("It works", "It works, blue and green"))?;
        self.wharf(&["release", "push", "ecs-pipeline/app", "ecs-pipeline", "-m", "Blue and green"])?;
        self.wharf(&["release", "wait", "ecs-pipeline", "--until", "ready"])?;
        self.wharf(&["release", "status", "ecs-pipeline"])?;
        self.browse(&[&production, &qa])?;
        host::say("\n# Somebody has looked at it on the QA port, and lets it take over:");
        self.wharf(&["release", "promote", "ecs-pipeline"])?;
        self.browse(&[&production])?;
        host::say(
            "\n# Terraform would switch production back to the old tasks now. wharf knows who has the traffic:",
        );
        self.wharf(&["plan", "ecs-pipeline"])?;
        self.wharf(&["apply", "ecs-pipeline", "--auto-approve"])?;
        host::say("\n# The new version was not so good after all:");
        self.wharf(&["release", "rollback", "ecs-pipeline"])?;
        self.browse(&[&production])?;
        self.wharf(&["plan", "ecs-pipeline"])
    }

    /// Shows which revision answers at each URL of the load balancer.
    fn browse(&self, urls: &[&String]) -> Result<()> {
        host::say("");
        for url in urls {
            let (status, page) = self.emulator.page(url)?;
            let revision = page.split(|c: char| c.is_whitespace() || "<>()".contains(c));
            let revision = revision.into_iter().find(|word| word.starts_with("ecs-pipeline:"));
            host::say(&format!("{url} answers {status}, from {}", revision.unwrap_or("nobody")));
        }
        Ok(())
    }

    fn folder(&self) -> &Path {
        self.stack.parent().unwrap_or(Path::new("."))
    }

    /// How many revisions of task definitions there are, and how many other objects.
    fn left(&self) -> Result<(usize, usize)> {
        let objects = self.emulator.get("/_wharf/objects")?;
        let objects = objects.as_array().cloned().unwrap_or_default();
        let revisions = objects.iter().filter(|object| object["type"] == "aws_ecs_task_definition").count();
        Ok((revisions, objects.len() - revisions))
    }

    /// Runs wharf and shows what it prints; long plans and progress are cut, as a reader would skim them.
    fn wharf(&self, arguments: &[&str]) -> Result<()> {
        host::say(&format!("\n$ wharf {}", arguments.join(" ")));
        let mut command = Command::new(&self.wharf);
        command.args(arguments).current_dir(self.folder()).envs(self.emulator.environment());
        // The load balancer has a name that only the emulator knows.
        command.env("HTTP_PROXY", self.emulator.url()).env("NO_PROXY", "127.0.0.1");
        let output = command.output()?;
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let progress = String::from_utf8_lossy(&output.stderr).into_owned();
        let counts = ["\nPlan: ", "\nNo changes."].into_iter().find_map(|counts| stdout.find(counts));
        let (plan, rest) = match counts {
            Some(at) => stdout.split_at(at + 1),
            None => ("", stdout.as_str()),
        };
        show(plan);
        if !plan.is_empty() {
            host::say("");
        }
        if plan.is_empty() {
            // As people see it: what happens, then what came of it.
            show(&progress);
            show(rest);
        } else {
            let (counts, rest) = rest.split_once('\n').unwrap_or((rest, ""));
            host::say(counts);
            show(&progress);
            show(rest);
        }
        if output.status.success() {
            Ok(())
        } else {
            Err(format!("wharf {} failed", arguments.join(" ")).into())
        }
    }

    /// Runs wharf, and kills it with SIGKILL once a good part of the work is done.
    fn killed(&self, arguments: &[&str]) -> Result<()> {
        host::say(&format!("\n$ wharf {}", arguments.join(" ")));
        let log = self.folder().join("killed.txt");
        let file = std::fs::File::create(&log)?;
        let mut command = Command::new(&self.wharf);
        command.args(arguments).current_dir(self.folder()).envs(self.emulator.environment());
        let mut child = command.stdout(std::process::Stdio::null()).stderr(file).spawn()?;
        while child.try_wait()?.is_none() && self.objects()? < MIDDLE {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        child.kill()?;
        let status = child.wait()?;
        show(&std::fs::read_to_string(log)?);
        if status.success() {
            return Err("wharf was done before it could be killed".into());
        }
        host::say(&format!("Killed. In the account: {} objects.", self.objects()?));
        Ok(())
    }

    /// How many objects there are in the account.
    fn objects(&self) -> Result<usize> {
        Ok(self.emulator.get("/_wharf/objects")?.as_array().map_or(0, Vec::len))
    }

    /// Whether every object of the account is in the state, by its id: neither an orphan nor a second one.
    fn nothing_twice(&self) -> Result<()> {
        let mut command = Command::new(&self.wharf);
        let output = command.args(["state", "pull", "ecs-pipeline"]).current_dir(self.folder()).output()?;
        let state = String::from_utf8_lossy(&output.stdout).into_owned();
        let objects = self.emulator.get("/_wharf/objects")?;
        let objects = objects.as_array().cloned().unwrap_or_default();
        let orphans = objects.iter().filter(|object| {
            let id = object["id"].as_str().unwrap_or_default();
            // Rules and interfaces are parts of others in the account.
            let part = ["aws_network_interface", "aws_security_group_rule"]
                .contains(&object["type"].as_str().unwrap_or_default());
            !part && !state.contains(id)
        });
        let orphans = orphans.count();
        host::say(&format!("\nIn the account and not in the state: {orphans} of {} objects.", objects.len()));
        if orphans == 0 { Ok(()) } else { Err("the kill left an orphan".into()) }
    }

    /// What a colleague in a hurry does in the console.
    fn interfere(&self) -> Result<()> {
        let mut reader = Reader::start(self.emulator.url())?;
        let names = "repositories[].repositoryName";
        let repositories = reader.call("ecr", "describe_repositories", &json!({}), Some(names))?;
        let name = repositories[0].as_str().ok_or("the stack has no ECR repository")?.to_owned();
        let off = json!({"repositoryName": name, "imageScanningConfiguration": {"scanOnPush": false}});
        reader.call("ecr", "put_image_scanning_configuration", &off, None)?;
        let groups = "TargetGroups[].TargetGroupArn";
        let groups = reader.call("elbv2", "describe_target_groups", &json!({}), Some(groups))?;
        let change = json!({"TargetGroupArn": groups[0], "HealthCheckPath": "/elsewhere"});
        reader.call("elbv2", "modify_target_group", &change, None)?;
        Ok(())
    }

    fn keep(self, folder: tempfile::TempDir) -> Result<()> {
        let path = folder.keep();
        host::say(&format!("\n# The stack stays, in {}. In another terminal:", path.display()));
        print_environment(&self.emulator);
        host::say(&format!("alias wharf={}\ncd {}", self.wharf.display(), path.display()));
        host::say("# the emulator runs until Ctrl-C");
        wait_for_interrupt(&self.emulator)
    }
}

/// Prints a text, without its middle if it is long.
fn show(text: &str) {
    const HEAD: usize = 14;
    const TAIL: usize = 6;
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let cut = lines.len() > 3 * (HEAD + TAIL);
    for (index, line) in lines.iter().enumerate() {
        if !cut || index < HEAD || index >= lines.len() - TAIL {
            host::say(line);
        } else if index == HEAD {
            host::say(&format!("  ... {} more lines ...", lines.len() - HEAD - TAIL));
        }
    }
}

/// Copies a folder, without the state in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() == ".wharf" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
