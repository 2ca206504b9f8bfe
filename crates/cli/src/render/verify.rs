//! What was checked before a release, a line each.

use super::style::Palette;
use wharf_release::Target;
use wharf_verify::{Finding, Outcome};

/// A line for each check, and below it what is wrong and what to do about it.
pub(crate) fn text(target: &Target, findings: &[Finding], palette: Palette) -> String {
    let names = findings.iter().map(|finding| finding.check.name().len());
    let width = names.max().unwrap_or_default();
    let mut lines = vec![
        palette.bold(&format!("{}: {} in {}", target.stack, target.address, target.cluster)),
        String::new(),
    ];
    for finding in findings {
        let sign = sign(finding.result, palette);
        let line = format!("{sign} {:width$}  {}", finding.check.name(), finding.what);
        lines.push(line.trim_end().to_owned());
        for problem in &finding.problems {
            lines.push(format!("       {}", problem.what));
            lines.extend(problem.hint.as_ref().map(|hint| palette.faint(&format!("       hint: {hint}"))));
        }
    }
    lines.push(String::new());
    lines.push(palette.bold(&summary(findings)));
    lines.join("\n")
}

fn sign(result: Outcome, palette: Palette) -> String {
    match result {
        Outcome::Ok => palette.added("ok  "),
        Outcome::Warning => palette.changed("warn"),
        Outcome::Failed => palette.removed("FAIL"),
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |result| findings.iter().filter(|finding| finding.result == result).count();
    let (failed, warnings) = (count(Outcome::Failed), count(Outcome::Warning));
    let warned = if warnings == 1 { "1 warning".to_owned() } else { format!("{warnings} warnings") };
    match (failed, warnings) {
        (0, 0) => "Ready to release.".to_owned(),
        (0, _) => format!("Ready to release, with {warned}."),
        (failed, 0) => format!("Not ready to release: {failed} failed."),
        (failed, _) => format!("Not ready to release: {failed} failed, {warned}."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wharf_release::Controller;
    use wharf_verify::{Check, Problem};

    fn target() -> Target {
        Target {
            stack: "shop".into(),
            address: "group".parse().unwrap(),
            controller: Controller::Ecs,
            cluster: "shop".into(),
            service: "web".into(),
            container: None,
            production: Vec::new(),
            test: Vec::new(),
            target_groups: Vec::new(),
            pipeline: None,
        }
    }

    #[test]
    fn what_is_wrong_stands_below_its_check() {
        let finding = |check, result, problems| Finding { check, result, what: "web".into(), problems };
        let problem = Problem {
            result: Outcome::Failed,
            what: "the image web:1 is not there".into(),
            hint: Some("push it again".into()),
        };
        let mut findings = vec![
            finding(Check::Service, Outcome::Ok, vec![]),
            finding(Check::LogGroups, Outcome::Ok, vec![]),
        ];
        let palette = Palette { color: false };
        assert!(text(&target(), &findings, palette).ends_with("\n\nReady to release."));
        findings[0] = finding(Check::Service, Outcome::Failed, vec![problem]);
        assert_eq!(
            text(&target(), &findings, palette),
            "shop: group in shop\n\n\
             FAIL service     web\n       the image web:1 is not there\n       hint: push it again\n\
             ok   log groups  web\n\nNot ready to release: 1 failed."
        );
        findings[1].result = Outcome::Warning;
        assert!(text(&target(), &findings, palette).ends_with("Not ready to release: 1 failed, 1 warning."));
        assert!(text(&target(), &findings[1..], palette).ends_with("Ready to release, with 1 warning."));
    }
}
