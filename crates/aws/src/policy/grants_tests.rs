use super::*;
use serde_json::json;
use wharf_core::Address;

fn place() -> Place {
    Place { partition: "aws".into(), region: "eu-1".into(), account: "1".into() }
}

fn subject(name: &str, resource_type: &str, attributes: serde_json::Value) -> Subject {
    let Value::Map(attributes) = Value::from(attributes) else { panic!("no map") };
    Subject { address: Address::single(name), resource_type: resource_type.to_owned(), attributes }
}

/// `action arn` and the conditions of everything that is allowed.
fn lines(declared: &[Subject], recorded: &[Subject], lineage: Option<&str>, purpose: Purpose) -> Vec<String> {
    let place = place();
    let needs = Needs { place: &place, declared, recorded, lineage, purpose };
    let mut lines = Vec::new();
    for (grant, arns) in grants(&Aws::offline(), &needs) {
        for arn in arns {
            let conditions: Vec<String> =
                grant.conditions.iter().map(|[_, key, value]| format!(" {key}={value}")).collect();
            let conditions = conditions.concat();
            lines.push(format!("{} {arn}{conditions}", grant.action));
        }
    }
    lines
}

#[test]
fn every_action_has_its_resources() {
    let aws = Aws::offline();
    for name in aws.registry().names() {
        let Some(entry) = aws.registry().get(name) else { panic!("{name}") };
        for action in entry.permissions.all().filter(|action| !is_unrestricted(action)) {
            assert!(!scopes(entry.scopes, action).is_empty(), "{name}: {action} has no scope");
        }
        for action in entry.scopes.iter().flat_map(|scope| scope.actions) {
            assert!(
                entry.permissions.all().any(|listed| listed == *action),
                "{name}: {action} is not listed"
            );
            assert!(!is_unrestricted(action), "{name}: {action} takes no resource");
        }
    }
}

#[test]
fn a_plan_reads_and_nothing_else() {
    let vpc = subject("vpc", "aws_vpc", json!({"cidr_block": "10.0.0.0/16"}));
    let lines = lines(&[vpc], &[], None, Purpose::Plan);
    assert!(lines.iter().all(|line| line.starts_with("ec2:Describe")), "{lines:?}");
    assert!(lines.contains(&"ec2:DescribeVpcAttribute arn:aws:ec2:eu-1:1:vpc/*".to_owned()));
    assert!(lines.contains(&"ec2:DescribeVpcs *".to_owned()));
}

#[test]
fn roles_are_passed_by_arn_to_one_service() {
    let role = subject(
        "role",
        "aws_iam_role",
        json!({"name": "web", "path": "/ci/", "arn": "arn:aws:iam::1:role/ci/web"}),
    );
    let task = subject(
        "task",
        "aws_ecs_task_definition",
        json!({"family": "web", "execution_role_arn": "arn:aws:iam::1:role/ci/web"}),
    );
    let policy = subject("policy", "aws_iam_role_policy", json!({"role": "web", "name": "a"}));
    let lines = lines(&[role, task, policy], &[], None, Purpose::Apply);
    let pass = "iam:PassRole arn:aws:iam::1:role/ci/web iam:PassedToService=ecs-tasks.amazonaws.com";
    assert_eq!(lines.iter().filter(|line| line.starts_with("iam:PassRole")).collect::<Vec<_>>(), [pass]);
    assert!(lines.contains(&"iam:PutRolePolicy arn:aws:iam::1:role/ci/web".to_owned()));
    assert!(
        lines.contains(&"ecs:RegisterTaskDefinition arn:aws:ecs:eu-1:1:task-definition/web:*".to_owned())
    );
}

#[test]
fn what_a_stack_does_not_do_is_not_allowed() {
    let bucket =
        |force: bool| subject("bucket", "aws_s3_bucket", json!({"bucket": "a", "force_destroy": force}));
    let apply = |subject: Subject| lines(&[subject], &[], None, Purpose::Apply).join("\n");
    assert!(!apply(bucket(false)).contains("s3:DeleteObject"));
    assert!(apply(bucket(true)).contains("s3:DeleteObjectVersion arn:aws:s3:::a/*"));
    assert!(
        !apply(subject("logs", "aws_cloudwatch_log_group", json!({"name": "a"}))).contains("AssociateKmsKey")
    );
}

#[test]
fn a_connection_is_passed_under_the_name_of_its_service() {
    let arn = "arn:aws:codeconnections:eu-1:1:connection/c";
    let action = json!({"name": "Source", "configuration": {"ConnectionArn": arn}});
    let pipeline = subject(
        "pipeline",
        "aws_codepipeline",
        json!({"name": "p", "stage": [{"action": [action, {"name": "Build"}]}]}),
    );
    let mut lines = lines(&[pipeline], &[], None, Purpose::Apply);
    lines.retain(|line| line.contains("PassConnection"));
    let only = "codeconnections:PassedToService=codepipeline.amazonaws.com";
    assert_eq!(lines, [format!("codeconnections:PassConnection {arn} {only}")]);
}

#[test]
fn with_a_state_only_its_own_objects_are_changed() {
    let declared = [subject("vpc", "aws_vpc", json!({}))];
    let tagged =
        json!({"id": "vpc-1", "arn": "arn:aws:ec2:eu-1:1:vpc/vpc-1", "tags_all": {"wharf:lineage": "l1"}});
    let imported = json!({"id": "vpc-2", "arn": "arn:aws:ec2:eu-1:1:vpc/vpc-2", "tags_all": {}});
    let delete = |recorded: &[Subject]| {
        let mut lines = lines(&declared, recorded, Some("l1"), Purpose::Apply);
        lines.retain(|line| line.starts_with("ec2:DeleteVpc "));
        lines
    };
    let owned = "ec2:DeleteVpc arn:aws:ec2:eu-1:1:vpc/* aws:ResourceTag/wharf:lineage=l1".to_owned();
    let only = std::slice::from_ref(&owned);
    assert_eq!(delete(&[]), only);
    assert_eq!(delete(&[subject("vpc", "aws_vpc", tagged)]), only);
    let both = delete(&[subject("vpc", "aws_vpc", imported)]);
    assert_eq!(both, ["ec2:DeleteVpc arn:aws:ec2:eu-1:1:vpc/vpc-2".to_owned(), owned]);
    let create = lines(&declared, &[], Some("l1"), Purpose::Apply);
    assert!(create.contains(&"ec2:CreateVpc arn:aws:ec2:eu-1:1:vpc/*".to_owned()));
    assert!(
        create.contains(&"ec2:CreateTags arn:aws:ec2:eu-1:1:vpc/* ec2:CreateAction=CreateVpc".to_owned())
    );
}

#[test]
fn what_only_the_state_has_is_read_and_deleted() {
    let gone = subject(
        "repo",
        "aws_ecr_repository",
        json!({"name": "old", "arn": "arn:aws:ecr:eu-1:1:repository/old"}),
    );
    let lines = lines(&[], &[gone], None, Purpose::Apply);
    assert!(lines.contains(&"ecr:DeleteRepository arn:aws:ecr:eu-1:1:repository/old".to_owned()));
    assert!(
        !lines.iter().any(|line| line.contains("Create") || line.contains("Tag") && !line.contains("List"))
    );
}

#[test]
fn an_object_is_under_the_key_of_its_bucket() {
    let encryption = subject(
        "encryption",
        "aws_s3_bucket_server_side_encryption_configuration",
        json!({
            "bucket": "a",
            "rule": [{"apply_server_side_encryption_by_default": [{"kms_master_key_id": "arn:aws:kms:eu-1:1:key/k"}]}],
        }),
    );
    let object = subject("object", "aws_s3_object", json!({"bucket": "a", "key": "b"}));
    let with = lines(&[encryption, object.clone()], &[], None, Purpose::Apply);
    let data_key = "kms:GenerateDataKey arn:aws:kms:eu-1:1:key/k kms:ViaService=s3.eu-1.amazonaws.com";
    assert!(with.contains(&data_key.to_owned()), "{with:?}");
    assert!(!lines(&[object], &[], None, Purpose::Apply).join(" ").contains("kms:"));
}
