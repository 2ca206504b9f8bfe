//! What has to change, in parts that one commit can hold. No I/O.

use super::tree::{File, Files, Mode};
use std::collections::BTreeSet;

/// How many files one commit may change, and how many bytes it may bring: one file of the largest size, at least.
///
/// Sources: <https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html>, and the 7 MB that
/// `FileContentSizeLimitExceededException` names.
pub(crate) const MOST: Limits = Limits { files: 100, bytes: 6 * 1024 * 1024 };

/// What one commit may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

/// A change to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its content.
    Put(String, Mode, u64),
    /// Its mode alone.
    SetMode(String, Mode),
    /// It is gone.
    Delete(String),
}

impl Change {
    fn bytes(&self) -> u64 {
        match self {
            Change::Put(_, _, size) => *size,
            Change::SetMode(..) | Change::Delete(_) => 0,
        }
    }
}

/// How many files change how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// New ones.
    pub added: usize,
    /// Those with another content or mode.
    pub changed: usize,
    /// Those that are gone.
    pub deleted: usize,
}

/// The changes from one set of files to another: deletions first, then by path.
pub(crate) fn changes(from: &Files, to: &Files) -> (Vec<Change>, Summary) {
    let mut summary = Summary::default();
    let mut changes = Vec::new();
    for path in from.keys().filter(|path| !to.contains_key(*path)) {
        summary.deleted += 1;
        changes.push(Change::Delete(path.clone()));
    }
    for (path, file) in to {
        match from.get(path) {
            None => summary.added += 1,
            Some(old) if is_same(old, file) => continue,
            Some(old) => {
                summary.changed += 1;
                let is_link = |file: &File| file.mode == Mode::Symlink;
                if old.blob == file.blob && is_link(old) == is_link(file) {
                    changes.push(Change::SetMode(path.clone(), file.mode));
                    continue;
                }
            }
        }
        changes.push(Change::Put(path.clone(), file.mode, file.size));
    }
    (changes, summary)
}

fn is_same(one: &File, other: &File) -> bool {
    one.blob == other.blob && one.mode == other.mode
}

/// The parts, in their order. A file that takes the place of a folder, or the other way round, comes in a later part than
/// the deletions: CodeCommit refuses names that are in each other's way.
pub(crate) fn parts(changes: Vec<Change>, limits: Limits) -> Vec<Vec<Change>> {
    let deleted: BTreeSet<&str> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Delete(path) => Some(path.as_str()),
            _ => None,
        })
        .collect();
    let in_the_way = |path: &str| {
        let is_below =
            |folder: &str, path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let mut parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        parents.any(|parent| deleted.contains(parent))
            || deleted.range(path..).take_while(|other| other.starts_with(path)).any(|o| is_below(path, o))
    };
    let is_crossing =
        changes.iter().any(|change| matches!(change, Change::Put(path, ..) if in_the_way(path)));
    let mut parts: Vec<Vec<Change>> = Vec::new();
    let mut bytes = 0;
    let mut after_deletions = false;
    for change in changes {
        let is_turn = is_crossing && !after_deletions && matches!(change, Change::Put(..));
        after_deletions |= is_turn;
        match parts.last_mut() {
            Some(part) if part.len() < limits.files && bytes + change.bytes() <= limits.bytes && !is_turn => {
                bytes += change.bytes();
                part.push(change);
            }
            _ => {
                bytes = change.bytes();
                parts.push(vec![change]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str, Mode)]) -> Files {
        let file = |(path, blob, mode): &(&str, &str, Mode)| {
            ((*path).to_owned(), File { mode: *mode, blob: (*blob).to_owned(), size: 10 })
        };
        list.iter().map(file).collect()
    }

    fn put(path: &str) -> Change {
        Change::Put(path.to_owned(), Mode::Normal, 10)
    }

    fn delete(path: &str) -> Change {
        Change::Delete(path.to_owned())
    }

    #[test]
    fn only_what_differs_changes() {
        let (one, two, link) = (Mode::Normal, Mode::Executable, Mode::Symlink);
        let from =
            files(&[("a", "1", one), ("b", "1", one), ("c", "1", one), ("d", "1", one), ("e", "1", link)]);
        let to =
            files(&[("a", "1", one), ("b", "2", one), ("c", "1", two), ("e", "1", one), ("f", "1", two)]);
        let (changes, summary) = changes(&from, &to);
        let wanted = [
            delete("d"),
            put("b"),
            Change::SetMode("c".into(), two),
            put("e"),
            Change::Put("f".into(), two, 10),
        ];
        assert_eq!(changes, wanted);
        assert_eq!(summary, Summary { added: 1, changed: 3, deleted: 1 });
        assert_eq!(super::changes(&to, &to), (Vec::new(), Summary::default()));
    }

    #[test]
    fn a_part_holds_what_a_commit_may() {
        let all: Vec<Change> = (0..7).map(|number| put(&number.to_string())).collect();
        let lengths = |files, bytes| {
            parts(all.clone(), Limits { files, bytes }).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(lengths(100, 1000), [7]);
        assert_eq!(lengths(3, 1000), [3, 3, 1]);
        assert_eq!(lengths(100, 25), [2, 2, 2, 1]);
        // One that is as large as a part may be.
        assert_eq!(lengths(100, 10), [1; 7]);
        assert_eq!(parts(all.clone(), Limits { files: 3, bytes: 25 }).concat(), all);
        assert!(parts(Vec::new(), MOST).is_empty());
    }

    #[test]
    fn names_are_not_in_each_others_way() {
        for (gone, new) in [("a", "a/b"), ("a/b", "a"), ("x/a/b/c", "x/a")] {
            let wanted = [vec![delete(gone)], vec![put(new)]];
            assert_eq!(parts(vec![delete(gone), put(new)], MOST), wanted);
        }
        for (gone, new) in [("a", "ab/c"), ("ab", "a"), ("a/b", "a/c"), ("a.b", "a")] {
            assert_eq!(parts(vec![delete(gone), put(new)], MOST).len(), 1, "{gone} {new}");
        }
    }
}
