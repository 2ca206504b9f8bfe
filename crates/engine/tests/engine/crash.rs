//! Killed at every instant: before and after each effect on the cloud, before and after each write of the state.
//!
//! Whatever the instant, the next run finishes the work: no orphan, no second object, an empty second plan.

use crate::{Lab, Result, STACK, block_on};
use wharf_plan::Mode;

/// Runs from `before` to `after` once for each instant, killed there, then again.
fn matrix(before: Option<&str>, after: &str, mode: Mode) -> Result<usize> {
    let mut instant = 0;
    loop {
        let lab = Lab::with_fuse();
        if let Some(before) = before {
            block_on(lab.converge(before))?;
        }
        let fuse = lab.cloud.fuse();
        fuse.set(Some(instant));
        let finished = lab.run_or_burn(after, mode)?;
        let passed = fuse.passed();
        fuse.set(None);
        let told = |error| format!("killed at {}: {error}", passed.last().map_or("?", String::as_str));
        match mode {
            Mode::Apply => block_on(lab.converge(after)).map(drop).map_err(told)?,
            Mode::Destroy => block_on(lab.destroy(after)).map_err(told)?,
        }
        if finished {
            return Ok(instant);
        }
        instant += 1;
    }
}

#[test]
fn create() -> Result<()> {
    let instants = matrix(None, STACK, Mode::Apply)?;
    assert!(instants > 20, "{instants} instants");
    Ok(())
}

#[test]
fn update() -> Result<()> {
    let changed = STACK.replace("label: one", "label: two").replace("size: 2", "size: 3");
    let instants = matrix(Some(STACK), &changed, Mode::Apply)?;
    assert!(instants > 6, "{instants} instants");
    Ok(())
}

#[test]
fn replace() -> Result<()> {
    let changed = STACK.replace("flavor: plain", "flavor: other").replace("name: web", "name: app");
    let instants = matrix(Some(STACK), &changed, Mode::Apply)?;
    assert!(instants > 10, "{instants} instants");
    Ok(())
}

#[test]
fn destroy() -> Result<()> {
    let instants = matrix(Some(STACK), STACK, Mode::Destroy)?;
    assert!(instants > 14, "{instants} instants");
    Ok(())
}
