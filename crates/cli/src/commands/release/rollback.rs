use super::subject::Subject;
use crate::args::ReleaseRollback;
use crate::error::CommandError;

pub(crate) async fn run(args: &ReleaseRollback) -> Result<u8, CommandError> {
    let Subject { target, .. } = Subject::open(&args.target).await?;
    Err(CommandError::new(format!("not built yet: {}", target.service)))
}
