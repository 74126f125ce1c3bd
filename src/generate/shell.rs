//! Words of a shell script that come from a Compose file.

/// `text` as one word that means nothing but itself.
pub(crate) fn quoted(text: &str) -> String {
    let mut res = String::from("'");
    res.push_str(&text.replace('\'', "'\\''"));
    res.push('\'');
    res
}

#[test]
fn a_quoted_word_is_one_word() {
    assert_eq!(quoted("a b;$(c)"), "'a b;$(c)'");
    assert_eq!(quoted("l'été"), r"'l'\''été'");
}
