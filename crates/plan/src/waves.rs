use std::collections::VecDeque;

/// For each node the length of the longest chain before it; `None` if the edges have a cycle.
pub(crate) fn waves(depends_on: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); depends_on.len()];
    let mut open: Vec<usize> = depends_on.iter().map(Vec::len).collect();
    for (node, before) in depends_on.iter().enumerate() {
        for &first in before {
            after[first].push(node);
        }
    }
    let mut wave = vec![0; depends_on.len()];
    let mut ready: VecDeque<usize> = (0..depends_on.len()).filter(|&node| open[node] == 0).collect();
    let mut done = 0;
    while let Some(node) = ready.pop_front() {
        done += 1;
        for &next in &after[node] {
            wave[next] = wave[next].max(wave[node] + 1);
            open[next] -= 1;
            if open[next] == 0 {
                ready.push_back(next);
            }
        }
    }
    (done == depends_on.len()).then_some(wave)
}

#[cfg(test)]
mod tests {
    use super::waves;

    #[test]
    fn longest_chain_counts() {
        assert_eq!(waves(&[vec![], vec![0], vec![0, 1], vec![]]), Some(vec![0, 1, 2, 0]));
        assert_eq!(waves(&[vec![1], vec![0]]), None);
    }
}
