use wharf_core::{Diagnostic, Diagnostics, PropertyPath};
use wharf_provider::Provider;
use wharf_stack::{Expanded, NothingKnown};

/// What the resource types themselves find wrong with the properties, as far as these are known without AWS.
pub fn check(expanded: &Expanded, provider: &dyn Provider) -> Diagnostics {
    let mut errors = Diagnostics::default();
    for instance in expanded.instances() {
        // What cannot be evaluated has been reported when the stack was expanded.
        let Ok(properties) = expanded.properties(instance, &NothingKnown) else { continue };
        for (property, message) in provider.check(&expanded.resource(instance).type_name, &properties) {
            let span = expanded.span_of(instance, &PropertyPath::of(&property));
            errors.push(Diagnostic::error(format!("`{}`: {message}", instance.address)).at(span));
        }
    }
    errors.sorted()
}
