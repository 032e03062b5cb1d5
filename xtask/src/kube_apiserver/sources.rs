//! Where the machine itself gets its packages from: the mirror is read from its own lists, so that no address of a
//! mirror stands in this repository and a company's mirror is used where there is one.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// One archive of binary packages that the machine uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Archive {
    pub(super) uri: String,
    suites: Vec<String>,
    components: Vec<String>,
    /// The value of `Signed-By` as it stands, several lines when the key itself stands there.
    pub(super) signed_by: Option<String>,
}

/// The archive that the machine's own release comes from.
///
/// # Errors
/// When the machine does not run Debian or names no archive of it.
pub(super) fn own_archive() -> Result<Archive> {
    let release = std::fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let value = |key: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    let id = value("ID").unwrap_or_default();
    if id != "debian" {
        bail!(
            "the servers are built from Debian's packages and this machine runs {:?}: put etcd, kube-apiserver and \
             kube-controller-manager (1.31 or newer) into a folder and name it in KUBEBUILDER_ASSETS",
            value("PRETTY_NAME").unwrap_or(id)
        );
    }
    let files = list_files(Path::new("/etc/apt"));
    let mut archives = Vec::new();
    for file in &files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        if file.extension().is_some_and(|extension| extension == "sources") {
            archives.extend(stanzas(&text));
        } else {
            archives.extend(text.lines().filter_map(one_line));
        }
    }
    let codename = value("VERSION_CODENAME").unwrap_or_default();
    choose(archives, &codename).with_context(|| {
        format!("no archive with the suite {codename} and the component main in /etc/apt/sources.list and sources.list.d")
    })
}

/// The lists that apt reads, in its order.
fn list_files(etc: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = std::fs::read_dir(etc.join("sources.list.d"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "list" || extension == "sources")
        })
        .collect();
    parts.sort();
    let main = etc.join("sources.list");
    main.is_file().then_some(main).into_iter().chain(parts).collect()
}

/// Third parties call their suites `stable` too, so only names that are the distribution's alone count.
fn choose(archives: Vec<Archive>, codename: &str) -> Option<Archive> {
    let rank = |archive: &Archive| {
        [codename, "unstable", "sid"]
            .iter()
            .position(|wanted| archive.suites.iter().any(|suite| suite == wanted))
    };
    archives
        .into_iter()
        .filter(|archive| archive.components.iter().any(|component| component == "main"))
        .filter_map(|archive| Some((rank(&archive)?, archive)))
        .min_by_key(|(rank, _)| *rank)
        .map(|(_, archive)| archive)
}

/// The stanzas of a `.sources` file that are enabled and of type `deb`.
fn stanzas(text: &str) -> Vec<Archive> {
    let mut found = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain(std::iter::once("")) {
        if line.trim().is_empty() {
            found.extend(stanza(&std::mem::take(&mut fields)));
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}

fn stanza(fields: &[(String, String)]) -> Option<Archive> {
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let words = |name: &str| -> Vec<String> {
        field(name)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    };
    let is_enabled = !matches!(field("enabled"), Some("no" | "false" | "0"));
    if !is_enabled || !words("types").iter().any(|kind| kind == "deb") {
        return None;
    }
    Some(Archive {
        uri: words("uris").into_iter().next()?,
        suites: words("suites"),
        components: words("components"),
        signed_by: field("signed-by").map(str::to_owned),
    })
}

/// One line of a `.list` file: `deb [options] URI SUITE COMPONENT...`.
fn one_line(line: &str) -> Option<Archive> {
    let rest = line.split('#').next()?.trim().strip_prefix("deb")?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Archive {
        uri: words.next()?,
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by: options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::{Archive, choose, one_line, stanzas};

    fn words(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn stanzas_of_sources_files_are_read() {
        let text = "Types: deb\n# a remark\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main contrib\nSigned-By: /usr/share/keyrings/a.gpg\n\n\
                    Types: deb-src\nURIs: http://source.example\nSuites: bookworm\nComponents: main\n\n\
                    Types: deb\nEnabled: no\nURIs: http://off.example\nSuites: bookworm\nComponents: main\n\n\n\
                    Types: deb\nURIs: http://inline.example\nSuites: x\nSigned-By:\n -----BEGIN\n .\n -----END\n";
        let found = stanzas(text);
        assert_eq!(
            found[0],
            Archive {
                uri: "http://mirror.example/debian".to_owned(),
                suites: words("bookworm bookworm-updates"),
                components: words("main contrib"),
                signed_by: Some("/usr/share/keyrings/a.gpg".to_owned()),
            }
        );
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[1].signed_by.as_deref(),
            Some("\n -----BEGIN\n .\n -----END")
        );
    }

    #[test]
    fn lines_of_list_files_are_read() {
        let line =
            "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main non-free # why";
        assert_eq!(
            one_line(line).unwrap(),
            Archive {
                uri: "http://mirror.example/debian".to_owned(),
                suites: words("bookworm"),
                components: words("main non-free"),
                signed_by: Some("/k.gpg".to_owned()),
            }
        );
        for other in [
            "",
            "# deb http://x y main",
            "deb-src http://x y main",
            "deb",
            "deb http://x",
        ] {
            assert_eq!(one_line(other), None, "{other}");
        }
    }

    #[test]
    fn the_archive_of_the_release_itself_is_chosen() {
        let list = "deb http://security.example/debian-security bookworm-security main\n\
                    deb http://tool.example stable main\n\
                    deb http://mirror.example/debian bookworm main\n";
        let archives = list.lines().filter_map(one_line).collect();
        assert_eq!(
            choose(archives, "bookworm").unwrap().uri,
            "http://mirror.example/debian"
        );
        assert_eq!(choose(Vec::new(), "bookworm"), None);
    }
}
