//! Configuration files.

use crate::support::Outcome;
use wharf_gate::{Config, Switch};

#[test]
fn all_keys() -> Outcome {
    let config = Config::parse(
        "fail_on: [destroy, iam]\nprotect: bucket\nbudget: 40\nweight: {aws_vpc: 3, aws_lb.delete: 9}\n\
         policy: [policies]\ndata: [a.yaml]\nnamespace: [main]\nall_namespaces: false\nauthz: data.a.b\n",
    )
    .map_err(|error| format!("{error:?}"))?;
    assert_eq!(config.fail_on, [Switch::Destroy, Switch::Iam]);
    assert_eq!(config.protect, ["bucket"]);
    assert_eq!(config.budget, Some(40));
    let weights: Vec<String> = config.weights.iter().map(ToString::to_string).collect();
    assert_eq!(weights, ["aws_vpc=3", "aws_lb.delete=9"]);
    assert_eq!((config.policy, config.authz), (vec!["policies".to_owned()], vec!["data.a.b".to_owned()]));
    assert_eq!(Config::parse("").map_err(|error| format!("{error:?}"))?, Config::default());
    Ok(())
}

#[test]
fn the_names_of_options_are_understood() -> Outcome {
    let config = Config::parse("fail-on: [drift]\n").map_err(|error| format!("{error:?}"))?;
    assert_eq!(config.fail_on, [Switch::Drift]);
    Ok(())
}

#[test]
fn all_mistakes_are_told_with_their_lines() {
    let mistakes =
        Config::parse("# comment\nfail_on: [destory]\nprotct: [a]\nbudget: many\nweight: {aws_vpc.x: 1}\n")
            .expect_err("mistakes")
            .mistakes;
    let lines: Vec<_> = mistakes.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(2), Some(3), Some(4), Some(5)]);
    assert!(mistakes[0].1.contains("did you mean `destroy`?"), "{mistakes:?}");
    assert!(mistakes[1].1.contains("there is no key `protct`; did you mean `protect`?"), "{mistakes:?}");
    let broken = Config::parse("a: [\n").expect_err("no YAML").mistakes;
    assert!(broken[0].0.is_some(), "{broken:?}");
}
