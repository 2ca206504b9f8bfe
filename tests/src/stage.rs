use crate::Result;
use crate::running::{Running, SOON};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wharf_testkit::emulator::{Emulator, repository};
use wharf_testkit::reader::Reader;

/// An emulator, a folder, and the real binary in an environment that knows nothing else.
#[derive(Debug)]
pub struct Stage {
    /// The emulator.
    pub emulator: Emulator,
    folder: TempDir,
}

/// What a run of the binary came to.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; -1 if it was killed.
    pub code: i32,
    /// What it printed to stdout.
    pub stdout: String,
    /// What it printed to stderr.
    pub stderr: String,
}

impl Stage {
    /// A new emulator and an empty folder.
    ///
    /// # Errors
    ///
    /// The emulator is not installed.
    pub fn new() -> Result<Self> {
        Ok(Stage { emulator: Emulator::start(0)?, folder: TempDir::with_prefix("wharf-test-")? })
    }

    /// The folder in which the binary runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.folder().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(path, text)?)
    }

    /// Copies a file or folder of the repository into the folder, as `name`.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn copy(&self, from: &str, name: &str) -> Result<()> {
        copy(&repository().join(from), &self.folder().join(name))
    }

    /// Replaces a text, wherever it is in a file of the folder.
    ///
    /// # Errors
    ///
    /// It is not there; the file system's.
    pub fn edit(&self, name: &str, from: &str, to: &str) -> Result<()> {
        let text = fs::read_to_string(self.folder().join(name))?;
        if !text.contains(from) {
            return Err(format!("`{from}` is not in {name}").into());
        }
        self.write(name, &text.replace(from, to))
    }

    /// The id that the state of a stack has for an address.
    ///
    /// # Errors
    ///
    /// It has none.
    pub fn id(&self, stack: &str, address: &str) -> Result<String> {
        let state = self.state(stack)?;
        let mut resources = state["resources"].as_array().into_iter().flatten();
        let found = resources.find(|resource| resource["address"] == address);
        let id = found.and_then(|resource| resource["id"].as_str());
        Ok(id.ok_or_else(|| format!("the state has no `{address}`"))?.to_owned())
    }

    /// The binary, with arguments, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.hermetic(&binary());
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// A program in the folder, in the environment of the binary.
    fn hermetic(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder()).env_clear();
        command.envs(self.emulator.environment());
        command
            .env("HOME", self.folder())
            // Pages of load balancers come from the emulator, and none from anywhere else.
            .env("HTTP_PROXY", self.emulator.url())
            .env("NO_PROXY", "127.0.0.1")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs the binary.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Run> {
        Run::of(&mut self.command(arguments))
    }

    /// Runs the binary, which has to succeed.
    ///
    /// # Errors
    ///
    /// It failed; the message holds what it printed.
    pub fn ok(&self, arguments: &[&str]) -> Result<Run> {
        self.exits(arguments, 0)
    }

    /// Runs the binary, which has to end with a code.
    ///
    /// # Errors
    ///
    /// It ended with another; the message holds what it printed.
    pub fn exits(&self, arguments: &[&str], code: i32) -> Result<Run> {
        let run = self.run(arguments)?;
        if run.code == code {
            return Ok(run);
        }
        Err(format!(
            "wharf {} ended with {}, not {code}\n{}\n{}",
            arguments.join(" "),
            run.code,
            run.stdout,
            run.stderr
        )
        .into())
    }

    /// Starts the binary and goes on.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Running> {
        Running::start(&mut self.command(arguments))
    }

    /// Starts a process that becomes the binary when it is told to [`go`](Waiting::go), so that its id is known before
    /// it does anything. What it prints goes to the file `output` in the folder.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn waiting(&self, arguments: &[&str], output: &str) -> Result<Waiting> {
        let file = fs::File::create(self.folder().join(output))?;
        let mut command = self.hermetic(Path::new("/bin/sh"));
        command.args(["-c", "read -r _ && exec \"$0\" \"$@\""]).arg(binary()).args(arguments);
        command.stdin(Stdio::piped()).stdout(file.try_clone()?).stderr(file);
        Ok(Waiting(command.spawn()?))
    }

    /// What `wharf show --json` says of a stack.
    ///
    /// # Errors
    ///
    /// It failed.
    pub fn state(&self, stack: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.ok(&["show", stack, "--json"])?.stdout)?)
    }

    /// A boto3 client of the emulator.
    ///
    /// # Errors
    ///
    /// It is not installed.
    pub fn reader(&self) -> Result<Reader> {
        Ok(Reader::start(self.emulator.url())?)
    }

    /// Everything in the emulated account that a fresh account does not have, as `type id` lines.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn objects(&self) -> Result<Vec<String>> {
        let objects = self.emulator.get("/_wharf/objects")?;
        let list = objects.as_array().cloned().unwrap_or_default();
        let line = |object: &Value| {
            let text = |key: &str| object[key].as_str().unwrap_or("?").to_owned();
            format!("{} {}", text("type"), text("id"))
        };
        Ok(list.iter().map(line).collect())
    }

    /// Waits until the emulator has nothing to do, and gives the operation that the first of the rules hit last.
    ///
    /// # Errors
    ///
    /// Something goes on for two minutes.
    pub fn at_rest(&self) -> Result<Option<String>> {
        self.until("nothing is in flight", || Ok(self.emulator.get("/_wharf/counters")?["in_flight"] == 0))?;
        let counters = self.emulator.get("/_wharf/counters")?;
        Ok(counters["rules"][0]["last"].as_str().map(str::to_owned))
    }

    /// Waits until something is true.
    ///
    /// # Errors
    ///
    /// It does not become true within two minutes.
    pub fn until(&self, what: &str, mut is_true: impl FnMut() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !is_true()? {
            if start.elapsed() > SOON {
                return Err(format!("waited in vain: {what}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// When a run has hung.
const PATIENCE: Duration = Duration::from_mins(3);

/// Waits for a process to end; ends one that hangs, and gives no status then.
///
/// # Errors
///
/// The operating system's.
pub fn ended(mut child: Child) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that waits to become the binary.
#[derive(Debug)]
pub struct Waiting(Child);

impl Waiting {
    /// Its process id, before and after.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Lets it run.
    ///
    /// # Errors
    ///
    /// It is gone.
    pub fn go(mut self) -> Result<Child> {
        if let Some(mut input) = self.0.stdin.take() {
            input.write_all(b"\n")?;
        }
        Ok(self.0)
    }
}

impl Run {
    /// Runs a command to its end.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn of(command: &mut Command) -> Result<Self> {
        let output = command.output()?;
        Ok(Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Everything it printed.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The binary under test, which is built beside the tests.
pub fn binary() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap_or_default();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder.join("wharf")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if from.is_file() {
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_name() != ".wharf" {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
