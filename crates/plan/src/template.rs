//! Templates in the stack, and what works in their place: what a new revision takes over, and what waits for a release.

use crate::build::{Planner, Seen};
use crate::desired::Resolved;
use crate::diff;
use crate::in_force::{Part, Successor, Template, inherited, put};
use crate::{Change, Difference, Mode};
use wharf_core::{Action, Address, Map};
use wharf_stack::Resource;
use wharf_state::Record;

impl Planner<'_> {
    /// What works in the place of an object that stays.
    pub(crate) fn successor(&self, address: &Address) -> Option<&Successor> {
        let stays = self.inputs.mode == Mode::Apply && self.inputs.expanded.instance(address).is_some();
        self.inputs.observed.successors.get(address).filter(|_| stays)
    }

    /// Finds out what an object takes over from the one that works in its place.
    pub(crate) fn inherit(
        &self,
        change: &mut Change,
        resource: &Resource,
        resolved: &Resolved,
        own: Option<&Map>,
        record: Option<&Record>,
    ) {
        let successor = self.successor(&change.address).filter(|successor| successor.has_own_parts);
        let Some(successor) = successor else { return };
        let Some(Seen::Live(by)) = self.seen(&successor.by) else { return };
        let inherited = inherited(
            self.inputs.provider,
            (&resource.type_name, &resource.schema),
            (&resolved.desired, own, record),
            (successor, by),
        );
        if !inherited.is_empty() {
            let by = self.delegations.get(&successor.by).and_then(|delegated| delegated.by.clone());
            let delegated = change.delegated.get_or_insert_default();
            delegated.by = delegated.by.take().or(by).or_else(|| Some(successor.by.clone()));
            delegated.inherited = inherited;
        }
    }

    /// Where a template, as it will be, differs from what works in its place.
    pub(crate) fn compare_template(
        &mut self,
        change: &mut Change,
        resource: &Resource,
        desired: &Map,
        record: Option<&Record>,
    ) {
        let Some(successor) = self.successor(&change.address) else { return };
        change.keeps = change.action == Action::Replace;
        let differs = match &successor.live {
            Some(live) => self.template_differences(change, resource, desired, record, live),
            None => change.differences.clone(),
        };
        let is_replaced = matches!(change.action, Action::Replace | Action::Create);
        let differs = differs.iter().filter(|difference| difference.forces_replacement);
        let mut differs: Vec<String> = differs.map(|difference| difference.path.to_string()).collect();
        if successor.live.is_none() && !is_replaced {
            differs.clear();
        }
        let (by, property) = (successor.by.clone(), successor.property);
        self.templates.insert(by, Template { property, differs });
    }

    /// Whether the stack's own object waits for a release, and has something else by now than what works.
    pub(crate) fn is_outdated(
        &self,
        change: &Change,
        resource: &Resource,
        resolved: &Resolved,
        record: Option<&Record>,
    ) -> bool {
        let live = self.successor(&change.address).and_then(|successor| successor.live.as_deref());
        live.is_some_and(|live| {
            let differs = self.template_differences(change, resource, &resolved.desired, record, live);
            self.inputs.releases && differs.iter().any(|difference| difference.forces_replacement)
        })
    }

    /// Where a template with what it takes over differs from what works in its place.
    fn template_differences(
        &self,
        change: &Change,
        resource: &Resource,
        desired: &Map,
        record: Option<&Record>,
        live: &Map,
    ) -> Vec<Difference> {
        let mut desired = desired.clone();
        if let Some(delegated) = &change.delegated {
            put(&mut desired, &delegated.inherited, Part::InForce);
        }
        let live = self.in_canonical_form(resource, live);
        let recorded = record.map(|record| record.properties.clone()).unwrap_or_default();
        let salt = &self.inputs.snapshot.lineage;
        diff::differences(&resource.schema, &desired, &live, &recorded, salt)
    }

    /// Says of each object that runs by a template of the stack's how far it has come.
    pub(crate) fn compare_templates(&mut self, changes: &mut [Change]) {
        for change in changes {
            let template = self.templates.remove(&change.address);
            if let (Some(template), Some(delegated)) = (template, &mut change.delegated) {
                delegated.compare_template(template);
            }
        }
    }
}
