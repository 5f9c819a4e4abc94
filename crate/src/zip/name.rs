//! The names of files in an archive: to text, and as paths that lead nowhere else.

/// The upper half of code page 437, in which names are that say nothing of their encoding and are no UTF-8.
const CODE_PAGE_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A name as text. Many programs write UTF-8 and do not say so.
pub(super) fn text(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let upper = |byte: u8| CODE_PAGE_437.chars().nth(usize::from(byte - 128));
    let letter = |byte: &u8| match byte {
        0..=127 => char::from(*byte),
        byte => upper(*byte).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    bytes.iter().map(letter).collect()
}

/// The Info-ZIP Unicode path of an entry (extra field 0x7075), if it is of this version: a byte, a checksum, the name.
pub(super) fn unicode_path(field: &[u8]) -> Option<String> {
    let [1, _, _, _, _, name @ ..] = field else {
        return None;
    };
    String::from_utf8(name.to_vec()).ok()
}

/// A path of folders and a name, separated by `/`, that leads into the archive and nowhere else; none for a folder.
pub(super) fn path(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    if name.ends_with('/') {
        return None;
    }
    let parts = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "." | ".."));
    let parts: Vec<&str> = parts.collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Whether a file is what macOS or Windows put beside a person's files.
pub(super) fn is_helper(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let names = [".DS_Store", "Thumbs.db", "desktop.ini"];
    path.split('/').any(|part| part == "__MACOSX")
        || name.starts_with("._")
        || names.iter().any(|helper| helper.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_utf_8_or_code_page_437() {
        assert_eq!(CODE_PAGE_437.chars().count(), 128);
        assert_eq!(text("läsion.png".as_bytes()), "läsion.png");
        assert_eq!(text(b"l\x84sion.png"), "läsion.png");
        assert_eq!(
            unicode_path(b"\x01abcd\xc3\xa4.png").as_deref(),
            Some("ä.png")
        );
        assert_eq!(unicode_path(b"\x02abcd"), None);
    }

    #[test]
    fn paths_lead_into_the_archive_and_nowhere_else() {
        assert_eq!(path("../../etc/passwd").as_deref(), Some("etc/passwd"));
        assert_eq!(path("a\\b\\.\\c.png").as_deref(), Some("a/b/c.png"));
        assert_eq!(path("/c.png").as_deref(), Some("c.png"));
        assert_eq!(path("folder/"), None);
        assert_eq!(path(".."), None);
    }

    #[test]
    fn what_systems_put_beside_files_is_told_from_them() {
        for helper in [
            "__MACOSX/a/._b.png",
            "a/._b.png",
            "a/.DS_Store",
            "thumbs.db",
        ] {
            assert!(is_helper(helper), "{helper}");
        }
        assert!(!is_helper("a/b.png") && !is_helper("a/MACOSX.png"));
    }
}
