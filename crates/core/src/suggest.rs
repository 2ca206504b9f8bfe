/// The candidate a misspelt word most likely meant, if one is near enough to name.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    if length > 100 {
        return None; // edit distance is quadratic, and nobody misspells a paragraph
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            let longest = length.max(candidate.chars().count());
            *distance <= 1.max(longest / 3) && *distance < longest
        })
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn names_the_nearest() {
        assert_eq!(suggest("cidr_blok", ["cidr_block", "tags"]), Some("cidr_block"));
        assert_eq!(suggest("tgas", ["cidr_block", "tags"]), Some("tags"));
        assert_eq!(suggest("zzzzzz", ["cidr_block", "tags"]), None);
        assert_eq!(suggest("", ["tags"]), None);
        assert_eq!(suggest("c", ["a", "b"]), None);
    }
}
