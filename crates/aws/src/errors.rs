//! What AWS's error codes mean to the engine.

use crate::denied::plain;
use crate::statistics::NotSent;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::error::operation::BuildError;
use aws_types::request_id::RequestId;
use std::error::Error as StdError;
use std::io;
use wharf_provider::{Error, ErrorKind, Result};

/// Names the operation that an SDK call was, and translates its error.
pub trait Named<T> {
    /// `operation` as IAM names it: `ec2:CreateVpc`.
    fn named(self, operation: &'static str) -> Result<T>;
}

impl<T, E> Named<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    fn named(self, operation: &'static str) -> Result<T> {
        self.map_err(|error| translate(operation, &error))
    }
}

/// Takes what an SDK builder made; a part that is missing there is wharf's own fault.
pub(crate) trait Built<T> {
    /// The part of a request.
    fn built(self) -> Result<T>;
}

impl<T> Built<T> for Result<T, BuildError> {
    fn built(self) -> Result<T> {
        self.map_err(|error| Error::internal(error.to_string()))
    }
}

/// The error of one entry in an answer that is no error as a whole.
pub(crate) fn failed(operation: &str, code: Option<String>, message: Option<String>) -> Error {
    let message = message.unwrap_or_default();
    let kind = kind_of(code.as_deref().unwrap_or_default(), &message, 400);
    Error { kind, operation: operation.to_owned(), code, message, request_id: None }
}

fn translate<E>(operation: &str, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let (kind, message) = match error {
        _ if causes(error).any(<dyn StdError + 'static>::is::<NotSent>) => {
            (ErrorKind::LockLost, NotSent.to_string())
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let kind = kind_of(error.code().unwrap_or_default(), error.message().unwrap_or_default(), status);
            (kind, error.message().map_or_else(|| format!("HTTP status {status}"), plain))
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => connection(error),
        SdkError::TimeoutError(_) => (ErrorKind::Ambiguous, "no answer in time".to_owned()),
        _ => (ErrorKind::Ambiguous, chain(error)),
    };
    Error {
        kind,
        operation: operation.to_owned(),
        code: error.code().map(str::to_owned),
        message,
        request_id: error.request_id().map(str::to_owned),
    }
}

/// What went wrong before there was an answer.
fn connection(error: &(dyn StdError + 'static)) -> (ErrorKind, String) {
    let text = chain(error);
    let lower = text.to_lowercase();
    let refused = causes(error).any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused)
    });
    if lower.contains("credential") || lower.contains("token has expired") || lower.contains("identity") {
        (ErrorKind::Credentials, text)
    } else if refused
        || lower.contains("connect error")
        || lower.contains("dns error")
        || lower.contains("connect timeout")
    {
        (ErrorKind::Unreachable, text)
    } else {
        (ErrorKind::Ambiguous, text)
    }
}

fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The error and its causes, without repeats.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for cause in causes(error).map(ToString::to_string) {
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

/// The kind of a service's error, by its code; the few codes that mean several things, also by the message.
fn kind_of(code: &str, message: &str, status: u16) -> ErrorKind {
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| code.ends_with(suffix));
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "PriorRequestNotComplete"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "OperationAborted"
        | "OperationAbortedException"
        | "ConditionalRequestConflict"
        | "BandwidthLimitExceeded"
        | "EC2ThrottledException"
        | "ProvisionedThroughputExceededException" => ErrorKind::Throttled,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedException"
        | "AuthorizationError"
        | "Client.UnauthorizedOperation" => ErrorKind::AccessDenied,
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "OptInRequired"
        | "InvalidSignatureException" => ErrorKind::Credentials,
        "DependencyViolation"
        | "DeleteConflict"
        | "ResourceInUse"
        | "ResourceInUseException"
        | "BucketNotEmpty"
        | "RepositoryNotEmptyException"
        | "InvalidIPAddress.InUse"
        | "InvalidGroup.InUse"
        | "ClusterContainsServicesException"
        | "ClusterContainsTasksException"
        | "ClusterContainsContainerInstancesException"
        | "UpdateInProgressException" => ErrorKind::InUse,
        "NoSuchBucket"
        | "NoSuchKey"
        | "NoSuchEntity"
        | "NotFound"
        | "NoSuchBucketPolicy"
        | "NoSuchTagSet"
        | "NoSuchPublicAccessBlockConfiguration"
        | "ServerSideEncryptionConfigurationNotFoundError"
        | "OwnershipControlsNotFoundError"
        | "NatGatewayNotFound"
        | "LoadBalancerNotFound"
        | "TargetGroupNotFound"
        | "ListenerNotFound"
        | "RuleNotFound"
        | "ClusterNotFoundException"
        | "ServiceNotFoundException"
        | "ServiceNotActiveException"
        | "Gateway.NotAttached"
        | "InvalidInstanceID.NotFound" => ErrorKind::NotFound,
        "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "EntityAlreadyExists"
        | "AlreadyExistsException"
        | "PipelineNameInUseException"
        | "RouteAlreadyExists"
        | "InvalidGroup.Duplicate"
        | "InvalidPermission.Duplicate"
        | "DuplicateListener"
        | "PriorityInUse"
        | "Resource.AlreadyAssociated" => ErrorKind::AlreadyExists,
        "PipelineNotFoundException"
        | "RepositoryDoesNotExistException"
        | "ApplicationDoesNotExistException"
        | "DeploymentGroupDoesNotExistException"
        | "LifecyclePolicyNotFoundException" => ErrorKind::NotFound,
        _ if ends(&[".NotFound", "NotFoundException", "NotFoundFault", "NoSuchEntityException"]) => {
            ErrorKind::NotFound
        }
        _ if ends(&[
            "AlreadyExistsException",
            "AlreadyExists",
            "AlreadyExistsFault",
            "NameExistsException",
        ]) || code.starts_with("Duplicate") =>
        {
            ErrorKind::AlreadyExists
        }
        _ if ends(&["LimitExceeded", "LimitExceededException", "QuotaExceededException"])
            || code.starts_with("TooMany") =>
        {
            ErrorKind::Limit
        }
        _ if status >= 500 => ErrorKind::Ambiguous,
        // S3 answers some requests with a status alone.
        _ if status == 404 && code.is_empty() => ErrorKind::NotFound,
        _ if status == 403 && code.is_empty() => ErrorKind::AccessDenied,
        _ if role_not_ready(message) => ErrorKind::NotReady,
        _ => ErrorKind::Invalid,
    }
}

/// What services say while a new role has not reached them: it cannot be assumed, or is not there, yet.
fn role_not_ready(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "cannot be assumed",
        "unable to assume",
        "not authorized to perform: sts:assumerole",
        "not authorized to perform assumerole",
        "role is not valid",
        "is not authorized to assume",
        "does not have permission to assume",
        "cannot assume the role",
        "verify that the role",
        "permissions required to assume the role",
        "invalid principal in policy",
        "one or more invalid principals",
    ]
    .iter()
    .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (code, status, kind) in [
            ("InvalidVpcID.NotFound", 400, ErrorKind::NotFound),
            ("VpcLimitExceeded", 400, ErrorKind::Limit),
            ("RequestLimitExceeded", 503, ErrorKind::Throttled),
            ("DependencyViolation", 400, ErrorKind::InUse),
            ("InternalFailure", 500, ErrorKind::Ambiguous),
            ("ValidationError", 400, ErrorKind::Invalid),
            ("DuplicateTargetGroupName", 400, ErrorKind::AlreadyExists),
            ("ResourceNotFoundException", 400, ErrorKind::NotFound),
        ] {
            assert_eq!(kind_of(code, "", status), kind, "{code}");
        }
        assert_eq!(
            kind_of("InvalidParameterException", "Unable to assume the service linked role.", 400),
            ErrorKind::NotReady
        );
    }
}
