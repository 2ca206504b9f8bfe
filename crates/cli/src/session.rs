//! What a command works with: the stack, its inputs, the cloud, the state.

use crate::args::StackArgs;
use crate::error::{self, CommandError};
use crate::files::Recorded;
use crate::secret;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;
use wharf_aws::{Aws, Clients, Settings};
use wharf_core::{Schema, SourceId, Sources};
use wharf_engine::{Context, Pace, Reporter, Stop};
use wharf_provider::{Error as CloudError, ErrorKind, Identity, Provider};
use wharf_stack::{Environment, Expanded, Inputs, Stack, StackDirectory, StateSettings, Types};
use wharf_state::{Home, LocalStore, Snapshot, Store};
use wharf_state_s3::{Place, S3Store};

/// A stack file, read and parsed.
pub(crate) struct Loaded {
    pub(crate) sources: Sources,
    pub(crate) stack: Arc<Stack>,
    pub(crate) directory: PathBuf,
    /// How the stack was named, to be put behind a command that is suggested: ` path/to/stack`, or nothing.
    pub(crate) argument: String,
    /// The files beside the stack file, as far as they were read.
    pub(crate) files: Arc<Recorded>,
    file: SourceId,
    inputs: Inputs,
}

/// The provider's schemas, as the stack crate asks for them.
pub(crate) struct ProviderTypes<'a>(pub(crate) &'a dyn Provider);

impl Types for ProviderTypes<'_> {
    fn schema(&self, resource_type: &str) -> Option<Arc<Schema>> {
        self.0.schema(resource_type)
    }

    fn names(&self) -> Vec<&'static str> {
        self.0.names().to_vec()
    }
}

/// Finds and parses the stack file.
pub(crate) fn load(args: &StackArgs, provider: &dyn Provider) -> Result<Loaded, CommandError> {
    let path = locate(&args.stack)?;
    let mut sources = Sources::default();
    let source = sources.add(path.clone(), read(&path)?);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut given = Vec::new();
    let mut inputs = Inputs::default().with_environment(
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    );
    for file in &args.inputs.var_files {
        let source = sources.add(file.clone(), read(file)?);
        inputs = inputs.with_file(&sources, source);
        given.push(source);
    }
    for (name, value) in &args.inputs.vars {
        inputs = inputs.with_var(name.clone(), value.clone());
    }
    inputs.kept.clone_from(&args.inputs.kept);
    let stack = match wharf_stack::parse(&sources, source, &ProviderTypes(provider)) {
        Ok(stack) => Arc::new(stack),
        Err(diagnostics) => return Err(error::mistakes(diagnostics, &sources)),
    };
    if stack.has_secrets() {
        // Any line of them may hold one, also under a name that is misspelt.
        for source in given {
            sources.hide(source);
        }
    }
    let files = StackDirectory::new(&directory)
        .map_err(|problem| CommandError::new(format!("cannot use {}: {problem}", directory.display())))?;
    let argument = match args.stack.to_str() {
        Some(".") | None => String::new(),
        Some(path) if path.contains(char::is_whitespace) => format!(" '{path}'"),
        Some(path) => format!(" {path}"),
    };
    let files = Arc::new(Recorded::new(files));
    Ok(Loaded { sources, stack, directory, argument, files, file: source, inputs })
}

/// The stack file that a path names: itself, or the `stack.yaml` in it.
pub(crate) fn locate(path: &Path) -> Result<PathBuf, CommandError> {
    if path.is_dir() {
        let file = path.join("stack.yaml");
        let file = file.strip_prefix(".").map(Path::to_path_buf).unwrap_or(file);
        if file.exists() {
            return Ok(file);
        }
        let folder =
            if path == Path::new(".") { "the current folder".to_owned() } else { path.display().to_string() };
        return Err(CommandError::new(format!("there is no stack.yaml in {folder}"))
            .hint("name the stack file or its folder: `wharf plan path/to/stack.yaml`"));
    }
    Ok(path.to_owned())
}

fn read(path: &Path) -> Result<String, CommandError> {
    let bytes = std::fs::read(path).map_err(|problem| {
        let error = CommandError::new(format!("cannot read {}: {problem}", path.display()));
        match problem.kind() {
            std::io::ErrorKind::NotFound => error.hint("name the stack file or its folder"),
            _ => error,
        }
    })?;
    String::from_utf8(bytes).map_err(|problem| {
        let at = problem.utf8_error().valid_up_to();
        CommandError::new(format!("{} is not UTF-8 text (byte {at})", path.display()))
            .hint("save it as UTF-8")
    })
}

impl Loaded {
    /// Binds variables and expands `for_each`.
    pub(crate) fn expand(&self, environment: &Environment) -> Result<Expanded, CommandError> {
        let expanded = self
            .stack
            .clone()
            .expand(&self.inputs, environment, self.files.clone())
            .map_err(|diagnostics| error::mistakes(diagnostics, &self.sources))?;
        secret::know(expanded.secrets());
        Ok(expanded)
    }

    /// The stack file's name in its folder.
    pub(crate) fn file_name(&self) -> String {
        let path = self.sources.path(self.file).and_then(Path::file_name);
        path.unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The stack file's text.
    pub(crate) fn text(&self) -> Arc<str> {
        self.sources.text(self.file).cloned().unwrap_or_else(|| "".into())
    }

    /// The store of the stack's state, and the clients that reach it.
    ///
    /// They have the caller's own credentials: a role that `aws.assume_role` names is for the stack's resources.
    pub(crate) async fn store(
        &self,
        outline: &Expanded,
    ) -> Result<(Arc<dyn Store>, Option<(Settings, Arc<Clients>)>), CommandError> {
        let StateSettings::S3 { bucket, key, region, kms_key_id, profile } = outline.state().clone() else {
            return Ok((Arc::new(LocalStore::new(&self.directory, &self.stack.name)), None));
        };
        let aws = outline.aws().clone();
        let settings =
            Settings { region: region.or(aws.region), profile: profile.or(aws.profile), assume_role: None };
        let clients = Arc::new(Clients::new(&settings).await.map_err(|problem| error::cloud(&problem))?);
        let place = Place { bucket, key, kms_key_id };
        let store = S3Store::new(clients.clone(), place, &self.stack.name);
        Ok((Arc::new(store), Some((settings, clients))))
    }
}

/// The state of a stack, for commands that reach nothing else.
pub(crate) struct Stored {
    pub(crate) loaded: Loaded,
    /// The stack as far as it is known without AWS.
    pub(crate) outline: Expanded,
    pub(crate) store: Arc<dyn Store>,
    /// What reaches the store, where that is in AWS.
    pub(crate) clients: Option<Arc<Clients>>,
}

impl Stored {
    pub(crate) async fn open(args: &StackArgs) -> Result<Self, CommandError> {
        let loaded = load(args, &Aws::offline())?;
        let outline = loaded.expand(&Environment::default())?;
        let (store, clients) = loaded.store(&outline).await?;
        Ok(Stored { loaded, outline, store, clients: clients.map(|(_, clients)| clients) })
    }

    /// The state, if there is one.
    pub(crate) async fn read(&self) -> Result<Option<Snapshot>, CommandError> {
        self.store.read().await.map_err(|problem| error::store(&problem))
    }
}

/// A stack with its cloud and its state.
pub(crate) struct Session {
    pub(crate) loaded: Loaded,
    pub(crate) clients: Arc<Clients>,
    pub(crate) context: Context,
    pub(crate) identity: Identity,
}

impl Session {
    /// Reaches AWS, checks whose account it is, and expands the stack with that.
    pub(crate) async fn open(
        args: &StackArgs,
        reporter: Arc<dyn Reporter>,
    ) -> Result<(Self, watch::Sender<bool>), CommandError> {
        let loaded = load(args, &Aws::offline())?;
        let outline = loaded.expand(&Environment::default())?;
        let (store, reached) = loaded.store(&outline).await?;
        let aws = outline.aws().clone();
        let problems = wharf_plan::check(&outline, &Aws::offline());
        if problems.has_errors() {
            return Err(error::mistakes(problems, &loaded.sources));
        }
        drop(outline);
        let settings = Settings { region: aws.region, profile: aws.profile, assume_role: aws.assume_role };
        let clients = match reached {
            // The same credentials and connections; but the state is written and unlocked whatever holds the rest.
            Some((same, clients)) if same == settings => Arc::new(clients.unheld()),
            _ => Arc::new(Clients::new(&settings).await.map_err(|problem| error::cloud(&problem))?),
        };
        let provider: Arc<dyn Provider> = Arc::new(Aws::online(clients.clone()));
        let identity =
            provider.identity().await.map_err(|problem| unreachable(&problem, clients.region()))?;
        if !aws.allowed_account_ids.is_empty() && !aws.allowed_account_ids.contains(&identity.account_id) {
            let allowed = aws.allowed_account_ids.join(", ");
            let message = format!(
                "these are credentials of the account {}, and the stack allows only {allowed}",
                identity.account_id
            );
            return Err(CommandError::new(message).detail(format!("  {}", identity.arn)).hint(
                "use the right profile, or change `aws.allowed_account_ids`; nothing was read or changed",
            ));
        }
        let environment = Environment {
            region: Some(clients.region().to_owned()),
            account_id: Some(identity.account_id.clone()),
            partition: Some(identity.partition.clone()),
        };
        let expanded = Arc::new(loaded.expand(&environment)?);
        let (sender, stop) = Stop::channel();
        let home = Home { account_id: identity.account_id.clone(), region: clients.region().to_owned() };
        let context = Context {
            expanded,
            provider,
            store,
            home,
            reporter,
            stop,
            pace: Pace::default(),
            releases: false,
        };
        Ok((Session { loaded, clients, context, identity }, sender))
    }
}

/// The regions there were when this was written; others may be right, too.
/// Source: <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// AWS cannot be reached: a region that does not exist has no host name, so the network is not always to blame.
fn unreachable(problem: &CloudError, region: &str) -> CommandError {
    let error = error::cloud(problem);
    if problem.kind != ErrorKind::Unreachable {
        return error;
    }
    if REGIONS.contains(&region) {
        return error.hint(format!("the region is `{region}`"));
    }
    let near = wharf_core::suggest(region, REGIONS.iter().copied());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    error.hint(format!("`{region}` is no region that wharf knows{near}"))
}
