//! The AWS emulator as a process of its own, on a free loopback port, with a control channel for faults and counters.

use crate::python::EMULATOR;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running emulator; ended when dropped.
#[derive(Debug)]
pub struct Emulator {
    process: Child,
    control: Control,
}

/// The control channel of a running emulator: faults, counters, and what is there.
#[derive(Debug, Clone)]
pub struct Control {
    url: String,
}

impl Deref for Emulator {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Emulator {
    /// Starts one on a free port, or on `port`.
    ///
    /// # Errors
    ///
    /// Python or its packages are missing (`cargo xtask test` installs them), or the port is taken.
    pub fn start(port: u16) -> io::Result<Self> {
        Self::start_with(&EMULATOR.python()?, port)
    }

    /// Like [`Emulator::start`], with the interpreter that has its packages.
    ///
    /// # Errors
    ///
    /// The packages are missing, or the port is taken.
    pub fn start_with(python: &Path, port: u16) -> io::Result<Self> {
        let mut process = Command::new(python)
            .args(["-m", "wharf_emulator", "--port", &port.to_string()])
            .args(["--parent-pid", &std::process::id().to_string()])
            .current_dir(folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                io::Error::new(error.kind(), format!("cannot run {}: {error}", python.display()))
            })?;
        let stdout = process.stdout.take().ok_or_else(|| io::Error::other("the emulator has no output"))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        match line.trim().strip_prefix("ready ") {
            Some(url) => Ok(Emulator { process, control: Control::new(url) }),
            None => {
                let status = process.wait()?;
                Err(io::Error::other(format!("the emulator did not start ({status}); what it says is above")))
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The environment in which AWS tools talk to it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.control.url.clone()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "emulator".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Control {
    /// The channel of the emulator at an address.
    pub fn new(url: &str) -> Self {
        Control { url: url.to_owned() }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Requests so far, by operation.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn counters(&self) -> io::Result<BTreeMap<String, u64>> {
        let answer = self.get("/_wharf/counters")?;
        let operations = answer["operations"].as_object().cloned().unwrap_or_default();
        Ok(operations.into_iter().filter_map(|(name, count)| Some((name, count.as_u64()?))).collect())
    }

    /// Replaces the fault rules; see the emulator's README for their form.
    ///
    /// # Errors
    ///
    /// The emulator does not answer, or does not take them.
    pub fn rules(&self, rules: &Value) -> io::Result<()> {
        self.post("/_wharf/rules", rules).map(drop)
    }

    /// How often the fault rules were applied so far, in their order.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn rule_hits(&self) -> io::Result<Vec<u64>> {
        let answer = self.get("/_wharf/counters")?;
        let rules = answer["rules"].as_array().cloned().unwrap_or_default();
        Ok(rules.iter().map(|rule| rule["hits"].as_u64().unwrap_or_default()).collect())
    }

    /// Sets the counters to zero.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn reset_counters(&self) -> io::Result<()> {
        self.post("/_wharf/counters/reset", &json!({})).map(drop)
    }

    /// A control endpoint.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn get(&self, path: &str) -> io::Result<Value> {
        let url = format!("{}{path}", self.url);
        ureq::get(&url).call().and_then(|mut answer| answer.body_mut().read_json()).map_err(io::Error::other)
    }

    /// What a listener of an emulated load balancer answers at a URL: the status, and the page.
    ///
    /// # Errors
    ///
    /// The emulator does not answer.
    pub fn page(&self, url: &str) -> io::Result<(u16, String)> {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.get(format!("{}/{path}", self.url)).header("Host", host);
        let mut answer = request.call().map_err(io::Error::other)?;
        let text = answer.body_mut().read_to_string().map_err(io::Error::other)?;
        Ok((answer.status().as_u16(), text))
    }

    /// A control endpoint that takes something.
    ///
    /// # Errors
    ///
    /// The emulator does not answer, or does not take it.
    pub fn post(&self, path: &str, body: &Value) -> io::Result<Value> {
        let url = format!("{}{path}", self.url);
        let answer = ureq::post(&url).send_json(body);
        answer.and_then(|mut answer| answer.body_mut().read_json()).map_err(io::Error::other)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The folder of the emulator's package.
pub fn folder() -> PathBuf {
    repository().join("tests/emulator")
}

/// The root of the repository: of the one that cargo runs now, which need not be the one this was built in, where two
/// share a target directory.
pub fn repository() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or(built, PathBuf::from);
    let root = package.ancestors().find(|folder| folder.join("tests/emulator").is_dir());
    root.unwrap_or(Path::new(".")).to_owned()
}
