use serde_json::{Value, json};
use wharf_tests::{Result, Run, Stage};

const NAME: &str = "deployer";

/// A user of the emulated account whose policies are enforced.
pub(crate) struct Deployer {
    name: &'static str,
    key: String,
    secret: String,
}

impl Deployer {
    /// A user that may do nothing yet.
    pub(crate) fn new(stage: &Stage) -> Result<Self> {
        let mut reader = stage.reader()?;
        let user = json!({"UserName": NAME});
        reader.call("iam", "create_user", &user, None)?;
        let made = reader.call("iam", "create_access_key", &user, Some("AccessKey"))?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        stage.emulator.post("/_wharf/access", &json!({"enforce": true}))?;
        Ok(Deployer { name: NAME, key: text("AccessKeyId"), secret: text("SecretAccessKey") })
    }

    /// Gives it these policies, and takes away the ones it had.
    pub(crate) fn may(&self, stage: &Stage, documents: &[Value]) -> Result<()> {
        let mut reader = stage.reader()?;
        let old =
            reader.call("iam", "list_user_policies", &json!({"UserName": self.name}), Some("PolicyNames"))?;
        for name in old.as_array().into_iter().flatten() {
            reader.call(
                "iam",
                "delete_user_policy",
                &json!({"UserName": self.name, "PolicyName": name}),
                None,
            )?;
        }
        for (number, document) in documents.iter().enumerate() {
            let policy = json!({"UserName": self.name, "PolicyName": number.to_string(), "PolicyDocument": document.to_string()});
            reader.call("iam", "put_user_policy", &policy, None)?;
        }
        Ok(())
    }

    pub(crate) fn run(&self, stage: &Stage, arguments: &[&str]) -> Result<Run> {
        let mut command = stage.command(arguments);
        Run::of(command.env("AWS_ACCESS_KEY_ID", &self.key).env("AWS_SECRET_ACCESS_KEY", &self.secret))
    }

    pub(crate) fn ok(&self, stage: &Stage, arguments: &[&str]) -> Result<Run> {
        let run = self.run(stage, arguments)?;
        if run.code == 0 {
            return Ok(run);
        }
        let denied = stage.emulator.get("/_wharf/access")?["denied"].clone();
        Err(format!("{arguments:?} ended with {}\n{}\ndenied: {denied:#}", run.code, run.all()).into())
    }
}

/// What the command prints, which is one JSON document.
pub(crate) fn printed(stage: &Stage, arguments: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&stage.ok(arguments)?.stdout)?)
}

/// The documents for a purpose.
pub(crate) fn documents(stage: &Stage, purpose: &str, inputs: &[&str]) -> Result<Vec<Value>> {
    Ok(parts(printed(stage, &[&["policy", "--for", purpose][..], inputs].concat())?))
}

/// The documents of a policy, which is one or a list of them.
pub(super) fn parts(policy: Value) -> Vec<Value> {
    match policy {
        Value::Array(documents) => documents,
        document => vec![document],
    }
}

/// Every action in a document's or a statement's list, or its only one.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Array(list) => list.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// The statements of documents.
pub(crate) fn statements(documents: &[Value]) -> Vec<Value> {
    documents.iter().flat_map(|d| d["Statement"].as_array().cloned().unwrap_or_default()).collect()
}
