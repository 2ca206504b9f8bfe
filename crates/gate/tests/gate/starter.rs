//! The starter set in `stacks/policies`: its own tests, by the evaluator that wharf has.

use crate::support::{Outcome, judged, plan, policies, told};
use std::fs;
use std::path::{Path, PathBuf};
use wharf_gate::{Policies, Text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stacks/policies")
}

/// The policies, with their tests.
fn files() -> Result<Vec<Text>, std::io::Error> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rego") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(Text { path: name, text: fs::read_to_string(&path)? });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The names of the rules that begin with a word.
fn rules<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(move |name| name.starts_with(prefix))
}

#[test]
fn its_tests_pass() -> Outcome {
    let files = files()?;
    let mut tests = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("_test.rego")) {
        let package = file.text.lines().find_map(|line| line.strip_prefix("package "));
        let package = package.ok_or_else(|| format!("{} has no package", file.path))?;
        tests.extend(rules(&file.text, "test_").map(|name| format!("data.{package}.{name}")));
    }
    assert!(tests.len() > 30, "only {} tests were found", tests.len());
    // A test is a rule that has to be true, and so is what `--authz` asks for.
    let verdict = judged(plan(Vec::new()), &Policies { files, authz: tests, ..policies(&[]) })?;
    assert!(!verdict.is_denied(), "{:#?}", told(&verdict));
    Ok(())
}

#[test]
fn every_rule_is_tested_and_told_of() -> Outcome {
    let (tests, policies): (Vec<Text>, Vec<Text>) =
        files()?.into_iter().partition(|file| file.path.ends_with("_test.rego"));
    let tests: String = tests.into_iter().map(|file| file.text).collect();
    let readme = fs::read_to_string(folder().join("README.md"))?;
    for file in &policies {
        for name in rules(&file.text, "deny_").chain(rules(&file.text, "warn_")) {
            assert!(tests.contains(&format!("main.{name}")), "{name} has no test");
            assert!(readme.contains(&format!("| `{name}` |")), "the README lacks {name}");
        }
    }
    Ok(())
}
