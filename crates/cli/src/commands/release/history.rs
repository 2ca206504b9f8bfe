use super::subject::Subject;
use crate::args::ReleaseHistory;
use crate::error::CommandError;

pub(crate) async fn run(args: &ReleaseHistory) -> Result<u8, CommandError> {
    let Subject { target, .. } = Subject::open(&args.target).await?;
    Err(CommandError::new(format!("not built yet: {}", target.service)))
}
