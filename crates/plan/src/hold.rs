//! What an apply leaves for later, because the work of a controller of AWS's needs it; and what goes on as the controller
//! left it although the stack file names something new.
//!
//! While a deployment runs nothing goes away that it works with. At rest, a target group that has the traffic is not
//! replaced under it, and what a service runs with stays until a release has brought something else to it.

use crate::build::{Planner, Seen};
use crate::delegation::{Gone, Reference, mentions};
use crate::{Change, Delegated, Mode, Reason};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wharf_core::{Action, Address, Map, Value};
use wharf_state::Snapshot;

/// What is not done yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What.
    pub what: HeldBack,
    /// Until when.
    pub until: Until,
}

/// What of a change is not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldBack {
    /// The object is not deleted.
    Delete,
    /// It is not replaced.
    Replace,
    /// Its predecessors are not deleted.
    DeletePredecessor,
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// The end of this deployment.
    DeploymentEnds(String),
    /// A release that brings something else to the object of this address.
    Released(Address),
    /// A stack file that lets the new object be made first: the one of this address cannot be without it.
    CreatedFirst(Address),
}

/// What a plan has found out about itself: it is made again with that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Holds {
    /// The addresses whose objects stay as they are.
    pub(crate) held: BTreeMap<Address, Held>,
    /// The addresses whose delegated properties go on as they are, though what the stack file names there is new; each with
    /// the objects that are not there any more.
    pub(crate) steady: BTreeMap<Address, Gone>,
    /// The addresses whose delegated properties are the stack file's again, because what deploys to it is made anew.
    pub(crate) anew: BTreeSet<Address>,
}

/// An object under a controller that stays, and what it mentions.
struct User<'a> {
    address: &'a Address,
    by: Option<&'a Address>,
    live: &'a Map,
    delegated: &'a Delegated,
    /// What it depends on.
    needs: BTreeSet<&'a Address>,
}

impl User<'_> {
    /// Whether it has an object in what only its controller changes: a security group.
    fn is_made_with(&self, address: &Address, names: &[&str]) -> bool {
        let names = self.telling(address, names);
        self.exclusive().any(|value| mentions(value, &names))
    }

    /// Whether it has an object in what its controller moves and others may change.
    fn points_to(&self, address: &Address, names: &[&str]) -> bool {
        let names = self.telling(address, names);
        let shared =
            self.delegated.kept.iter().filter(|property| !self.delegated.exclusive.contains(*property));
        shared.filter_map(|property| self.live.get(property)).any(|value| mentions(value, &names))
    }

    /// Those of the names that tell the object of an address from others.
    fn telling<'n>(&self, address: &Address, names: &[&'n str]) -> Vec<&'n str> {
        let depends = self.needs.contains(address);
        names.iter().copied().filter(|name| depends || is_distinct(name)).collect()
    }

    fn exclusive(&self) -> impl Iterator<Item = &Value> {
        self.delegated.exclusive.iter().filter_map(|property| self.live.get(property))
    }
}

/// Whether a text can be nothing but the id of one object: an ARN, or what AWS makes up (`sg-0a1b2c3d`). Names are like
/// other names.
fn is_distinct(name: &str) -> bool {
    let made_up = |part: &str| part.len() >= 8 && part.chars().all(|digit| digit.is_ascii_hexdigit());
    name.starts_with("arn:") || name.rsplit_once('-').is_some_and(|(_, part)| made_up(part))
}

impl Change {
    /// By what others may mention the object: its id, its ARN.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let arn = self.before.as_deref().and_then(|live| live.get("arn")?.as_str());
        [self.id.as_deref(), arn].into_iter().flatten().filter(|name| !name.is_empty())
    }

    /// Whether the object that is replaced stays for the time being.
    pub(crate) fn holds_predecessor(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.what == HeldBack::DeletePredecessor)
    }
}

impl Planner<'_> {
    /// What these changes should leave alone, beside what they leave alone already.
    pub(crate) fn holds(&self, changes: &[Change]) -> Holds {
        let mut found = self.holds.clone();
        if self.inputs.mode == Mode::Destroy || self.delegations.is_empty() {
            return found;
        }
        let needed = self.needed_while_running();
        let users = self.users(changes);
        let mut roots: Vec<(&Address, Until)> = Vec::new();
        for change in changes.iter().filter(|change| goes(change)) {
            let what = if change.action == Action::Delete { HeldBack::Delete } else { HeldBack::Replace };
            let names: Vec<&str> = change.names().collect();
            let others = || users.iter().filter(|user| *user.address != change.address);
            let until = match needed.get(&change.address) {
                Some(running) => Some(Until::DeploymentEnds(running.clone())),
                None => {
                    let serves = self.served_by(&names, changes).filter(|by| *by != &change.address);
                    let used = others().find(|user| user.is_made_with(&change.address, &names));
                    match (serves, used) {
                        (Some(by), _) => Some(Until::Released(by.clone())),
                        (None, Some(user)) if what == HeldBack::Delete => {
                            Some(Until::Released(user.address.clone()))
                        }
                        (None, Some(user)) if change.create_before_destroy => {
                            // The new one comes, the old one stays: that is for the end.
                            roots.push((&change.address, Until::Released(user.address.clone())));
                            None
                        }
                        (None, Some(user)) => Some(Until::CreatedFirst(user.address.clone())),
                        (None, None) => {
                            let pointing = others().filter(|user| user.points_to(&change.address, &names));
                            let steady = pointing.filter(|user| self.is_steady(user, changes));
                            self.let_go(change, steady, &names, &mut found)
                        }
                    }
                }
            };
            if let Some(until) = until {
                roots.push((&change.address, until.clone()));
                found.held.insert(change.address.clone(), Held { what, until });
            }
        }
        self.hold_what_they_need(&roots, changes, &mut found);
        let anew = users.iter().filter(|user| self.is_anew(user, changes));
        found.anew.extend(anew.map(|user| user.address.clone()));
        found
    }

    /// Whether what deploys to it begins anew, where the stack file says: a service that deploys itself, and is replaced.
    fn is_anew(&self, user: &User<'_>, changes: &[Change]) -> bool {
        let Some(by) = user.by.filter(|by| *by != user.address) else { return false };
        let is_replaced = |change: &Change| change.address == *by && change.action == Action::Replace;
        changes.iter().any(is_replaced) && self.deploys_itself(by)
    }

    /// Lets those who only speak of an object go on without it. What deploys itself needs both of its target groups attached, so
    /// that the new one has to be there before.
    fn let_go<'a>(
        &self,
        change: &Change,
        users: impl Iterator<Item = &'a User<'a>>,
        names: &[&str],
        found: &mut Holds,
    ) -> Option<Until> {
        for user in users {
            let is_attached =
                change.action == Action::Replace && user.by.is_some_and(|by| self.deploys_itself(by));
            if is_attached && !change.create_before_destroy {
                return Some(Until::CreatedFirst(user.address.clone()));
            }
            let gone = found.steady.entry(user.address.clone()).or_default();
            for name in user.telling(&change.address, names) {
                let attribute = if change.id.as_deref() == Some(name) { "id" } else { "arn" };
                let new = Reference { address: change.address.clone(), attribute: attribute.to_owned() };
                gone.insert(name.to_owned(), is_attached.then_some(new));
            }
        }
        None
    }

    /// Whether a controller is what it deploys: a service under ECS's own control.
    fn deploys_itself(&self, by: &Address) -> bool {
        let is_its_own = self.delegations.get(by).is_some_and(|own| own.by.as_ref() == Some(by));
        let mut others = self.delegations.iter().filter(|(_, other)| other.by.as_ref() == Some(by));
        is_its_own && others.all(|(_, other)| other.exclusive.is_empty())
    }

    /// What stays cannot be without what it depends on.
    fn hold_what_they_need(&self, roots: &[(&Address, Until)], changes: &[Change], found: &mut Holds) {
        let going: HashMap<&Address, &Change> =
            changes.iter().filter(|change| goes(change)).map(|change| (&change.address, change)).collect();
        for (root, until) in roots {
            for address in needs(self.inputs.snapshot, root) {
                let Some(change) = going.get(address) else { continue };
                let what = if change.action == Action::Delete { HeldBack::Delete } else { HeldBack::Replace };
                found.held.entry(address.clone()).or_insert(Held { what, until: until.clone() });
            }
        }
    }

    /// Which objects a running deployment needs: what it moves, what it belongs to, and all that those depend on.
    fn needed_while_running(&self) -> HashMap<&Address, String> {
        let controllers = self.delegations.controllers.iter();
        let controllers = controllers.filter_map(|found| Some((&found.address, found.running.as_ref()?)));
        let objects = self.delegations.iter();
        let objects = objects.filter_map(|(address, found)| Some((address, found.running.as_ref()?)));
        let mut needed = HashMap::new();
        for (address, running) in controllers.chain(objects) {
            needed.entry(address).or_insert_with(|| running.clone());
            for other in needs(self.inputs.snapshot, address) {
                needed.entry(other).or_insert_with(|| running.clone());
            }
        }
        needed
    }

    /// The objects under controllers that stay.
    fn users(&self, changes: &[Change]) -> Vec<User<'_>> {
        let stays: BTreeSet<&Address> = changes
            .iter()
            .filter(|change| matches!(change.action, Action::None | Action::Update))
            .map(|change| &change.address)
            .collect();
        let users = self.delegations.iter().filter(|(address, _)| stays.contains(address));
        let users = users.filter_map(|(address, delegated)| match self.seen(address) {
            Some(Seen::Live(live)) => Some(User {
                address,
                by: delegated.by.as_ref(),
                live: live.as_ref(),
                delegated,
                needs: needs(self.inputs.snapshot, address),
            }),
            _ => None,
        });
        let mut users: Vec<User<'_>> = users.collect();
        users.sort_by_key(|user| user.address);
        users
    }

    /// The controller whose traffic goes to an object of one of these names, if it goes on to.
    fn served_by(&self, names: &[&str], changes: &[Change]) -> Option<&Address> {
        let serves = |ids: &[String]| ids.iter().any(|id| names.contains(&id.as_str()));
        let mut controllers = self.delegations.serving.iter().filter(|(_, ids)| serves(ids));
        controllers.find(|(by, _)| self.goes_on(by, changes)).map(|(by, _)| by)
    }

    /// Whether what an object points to is still right: as long as it serves.
    fn is_steady(&self, user: &User<'_>, changes: &[Change]) -> bool {
        let Some(by) = user.by else { return true };
        self.delegations.serving.iter().any(|(address, _)| address == by) && self.goes_on(by, changes)
    }

    /// Whether what a controller deploys is the same afterwards. The controller itself may go: what it left serves on.
    fn goes_on(&self, by: &Address, changes: &[Change]) -> bool {
        if self.deploys_itself(by) {
            return stays(changes, by);
        }
        let of_it = |other: &Delegated| other.by.as_ref() == Some(by) && !other.exclusive.is_empty();
        let mut deployed = self.delegations.iter().filter(|(_, other)| of_it(other));
        deployed.all(|(address, _)| stays(changes, address))
    }

    /// Keeps predecessors that something still works with.
    pub(crate) fn keep_predecessors(&self, changes: &mut [Change]) {
        if self.inputs.mode == Mode::Destroy || self.delegations.is_empty() {
            return;
        }
        let needed = self.needed_while_running();
        let users = self.users(changes);
        for change in changes {
            let until = |names: &[&str]| match needed.get(&change.address) {
                Some(running) => Some(Until::DeploymentEnds(running.clone())),
                None => {
                    let mut others = users.iter().filter(|user| *user.address != change.address);
                    let user = others.find(|user| user.is_made_with(&change.address, names));
                    user.map(|user| Until::Released(user.address.clone()))
                }
            };
            let (kept, deposed): (Vec<_>, Vec<_>) = change
                .deposed
                .iter()
                .map(|id| (id.clone(), until(&[id])))
                .partition(|(_, until)| until.is_some());
            let is_first = goes(change) && change.action == Action::Replace && change.create_before_destroy;
            let own = is_first.then(|| until(&change.names().collect::<Vec<_>>())).flatten();
            let Some(until) = own.or_else(|| kept.into_iter().find_map(|(_, until)| until)) else { continue };
            change.deposed = deposed.into_iter().map(|(id, _)| id).collect();
            if change.deposed.is_empty() && change.reason == Some(Reason::Deposed) {
                change.reason = None;
            }
            change.held = Some(Held { what: HeldBack::DeletePredecessor, until });
        }
    }
}

/// Whether the object of an address is the same afterwards.
fn stays(changes: &[Change], address: &Address) -> bool {
    let change = changes.iter().find(|change| change.address == *address);
    change.is_some_and(|change| matches!(change.action, Action::None | Action::Update))
}

/// Whether an object would be gone afterwards.
fn goes(change: &Change) -> bool {
    matches!(change.action, Action::Delete | Action::Replace) && !change.keeps && change.id.is_some()
}

/// All that an object depends on, as the state says.
fn needs<'a>(snapshot: &'a Snapshot, of: &Address) -> BTreeSet<&'a Address> {
    let mut found = BTreeSet::new();
    let mut stack: Vec<&Address> = Vec::new();
    let direct = |address: &Address| {
        snapshot.resources.get(address).map(|record| record.dependencies.iter()).into_iter().flatten()
    };
    stack.extend(direct(of));
    while let Some(address) = stack.pop() {
        if found.insert(address) {
            stack.extend(direct(address));
        }
    }
    found
}
