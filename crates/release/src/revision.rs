//! What a deployment of CodeDeploy deployed: an AppSpec as text, or as an object in S3.

use crate::appspec::AppSpec;
use aws_sdk_codedeploy::types as sdk;
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Error, ErrorKind, Result};

/// The AppSpec of a deployment, as it can be deployed again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Revision {
    /// Where it is, as CodeDeploy takes it.
    pub(crate) location: sdk::RevisionLocation,
    /// What it says, if that could be read and understood.
    pub(crate) spec: Option<AppSpec>,
}

impl Revision {
    /// Of an AppSpec of one's own.
    pub(crate) fn of(spec: &AppSpec) -> Self {
        Revision { location: text_location(&spec.to_json()), spec: Some(spec.clone()) }
    }

    /// `family:revision` of what it brings up. None if it does not say which: a family alone means another revision
    /// tomorrow.
    pub(crate) fn task_definition(&self) -> Option<&str> {
        let arn = &self.spec.as_ref()?.task_definition;
        let name = arn.rsplit('/').next()?;
        let (_, number) = name.split_once(':')?;
        number.parse::<u64>().is_ok().then_some(name)
    }
}

/// Reads the AppSpec that a deployment was given. What cannot be found any more is None in it, no error.
///
/// Source: `codedeploy:GetApplicationRevision` (a deployment itself tells only the hash), `s3:GetObject`.
pub(crate) async fn read(
    clients: &Clients,
    application: &str,
    location: &sdk::RevisionLocation,
) -> Result<Revision> {
    let text = match location.revision_type() {
        Some(sdk::RevisionLocationType::AppSpecContent) => content(clients, application, location).await?,
        Some(sdk::RevisionLocationType::S3) => object(clients, location).await?,
        // The deprecated `String`, and what is not for ECS.
        Some(_) | None => None,
    };
    let spec = text.as_deref().and_then(AppSpec::parse);
    let location = match (location.revision_type(), text) {
        // What is in S3 is deployed from there again: CodeDeploy holds its version and ETag against what it had.
        (Some(sdk::RevisionLocationType::S3), _) | (_, None) => location.clone(),
        (_, Some(text)) => text_location(&text),
    };
    Ok(Revision { location, spec })
}

fn text_location(text: &str) -> sdk::RevisionLocation {
    sdk::RevisionLocation::builder()
        .revision_type(sdk::RevisionLocationType::AppSpecContent)
        .app_spec_content(sdk::AppSpecContent::builder().content(text).sha256(sha256(text)).build())
        .build()
}

/// The hash by which CodeDeploy knows a text.
pub(crate) fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The hash of a revision that is a text.
pub(crate) fn hash(location: &sdk::RevisionLocation) -> Option<String> {
    let told = location.app_spec_content().and_then(sdk::AppSpecContent::sha256);
    told.map(str::to_owned).or_else(|| written(location).as_deref().map(sha256))
}

/// The text that an answer has with it.
fn written(location: &sdk::RevisionLocation) -> Option<String> {
    location.app_spec_content().and_then(sdk::AppSpecContent::content).map(str::to_owned)
}

async fn content(
    clients: &Clients,
    application: &str,
    location: &sdk::RevisionLocation,
) -> Result<Option<String>> {
    if let Some(text) = written(location) {
        return Ok(Some(text));
    }
    let request = clients
        .codedeploy()
        .get_application_revision()
        .application_name(application)
        .revision(location.clone());
    match request.send().await.named("codedeploy:GetApplicationRevision") {
        Ok(answer) => Ok(answer.revision.as_ref().and_then(written)),
        Err(error) if error.is_code("RevisionDoesNotExistException") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The longest AppSpec that is read, in bytes.
const LONGEST: i64 = 1024 * 1024;

async fn object(clients: &Clients, location: &sdk::RevisionLocation) -> Result<Option<String>> {
    let Some(place) = location.s3_location() else { return Ok(None) };
    let request = clients
        .s3()
        .get_object()
        .set_bucket(place.bucket.clone())
        .set_key(place.key.clone())
        .set_version_id(place.version.clone());
    let answer = match request.send().await.named("s3:GetObject").or_absent() {
        // Whoever may deploy may well not read the bucket; it is CodeDeploy that has to.
        Err(error) if error.kind == ErrorKind::AccessDenied => None,
        answer => answer?,
    };
    let Some(answer) = answer else { return Ok(None) };
    if answer.content_length.is_none_or(|length| length > LONGEST) {
        return Ok(None);
    }
    let bytes = answer.body.collect().await.map_err(|error| Error::internal(error.to_string()))?;
    Ok(String::from_utf8(bytes.to_vec()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_alone_is_no_revision() {
        let revision = |name: &str| Revision::of(&AppSpec::new(name, "web", 80));
        assert_eq!(revision("arn:aws:ecs:eu:1:task-definition/web:3").task_definition(), Some("web:3"));
        assert_eq!(revision("web:12").task_definition(), Some("web:12"));
        assert_eq!(revision("web").task_definition(), None);
        assert_eq!(revision("arn:aws:ecs:eu:1:task-definition/web").task_definition(), None);
    }

    #[test]
    fn a_text_is_known_by_its_hash() {
        let location = text_location("abc");
        let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&location).as_deref(), Some(wanted));
    }
}
