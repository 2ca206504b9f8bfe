//! Whether images exist.

use crate::facts::{Facts, Stored};
use crate::finding::{Check, Finding, Problem, not_seen};
use crate::image::{Image, Place};
use std::collections::BTreeMap;

pub(super) fn check(facts: &Facts) -> Finding {
    if let Err(unseen) = &facts.definitions {
        return Finding::unseen(Check::Images, unseen);
    }
    // Whether what serves has it.
    let mut images: BTreeMap<Image, bool> = BTreeMap::new();
    for (definition, container) in facts.containers() {
        *images.entry(Image::parse(&container.image)).or_default() |= definition.live;
    }
    let mut problems = Vec::new();
    let mut unseen = Vec::new();
    let mut shown = Vec::new();
    for (image, live) in &images {
        match (&image.place, facts.images.get(image)) {
            (Place::Elsewhere(registry), _) => {
                shown.push(format!("{} (not checked: {registry})", image.text));
                continue;
            }
            (_, Some(Err(denied))) => unseen.push(denied),
            (Place::Ecr(repository), Some(Ok(stored))) => {
                let what = match stored {
                    Stored::There => None,
                    Stored::NoImage => Some(format!("the image {} is not there", image.text)),
                    Stored::NoRepository => {
                        Some(format!("the image {} is not there: its repository is gone", image.text))
                    }
                };
                let hint = match stored {
                    Stored::NoRepository => facts.subject.mend(
                        "aws_ecr_repository",
                        &repository.name,
                        "make the repository again, or release an image of another one",
                    ),
                    _ => "tasks that are started from now on fail: push the image again, or release another one".into(),
                };
                let problem = |what| if *live { Problem::failed(what) } else { Problem::warning(what) };
                problems.extend(what.map(|what| problem(what).hint(hint)));
            }
            (Place::Ecr(_), None) => {}
        }
        shown.push(image.text.clone());
    }
    problems.extend(not_seen(unseen));
    Finding::new(Check::Images, shown.join(", "), problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Unseen;
    use crate::finding::Outcome;
    use crate::fixtures::{facts, told};

    const IMAGE: &str = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:7";

    fn with(stored: Result<Stored, Unseen>, live: bool) -> Facts {
        let mut facts = facts();
        if let Ok(definitions) = &mut facts.definitions {
            definitions[0].live = live;
        }
        facts.images.insert(Image::parse(IMAGE), stored);
        facts
    }

    #[test]
    fn an_image_that_is_gone_fails() {
        assert_eq!(check(&with(Ok(Stored::There), true)).result, Outcome::Ok);
        assert_eq!(
            told(&check(&with(Ok(Stored::NoImage), true))),
            [format!("failed: the image {IMAGE} is not there")]
        );
        let gone = format!("the image {IMAGE} is not there: its repository is gone");
        assert_eq!(told(&check(&with(Ok(Stored::NoRepository), true))), [format!("failed: {gone}")]);
        assert_eq!(told(&check(&with(Ok(Stored::NoRepository), false))), [format!("warning: {gone}")]);
    }

    #[test]
    fn a_registry_of_others_is_no_reason_to_worry() {
        let mut facts = facts();
        if let Ok(definitions) = &mut facts.definitions {
            definitions[0].containers[0].image = "public.ecr.aws/docker/library/httpd:2.4".into();
        }
        let finding = check(&facts);
        assert_eq!(finding.what, "public.ecr.aws/docker/library/httpd:2.4 (not checked: public.ecr.aws)");
        assert_eq!(finding.result, Outcome::Ok);
    }

    #[test]
    fn an_image_that_may_not_be_seen_is_a_warning() {
        let unseen = Unseen { action: "ecr:DescribeImages".into(), why: None };
        assert_eq!(check(&with(Err(unseen), true)).result, Outcome::Warning);
    }
}
