//! A plan as a comment on a pull request: what is lost first, then the rest folded. The same plan gives the same text.
//!
//! GitHub takes comments of 65,536 characters. What does not fit is left out and counted, never the summary.

use super::escape::{code, cut, html, longest_run, one_line, visible};
use crate::render::delegation;
use crate::render::plan::{body, counts, differs, reason, shown, what};
use crate::render::style::Palette;
use std::fmt::Write as _;
use wharf_core::Action;
use wharf_plan::{Change, Drift, Mode, OutputChange, Plan};
use wharf_provider::Provider;

/// The longest text, in bytes. GitHub counts characters, however it counts them: bytes are never fewer. The rest is for
/// what a job puts around the summary, such as a link to its log.
const LIMIT: usize = 65_000;
/// The most of it that the list of what is lost takes.
const LOST: usize = 24_000;
/// The most that one resource takes.
const ONE: usize = 12_000;
/// What is kept free for the note of what was left out.
const NOTE: usize = 500;

const PLAIN: Palette = Palette { color: false };

/// The groups of a plan, the most dangerous first: heading, and what a comment calls one that was left out.
const GROUPS: [(&str, &str); 5] = [
    ("Destroyed", "to destroy"),
    ("Replaced", "to replace"),
    ("Forgotten", "to forget"),
    ("Changed in place", "to change"),
    ("Created", "to add"),
];

/// The plan.
pub(crate) fn plan(plan: &Plan, provider: &dyn Provider) -> String {
    let mut comment = Comment { text: head(plan), left_out: Vec::new() };
    for (group, (heading, words)) in GROUPS.into_iter().enumerate() {
        let changes = plan.changes.iter().filter(|change| group_of(change) == Some(group));
        comment.section(heading, words, changes.map(|change| details(change, provider)));
    }
    let outputs = plan.outputs.iter().filter(|output| output.action().changes());
    comment.section("Outputs", "outputs", outputs.map(output));
    let drift = plan.drift.iter();
    comment.section("Changed outside wharf", "changed outside wharf", drift.map(|d| drifted(d, provider)));
    comment.end()
}

/// The group of a change; none for what does not change.
fn group_of(change: &Change) -> Option<usize> {
    match change.action {
        Action::Delete => Some(0),
        Action::None | Action::Read if !change.deposed.is_empty() => Some(0),
        Action::Replace => Some(1),
        Action::Forget => Some(2),
        Action::Update => Some(3),
        Action::Create => Some(4),
        Action::None | Action::Read => None,
    }
}

/// What must be seen: whose plan, how many of what, and everything that is lost.
fn head(plan: &Plan) -> String {
    let of = if plan.mode == Mode::Destroy { " of a destroy" } else { "" };
    // By the first line, a job finds the comment of its last run.
    let mut text =
        format!("<!-- wharf plan {0} -->\n## wharf plan{of}: {1}\n\n", plan.stack, code(&plan.stack));
    let _ = writeln!(text, "**{}**", counts(plan));
    let lost: Vec<&Change> =
        (0..3).flat_map(|group| plan.changes.iter().filter(move |c| group_of(c) == Some(group))).collect();
    if !lost.is_empty() {
        let objects =
            if lost.len() == 1 { "1 resource loses its object" } else { "resources lose their objects" };
        let number = if lost.len() == 1 { String::new() } else { format!("{} ", lost.len()) };
        let _ = writeln!(text, "\n> [!CAUTION]\n> {number}{objects}, or wharf's hold on it:\n");
        let full = text.len() + LOST;
        for (place, change) in lost.iter().enumerate() {
            let line = format!("- {} {}\n", code(&change.address.to_string()), what(change));
            if text.len() + line.len() > full {
                let _ = writeln!(text, "- and {} more", lost.len() - place);
                break;
            }
            text.push_str(&line);
        }
    }
    if !plan.gone.is_empty() {
        let _ = writeln!(text, "\nGone from AWS, and dropped from the state: {}.", plan.gone.len());
    }
    for (place, (address, line)) in delegation::lines(plan).into_iter().enumerate() {
        let between = if place == 0 { "\n" } else { "" };
        let _ = writeln!(text, "{between}- {}: {}", code(&address.to_string()), code(&line));
    }
    if !plan.drift.is_empty() {
        let _ = writeln!(text, "\nChanged outside wharf since the last apply: {}.", plan.drift.len());
    }
    text
}

fn details(change: &Change, provider: &dyn Provider) -> String {
    let schema = provider.schema(&change.resource_type);
    let body = body(change, schema.as_deref(), PLAIN);
    let reason = reason(change).map(|reason| format!(" ({})", html(&reason))).unwrap_or_default();
    let title = format!("<code>{}</code> {}{reason}", html(&change.address.to_string()), what(change));
    fold(&title, &signed(&body, change.action == Action::Create))
}

fn drifted(drift: &Drift, provider: &dyn Provider) -> String {
    let schema = provider.schema(&drift.resource_type);
    let address = html(&drift.address.to_string());
    if drift.after.is_none() {
        let name = drift.address.terraform(&drift.resource_type);
        return fold(&format!("<code>{address}</code> was deleted"), &format!("- {}\n", one_line(&name)));
    }
    let mut body = String::new();
    for moved in &drift.differences {
        differs(&mut body, &moved.difference(), schema.as_deref(), PLAIN);
    }
    fold(&format!("<code>{address}</code> was changed"), &signed(&body, false))
}

fn output(output: &OutputChange) -> String {
    let mut body = String::new();
    for (sign, value) in [("-", &output.before), ("+", &output.after)] {
        let text = value.as_ref().map(|value| format!("{} = {}", output.name, shown(value)));
        for line in text.iter().flat_map(|text| text.lines()) {
            let _ = writeln!(body, "{sign} {line}");
        }
    }
    fold(&format!("<code>{}</code>", html(&output.name)), &body)
}

/// Text that is folded away, in the colours of a diff.
fn fold(title: &str, diff: &str) -> String {
    let diff = cut(&visible(diff), ONE);
    // One longer than any in it: nothing in it ends the block.
    let fence = "`".repeat(longest_run(&diff).max(2) + 1);
    format!(
        "<details><summary>{title}</summary>\n\n{fence}diff\n{}\n{fence}\n\n</details>\n",
        diff.trim_end()
    )
}

/// Lines with their signs in front, where the colours of a diff look for them.
fn signed(body: &str, created: bool) -> String {
    let one = |line: &str| {
        let rest = line.trim_start();
        let indent = &line[..line.len() - rest.len()];
        if created {
            let rest = rest.strip_prefix("+ ").map_or_else(|| rest.to_owned(), |rest| format!("  {rest}"));
            return format!("+{}{rest}\n", indent.get(1..).unwrap_or_default());
        }
        for (sign, shown) in [("-/+ ", "!"), ("+/- ", "!"), ("~ ", "!"), ("- ", "-"), ("+ ", "+")] {
            if let Some(rest) = rest.strip_prefix(sign) {
                return format!("{shown}{indent}{rest}\n");
            }
        }
        format!(" {line}\n")
    };
    body.lines().map(one).collect()
}

/// A comment that is being written.
struct Comment {
    text: String,
    /// How many did not fit, by what they are called.
    left_out: Vec<(usize, &'static str)>,
}

impl Comment {
    /// Adds as many of the blocks as fit.
    fn section(&mut self, heading: &str, words: &'static str, blocks: impl Iterator<Item = String>) {
        let mut heading = format!("\n### {heading}\n\n");
        let mut left_out = 0;
        for block in blocks {
            if self.text.len() + heading.len() + block.len() + NOTE > LIMIT {
                left_out += 1;
                continue;
            }
            self.text.push_str(&heading);
            self.text.push_str(&block);
            heading.clear();
        }
        if left_out > 0 {
            self.left_out.push((left_out, words));
        }
    }

    fn end(mut self) -> String {
        if !self.left_out.is_empty() {
            let parts = self.left_out.iter().map(|(count, words)| format!("{count} {words}"));
            let parts: Vec<String> = parts.collect();
            let _ = writeln!(
                self.text,
                "\n**Cut to fit a comment.** Left out: {}. The log of the job has the whole plan.",
                parts.join(", ")
            );
        }
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use wharf_aws::Aws;
    use wharf_core::{Address, Map, PropertyPath, Value};
    use wharf_plan::{Difference, Kind, Operation, Reason};

    fn change(address: &str, action: Action) -> Change {
        let properties = || Some(Arc::new(Map::from([("bucket".to_owned(), Value::from("acme"))])));
        Change {
            address: address.parse().unwrap_or_else(|_| Address::single("bad")),
            resource_type: "aws_s3_bucket".to_owned(),
            action,
            reason: None,
            id: (action != Action::Create).then(|| "acme".to_owned()),
            before: properties().filter(|_| action != Action::Create),
            after: properties(),
            desired: properties(),
            differences: Vec::new(),
            create_before_destroy: false,
            keeps: false,
            deposed: Vec::new(),
            importing: None,
            delegated: None,
            held: None,
            dependencies: Vec::new(),
            retain: false,
            span: None,
        }
    }

    fn differs(path: &str, before: Value, after: Value) -> Difference {
        let path = PropertyPath::of(path);
        Difference { path, before: Some(before), after, forces_replacement: false, drifted: false }
    }

    fn of(changes: Vec<Change>) -> Plan {
        let operation = |place: usize, change: &Change| Operation {
            address: change.address.clone(),
            kind: Kind::Update,
            change: place,
            depends_on: Vec::new(),
            wave: 0,
        };
        let operations = changes.iter().enumerate().map(|(place, change)| operation(place, change)).collect();
        Plan { stack: "shop".to_owned(), changes, operations, ..Plan::default() }
    }

    fn rendered(changes: Vec<Change>) -> String {
        plan(&of(changes), &Aws::offline())
    }

    #[test]
    fn what_is_lost_comes_first() {
        let mut replaced = change("data", Action::Replace);
        replaced.reason = Some(Reason::CannotUpdate(vec!["bucket".to_owned()]));
        replaced.differences = vec![differs("bucket", "old".into(), "new".into())];
        let changes = vec![change("fresh", Action::Create), replaced, change("logs[\"a\"]", Action::Delete)];
        let expected = r#"<!-- wharf plan shop -->
## wharf plan: `shop`

**Plan: 1 to add, 0 to change, 1 to replace, 1 to destroy.**

> [!CAUTION]
> 2 resources lose their objects, or wharf's hold on it:

- `logs["a"]` will be destroyed
- `data` must be replaced

### Destroyed

<details><summary><code>logs[&quot;a&quot;]</code> will be destroyed</summary>

```diff
-  aws_s3_bucket.logs["a"]  # acme
```

</details>

### Replaced

<details><summary><code>data</code> must be replaced (`bucket` cannot be changed in place)</summary>

```diff
!  aws_s3_bucket.data {  # acme
!      bucket = "old" -> "new"
     }
```

</details>

### Created

<details><summary><code>fresh</code> will be created</summary>

```diff
+   aws_s3_bucket.fresh {
+       bucket = "acme"
+   }
```

</details>"#;
        assert_eq!(rendered(changes), expected);
    }

    #[test]
    fn nothing_to_do_is_said() {
        let text = plan(&Plan { stack: "shop".to_owned(), ..Plan::default() }, &Aws::offline());
        assert!(text.ends_with("**No changes. 0 resources are as the stack file says.**"), "{text}");
    }

    #[test]
    fn values_cannot_leave_their_block() {
        let mut hostile = change("x[\"`</code>\\n# y\"]", Action::Update);
        let value = "```\n</details>\n@everyone\r\n````\n\u{202e}<script>";
        hostile.differences = vec![differs("bucket", "a".into(), value.into())];
        let text = rendered(vec![hostile]);
        assert_eq!(text.matches("`````").count(), 2, "{text}");
        assert!(text.contains("\n`````diff\n") && text.ends_with("\n`````\n\n</details>"), "{text}");
        assert!(!text.contains('\r') && !text.contains('\u{202e}'), "{text}");
        assert!(text.contains("<code>x[&quot;`&lt;/code&gt;"), "{text}");
    }

    #[test]
    fn sensitive_values_are_hidden() {
        let mut secret = change("x", Action::Update);
        secret.differences = vec![differs("bucket", "zq7".into(), "zq8".into())];
        for side in &mut secret.differences {
            side.before = side.before.take().map(Value::sensitive);
            side.after = std::mem::take(&mut side.after).sensitive();
        }
        let mut plan = of(vec![secret]);
        let (before, after) = (Some(Value::from("zq7").sensitive()), Some(Value::from("zq8").sensitive()));
        plan.outputs = vec![OutputChange { name: "token".to_owned(), before, after }];
        let text = super::plan(&plan, &Aws::offline());
        assert!(text.contains("- token = (sensitive value)\n+ token = (sensitive value)"), "{text}");
        assert!(!text.contains("zq"), "{text}");
    }

    #[test]
    fn large_plans_are_cut_and_counted() {
        let many = |action: Action| (0..1000).map(move |i| change(&format!("r[\"{i}\"]"), action));
        let changes: Vec<Change> = many(Action::Create).chain(many(Action::Delete)).collect();
        let text = rendered(changes.clone());
        assert!(text.len() <= LIMIT && text.len() > LIMIT - 3 * NOTE, "{}", text.len());
        assert!(text.contains("**Plan: 1000 to add, 0 to change, 0 to replace, 1000 to destroy.**"));
        // What is counted and what is there come to the whole.
        let listed = text.lines().filter(|line| line.starts_with("- `r[")).count();
        assert!(text.contains(&format!("\n- and {} more\n", 1000 - listed)), "{text}");
        let shown = text.matches(" will be destroyed</summary>").count();
        let note = format!("Left out: {} to destroy, 1000 to add.", 1000 - shown);
        assert!(text.contains(&note), "{note}\n{}", &text[LIMIT - 4 * NOTE..]);
        assert_eq!(text, rendered(changes));
    }

    #[test]
    fn one_large_value_leaves_room_for_the_others() {
        let mut large = change("large", Action::Update);
        let text = |word: &str| Value::from(format!("{word}\n").repeat(40_000));
        large.differences = vec![differs("bucket", text("a"), text("b"))];
        let text = rendered(vec![large, change("small", Action::Create)]);
        assert!(text.len() < 2 * ONE, "{}", text.len());
        assert!(
            text.contains(" more lines\n") && text.contains("<code>small</code> will be created"),
            "{text}"
        );
    }
}
