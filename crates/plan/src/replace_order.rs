/// What a replacement of one node would like: which object comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The stack file says create first.
    CreateFirst,
    /// Its type may have two at once, so create first if nothing speaks against it.
    CreateFirstIfPossible,
    /// The old one has to go first.
    DestroyFirst,
}

/// For each replaced node, whether the new object comes first. `order` has dependencies first; `replaced` gives the
/// wish of the nodes that are replaced; `dependencies` are direct.
///
/// What is created first needs its replaced dependencies to be created first as well, or their old objects could not
/// be deleted before its own old one is: the stack file's word forces them, a mere possibility gives way.
pub(crate) fn create_first(
    order: &[usize],
    replaced: impl Fn(usize) -> Option<Wish>,
    dependencies: impl Fn(usize) -> Vec<usize>,
) -> Vec<bool> {
    let mut forced = vec![false; order.len()];
    for &node in order.iter().rev() {
        if replaced(node) == Some(Wish::CreateFirst) {
            forced[node] = true;
        }
        if forced[node] {
            // Passed on through nodes that are not replaced, too: theirs is the same order.
            for dependency in dependencies(node) {
                forced[dependency] = true;
            }
        }
    }
    let mut first = vec![false; order.len()];
    let mut blocked = vec![false; order.len()];
    for &node in order {
        let dependencies = dependencies(node);
        let under_destroyed = dependencies.iter().any(|&dependency| blocked[dependency]);
        match replaced(node) {
            None => blocked[node] = under_destroyed,
            Some(wish) => {
                first[node] = forced[node] || (wish != Wish::DestroyFirst && !under_destroyed);
                blocked[node] = !first[node];
            }
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(wishes: &[Option<Wish>], dependencies: &[&[usize]]) -> Vec<bool> {
        let order: Vec<usize> = (0..wishes.len()).collect();
        create_first(&order, |node| wishes[node], |node| dependencies[node].to_vec())
    }

    #[test]
    fn the_stack_files_word_forces_dependencies() {
        let wishes = [Some(Wish::DestroyFirst), None, Some(Wish::CreateFirst)];
        assert_eq!(run(&wishes, &[&[], &[0], &[1]]), [true, false, true]);
    }

    #[test]
    fn a_possibility_gives_way() {
        let wishes = [Some(Wish::DestroyFirst), Some(Wish::CreateFirstIfPossible)];
        assert_eq!(run(&wishes, &[&[], &[0]]), [false, false]);
        let wishes = [Some(Wish::CreateFirstIfPossible), Some(Wish::DestroyFirst)];
        assert_eq!(run(&wishes, &[&[], &[0]]), [true, false]);
    }
}
