mod gate;
mod release;
mod verify;

use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use wharf_core::{Address, Value};

pub(crate) use gate::{Gate, GateFormat};
pub(crate) use release::{
    Release, ReleaseHistory, ReleasePromote, ReleasePush, ReleaseRollback, ReleaseStatus, ReleaseWait,
    TargetArgs, Until, WhenBusy,
};
pub(crate) use verify::Verify;

/// A declarative reconciler for ECS delivery pipelines on AWS
///
/// One YAML stack file describes a network, a load balancer, an ECS service with CodeDeploy blue/green and the
/// pipeline that feeds it. `wharf plan` previews, `wharf apply` converges, `wharf destroy` removes.
#[derive(Debug, Parser)]
#[command(name = "wharf", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a stack file: syntax, names, types, references
    Validate(Validate),
    /// Show what apply would do
    Plan(Plan),
    /// Bring AWS to what the stack file says, or carry out a saved plan
    Apply(Apply),
    /// Judge plans: rules with a switch each, protected addresses, a blast radius, Rego policies
    Gate(Gate),
    /// Delete everything the stack manages
    Destroy(ChangeArgs),
    /// Show what was changed outside wharf since the last apply
    Drift(Drift),
    /// Release new versions of the application, and see how that stands
    #[command(subcommand)]
    Release(Release),
    /// Check what must be true before anyone releases
    Verify(Verify),
    /// Print the outputs of the last apply
    Output(Output),
    /// Show everything the state knows, or a saved plan
    Show(Show),
    /// Look into the state, and mend it
    #[command(subcommand)]
    State(State),
    /// Take over an object that exists, or a whole Terraform state
    Import(Import),
    /// Break the lock of a run that is gone
    Unlock(Unlock),
    /// Draw what depends on what
    Graph(Graph),
    /// Print the JSON Schema of stack files, for editors
    Schema,
    /// Describe a resource type or one of its properties
    Explain(Explain),
    /// Print the IAM policies that a deployer of the stack needs
    Policy(Policy),
    /// Print a script that completes commands in a shell
    Completions(Completions),
}

/// Which stack, with which inputs.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct StackArgs {
    /// The stack file, or the folder that holds `stack.yaml`
    #[arg(value_name = "STACK", default_value = ".", hide_default_value = true)]
    pub(crate) stack: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
}

/// Values for variables.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct InputArgs {
    /// Set a variable of the stack (can be repeated)
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) vars: Vec<(String, String)>,
    /// Read variables from a YAML file (can be repeated)
    #[arg(long = "var-file", value_name = "FILE")]
    pub(crate) var_files: Vec<PathBuf>,
    /// What a saved plan was made with.
    #[arg(skip)]
    pub(crate) kept: BTreeMap<String, Value>,
}

/// What every command that talks to AWS takes.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct RunArgs {
    /// Only this address and what it needs (can be repeated)
    #[arg(long = "target", value_name = "ADDRESS")]
    pub(crate) targets: Vec<Address>,
    /// Print the number of AWS requests by operation; for an apply, also how often the state was written
    #[arg(long)]
    pub(crate) stats: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Validate {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to print a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PlanFormat {
    /// For a terminal
    Text,
    /// For programs: Terraform's plan representation
    Json,
    /// For a comment on a pull request, cut to fit one
    Markdown,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Plan a destroy
    #[arg(long)]
    pub(crate) destroy: bool,
    /// Plan for `apply --release`
    #[arg(long, conflicts_with = "destroy")]
    pub(crate) release: bool,
    /// How to print the plan
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Also list the operations wave by wave
    #[arg(long)]
    pub(crate) waves: bool,
    /// Exit with 0 if there is nothing to do, 2 if there are changes, 1 on errors
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Save the plan for `wharf apply FILE`, `wharf show FILE` and `wharf gate FILE`; sensitive values are not in it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What apply and destroy take.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ApplyArgs {
    /// Do not ask
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// How many operations run at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallelism: u16,
    /// Print events as JSON lines
    #[arg(long)]
    pub(crate) json: bool,
}

/// What apply and destroy work on, and how.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) options: ApplyArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
    #[command(flatten)]
    pub(crate) release: RollOutArgs,
}

/// What is released with an apply.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct RollOutArgs {
    /// Also release what waits for it (a changed template, the network): a deployment of CodeDeploy with the live image
    #[arg(long)]
    pub(crate) release: bool,
    /// What to do about a deployment that is active
    #[arg(long, value_enum, default_value = "fail", requires = "release")]
    pub(crate) when_busy: WhenBusy,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Drift {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print JSON: `resource_drift` of Terraform's plan representation
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the number of AWS requests by operation
    #[arg(long)]
    pub(crate) stats: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Output {
    /// Only this output
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the text of one output without quotes
    #[arg(long, requires = "name", conflicts_with = "json")]
    pub(crate) raw: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Show {
    /// The stack file, the folder that holds `stack.yaml`, or a saved plan
    #[arg(value_name = "STACK|PLAN", default_value = ".", hide_default_value = true)]
    pub(crate) stack: PathBuf,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    /// How to print it; `markdown` is for saved plans
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: PlanFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateList {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum State {
    /// List the addresses in the state
    List(StateList),
    /// Show one address
    Show(StateShow),
    /// Rename an address; nothing in AWS changes
    Mv(StateMv),
    /// Forget an address; its object stays in AWS
    Rm(StateRm),
    /// Print the state as it is stored
    Pull(StateOnly),
    /// Store a state from a file
    Push(StatePush),
    /// List the states that are kept
    History(StateHistory),
    /// Store an earlier state again
    Restore(StateRestore),
    /// Create the bucket that `state.s3` names: private, versioned, encrypted
    Init(StateOnly),
}

/// How long to wait for others.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct LockArgs {
    /// How long to wait for the state's lock: `30s`, `5m`; left out: until it is clear whether its holder lives
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) lock_timeout: Option<Duration>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateOnly {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateMv {
    /// The address as it is
    pub(crate) from: Address,
    /// The address as it shall be
    pub(crate) to: Address,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateRm {
    /// The address; a resource with `for_each` goes with all its instances
    pub(crate) address: Address,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StatePush {
    /// The file, as `state pull` prints it or a run has left it
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateHistory {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// How many to list, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateRestore {
    /// The version, as `state history` lists it
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
#[command(
    override_usage = "wharf import [OPTIONS] <ADDRESS> <ID> [STACK]\n       wharf import [OPTIONS] --terraform <FILE> [STACK]"
)]
pub(crate) struct Import {
    /// ADDRESS and ID: what the object is called from now on, and its id as `terraform import` takes it; then STACK, the
    /// stack file or the folder that holds `stack.yaml`
    #[arg(value_name = "ADDRESS ID", num_args = 0..=3)]
    pub(crate) positional: Vec<String>,
    /// Take over everything in a Terraform state file of which wharf knows the type
    #[arg(long, value_name = "FILE")]
    pub(crate) terraform: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) inputs: InputArgs,
    #[command(flatten)]
    pub(crate) lock: LockArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Unlock {
    /// The lock's id, as the one who waits is told
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StateShow {
    /// The address: `vpc`, or `subnet["a"]`
    pub(crate) address: Address,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How to draw a graph.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid, as Markdown on many sites shows it
    Mermaid,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// How to draw it
    #[arg(long, value_enum, default_value = "dot")]
    pub(crate) format: GraphFormat,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Explain {
    /// `aws_vpc`, or `aws_vpc.cidr_block`; all types if left out
    #[arg(value_name = "TYPE[.PROPERTY]")]
    pub(crate) what: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let number: Option<u64> = number.parse().ok();
    let whole = seconds.zip(number).and_then(|(seconds, number)| number.checked_mul(seconds));
    whole.map(Duration::from_secs).ok_or_else(|| format!("`{text}` is no duration such as `30s`, `5m`, `1h`"))
}

/// Whom a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PolicyFor {
    /// Whoever plans
    Plan,
    /// Whoever applies and destroys, and plans
    Apply,
    /// Whoever plans by taking on the role of `aws.assume_role`, or reads the state with a profile of its own
    PlanCaller,
    /// The same for whoever applies
    ApplyCaller,
    /// Whoever looks at releases: `release status`, `wait`, `history`
    Status,
    /// Whoever releases: pushes, promotes and rolls back, and looks
    Release,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    /// Print only the policy for this; all of them by name if left out
    #[arg(long = "for", value_name = "PURPOSE", value_enum)]
    pub(crate) purpose: Option<PolicyFor>,
    /// The account of the stack; left out: the state's, the one in `aws.allowed_account_ids`, or the credentials'
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: Option<String>,
}

fn account(text: &str) -> Result<String, String> {
    let fine = text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    if fine { Ok(text.to_owned()) } else { Err(format!("`{text}` is no account: it has twelve digits")) }
}
