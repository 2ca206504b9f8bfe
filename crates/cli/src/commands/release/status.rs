use super::subject::Subject;
use crate::args::ReleaseStatus;
use crate::error::CommandError;

pub(crate) async fn run(args: &ReleaseStatus) -> Result<u8, CommandError> {
    let Subject { target, .. } = Subject::open(&args.target).await?;
    Err(CommandError::new(format!("not built yet: {}", target.service)))
}
