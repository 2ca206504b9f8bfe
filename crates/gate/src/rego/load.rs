//! From texts to an engine and the rules that count.

use super::aliases::written_out;
use super::policies::{Namespaces, Policies};
use super::trouble::{evaluator, trouble, words};
use crate::verdict::Finding;
use regorus::Engine;
use regorus::unstable::{Expr, Rule, RuleHead};
use regorus::utils::limits::PolicyLengthConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;

/// What a rule is for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    Deny,
    Warn,
    /// It has to be `true`.
    Authorize,
}

/// A rule that counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
    /// Whether its package has exceptions.
    pub(crate) has_exceptions: bool,
}

impl Counted {
    /// `main.deny_wildcards`.
    pub(crate) fn id(&self) -> String {
        format!("{}.{}", self.namespace, self.name)
    }
}

/// Policies that can be evaluated.
pub(crate) struct Loaded {
    pub(crate) engine: Engine,
    pub(crate) rules: Vec<Counted>,
}

/// The names of a package's rules, and whether each has a value (and is no function).
type Names = BTreeMap<String, bool>;

pub(crate) fn load(policies: &Policies) -> Result<Loaded, Vec<Finding>> {
    if policies.files.is_empty() {
        return Err(vec![trouble("there is no policy: no `*.rego` file other than tests was found")]);
    }
    let mut engine = Engine::new();
    engine.set_policy_length_config(lengths());
    // What a policy prints is for whoever writes it; the gate's outputs are the same for the same plan.
    engine.set_gather_prints(true);
    let mut problems = Vec::new();
    for file in &policies.files {
        let text = written_out(&file.path, &file.text, lengths().max_col);
        // A file says by its syntax which version it is of. One that is both means the same in both, but for rules
        // without a body; those have the wrong type then, which is denied.
        let mut attempt = |is_v0: bool| {
            engine.set_rego_v0(is_v0);
            engine.add_policy(file.path.clone(), text.clone()).map_err(|error| error.to_string())
        };
        if let Err(v1) = attempt(false)
            && let Err(v0) = attempt(true)
        {
            let what = format!("{} is no Rego", file.path);
            let mut finding = evaluator(&what, &v1, &policies.files);
            if words(&v0) != words(&v1) {
                finding.message.push_str(&format!(" (and by the syntax before OPA 1.0: {})", words(&v0)));
            }
            problems.push(finding);
        }
    }
    engine.set_rego_v0(false);
    for file in &policies.data {
        if let Err(problem) = data(&mut engine, &file.path, &file.text) {
            problems.push(trouble(format!("the data in {} cannot be used: {problem}", file.path)));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let packages = packages(&mut engine).map_err(|problem| vec![trouble(problem)])?;
    let rules = counted(policies, &packages)?;
    Ok(Loaded { engine, rules })
}

/// Longer than the evaluator's own: generated policies have long lines.
fn lengths() -> PolicyLengthConfig {
    let standard = PolicyLengthConfig::default();
    PolicyLengthConfig {
        max_col: NonZeroU32::new(16_384).unwrap_or(standard.max_col),
        max_file_bytes: NonZeroUsize::new(8 << 20).unwrap_or(standard.max_file_bytes),
        max_lines: NonZeroUsize::new(200_000).unwrap_or(standard.max_lines),
    }
}

fn data(engine: &mut Engine, path: &str, text: &str) -> Result<(), String> {
    let is_json = Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let value: serde_json::Value = if is_json {
        serde_json::from_str(text).map_err(|problem| problem.to_string())?
    } else {
        serde_yaml::from_str(text).map_err(|problem| problem.to_string())?
    };
    if !value.is_object() {
        return Err("it has to be a map".to_owned());
    }
    engine.add_data(value.into()).map_err(|problem| words(&problem.to_string()))
}

/// The rules of each package.
fn packages(engine: &mut Engine) -> Result<BTreeMap<String, Names>, String> {
    let names = engine.get_packages().map_err(|problem| words(&problem.to_string()))?;
    let mut packages: BTreeMap<String, Names> = BTreeMap::new();
    for (package, module) in names.iter().zip(engine.get_modules().iter()) {
        let package = package.strip_prefix("data.").unwrap_or(package);
        let rules = packages.entry(package.to_owned()).or_default();
        for rule in &module.policy {
            let (head, is_value) = match rule.as_ref() {
                Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, .. } => {
                    (refr, true)
                }
                Rule::Spec { head: RuleHead::Func { refr, .. }, .. } => (refr, false),
                Rule::Default { refr, args, .. } => (refr, args.is_empty()),
            };
            if let Some(name) = root(head) {
                *rules.entry(name).or_insert(is_value) |= is_value;
            }
        }
    }
    Ok(packages)
}

/// The first name of a rule's head: `deny` of `deny`, `deny[msg]` and `deny.this`.
fn root(head: &Expr) -> Option<String> {
    match head {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => root(refr),
        _ => None,
    }
}

fn purpose(name: &str) -> Option<Purpose> {
    let is =
        |prefix: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    if is("deny") || is("violation") {
        Some(Purpose::Deny)
    } else if is("warn") {
        Some(Purpose::Warn)
    } else {
        (name == "authz").then_some(Purpose::Authorize)
    }
}

/// The rules that count, sorted; each once.
fn counted(policies: &Policies, packages: &BTreeMap<String, Names>) -> Result<Vec<Counted>, Vec<Finding>> {
    let mut rules = BTreeSet::new();
    let mut problems = Vec::new();
    let of_package = |namespace: &str, names: &Names| {
        let has_exceptions = names.contains_key("exception");
        let counted = names.keys().filter_map(|name| {
            let purpose = purpose(name)?;
            Some(Counted { namespace: namespace.to_owned(), name: name.clone(), purpose, has_exceptions })
        });
        counted.collect::<Vec<_>>()
    };
    let asked: Vec<String> = match &policies.namespaces {
        Namespaces::Named(names) => names.iter().map(|name| trimmed(name).to_owned()).collect(),
        // With `--authz` alone, nobody said that there is a `main`.
        Namespaces::Default if !policies.authz.is_empty() && !packages.contains_key("main") => Vec::new(),
        Namespaces::Default => vec!["main".to_owned()],
        Namespaces::All => Vec::new(),
    };
    for namespace in &asked {
        match packages.get(namespace) {
            None => problems.push(trouble(unknown("package", namespace, packages.keys()))),
            Some(names) => {
                let found = of_package(namespace, names);
                if found.is_empty() {
                    problems.push(trouble(format!(
                        "the package `{namespace}` has no rule that counts: deny, violation, warn, authz"
                    )));
                }
                rules.extend(found);
            }
        }
    }
    if policies.namespaces == Namespaces::All {
        rules.extend(packages.iter().flat_map(|(namespace, names)| of_package(namespace, names)));
    }
    for query in &policies.authz {
        let known: Vec<String> = packages
            .iter()
            .flat_map(|(package, names)| names.keys().map(move |name| format!("{package}.{name}")))
            .collect();
        let asked = trimmed(query);
        match asked.rsplit_once('.').filter(|_| known.iter().any(|rule| rule == asked)) {
            None => problems.push(trouble(unknown("rule", asked, &known))),
            Some((namespace, name)) => {
                let (namespace, name) = (namespace.to_owned(), name.to_owned());
                rules.insert(Counted { namespace, name, purpose: Purpose::Authorize, has_exceptions: false });
            }
        }
    }
    for rule in &rules {
        if packages.get(&rule.namespace).and_then(|names| names.get(&rule.name)) == Some(&false) {
            problems.push(trouble(format!("`{}` is a function, and has no value that counts", rule.id())));
        }
    }
    if rules.is_empty() && problems.is_empty() {
        problems.push(trouble("no package has a rule that counts: deny, violation, warn, authz"));
    }
    if problems.is_empty() { Ok(rules.into_iter().collect()) } else { Err(problems) }
}

fn trimmed(name: &str) -> &str {
    name.strip_prefix("data.").unwrap_or(name)
}

fn unknown<'a>(what: &str, name: &str, there: impl IntoIterator<Item = &'a String>) -> String {
    let there: Vec<&str> = there.into_iter().map(String::as_str).collect();
    let near = wharf_core::suggest(name, there.iter().copied());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let few = there.iter().take(8).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!("the policies have no {what} `{name}`{near} (there are {few})")
}
