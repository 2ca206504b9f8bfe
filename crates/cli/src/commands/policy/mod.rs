//! `wharf policy`.

mod releases;

use crate::args::{Policy, PolicyFor};
use crate::error::{self, CommandError};
use crate::session::{self, Loaded};
use crate::terminal;
use serde_json::{Map as JsonMap, Value as Json};
use wharf_aws::policy::{
    LIMIT, Needs, Place, Purpose, StatePlace, Subject, assume_role, documents, foreseen, grants, state,
};
use wharf_aws::{Aws, Clients, Settings};
use wharf_plan::declared;
use wharf_release::Right;
use wharf_stack::{AwsSettings, Environment, Expanded, StateSettings};
use wharf_state::{Record, Snapshot};
use wharf_state_s3::Place as S3Place;

/// What stands for an account or region that is not known.
const ANY: &str = "*";

/// Prints the policies. Reads the state if it can; asks AWS for nothing else but whose the credentials are.
pub(crate) async fn run(args: &Policy) -> Result<u8, CommandError> {
    let aws = Aws::offline();
    let loaded = session::load(&args.stack, &aws)?;
    let outline = loaded.expand(&Environment::default())?;
    let is_of_release = matches!(args.purpose, Some(PolicyFor::Status | PolicyFor::Release));
    let snapshot = snapshot(&loaded, &outline, is_of_release).await;
    let place = place(args, outline.aws(), snapshot.as_ref()).await;
    let expanded = loaded.expand(&Environment {
        region: Some(place.region.clone()),
        account_id: Some(place.account.clone()),
        partition: Some(place.partition.clone()),
    })?;
    let of_stack = OfStack::new(&aws, &place, &expanded, snapshot.as_ref(), &loaded)?;
    let split = is_split(&expanded);
    if let Some(purpose) = args.purpose {
        let name = name(purpose);
        if !split && matches!(purpose, PolicyFor::PlanCaller | PolicyFor::ApplyCaller) {
            return Err(CommandError::new(format!("the stack has no {name} of its own"))
                .detail("  there is neither `aws.assume_role` nor a profile of its own in `state.s3`")
                .hint("use `--for plan` and `--for apply`: they have the state's permissions, too"));
        }
        if is_of_release && of_stack.releases.is_empty() {
            return Err(CommandError::new("the stack has nothing to release")
                .detail("  it has no deployment group, and no service that deploys blue/green itself")
                .hint("the policies `plan` and `apply` are all that it needs"));
        }
        print(&of_stack.policy(purpose, split));
        return Ok(0);
    }
    let mut all = JsonMap::new();
    let callers = [PolicyFor::PlanCaller, PolicyFor::ApplyCaller].into_iter().filter(|_| split);
    let releases =
        [PolicyFor::Status, PolicyFor::Release].into_iter().filter(|_| !of_stack.releases.is_empty());
    for purpose in [PolicyFor::Plan, PolicyFor::Apply].into_iter().chain(callers).chain(releases) {
        all.insert(name(purpose).to_owned(), of_stack.policy(purpose, split));
    }
    print(&Json::Object(all));
    Ok(0)
}

/// Whether the state is reached by somebody else than the stack's resources are.
fn is_split(expanded: &Expanded) -> bool {
    let aws = expanded.aws();
    let profile = match expanded.state() {
        StateSettings::S3 { profile, .. } => profile.as_ref(),
        StateSettings::Local => None,
    };
    aws.assume_role.is_some() || profile.is_some_and(|profile| aws.profile.as_ref() != Some(profile))
}

fn name(purpose: PolicyFor) -> &'static str {
    match purpose {
        PolicyFor::Plan => "plan",
        PolicyFor::Apply => "apply",
        PolicyFor::PlanCaller => "plan-caller",
        PolicyFor::ApplyCaller => "apply-caller",
        PolicyFor::Status => "status",
        PolicyFor::Release => "release",
    }
}

fn print(policies: &Json) {
    terminal::out(&format!("{policies:#}"));
}

/// The state, if there is one and it can be read.
async fn snapshot(loaded: &Loaded, outline: &Expanded, is_of_release: bool) -> Option<Snapshot> {
    let read = async {
        let (store, _) = loaded.store(outline).await?;
        store.read().await.map_err(|problem| error::store(&problem))
    };
    match read.await {
        // What a release asks for is known by name.
        Ok(None) if is_of_release => None,
        Ok(None) => {
            terminal::note(
                "note: there is no state yet; print the policies again after the first apply: they will be limited to \
                 this stack's objects by tag, where AWS makes their ids",
            );
            None
        }
        Ok(snapshot) => snapshot,
        Err(problem) => {
            terminal::note(&format!(
                "note: the state cannot be read ({}); the policies are made from the stack file alone",
                problem.message
            ));
            None
        }
    }
}

async fn place(args: &Policy, aws: &AwsSettings, snapshot: Option<&Snapshot>) -> Place {
    let settings = Settings { region: aws.region.clone(), profile: aws.profile.clone(), assume_role: None };
    let clients = Clients::new(&settings).await.ok();
    let home = snapshot.and_then(|snapshot| snapshot.home.as_ref());
    let known = args.account.clone().or_else(|| home.map(|home| home.account_id.clone()));
    let account = match known.or_else(|| only_account(aws)) {
        Some(account) => account,
        None => match &clients {
            Some(clients) => clients.identity().await.map_or(ANY, |identity| &identity.account_id).to_owned(),
            None => ANY.to_owned(),
        },
    };
    if account == ANY {
        terminal::note(
            "note: the account is not known, so that the ARNs are of any: name it with `--account`",
        );
    }
    Place {
        partition: clients.as_ref().map_or("aws", Clients::partition).to_owned(),
        region: clients.as_ref().map_or(ANY, |clients| clients.region()).to_owned(),
        account,
    }
}

/// The account that the stack file itself says.
fn only_account(aws: &AwsSettings) -> Option<String> {
    let of_role = aws.assume_role.as_ref().and_then(|role| role.split(':').nth(4));
    match (of_role, &aws.allowed_account_ids[..]) {
        (Some(account), _) if !account.is_empty() => Some(account.to_owned()),
        (_, [one]) => Some(one.clone()),
        _ => None,
    }
}

/// What the policies are made of.
struct OfStack<'a> {
    aws: &'a Aws,
    place: &'a Place,
    declared: Vec<Subject>,
    recorded: Vec<Subject>,
    /// What releases of the stack ask for; nothing where there is nothing to release.
    releases: Vec<Right>,
    lineage: Option<String>,
    assume_role: Option<String>,
    state: Option<(StatePlace, Place)>,
}

impl<'a> OfStack<'a> {
    fn new(
        aws: &'a Aws,
        place: &'a Place,
        expanded: &Expanded,
        snapshot: Option<&Snapshot>,
        loaded: &Loaded,
    ) -> Result<Self, CommandError> {
        let foresee = |resource_type: &str, properties: &_| foreseen(aws, place, resource_type, properties);
        let declared = declared(expanded, aws, &foresee)
            .map_err(|diagnostics| error::mistakes(diagnostics, &loaded.sources))?;
        let subject = |declared: wharf_plan::Declared| Subject {
            address: declared.address,
            resource_type: declared.resource_type,
            attributes: declared.attributes,
        };
        let declared: Vec<Subject> = declared.into_iter().map(subject).collect();
        Ok(OfStack {
            aws,
            place,
            releases: releases::rights_of(place, &declared, snapshot),
            declared,
            recorded: snapshot.map(recorded).unwrap_or_default(),
            lineage: snapshot.map(|snapshot| snapshot.lineage.clone()),
            assume_role: expanded.aws().assume_role.clone(),
            state: state_place(expanded.state(), place),
        })
    }

    /// The policy for a purpose: a document, or several where one would be too long.
    fn policy(&self, purpose: PolicyFor, split: bool) -> Json {
        // What is done with the state: a release only reads it.
        let step = match purpose {
            PolicyFor::Plan | PolicyFor::PlanCaller | PolicyFor::Status | PolicyFor::Release => Purpose::Plan,
            PolicyFor::Apply | PolicyFor::ApplyCaller => Purpose::Apply,
        };
        let is_caller = matches!(purpose, PolicyFor::PlanCaller | PolicyFor::ApplyCaller);
        let mut all = match purpose {
            PolicyFor::PlanCaller | PolicyFor::ApplyCaller => {
                self.assume_role.as_deref().map(assume_role).unwrap_or_default()
            }
            PolicyFor::Status => releases::grants(self.releases.iter().filter(|right| right.reads)),
            PolicyFor::Release => releases::grants(&self.releases),
            PolicyFor::Plan | PolicyFor::Apply => {
                let (declared, recorded) = (&self.declared, &self.recorded);
                let lineage = self.lineage.as_deref();
                grants(self.aws, &Needs { place: self.place, declared, recorded, lineage, purpose: step })
            }
        };
        if let Some((at, place)) = self.state.as_ref().filter(|_| is_caller || !split) {
            for (grant, arns) in state(at, place, step) {
                all.entry(grant).or_default().extend(arns);
            }
        }
        let mut documents = documents(&all);
        let count = documents.len();
        if count > 1 {
            terminal::note(&format!(
                "note: the {} policy is longer than the {LIMIT} characters that AWS takes: it is a list of {count} \
                 documents, to be attached together",
                name(purpose)
            ));
            return Json::Array(documents);
        }
        documents.pop().unwrap_or_default()
    }
}

fn state_place(state: &StateSettings, place: &Place) -> Option<(StatePlace, Place)> {
    let StateSettings::S3 { bucket, key, region, kms_key_id, .. } = state.clone() else { return None };
    let lock = S3Place { bucket: bucket.clone(), key: key.clone(), kms_key_id: None }.lock().key;
    let region = region.unwrap_or_else(|| place.region.clone());
    Some((StatePlace { bucket, key, lock, kms_key_id }, Place { region, ..place.clone() }))
}

/// What a state has, and the predecessors that are still to be deleted.
fn recorded(snapshot: &Snapshot) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (address, record) in &snapshot.resources {
        let Record { resource_type, id, properties, attributes, .. } = record;
        let mut subject = |resource_type: &str, id: &str, attributes: wharf_core::Map| {
            let mut attributes = attributes;
            attributes.entry("id".to_owned()).or_insert_with(|| id.into());
            subjects.push(Subject {
                address: address.clone(),
                resource_type: resource_type.to_owned(),
                attributes,
            });
        };
        for deposed in &record.deposed {
            let resource_type = deposed.resource_type.as_ref().unwrap_or(resource_type);
            subject(resource_type, &deposed.id, deposed.attributes.clone());
        }
        if let Some(id) = id {
            let mut all = properties.clone();
            all.extend(attributes.clone());
            subject(resource_type, id, all);
        }
    }
    subjects
}
