//! Objects that exist already: imported, adopted, or in the way.

use crate::Test;
use crate::failures::{APPLY, contains, minimal};
use serde_json::{Value, json};
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("an object in the way stops the plan, and is imported", in_the_way),
    ("an object of the stack's own is adopted", adopted),
    ("what cannot be imported", cannot),
    ("a Terraform state is taken over", terraform),
    ("what Terraform has and the stack file has not is written down", to_write),
    ("other files are no Terraform state", no_terraform_state),
];

const ROLE: &str = "
stack: roles
aws: {region: eu-central-1}
resources:
  web:
    type: aws_iam_role
    properties:
      name: web
      assume_role_policy:
        Version: \"2012-10-17\"
        Statement: [{Effect: Allow, Action: \"sts:AssumeRole\", Principal: {Service: ecs-tasks.amazonaws.com}}]
";

fn in_the_way() -> Result<()> {
    let stage = Stage::new()?;
    let mut reader = stage.reader()?;
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]});
    let role = json!({"RoleName": "web", "AssumeRolePolicyDocument": document.to_string()});
    reader.call("iam", "create_role", &role, None)?;
    stage.write("team/stack.yaml", ROLE)?;
    for command in [&["plan", "team"][..], &["apply", "--auto-approve", "team"]] {
        let run = stage.exits(command, 1)?;
        contains(&run.stderr, &["AWS has the aws_iam_role `web` already", "wharf import 'web' 'web' team"])?;
    }
    stage.ok(&["import", "web", "web", "team"])?;
    stage.exits(&["plan", "--detailed-exitcode", "team"], 0)?;
    stage.ok(&["destroy", "--auto-approve", "team"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}

fn adopted() -> Result<()> {
    let stage = Stage::new()?;
    stage.write("stack.yaml", ROLE)?;
    stage.ok(APPLY)?;
    stage.ok(&["state", "rm", "web"])?;
    let run = stage.ok(APPLY)?;
    contains(&run.all(), &["web: this stack's web is there already", "No changes"])?;
    assert_eq!(stage.ok(&["state", "list"])?.stdout, "web\n");
    Ok(())
}

fn cannot() -> Result<()> {
    let stage = minimal()?;
    contains(&stage.exits(&["import", "vcp", "vpc-1"], 1)?.stderr, &["no `vcp`", "did you mean `vpc`?"])?;
    contains(&stage.exits(&["import", "vpc", "vpc-0123456789abcdef0"], 1)?.stderr, &["AWS has no aws_vpc"])?;
    contains(&stage.exits(&["import", "vpc"], 1)?.stderr, &["an ADDRESS and an ID are missing"])?;
    contains(&stage.exits(&["import", "a b", "x"], 1)?.stderr, &["no address"])?;
    stage.ok(APPLY)?;
    let id = stage.state("stack.yaml")?["resources"][2]["id"].as_str().unwrap_or_default().to_owned();
    contains(&stage.exits(&["import", "vpc", &id], 1)?.stderr, &["the state has `vpc` already"])
}

/// What Terraform would have written of the objects of a stack.
fn terraform_state(stage: &Stage) -> Result<Value> {
    let state = stage.state("stack.yaml")?;
    let resources = state["resources"].as_array().cloned().unwrap_or_default();
    let resources = resources.iter().map(|resource| {
        let address = resource["address"].as_str().unwrap_or_default();
        let (name, key) = match address.split_once('[') {
            Some((name, key)) => (name, json!(key.trim_matches(['"', ']']))),
            None => (address, Value::Null),
        };
        let mut attributes = resource["attributes"].clone();
        if attributes.get("id").is_none() {
            attributes["id"] = resource["id"].clone();
        }
        let mut instance = json!({"schema_version": 1, "attributes": attributes, "dependencies": []});
        if !key.is_null() {
            instance["index_key"] = key;
        }
        json!({
            "mode": "managed", "type": resource["type"], "name": name,
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": [instance],
        })
    });
    Ok(json!({"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x",
        "resources": resources.collect::<Vec<_>>(), "outputs": {}}))
}

fn terraform() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", ".")?;
    stage.ok(APPLY)?;
    let objects = stage.objects()?;
    let mut state = terraform_state(&stage)?;
    let strange = json!({"mode": "managed", "type": "aws_sqs_queue", "name": "jobs", "instances": [{"attributes": {"id": "q"}}]});
    state["resources"].as_array_mut().ok_or("no resources")?.push(strange);
    stage.write("terraform.tfstate", &state.to_string())?;
    std::fs::remove_dir_all(stage.folder().join(".wharf"))?;
    let run = stage.ok(&["import", "--terraform", "terraform.tfstate"])?;
    contains(
        &run.stderr,
        &["aws_vpc.vpc is vpc now", "wharf does not know aws_sqs_queue", "the stack file has all of them"],
    )?;
    stage.exits(&["plan", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?, objects);
    // A second time there is nothing to take over.
    contains(&stage.ok(&["import", "--terraform", "terraform.tfstate"])?.stderr, &["took over 0 objects"])?;
    stage.ok(APPLY)?;
    stage.ok(&["destroy", "--auto-approve"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}

fn to_write() -> Result<()> {
    let stage = minimal()?;
    stage.ok(APPLY)?;
    stage.write("terraform.tfstate", &terraform_state(&stage)?.to_string())?;
    let head = "stack: taken\naws: {region: eu-central-1, default_tags: {Project: minimal}}\n";
    stage.write("taken/stack.yaml", &format!("{head}resources: {{}}\n"))?;
    let run = stage.ok(&["import", "--terraform", "terraform.tfstate", "taken"])?;
    contains(&run.stderr, &["left to write in the stack file, 3 of them"])?;
    contains(&run.stdout, &["aws_vpc", "for_each", "${vpc.id}"])?;
    stage.write("taken/stack.yaml", &format!("{head}{}", run.stdout))?;
    // Only the tags of the stack that had them before differ.
    let plan = stage.ok(&["plan", "taken"])?.stdout;
    contains(&plan, &["0 to add", "0 to replace, 0 to destroy"]).or_else(|_| contains(&plan, &["No changes"]))
}

fn no_terraform_state() -> Result<()> {
    let stage = minimal()?;
    contains(&stage.exits(&["import", "--terraform", "nowhere"], 1)?.stderr, &["cannot read nowhere"])?;
    for (text, why) in
        [("{}", "no `version`"), ("{\"version\": 3}", "version 3"), ("x", "no Terraform state")]
    {
        stage.write("terraform.tfstate", text)?;
        contains(&stage.exits(&["import", "--terraform", "terraform.tfstate"], 1)?.stderr, &[why])?;
    }
    Ok(())
}
