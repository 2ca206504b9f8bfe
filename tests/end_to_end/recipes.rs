//! The recipes for CI systems: their files are of the right form, and wharf understands every command line in them.

use crate::Test;
use crate::failures::contains;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wharf_testkit::emulator::repository;
use wharf_testkit::python::TOOLS;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[
    ("workflows are what GitHub's schema says", || schema("github", "vendor.github-workflows", &[])),
    ("the pipeline is what GitLab's schema says", || {
        schema("gitlab", "vendor.gitlab-ci", &["--data-transform", "gitlab-ci"])
    }),
    ("actions are pinned to commits", pinned),
    ("wharf understands every command line", command_lines),
    ("the pipeline that runs wharf is made and removed", pipeline),
];

/// The folders that hold recipes.
const FOLDERS: [&str; 2] = ["docs/ci", "stacks/wharf-pipeline"];

/// All files under a folder of the repository, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yml")
}

fn schema(system: &str, name: &str, more: &[&str]) -> Result<()> {
    let found = files(&repository().join("docs/ci").join(system))?;
    let found: Vec<PathBuf> = found.into_iter().filter(|path| is_yaml(path)).collect();
    assert!(!found.is_empty());
    let output = Command::new(TOOLS.python()?)
        .args(["-m", "check_jsonschema", "--builtin-schema", name])
        .args(more)
        .args(&found)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(String::from_utf8_lossy(&printed).into_owned().into())
}

fn pinned() -> Result<()> {
    let mut actions = 0;
    for path in files(&repository().join("docs/ci/github"))? {
        for line in fs::read_to_string(&path)?.lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            let (_, version) = action.split_once('@').ok_or(format!("{line}: no version"))?;
            let (commit, name) =
                version.split_once(" # v").ok_or(format!("{line}: no name of the version"))?;
            let is_commit = commit.len() == 40 && commit.bytes().all(|digit| digit.is_ascii_hexdigit());
            assert!(is_commit && !name.is_empty(), "{line}");
            actions += 1;
        }
    }
    assert!(actions >= 9, "{actions}");
    Ok(())
}

/// The words of the commands of wharf in a text: of lines of shell, in Markdown only of blocks of it.
fn commands(text: &str, in_markdown: bool) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut is_shell = !in_markdown;
    for line in text.lines() {
        if in_markdown && line.trim_start().starts_with("```") {
            is_shell = line.trim() == "```sh";
            continue;
        }
        if !is_shell {
            continue;
        }
        let line = line.trim().trim_start_matches("- ").trim_start_matches("run: ").trim_start_matches("$ ");
        if line.starts_with('#') || line.starts_with('|') {
            continue;
        }
        for command in line.split("&&").flat_map(|part| part.split("||")).flat_map(|part| part.split(';')) {
            let words: Vec<String> = command
                .split_whitespace()
                .take_while(|word| !word.starts_with(['>', '|', '#']) && *word != "2>&1")
                .map(str::to_owned)
                .collect();
            if words.first().is_some_and(|word| word == "wharf") && words.len() > 1 {
                commands.push(words);
            }
        }
    }
    commands
}

fn command_lines() -> Result<()> {
    let stage = Stage::new()?;
    // Flags by subcommand, as the binary knows them.
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut used = BTreeSet::new();
    let mut unknown = Vec::new();
    for path in
        FOLDERS.iter().map(|folder| files(&repository().join(folder))).collect::<Result<Vec<_>>>()?.concat()
    {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let in_markdown = path.extension().is_some_and(|extension| extension == "md");
        for words in commands(&text, in_markdown) {
            let depth = if words[1] == "state" { 3 } else { 2 };
            let subcommand = words[1..depth.min(words.len())].join(" ");
            if !known.contains_key(&subcommand) {
                let arguments: Vec<&str> = subcommand.split(' ').chain(["--help"]).collect();
                let help = stage.run(&arguments)?;
                if help.code != 0 {
                    unknown.push(format!("{}: `{}`", path.display(), words.join(" ")));
                    continue;
                }
                let flags = help.stdout.split(|c: char| c.is_whitespace() || ",=[]".contains(c));
                let flags = flags.filter(|word| word.starts_with("--")).map(str::to_owned);
                known.insert(subcommand.clone(), flags.collect());
            }
            let flags = &known[&subcommand];
            for word in words.iter().filter(|word| word.starts_with("--")) {
                let flag = word.split('=').next().unwrap_or_default();
                if !flags.contains(flag) {
                    unknown.push(format!("{}: `{flag}` in `{}`", path.display(), words.join(" ")));
                }
            }
            used.insert(subcommand);
        }
    }
    if !unknown.is_empty() {
        return Err(format!("wharf does not know\n{}", unknown.join("\n")).into());
    }
    for subcommand in ["validate", "plan", "show", "gate", "apply", "drift"] {
        assert!(used.contains(subcommand), "no recipe uses `wharf {subcommand}`: {used:?}");
    }
    Ok(())
}

fn pipeline() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/wharf-pipeline", "wharf-pipeline")?;
    let run = stage.ok(&["validate", "wharf-pipeline"])?;
    assert_eq!(run.stderr, "", "no secret is in the open");
    // Buildspecs are YAML of the one version there is, and end with what the step is for.
    for step in ["validate", "plan", "gate", "apply"] {
        let text = fs::read_to_string(stage.folder().join(format!("wharf-pipeline/buildspecs/{step}.yml")))?;
        let spec: serde_json::Value = serde_yaml::from_str(&text)?;
        assert_eq!(spec["version"], 0.2);
        contains(&spec["phases"]["build"]["commands"].to_string(), &[&format!("wharf {step} ")])?;
    }
    stage.ok(&["apply", "wharf-pipeline", "--auto-approve"])?;
    stage.exits(&["plan", "wharf-pipeline", "--detailed-exitcode"], 0)?;
    stage.ok(&["drift", "wharf-pipeline"])?;
    assert_eq!(stage.emulator.get("/_wharf/violations")?, serde_json::json!([]));
    stage.ok(&["destroy", "wharf-pipeline", "--auto-approve"])?;
    assert_eq!(stage.objects()?, Vec::<String>::new());
    Ok(())
}
