//! The dependency rule of docs/architecture.md, held against what cargo says.

use crate::Test;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use wharf_testkit::emulator::repository;
use wharf_tests::Result;

pub(crate) const TESTS: &[Test] =
    &[("crates know only what they may", crates), ("one test binary a crate", test_binaries)];

/// What each crate may depend on, of ours.
const MAY: &[(&str, &[&str])] = &[
    ("wharf-core", &[]),
    ("wharf-stack", &["wharf-core"]),
    ("wharf-provider", &["wharf-core"]),
    ("wharf-aws", &["wharf-core", "wharf-provider"]),
    ("wharf-state", &["wharf-core", "wharf-provider"]),
    ("wharf-state-s3", &["wharf-aws", "wharf-provider", "wharf-state"]),
    ("wharf-plan", &["wharf-core", "wharf-provider", "wharf-stack", "wharf-state"]),
    ("wharf-gate", &["wharf-core"]),
    ("wharf-release", &["wharf-aws", "wharf-core", "wharf-provider", "wharf-state"]),
    ("wharf-verify", &["wharf-aws", "wharf-core", "wharf-provider", "wharf-release", "wharf-state"]),
    ("wharf-engine", &["wharf-core", "wharf-plan", "wharf-provider", "wharf-stack", "wharf-state"]),
];

fn metadata() -> Result<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(cargo).args(arguments).current_dir(repository()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn crates() -> Result<()> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        let dependencies = package["dependencies"].as_array().ok_or("no dependencies")?;
        let ours = dependencies
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|name| name.starts_with("wharf-"));
        found.insert(package["name"].as_str().unwrap_or_default(), ours.collect());
    }
    for (name, allowed) in MAY {
        let present = found.get(name).ok_or_else(|| format!("there is no crate {name}"))?;
        if let Some(forbidden) = present.iter().find(|dependency| !allowed.contains(dependency)) {
            return Err(format!("{name} may not depend on {forbidden}").into());
        }
    }
    Ok(())
}

fn test_binaries() -> Result<()> {
    let metadata = metadata()?;
    for package in metadata["packages"].as_array().ok_or("no packages")? {
        let targets = package["targets"].as_array().ok_or("no targets")?;
        let tests = targets.iter().filter(|target| target["kind"][0] == "test").count();
        if tests > 1 {
            return Err(format!("{} has {tests} test binaries; linking takes long", package["name"]).into());
        }
    }
    Ok(())
}
