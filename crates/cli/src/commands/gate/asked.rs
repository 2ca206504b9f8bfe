//! What the plans are judged by: the command line, and a configuration file.

use super::files;
use crate::args::Gate;
use crate::error::CommandError;
use std::path::{Path, PathBuf};
use wharf_gate::{Config, Namespaces, Policies, Rules, Text};

pub(crate) struct Asked {
    pub(crate) rules: Rules,
    pub(crate) policies: Option<Policies>,
}

pub(crate) fn read(args: &Gate) -> Result<Asked, CommandError> {
    let config = args.config.as_deref().map(config).transpose()?.unwrap_or_default();
    let folder = args.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let both = |of_file: &[String], given: &[String]| [of_file, given].concat();
    let paths = |of_file: &[String], given: &[PathBuf]| -> Vec<PathBuf> {
        of_file.iter().map(|path| folder.join(path)).chain(given.iter().cloned()).collect()
    };
    let rules = Rules {
        fail_on: config.fail_on.iter().chain(&args.fail_on).copied().collect(),
        protect: both(&config.protect, &args.protect),
        budget: args.budget.or(config.budget),
        weights: [config.weights, args.weights.clone()].concat(),
    };
    let folders = paths(&config.policy, &args.policy);
    let data = paths(&config.data, &args.data);
    let authz = both(&config.authz, &args.authz);
    // Those given replace those of the file: which packages count is one choice.
    let names = if args.namespace.is_empty() { config.namespace } else { args.namespace.clone() };
    let is_all = args.all_namespaces || (config.all_namespaces && args.namespace.is_empty());
    let namespaces = match names {
        _ if is_all => Namespaces::All,
        names if names.is_empty() => Namespaces::Default,
        names => Namespaces::Named(names),
    };
    if folders.is_empty() {
        if !data.is_empty() || !authz.is_empty() || namespaces != Namespaces::Default {
            return Err(CommandError::new("there is data or a package to judge by, but no policy")
                .hint("name the folder of the policies: --policy DIR"));
        }
        if rules.fail_on.is_empty() && rules.protect.is_empty() && rules.budget.is_none() {
            // A gate that was forgotten to be told anything must not look like one that is content.
            return Err(CommandError::new("there is nothing to judge by").hint(
                "give it --fail-on, --protect, --budget, --policy or --config: wharf gate PLAN --fail-on destroy,replace",
            ));
        }
        return Ok(Asked { rules, policies: None });
    }
    let policies = Policies {
        files: files::policies(&folders)?,
        data: data.iter().map(|path| files::text(path)).collect::<Result<Vec<Text>, _>>()?,
        namespaces,
        authz,
        limit: Policies::LIMIT,
    };
    Ok(Asked { rules, policies: Some(policies) })
}

fn config(path: &Path) -> Result<Config, CommandError> {
    let text = files::text(path)?;
    Config::parse(&text.text).map_err(|error| {
        let count = error.mistakes.len();
        let many = if count == 1 { "1 mistake".to_owned() } else { format!("{count} mistakes") };
        let result = CommandError::new(format!("{many} in {}", text.path));
        error.mistakes.into_iter().fold(result, |result, (line, problem)| {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            result.detail(format!("  {}{line}: {problem}", text.path))
        })
    })
}
