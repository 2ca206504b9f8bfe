//! The smallest stack, from nothing to nothing.

use crate::Test;
use wharf_tests::{Result, Stage};

pub(crate) const TESTS: &[Test] = &[("applies, plans empty, destroys", from_nothing_to_nothing)];

fn from_nothing_to_nothing() -> Result<()> {
    let stage = Stage::new()?;
    stage.copy("stacks/minimal", "minimal")?;
    stage.ok(&["validate", "minimal"])?;
    stage.exits(&["plan", "minimal", "--detailed-exitcode"], 2)?;
    stage.ok(&["apply", "minimal", "--auto-approve"])?;
    stage.exits(&["plan", "minimal", "--detailed-exitcode"], 0)?;
    assert_eq!(stage.objects()?.len(), 3);
    stage.ok(&["destroy", "minimal", "--auto-approve"])?;
    assert!(stage.objects()?.is_empty());
    Ok(())
}
