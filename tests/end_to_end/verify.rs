//! `wharf verify`: what must be true before anyone releases, and each thing that is not.

use crate::Test;
use crate::failures::contains;
use crate::policy::deployer::{Deployer, documents};
use serde_json::{Value, json};
use wharf_testkit::reader::Reader;
use wharf_tests::{Result, Run, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("the reference stack is ready to release", fine),
    ("what the stack lost is told, and an apply mends it", lost),
    ("a listener, a target group and foreign targets", load_balancer),
    ("a deployment that has not ended, and an image that is gone", released),
    ("secrets that are not there", secrets),
    ("what the caller may not do or see", caller),
    ("a service and a pipeline that are gone", gone),
    ("a service that ECS deploys itself", ecs_itself),
];

const STACK: &str = "ecs-pipeline";
const APPLY: &[&str] = &["apply", STACK, "--auto-approve"];
const VERIFY: &[&str] = &["verify", STACK];

/// The reference stack after an apply, and who breaks it.
struct Pipeline {
    stage: Stage,
    reader: Reader,
}

impl Pipeline {
    fn new() -> Result<Self> {
        let stage = Stage::new()?;
        stage.copy("stacks/ecs-pipeline", STACK)?;
        Self::applied(stage)
    }

    fn applied(stage: Stage) -> Result<Self> {
        stage.ok(APPLY)?;
        let mut pipeline = Pipeline { reader: stage.reader()?, stage };
        // An apply does not wait for tasks, and the emulator's start when somebody looks: which of the requests of one look
        // comes first is for nobody to say.
        pipeline.call("ecs", "describe_services", json!({"cluster": STACK, "services": [STACK]}))?;
        Ok(pipeline)
    }

    fn call(&mut self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        Ok(self.reader.call(service, operation, &parameters, None)?)
    }

    /// A check has failed, of this, with this to do about it.
    fn fails(&self, check: &str, parts: &[&str]) -> Result<()> {
        let text = self.stage.exits(VERIFY, 1)?.stdout;
        contains(&text, &[&format!("FAIL {check}"), "Not ready to release"])?;
        contains(&text, parts)
    }

    /// A check has a warning, and nothing has failed.
    fn warns(&self, check: &str, parts: &[&str]) -> Result<()> {
        let text = self.stage.ok(VERIFY)?.stdout;
        contains(&text, &[&format!("warn {check}"), "Ready to release, with 1 warning."])?;
        contains(&text, parts)
    }

    /// Lets the new version take over, whose listeners the emulator answers for as a proxy.
    fn promote(&self, options: &[&str]) -> Result<()> {
        let mut command = self.stage.command(&[&["release", "promote", STACK][..], options].concat());
        let run = Run::of(command.env("HTTP_PROXY", self.stage.emulator.url()))?;
        assert_eq!(run.code, 0, "{}", run.all());
        Ok(())
    }

    fn ready(&self) -> Result<()> {
        contains(&self.stage.ok(VERIFY)?.stdout, &["\n\nReady to release."])
    }
}

fn fine() -> Result<()> {
    let pipeline = Pipeline::new()?;
    let text = pipeline.stage.ok(VERIFY)?.stdout;
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            "ecs-pipeline: deployment_group in ecs-pipeline",
            "",
            "ok   service          ecs-pipeline in ecs-pipeline: ecs-pipeline:1, 2 of 2 tasks",
            "ok   deployment       none yet",
            "ok   task definition  ecs-pipeline:1; web:80 behind the load balancer",
            "ok   images           public.ecr.aws/docker/library/httpd:2.4 (not checked: public.ecr.aws)",
            "ok   log groups       /ecs/ecs-pipeline",
            "ok   secrets          no container has any",
            "ok   target groups    ecs-pipeline-blue, ecs-pipeline-green",
            "ok   listeners        80: ecs-pipeline-blue 1; 8080: ecs-pipeline-green 1",
            "ok   roles            ecs-pipeline-execution, ecs-pipeline-task, ecs-pipeline-deploy, \
             ecs-pipeline-pipeline, ecs-pipeline-build, ecs-pipeline-trigger",
            "ok   execution role   ecs-pipeline-execution: 6 actions",
            "ok   deployment role  ecs-pipeline-deploy: 9 actions",
            "ok   caller           the account's root user, who may do everything",
            "",
            "Ready to release.",
        ]
    );
    let before = pipeline.stage.emulator.counters()?;
    let json = pipeline.stage.ok(&["verify", STACK, "--service", "service", "--json"])?.stdout;
    let document: Value = serde_json::from_str(&json)?;
    assert_eq!((&document["result"], &document["address"]), (&json!("ok"), &json!("deployment_group")));
    assert_eq!(document["findings"][0]["check"], "service");
    assert_eq!(document["findings"].as_array().map(Vec::len), Some(12));
    // It only looks.
    let after = pipeline.stage.emulator.counters()?;
    let changed: Vec<_> =
        after.iter().filter(|(name, count)| before.get(*name) != Some(count)).map(|(name, _)| name).collect();
    let reads = ["Get", "List", "Describe", "BatchGet", "Simulate"];
    let writes: Vec<_> = changed
        .iter()
        .filter(|name| {
            !name
                .split(':')
                .nth(1)
                .is_some_and(|operation| reads.iter().any(|verb| operation.starts_with(verb)))
        })
        .collect();
    assert!(!changed.is_empty() && writes.is_empty(), "{writes:?}");
    Ok(())
}

fn lost() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    pipeline.call("logs", "delete_log_group", json!({"logGroupName": "/ecs/ecs-pipeline"}))?;
    pipeline.fails(
        "log groups",
        &[
            "the log group /ecs/ecs-pipeline is gone: tasks",
            "hint: it is the stack's `log_group[\"service\"]`: `wharf apply` mends it",
        ],
    )?;
    let tasks = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]});
    let trust = json!({"RoleName": "ecs-pipeline-deploy", "PolicyDocument": tasks.to_string()});
    pipeline.call("iam", "update_assume_role_policy", trust)?;
    pipeline.fails(
        "roles",
        &["the role ecs-pipeline-deploy of the deployment group cannot be assumed by codedeploy.amazonaws.com", "`role[\"deploy\"]`"],
    )?;
    for (role, name) in [("execution", "execution"), ("deploy", "deploy")] {
        let policy = json!({"RoleName": format!("ecs-pipeline-{role}"), "PolicyName": name});
        pipeline.call("iam", "delete_role_policy", policy)?;
    }
    pipeline.fails(
        "execution role",
        &["no policy allows ecs-pipeline-execution ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, \
           ecr:GetDownloadUrlForLayer on arn:aws:ecr:eu-central-1:123456789012:repository/ecs-pipeline: images cannot be pulled",
          "hint: allow it in a policy of ecs-pipeline-execution"],
    )?;
    pipeline.fails(
        "deployment role",
        &[
            "ecs:CreateTaskSet on *: CodeDeploy cannot start the new tasks",
            "iam:PassRole on arn:aws:iam::123456789012:role/",
        ],
    )?;
    // A document that a program reads says the same.
    let document: Value =
        serde_json::from_str(&pipeline.stage.exits(&["verify", STACK, "--json"], 1)?.stdout)?;
    let failed =
        document["findings"].as_array().into_iter().flatten().filter(|finding| finding["result"] == "failed");
    let failed: Vec<&str> = failed.filter_map(|finding| finding["check"].as_str()).collect();
    assert_eq!(failed, ["log_groups", "roles", "execution_role", "deployment_role"]);
    pipeline.stage.ok(APPLY)?;
    pipeline.ready()
}

fn load_balancer() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let id = |pipeline: &Pipeline, address: &str| pipeline.stage.id(STACK, address);
    let (blue, green) = (id(&pipeline, "target_group[\"blue\"]")?, id(&pipeline, "target_group[\"green\"]")?);
    let (production, qa) = (id(&pipeline, "production_listener")?, id(&pipeline, "qa_listener")?);
    let forward = |listener: &str, group: &str| json!({"ListenerArn": listener, "DefaultActions": [{"Type": "forward", "TargetGroupArn": group}]});
    pipeline.call("elbv2", "modify_listener", forward(&production, &green))?;
    pipeline.fails(
        "listeners",
        &["the listener for production (port 80) does not forward to ecs-pipeline-blue, where the tasks of ecs-pipeline:1 serve"],
    )?;
    pipeline.fails(
        "target groups",
        &["ecs-pipeline-blue has the tasks that serve, and no listener forwards to it"],
    )?;
    pipeline.call("elbv2", "modify_listener", forward(&production, &blue))?;
    pipeline.ready()?;
    let foreign = json!({"TargetGroupArn": green, "Targets": [{"Id": "192.168.2.77"}]});
    pipeline.call("elbv2", "register_targets", foreign)?;
    pipeline.warns(
        "target groups",
        &["ecs-pipeline-green has 1 healthy target that no task of ecs-pipeline is behind"],
    )?;
    pipeline.call("elbv2", "delete_listener", json!({"ListenerArn": qa}))?;
    pipeline.fails(
        "listeners",
        &["the listener `qa_listener` is gone", "`qa_listener`: `wharf apply` mends it"],
    )?;
    pipeline.call("elbv2", "delete_target_group", json!({"TargetGroupArn": green}))?;
    pipeline
        .fails("target groups", &["the target group ecs-pipeline-green is gone", "`target_group[\"green\"]`"])
}

fn released() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    let file = json!({"repositoryName": STACK, "branchName": "main", "filePath": "Dockerfile", "fileContent": "RlJPTSBodHRwZA=="});
    pipeline.call("codecommit", "put_file", file)?;
    pipeline.warns(
        "deployment",
        &[
            "waits to take over",
            "hint: promote it or roll it back first: `wharf release promote`, `wharf release rollback`",
        ],
    )?;
    pipeline.promote(&[])?;
    pipeline.warns(
        "deployment",
        &["has taken over, and the tasks from before are still there", "`wharf release promote --finish`"],
    )?;
    pipeline.promote(&["--finish"])?;
    pipeline.ready()?;
    let text = pipeline.stage.ok(VERIFY)?.stdout;
    let line = text.lines().find(|line| line.contains(" images ")).ok_or("no images")?;
    let image =
        line.split([' ', ',']).find(|word| word.contains(".dkr.ecr.")).ok_or("no image of ECR")?.to_owned();
    let (_, tag) = image.rsplit_once(':').ok_or("no tag")?;
    pipeline.call(
        "ecr",
        "batch_delete_image",
        json!({"repositoryName": STACK, "imageIds": [{"imageTag": tag}]}),
    )?;
    pipeline.fails(
        "images",
        &[&format!("the image {image} is not there"), "hint: tasks that are started from now on fail"],
    )?;
    pipeline.call("ecr", "delete_repository", json!({"repositoryName": STACK, "force": true}))?;
    pipeline.fails(
        "images",
        &["its repository is gone", "it is the stack's `registry`: `wharf apply` mends it"],
    )?;
    // What serves cannot be started a second time.
    pipeline.call("ecs", "deregister_task_definition", json!({"taskDefinition": "ecs-pipeline:2"}))?;
    pipeline.fails("task definition", &["ecs-pipeline:2 was deregistered"])
}

fn secrets() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", STACK)?;
    let mut reader = stage.reader()?;
    let mut make = |secret: Value| -> Result<String> {
        let made = reader.call("secretsmanager", "create_secret", &secret, Some("ARN"))?;
        Ok(made.as_str().unwrap_or_default().to_owned())
    };
    let full = make(json!({"Name": "full", "SecretString": "hunter2-and-more"}))?;
    let empty = make(json!({"Name": "empty"}))?;
    let secret = |name: &str, from: &str| format!("{{name: {name}, valueFrom: \"{from}\"}}");
    let secrets = [
        secret("FULL", &format!("{full}:password::")),
        secret("EMPTY", &empty),
        secret("TOKEN", "/shop/token"),
        secret("KEY", "arn:aws:ssm:eu-central-1:123456789012:parameter/key"),
    ];
    let ports = "    portMappings: [{containerPort: 80, protocol: tcp}]\n";
    stage.edit(
        &format!("{STACK}/stack.yaml"),
        ports,
        &format!("{ports}    secrets: [{}]\n", secrets.join(", ")),
    )?;
    let mut pipeline = Pipeline::applied(stage)?;
    pipeline.fails(
        "secrets",
        &[
            "the parameter /shop/token is not there (TOKEN of web): tasks that need it do not start",
            "the parameter key is not there (KEY of web)",
            "has no value (EMPTY of web)",
        ],
    )?;
    pipeline.call(
        "ssm",
        "put_parameter",
        json!({"Name": "/shop/token", "Value": "x", "Type": "SecureString"}),
    )?;
    pipeline.call("ssm", "put_parameter", json!({"Name": "key", "Value": "x", "Type": "String"}))?;
    pipeline.call("secretsmanager", "put_secret_value", json!({"SecretId": empty, "SecretString": "x"}))?;
    // They are there, and the role may not read them: those of Systems Manager only a policy of the role can allow.
    let text = pipeline.stage.exits(VERIFY, 1)?;
    contains(
        &text.stdout,
        &[
            "ok   secrets",
            "FAIL execution role",
            "no policy allows ecs-pipeline-execution ssm:GetParameters on arn:aws:ssm:",
            "secretsmanager:GetSecretValue on arn:aws:secretsmanager:",
            "hint: unless a policy of the resource allows it",
        ],
    )?;
    assert!(!text.all().contains("hunter2"), "{}", text.all());
    pipeline.call("secretsmanager", "delete_secret", json!({"SecretId": full}))?;
    pipeline.fails("secrets", &["is about to be deleted, and cannot be read (FULL of web)"])?;
    // What a boundary leaves out, no policy of the role allows.
    let logs = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]});
    let query = Some("Policy.Arn");
    let policy = json!({"PolicyName": "boundary", "PolicyDocument": logs.to_string()});
    let boundary = pipeline.reader.call("iam", "create_policy", &policy, query)?;
    let limited = json!({"RoleName": "ecs-pipeline-execution", "PermissionsBoundary": boundary});
    pipeline.call("iam", "put_role_permissions_boundary", limited)?;
    pipeline.fails(
        "execution role",
        &[
            "ecr:GetDownloadUrlForLayer on arn:aws:ecr:eu-central-1:123456789012:repository/ecs-pipeline, as its permissions \
             boundary does not allow it: images cannot be pulled",
            "hint: a policy of ecs-pipeline-execution cannot allow it beyond that: allow it there",
        ],
    )
}

fn caller() -> Result<()> {
    let pipeline = Pipeline::new()?;
    let stage = &pipeline.stage;
    let deployer = Deployer::new(stage)?;
    let allow = |actions: &[&str]| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]});
    // Who may plan may look at a release, and not ask what others may do.
    let looks = allow(&[
        "codepipeline:Get*",
        "codepipeline:List*",
        "codedeploy:*Get*",
        "ecr:DescribeImages",
        "ecs:List*",
        "ecs:Describe*",
        "elasticloadbalancing:Describe*",
    ]);
    let mut may = documents(stage, "plan", &[STACK])?;
    may.push(looks);
    deployer.may(stage, &may)?;
    let run = deployer.ok(stage, VERIFY)?;
    contains(
        &run.stdout,
        &[
            "ok   roles",
            "warn rights           not checked: caller, deployment role, execution role",
            "AWS denies the caller `iam:SimulatePrincipalPolicy`: no identity-based policy allows it",
            "hint: allow it to the caller, or ask somebody who may",
            "Ready to release, with 1 warning.",
        ],
    )?;
    may.push(allow(&["iam:SimulatePrincipalPolicy"]));
    deployer.may(stage, &may)?;
    let run = deployer.run(stage, VERIFY)?;
    assert_eq!(run.code, 1, "{}", run.all());
    contains(
        &run.stdout,
        &[
            "ok   execution role",
            "ok   deployment role",
            "FAIL caller",
            "codedeploy:CreateDeployment",
            ": wharf cannot deploy, promote or roll back",
            "codecommit:CreateCommit",
            "hint: `wharf policy --for release` prints all that deployer needs for releases",
        ],
    )?;
    // What is printed for whoever releases is all that is asked for, and what only verify asks for.
    let mut may = documents(stage, "release", &[STACK])?;
    may.push(allow(&[
        "ecr:DescribeImages",
        "iam:GetRole",
        "iam:SimulatePrincipalPolicy",
        "logs:DescribeLogGroups",
        "secretsmanager:DescribeSecret",
        "ssm:DescribeParameters",
    ]));
    deployer.may(stage, &may)?;
    contains(
        &deployer.ok(stage, VERIFY)?.stdout,
        &["ok   caller           deployer: ", "\n\nReady to release."],
    )?;
    // Whoever may see nothing at all gets warnings, but for the state nothing is needed.
    deployer.may(stage, &[allow(&["sts:GetCallerIdentity"])])?;
    let run = deployer.ok(stage, VERIFY)?;
    contains(&run.stdout, &["warn service", "warn listeners", "warn target groups", "AWS denies the caller"])
}

fn gone() -> Result<()> {
    let mut pipeline = Pipeline::new()?;
    pipeline.call("codepipeline", "delete_pipeline", json!({"name": STACK}))?;
    pipeline.fails(
        "service",
        &["the pipeline ecs-pipeline is gone", "it is the stack's `pipeline`: `wharf apply` mends it"],
    )?;
    let group = json!({"applicationName": STACK, "deploymentGroupName": STACK});
    pipeline.call("codedeploy", "delete_deployment_group", group)?;
    pipeline
        .fails("service", &["the deployment group ecs-pipeline of the application ecs-pipeline is gone"])?;
    pipeline.call("ecs", "delete_service", json!({"cluster": STACK, "service": STACK, "force": true}))?;
    let lost = "the service ecs-pipeline in the cluster ecs-pipeline is gone";
    pipeline.fails("service", &[lost, "it is the stack's `service`"])?;
    // What was never applied cannot be verified.
    let stage = Stage::new()?;
    stage.copy("stacks/ecs-pipeline", STACK)?;
    contains(
        &stage.exits(VERIFY, 1)?.stderr,
        &["nothing of the stack `ecs-pipeline` has been applied yet", "wharf apply ecs-pipeline"],
    )
}

fn ecs_itself() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("tests/ecs-blue-green", ".")?;
    stage.ok(&["apply", "--auto-approve"])?;
    let mut reader = stage.reader()?;
    let text = stage.ok(&["verify"])?.stdout;
    contains(
        &text,
        &[
            "shop: service in shop",
            "ok   service          shop in shop: shop:1, 2 of 2 tasks",
            "ok   task definition  shop:1; web:80 behind the load balancer",
            "ok   images           httpd:2.4 (not checked: docker.io)",
            "ok   target groups    shop-blue, shop-green",
            "ok   roles            shop-infrastructure",
            "ok   deployment role  shop-infrastructure: 7 actions",
            "ok   caller",
        ],
    )?;
    let policy = json!({"RoleName": "shop-infrastructure", "PolicyName": "load-balancers"});
    reader.call("iam", "delete_role_policy", &policy, None)?;
    let text = stage.exits(&["verify"], 1)?.stdout;
    contains(
        &text,
        &[
            "FAIL deployment role",
            "elasticloadbalancing:ModifyRule on arn:aws:elasticloadbalancing:",
            ": the traffic cannot be moved",
            ": ECS cannot put the new tasks behind the load balancer",
        ],
    )?;
    let rule = stage.id("stack.yaml", "test")?;
    reader.call("elbv2", "delete_rule", &json!({"RuleArn": rule}), None)?;
    let text = stage.exits(&["verify"], 1)?.stdout;
    contains(
        &text,
        &[
            "FAIL listeners",
            "the listener's rule `test` is gone",
            "it is the stack's `test`: `wharf apply` mends it",
        ],
    )
}
