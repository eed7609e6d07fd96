//! Source text without what the rules do not look at: comments, attributes, and tests.

/// The code of a file: comments and attributes are blanked out, and the file ends where its tests begin. Line breaks
/// stay, so that line numbers hold.
///
/// This is no parser. It knows strings (plain and raw) so that a `//` inside one is no comment, and it takes a quote
/// after which no second one follows at once for a lifetime.
pub fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = before_tests(text);
    while let Some(first) = rest.chars().next() {
        let (length, keep) = next_piece(rest, first);
        let (piece, after) = rest.split_at(length);
        if keep {
            code.push_str(piece);
        } else {
            code.extend(piece.chars().filter(|character| *character == '\n'));
        }
        rest = after;
    }
    code
}

/// Whether a file holds nothing but tests, going by its name.
pub fn is_test_file(path: &str) -> bool {
    let named = |name: &str| name == "tests" || name == "tests.rs" || name.ends_with("_tests.rs");
    path.split('/').any(named)
}

/// The lines, counted from one, of `code` that have `word` as a whole word. A brand of cards may be called what a processor
/// is called: a line that says `Brand::` before the word speaks of the brand.
pub fn lines_with_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let brand = format!("brand::{word}");
    let has = move |line: &str| {
        let lower = line.to_lowercase();
        !lower.contains(&brand)
            && lower
                .match_indices(word)
                .any(|(at, _)| is_whole(line, at, word.len()))
    };
    code.lines()
        .enumerate()
        .filter(move |(_, line)| has(line))
        .map(|(number, _)| number + 1)
}

fn is_whole(line: &str, at: usize, length: usize) -> bool {
    let bytes = line.as_bytes();
    // An underscore separates words here: `kushki_charge` names Kushki.
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let starts = !letter(before) || bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    // `KushkiAccount` names it as well; `amexico` names nothing.
    let after = bytes.get(at + length);
    starts && !after.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn before_tests(text: &str) -> &str {
    // Tests are the last thing in a file here.
    match text.find("\n#[cfg(test)]\nmod ") {
        Some(at) => text.get(..at).unwrap_or(text),
        None => text,
    }
}

/// Length of the piece that `rest` starts with, and whether it is code.
fn next_piece(rest: &str, first: char) -> (usize, bool) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), false);
    }
    if rest.starts_with("/*") {
        return (rest.find("*/").map_or(rest.len(), |at| at + 2), false);
    }
    if rest.starts_with("#[") || rest.starts_with("#![") {
        return (attribute_length(rest), false);
    }
    let length = match first {
        '"' => string_length(rest),
        'r' if rest.starts_with("r\"") || rest.starts_with("r#\"") => raw_string_length(rest),
        '\'' => character_length(rest),
        _ => first.len_utf8(),
    };
    (length, true)
}

fn attribute_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(character) = rest.get(at..).and_then(|rest| rest.chars().next()) {
        match character {
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            '"' => {
                at += rest.get(at..).map_or(1, string_length);
                continue;
            }
            _ => {}
        }
        at += character.len_utf8();
    }
    rest.len()
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn raw_string_length(rest: &str) -> usize {
    let hashes = rest
        .chars()
        .skip(1)
        .take_while(|character| *character == '#')
        .count();
    let end = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    rest.get(start..)
        .and_then(|inside| inside.find(&end))
        .map_or(rest.len(), |at| start + at + end.len())
}

fn character_length(rest: &str) -> usize {
    let mut inside = rest.char_indices().skip(1);
    match inside.next() {
        Some((_, '\\')) => rest
            .get(2..)
            .and_then(|rest| rest.find('\''))
            .map_or(1, |at| at + 3),
        Some((_, _)) => match inside.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_attributes_and_tests_are_no_code() {
        let text = "//! kushki\nlet a = 1; // kushki\n/* kushki */ #[schema(example = \"kushki]\")]\nlet b;\n#[cfg(test)]\nmod tests { kushki }\n";
        let code = code(text);
        assert_eq!(lines_with_word(&code, "kushki").count(), 0, "{code}");
        assert!(code.contains("let a = 1;") && code.contains("let b;"));
    }

    #[test]
    fn strings_are_code_and_hide_comment_signs() {
        let code = code(
            "let url = \"http://x\"; kushki();\nlet quote = '\"'; adyen();\nlet raw = r#\"// \" \"#; stripe();\n",
        );
        for word in ["kushki", "adyen", "stripe"] {
            assert_eq!(lines_with_word(&code, word).count(), 1, "{word} in {code}");
        }
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let code = code("fn a<'a>(b: &'a str) {} // kushki\nkushki");
        assert_eq!(lines_with_word(&code, "kushki").collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn names_count_in_every_spelling_but_not_inside_other_words() {
        let count = |line: &str| lines_with_word(line, "amex").count();
        assert_eq!(
            [
                "amex",
                "\"amex\"",
                "Amex::new",
                "amex_charge",
                "AmexAccount",
                "ForAmex"
            ]
            .map(count),
            [1; 6]
        );
        assert_eq!(["amexico", "example", "namex"].map(count), [0; 3]);
        assert_eq!(["Brand::Amex => 4", "(\"3\", Brand::Amex)"].map(count), [0; 2]);
    }
}
