//! `JUnit`'s XML, as Jenkins and GitLab read it: a suite for each plan, a case for each rule that found nothing and for each
//! finding.

use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use std::io;
use wharf_gate::{Finding, Level, RuleInfo, Verdict};

/// One case.
enum Case<'a> {
    Passed(&'a RuleInfo),
    Found(&'a Finding),
    Exempted(&'a Finding),
}

/// The rule of policies that fail, which are errors and not failures.
const ERROR: &str = "policy-error";

pub(crate) fn report(verdict: &Verdict) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into memory does not fail.
    let _ = write(verdict, &mut writer);
    String::from_utf8_lossy(&writer.into_inner()).into_owned()
}

fn write(verdict: &Verdict, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suites: Vec<(&str, Option<usize>)> = Vec::new();
    suites.extend(verdict.plans.iter().enumerate().map(|(plan, judged)| (judged.name.as_str(), Some(plan))));
    // What is about all plans is about the one, if there is but one.
    let is_one = verdict.plans.len() == 1;
    if !is_one {
        suites.push(("all plans", None));
    }
    let belongs =
        |finding: &Finding, plan: Option<usize>| finding.plan == plan || (is_one && finding.plan.is_none());
    writer.create_element("testsuites").with_attribute(("name", "wharf gate")).write_inner_content(
        |writer| {
            for (name, plan) in suites {
                let found: Vec<&Finding> =
                    verdict.findings.iter().filter(|finding| belongs(finding, plan)).collect();
                let exempted: Vec<&Finding> =
                    verdict.exempted.iter().filter(|finding| belongs(finding, plan)).collect();
                let silent = |rule: &&RuleInfo| {
                    let is_of = |finding: &&Finding| finding.rule == rule.id;
                    !found.iter().any(is_of) && !exempted.iter().any(is_of)
                };
                let mut cases: Vec<Case> = Vec::new();
                if plan.is_some() {
                    cases.extend(verdict.rules.iter().filter(silent).map(Case::Passed));
                }
                cases.extend(found.iter().copied().map(Case::Found));
                cases.extend(exempted.iter().copied().map(Case::Exempted));
                if !cases.is_empty() {
                    suite(writer, name, &cases)?;
                }
            }
            Ok(())
        },
    )?;
    Ok(())
}

fn suite(writer: &mut Writer<Vec<u8>>, name: &str, cases: &[Case]) -> io::Result<()> {
    let count = |is: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count().to_string();
    let denies = |finding: &Finding| finding.level == Level::Deny;
    let is_error = |finding: &Finding| finding.rule == ERROR;
    let failures = count(&|case| matches!(case, Case::Found(f) if denies(f) && !is_error(f)));
    let errors = count(&|case| matches!(case, Case::Found(f) if denies(f) && is_error(f)));
    let skipped = count(&|case| matches!(case, Case::Exempted(_)));
    writer
        .create_element("testsuite")
        .with_attribute(("name", clean(name).as_str()))
        .with_attribute(("tests", cases.len().to_string().as_str()))
        .with_attribute(("failures", failures.as_str()))
        .with_attribute(("errors", errors.as_str()))
        .with_attribute(("skipped", skipped.as_str()))
        .write_inner_content(|writer| cases.iter().try_for_each(|case| testcase(writer, case)))?;
    Ok(())
}

fn testcase(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let (rule, name) = match case {
        Case::Passed(rule) => (&rule.id, rule.summary.clone()),
        Case::Found(finding) | Case::Exempted(finding) => {
            (&finding.rule, finding.address.clone().unwrap_or_else(|| finding.rule.clone()))
        }
    };
    let element = writer
        .create_element("testcase")
        .with_attribute(("classname", clean(rule).as_str()))
        .with_attribute(("name", clean(&name).as_str()));
    match case {
        Case::Passed(_) => element.write_empty()?,
        Case::Found(finding) if finding.level == Level::Warn => element.write_inner_content(|writer| {
            let text = clean(&format!("warning: {}\n{}", finding.message, details(finding)));
            writer.create_element("system-out").write_text_content(BytesText::new(text.trim_end())).map(drop)
        })?,
        Case::Found(finding) | Case::Exempted(finding) => {
            let tag = match case {
                Case::Exempted(_) => "skipped",
                _ if finding.rule == ERROR => "error",
                _ => "failure",
            };
            element.write_inner_content(|writer| {
                writer
                    .create_element(tag)
                    .with_attribute(("type", clean(&finding.rule).as_str()))
                    .with_attribute(("message", clean(&finding.message).as_str()))
                    .write_text_content(BytesText::new(clean(&details(finding)).trim_end()))
                    .map(drop)
            })?
        }
    };
    Ok(())
}

fn details(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(place) = &finding.place {
        text.push_str(&format!("{}:{}:{}\n", place.file, place.line, place.column));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("{help}\n"));
    }
    text
}

/// A text without the characters that XML 1.0 has no way to write.
fn clean(text: &str) -> String {
    let may = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().filter(may).collect()
}
