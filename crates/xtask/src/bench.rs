use crate::host::Result;

/// Figures, as ratios and counts.
pub(crate) fn run() -> Result<()> {
    Err("not yet".into())
}
