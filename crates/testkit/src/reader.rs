//! boto3 as an independent reader (and writer behind wharf's back), in a process of its own.

use crate::emulator;
use crate::python::EMULATOR;
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A running client; ended when dropped.
#[derive(Debug)]
pub struct Reader {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Reader {
    /// A client of the emulator at `url`.
    ///
    /// # Errors
    ///
    /// Python or its packages are missing.
    pub fn start(url: &str) -> io::Result<Self> {
        let mut process = Command::new(EMULATOR.python()?)
            .args(["-m", "wharf_emulator.client", "--endpoint", url, "--region", "eu-central-1"])
            .current_dir(emulator::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("the client has no pipes");
        let input = process.stdin.take().ok_or_else(missing)?;
        let output = BufReader::new(process.stdout.take().ok_or_else(missing)?);
        Ok(Reader { process, input, output })
    }

    /// Calls an operation by boto3's name. With `query`, a JMESPath, only that part of the answer.
    ///
    /// # Errors
    ///
    /// The call failed; the message holds AWS's code.
    pub fn call(
        &mut self,
        service: &str,
        operation: &str,
        parameters: &Value,
        query: Option<&str>,
    ) -> io::Result<Value> {
        let request =
            json!({"service": service, "operation": operation, "parameters": parameters, "query": query});
        writeln!(self.input, "{request}")?;
        self.input.flush()?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut answer: Value = serde_json::from_str(&line).map_err(io::Error::other)?;
        match answer.get("error") {
            None => Ok(answer["ok"].take()),
            Some(error) => {
                let (code, message) = (error["code"].as_str(), error["message"].as_str());
                let text =
                    format!("{service} {operation}: {}: {}", code.unwrap_or("?"), message.unwrap_or("?"));
                Err(io::Error::other(text))
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
