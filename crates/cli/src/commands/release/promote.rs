use super::subject::Subject;
use crate::args::ReleasePromote;
use crate::error::CommandError;

pub(crate) async fn run(args: &ReleasePromote) -> Result<u8, CommandError> {
    let Subject { target, .. } = Subject::open(&args.target).await?;
    Err(CommandError::new(format!("not built yet: {}", target.service)))
}
