//! Roles, and who may assume them.
//!
//! Source: `iam:GetRole`.

use crate::arn;
use crate::facts::{Look, seen as or_unseen};
use futures::future::try_join_all;
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use wharf_aws::{Clients, Named};
use wharf_provider::{Absent, Result};

/// The trust policies of roles, by ARN; none of one that is gone.
pub(super) async fn seen(
    clients: &Clients,
    arns: BTreeSet<String>,
) -> Result<BTreeMap<String, Look<Option<Json>>>> {
    let each = arns.into_iter().map(|arn| async move {
        let trust = or_unseen(trust(clients, &arn).await)?;
        Result::<_>::Ok((arn, trust))
    });
    Ok(try_join_all(each).await?.into_iter().collect())
}

async fn trust(clients: &Clients, arn: &str) -> Result<Option<Json>> {
    let request = clients.iam().get_role().role_name(arn::name(arn));
    let answer = request.send().await.named("iam:GetRole").or_absent()?;
    // One of the same name with another path is not it.
    let role = answer.and_then(|answer| answer.role).filter(|role| role.arn() == arn);
    Ok(role.map(|role| document(role.assume_role_policy_document().unwrap_or_default())))
}

/// IAM answers with the document in a URL's form.
fn document(text: &str) -> Json {
    let text = percent_decode_str(text).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_default()
}

/// The ARN of the role of a session: its name is all that a session tells.
pub(super) async fn of_session(clients: &Clients, name: &str) -> Result<Look<Option<String>>> {
    let answer = clients.iam().get_role().role_name(name).send().await;
    let answer = or_unseen(answer.named("iam:GetRole").or_absent())?;
    Ok(answer.map(|answer| Some(answer?.role?.arn)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_come_encoded() {
        assert_eq!(document("%7B%22Version%22%3A%20%222012-10-17%22%7D"), json!({"Version": "2012-10-17"}));
        assert_eq!(document(""), Json::Null);
    }
}
