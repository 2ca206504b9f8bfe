use crate::args::{Graph as Args, GraphFormat};
use crate::error::CommandError;
use crate::{render, session, terminal};
use wharf_aws::Aws;
use wharf_plan::Graph;
use wharf_stack::Environment;

/// Draws what depends on what.
pub(crate) fn run(args: &Args) -> Result<u8, CommandError> {
    let provider = Aws::offline();
    let loaded = session::load(&args.stack, &provider)?;
    let expanded = loaded.expand(&Environment::default())?;
    let graph = Graph::new(&expanded, &provider);
    terminal::out(&match args.format {
        GraphFormat::Dot => render::graph::dot(&expanded, &graph),
        GraphFormat::Mermaid => render::graph::mermaid(&expanded, &graph),
    });
    Ok(0)
}
