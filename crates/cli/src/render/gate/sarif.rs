//! SARIF 2.1.0, for code scanning.
//!
//! Source: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use wharf_gate::{Finding, Level, Verdict};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What may not be in the path of a URI.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b':')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b']')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'a str,
    version: &'a str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'a str,
    results: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'a str,
    version: &'a str,
    information_uri: &'a str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    rule_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'a str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location<'a>>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
    kind: &'a str,
}

/// The same finding in the next run is the same alert, wherever its line has gone.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "wharfFinding/v1")]
    finding: String,
}

#[derive(Serialize)]
struct Suppression<'a> {
    kind: &'a str,
    justification: &'a str,
}

pub(crate) fn report(verdict: &Verdict) -> String {
    let rules = verdict
        .rules
        .iter()
        .map(|rule| Rule { id: &rule.id, short_description: Message { text: rule.summary.clone() } });
    let findings = verdict.findings.iter().map(|finding| entry(verdict, finding, false));
    let exempted = verdict.exempted.iter().map(|finding| entry(verdict, finding, true));
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "wharf gate",
                    version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.collect(),
                },
            },
            column_kind: "unicodeCodePoints",
            results: findings.chain(exempted).collect(),
        }],
    };
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn entry<'a>(verdict: &'a Verdict, finding: &'a Finding, is_exempt: bool) -> Entry<'a> {
    let mut text = finding.message.clone();
    if let Some(plan) = verdict.plan_of(finding) {
        text.push_str(&format!(" (in the plan {plan})"));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("\n\n{help}"));
    }
    let judged = finding.plan.and_then(|plan| verdict.plans.get(plan));
    let address = finding.address.as_deref();
    let logical = address.map(|address| LogicalLocation { fully_qualified_name: address, kind: "resource" });
    let physical = match &finding.place {
        Some(place) => Some(PhysicalLocation {
            artifact_location: artifact(&place.file),
            region: Some(Region { start_line: place.line, start_column: place.column }),
        }),
        // What is no longer in the stack file has no line in it.
        None => judged
            .and_then(|judged| judged.file.as_deref())
            .map(|file| PhysicalLocation { artifact_location: artifact(file), region: None }),
    };
    let location = physical.map(|physical_location| Location {
        physical_location,
        logical_locations: logical.into_iter().collect(),
    });
    let stack = judged.and_then(|judged| judged.stack.as_deref()).unwrap_or_default();
    // Where there is no address, the message says which one it is.
    let what = address.unwrap_or(&finding.message);
    let property = finding.property.as_deref().unwrap_or_default();
    Entry {
        rule_id: &finding.rule,
        rule_index: verdict.rules.iter().position(|rule| rule.id == finding.rule),
        level: match finding.level {
            Level::Deny => "error",
            Level::Warn => "warning",
        },
        message: Message { text },
        locations: location.into_iter().collect(),
        partial_fingerprints: Fingerprints { finding: format!("{}|{stack}|{what}|{property}", finding.rule) },
        suppressions: if is_exempt {
            vec![Suppression { kind: "external", justification: "an exception of the policies" }]
        } else {
            Vec::new()
        },
    }
}

fn artifact(file: &str) -> ArtifactLocation {
    let path = utf8_percent_encode(file, PATH);
    ArtifactLocation { uri: if file.starts_with('/') { format!("file://{path}") } else { path.to_string() } }
}
