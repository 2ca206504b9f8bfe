use crate::{Result, Run, ended};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// How long something may take that is to come.
pub(crate) const SOON: Duration = Duration::from_mins(2);

/// The binary while it runs. What it prints is heard as it comes.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Heard,
    stderr: Heard,
}

#[derive(Debug)]
struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Running {
    /// Starts a command.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdout = Heard::from(child.stdout.take().ok_or("no stdout")?);
        let stderr = Heard::from(child.stderr.take().ok_or("no stderr")?);
        Ok(Running { child, stdout, stderr })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has printed something.
    ///
    /// # Errors
    ///
    /// It has ended without, or has not printed that within two minutes.
    pub fn says(&mut self, what: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let is_over = self.child.try_wait()?.is_some() || start.elapsed() > SOON;
            let said = format!("{}{}", self.stdout.text(), self.stderr.text());
            if said.contains(what) {
                return Ok(());
            }
            // What it printed last may be heard only after it has ended.
            if is_over && (start.elapsed() > SOON || self.is_heard()) {
                return Err(format!("it does not say `{what}`\n{said}").into());
            }
            sleep(Duration::from_millis(10));
        }
    }

    fn is_heard(&self) -> bool {
        self.stdout.reader.is_finished() && self.stderr.reader.is_finished()
    }

    /// Sends it a signal, as `-INT`.
    ///
    /// # Errors
    ///
    /// There is no `kill`.
    pub fn send(&self, signal: &str) -> Result<()> {
        Command::new("kill").args([signal, &self.id().to_string()]).status()?;
        Ok(())
    }

    /// Kills it.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits for its end, which has to be with a code.
    ///
    /// # Errors
    ///
    /// It ended with another, or hung; the message holds what it printed.
    pub fn exits(self, code: i32) -> Result<Run> {
        let status = ended(self.child)?;
        let [stdout, stderr] = [self.stdout.all(), self.stderr.all()];
        let run = Run { code: status.and_then(|status| status.code()).unwrap_or(-1), stdout, stderr };
        if run.code == code {
            return Ok(run);
        }
        Err(format!("it ended with {}, not {code}\n{}", run.code, run.all()).into())
    }
}

impl Heard {
    fn from(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&bytes);
        let reader = spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(buffer.iter().take(length));
            }
        });
        Heard { bytes, reader }
    }

    /// What came so far.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// What came until the pipe was closed.
    fn all(self) -> String {
        let bytes = self.bytes;
        let _ = self.reader.join();
        let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
