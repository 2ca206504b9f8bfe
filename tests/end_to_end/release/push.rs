//! `wharf release push`.

use super::shop::{STACK, Shop, text};
use crate::Test;
use crate::failures::contains;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use wharf_tests::{Result, Run};

pub(crate) const TESTS: &[Test] = &[
    ("the branch has what is in the folder, by as little as possible", as_little_as_possible),
    ("more than a commit holds comes at once all the same", more_than_a_commit_holds),
    ("what cannot be pushed is refused before anything is sent", refused),
    ("somebody else's commit is not lost without a word", somebody_else),
    ("an answer that is lost makes no second commit", lost_answer),
    ("an active deployment is refused, stopped or waited for", busy),
    ("the author is git's, or the caller", author),
];

/// The application's folder.
struct App<'a>(&'a Shop);

impl App<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.0.stage.folder().join("app").join(name)
    }

    fn write(&self, name: &str, content: &str) -> Result<()> {
        self.0.stage.write(&format!("app/{name}"), content)
    }
}

impl Shop {
    fn push(&self, arguments: &[&str]) -> Result<Run> {
        self.ok(&[&["push", "app"], arguments].concat())
    }

    fn codecommit(&mut self, operation: &str, parameters: &Value, query: &str) -> Result<Value> {
        let mut parameters = parameters.clone();
        parameters["repositoryName"] = json!(STACK);
        Ok(self.reader.call("codecommit", operation, &parameters, Some(query))?)
    }

    fn tip(&mut self) -> Result<String> {
        text(&self.codecommit("get_branch", &json!({"branchName": "main"}), "branch.commitId")?)
    }

    fn branches(&mut self) -> Result<Value> {
        self.codecommit("list_branches", &json!({}), "branches")
    }

    /// The paths on the branch, with their modes.
    fn files(&mut self) -> Result<BTreeMap<String, String>> {
        let asked = json!({"afterCommitSpecifier": "main"});
        let found = self.codecommit("get_differences", &asked, "differences[].afterBlob.[path, mode]")?;
        Ok(serde_json::from_value::<Vec<(String, String)>>(found)?.into_iter().collect())
    }

    /// How many commits there are, from the tip on.
    fn commits(&mut self) -> Result<usize> {
        let mut id = self.tip()?;
        for count in 1.. {
            let parents = self.codecommit("get_commit", &json!({"commitId": id}), "commit.parents")?;
            match parents[0].as_str() {
                Some(parent) => parent.clone_into(&mut id),
                None => return Ok(count),
            }
        }
        Ok(0)
    }

    fn executions(&mut self) -> Result<usize> {
        let asked = json!({"pipelineName": STACK});
        let query = "length(pipelineExecutionSummaries)";
        let count = self.reader.call("codepipeline", "list_pipeline_executions", &asked, Some(query))?;
        Ok(usize::try_from(count.as_u64().unwrap_or_default())?)
    }

    fn count(&self, operation: &str) -> Result<u64> {
        Ok(self.stage.emulator.counters()?.get(operation).copied().unwrap_or_default())
    }
}

fn as_little_as_possible() -> Result<()> {
    let mut shop = Shop::new()?;
    let app = App(&shop);
    app.write("index.html", "one")?;
    app.write("src/a/main.rs", "one")?;
    app.write("src/b/main.rs", "one")?;
    app.write("run.sh", "#!/bin/sh")?;
    fs::set_permissions(app.path("run.sh"), fs::Permissions::from_mode(0o755))?;
    symlink("index.html", app.path("link"))?;
    app.write(".gitignore", "target\n")?;
    app.write("target/out", "never")?;
    app.write(".git/HEAD", "never")?;
    // The first commit makes the branch.
    let executions = shop.executions()?;
    let run = shop.push(&["-m", "Show the shop"])?;
    let commit = shop.tip()?;
    contains(
        &run.stderr,
        &[&format!("committed {commit} to main: 6 files added"), "release status --watch shop"],
    )?;
    contains(&run.stdout, &["Execution ", " of shop ("])?;
    assert_eq!(shop.executions()?, executions + 1);
    let files = shop.files()?;
    let modes: Vec<(&str, &str)> = files.iter().map(|(path, mode)| (path.as_str(), mode.as_str())).collect();
    let wanted = [
        (".gitignore", "100644"),
        ("index.html", "100644"),
        ("link", "120000"),
        ("run.sh", "100755"),
        ("src/a/main.rs", "100644"),
        ("src/b/main.rs", "100644"),
    ];
    assert_eq!(modes, wanted);
    let message = shop.codecommit("get_commit", &json!({"commitId": commit}), "commit.message")?;
    assert_eq!(message, "Show the shop");
    // Nothing has changed: nothing is sent, and of the folders only the first is looked at.
    shop.stage.emulator.reset_counters()?;
    let again = shop.push(&[])?;
    contains(
        &again.stderr,
        &[&format!("nothing has changed: main has what is in the folder, with {commit}")],
    )?;
    contains(&again.stdout, &["Execution "])?;
    assert_eq!((shop.count("codecommit:CreateCommit")?, shop.count("codecommit:GetFolder")?), (0, 1));
    // One changes, one goes, one comes, one is not executable any more; the folder `src/b` is not even looked at.
    let app = App(&shop);
    app.write("index.html", "two")?;
    fs::remove_file(app.path("src/a/main.rs"))?;
    app.write("src/a/lib.rs", "two")?;
    fs::set_permissions(app.path("run.sh"), fs::Permissions::from_mode(0o644))?;
    shop.stage.emulator.reset_counters()?;
    let json: Value = serde_json::from_str(&shop.push(&["--json"])?.stdout)?;
    assert_eq!((&json["added"], &json["updated"], &json["deleted"]), (&json!(1), &json!(2), &json!(1)));
    assert_eq!((&json["changed"], &json["commit"]), (&json!(true), &json!(shop.tip()?)));
    assert_eq!(json["execution"]["revision"], json["commit"]);
    // `src` and `src/a`, beside the whole.
    assert_eq!(shop.count("codecommit:GetFolder")?, 3);
    let files = shop.files()?;
    assert_eq!(files.get("run.sh").map(String::as_str), Some("100644"));
    assert!(files.contains_key("src/a/lib.rs") && !files.contains_key("src/a/main.rs"), "{files:?}");
    // A folder takes the place of a file.
    let app = App(&shop);
    fs::remove_file(app.path("index.html"))?;
    app.write("index.html/index.html", "three")?;
    shop.push(&[])?;
    assert!(shop.files()?.contains_key("index.html/index.html"));
    assert_eq!(shop.branches()?, json!(["main"]));
    Ok(())
}

fn more_than_a_commit_holds() -> Result<()> {
    let mut shop = Shop::new()?;
    let executions = shop.executions()?;
    let many = |shop: &Shop, content: &str| -> Result<()> {
        for number in 0..230 {
            App(shop).write(&format!("pages/{number}.html"), &format!("{content} {number}"))?;
        }
        Ok(())
    };
    // Into an empty repository; it is the branch that becomes the default one.
    many(&shop, "one")?;
    let run = shop.push(&[])?;
    contains(&run.stderr, &["230 files added"])?;
    assert_eq!((shop.files()?.len(), shop.commits()?, shop.branches()?), (230, 3, json!(["main"])));
    let default = shop.codecommit("get_repository", &json!({}), "repositoryMetadata.defaultBranch")?;
    assert_eq!(default, "main");
    // Onto a branch.
    many(&shop, "two")?;
    let run = shop.push(&[])?;
    contains(&run.stderr, &["230 files changed"])?;
    assert_eq!((shop.commits()?, shop.branches()?), (6, json!(["main"])));
    // More bytes than a commit brings, in few files.
    for name in ["a", "b", "c"] {
        App(&shop).write(name, &name.repeat(3 * 1024 * 1024))?;
    }
    shop.push(&[])?;
    assert_eq!((shop.commits()?, shop.branches()?), (8, json!(["main"])));
    // Each of them started the pipeline once, with all of it.
    assert_eq!(shop.executions()?, executions + 3);
    Ok(())
}

fn refused() -> Result<()> {
    let mut shop = Shop::new()?;
    fs::create_dir(App(&shop).path(""))?;
    contains(
        &shop.exits(&["push", "app"], 1)?.stderr,
        &["error: there are no files in app", "nothing was sent"],
    )?;
    contains(&shop.exits(&["push", "nowhere"], 1)?.stderr, &["error: nowhere cannot be read"])?;
    App(&shop).write("small", "x")?;
    App(&shop).write("large", &"x".repeat(6 * 1024 * 1024 + 1))?;
    contains(
        &shop.exits(&["push", "app"], 1)?.stderr,
        &["error: app/large has 7 MB: CodeCommit takes files of up to 6 MB this way", ".gitignore"],
    )?;
    assert_eq!(shop.branches()?, json!([]));
    // The largest there may be is taken.
    App(&shop).write("large", &"x".repeat(6 * 1024 * 1024))?;
    shop.push(&[])?;
    assert_eq!(shop.files()?.len(), 2);
    Ok(())
}

fn somebody_else() -> Result<()> {
    let mut shop = Shop::new()?;
    App(&shop).write("index.html", "one")?;
    shop.push(&[])?;
    let theirs = |shop: &mut Shop, name: &str| -> Result<()> {
        let parent = shop.tip()?;
        let commit = json!({
            "branchName": "main", "parentCommitId": parent,
            "putFiles": [{"filePath": name, "fileContent": "eA=="}],
        });
        shop.codecommit("create_commit", &commit, "commitId").map(drop)
    };
    for (name, files, held) in
        [("b", 1, "codecommit:CreateCommit"), ("c", 150, "codecommit:MergeBranchesByFastForward")]
    {
        for number in 0..files {
            App(&shop).write(&format!("page{number}"), name)?;
        }
        // They come between the look at the branch and the change to it.
        shop.stage.emulator.rules(&json!([{"match": held, "kind": "hold_before", "times": 1}]))?;
        let child = shop.stage.start(&["release", "push", "app", STACK])?;
        shop.stage.until("it is about to change the branch", || {
            let hits = shop.stage.emulator.rule_hits()?;
            Ok(hits.first() == Some(&1))
        })?;
        shop.stage.emulator.rules(&json!([]))?;
        theirs(&mut shop, name)?;
        let tip = shop.tip()?;
        shop.stage.emulator.post("/_wharf/release", &json!({}))?;
        contains(
            &child.exits(1)?.stderr,
            &["error: somebody else has committed to main meanwhile", "their commit stays as it is"],
        )?;
        assert_eq!((shop.tip()?, shop.branches()?), (tip, json!(["main"])));
        // Knowing that, the same again takes the branch to what is in the folder.
        shop.push(&[])?;
        assert!(!shop.files()?.contains_key(name));
    }
    Ok(())
}

fn lost_answer() -> Result<()> {
    let mut shop = Shop::new()?;
    for (number, kind) in ["drop_after", "error_after", "drop_before"].into_iter().enumerate() {
        App(&shop).write("index.html", kind)?;
        let rule = json!([{"match": "codecommit:CreateCommit", "kind": kind, "times": 1}]);
        shop.stage.emulator.rules(&rule)?;
        let commit = |run: &Run| run.stderr.contains("1 file ");
        assert!(commit(&shop.push(&[])?));
        assert_eq!(shop.commits()?, number + 1, "{kind}");
    }
    Ok(())
}

fn busy() -> Result<()> {
    let mut shop = Shop::new()?;
    App(&shop).write("index.html", "one")?;
    shop.push(&[])?;
    let id = shop.deploy("web:2")?;
    // Where there is nothing to push nothing is in the way.
    shop.push(&[])?;
    App(&shop).write("index.html", "two")?;
    let tip = shop.tip()?;
    let refused = shop.exits(&["push", "app"], 4)?;
    contains(
        &refused.stderr,
        &[&format!("error: the deployment {id} is active; nothing was changed"), "--when-busy"],
    )?;
    assert_eq!((shop.tip()?, shop.status(&id)?), (tip, "Ready".into()));
    let run = shop.push(&["--when-busy", "stop"])?;
    contains(&run.stderr, &[&format!("stopping {id}, with a rollback"), "1 file changed"])?;
    assert_eq!((shop.status(&id)?, shop.serves()?), ("Stopped".into(), "web:1".into()));
    let id = shop.deploy("web:3")?;
    App(&shop).write("index.html", "three")?;
    let mut child = shop.stage.start(&["release", "push", "app", "--when-busy", "wait", STACK])?;
    child.says(&format!("waiting until {id} has ended"))?;
    shop.ok(&["promote", "--finish"])?;
    contains(&child.exits(0)?.stderr, &["1 file changed"])?;
    assert_eq!(shop.serves()?, "web:3");
    Ok(())
}

fn author() -> Result<()> {
    let mut shop = Shop::new()?;
    App(&shop).write("index.html", "one")?;
    shop.push(&[])?;
    let commit = json!({"commitId": shop.tip()?});
    let author = shop.codecommit("get_commit", &commit, "commit.author.name")?;
    assert_eq!(author, "root");
    let git = |arguments: &[&str]| -> Result<()> {
        let status = Command::new("git").arg("-C").arg(App(&shop).path("")).args(arguments).status()?;
        assert!(status.success());
        Ok(())
    };
    git(&["init", "--quiet"])?;
    git(&["config", "user.name", "Ada"])?;
    git(&["config", "user.email", "ada@example.org"])?;
    App(&shop).write("index.html", "two")?;
    shop.push(&[])?;
    let commit = json!({"commitId": shop.tip()?});
    let author = shop.codecommit("get_commit", &commit, "commit.author.[name, email]")?;
    assert_eq!(author, json!(["Ada", "ada@example.org"]));
    Ok(())
}
