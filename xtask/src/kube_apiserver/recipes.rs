//! How each part comes to be. What a recipe leaves in `bin` is what counts; all else is thrown away.

use super::apt::{Apt, NEW, OLD, files, parts, unpack, unpack_source};
use super::go::{Build, Go};
use super::manifest::hashes;
use super::progress::step;
use anyhow::{Context as _, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of one build.
pub(super) struct Work {
    pub(super) apt: Apt,
    /// Where everything but the result is.
    pub(super) folder: PathBuf,
    /// What will be kept; `bin` exists in it.
    pub(super) result: PathBuf,
    pub(super) log: PathBuf,
}

/// What a recipe tells about its result.
pub(super) struct Made {
    pub(super) version: String,
    pub(super) inputs: BTreeMap<String, String>,
}

/// One part that is fetched or built as a whole.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What it is for, for people.
    pub(super) what: &'static str,
    /// Raised when the recipe changes so that what was built before will not do.
    pub(super) recipe: u32,
    pub(super) programs: &'static [&'static str],
    pub(super) make: fn(&Work) -> Result<Made>,
}

pub(super) const ETCD: Part = Part {
    name: "etcd",
    what: "etcd, the store of the real servers",
    recipe: 1,
    programs: &["etcd"],
    make: etcd,
};

pub(super) const CORE: Part = Part {
    name: "core",
    what: "kube-apiserver and kube-controller-manager 1.20 for the built-in kinds (about 7 minutes on two cores)",
    recipe: 1,
    programs: &["kube-apiserver", "kube-controller-manager"],
    make: core,
};

pub(super) const APIEXTENSIONS: Part = Part {
    name: "apiextensions",
    what: "apiextensions-apiserver 1.36 or newer for CRDs and their objects (about 5 minutes on two cores)",
    recipe: 1,
    programs: &["apiextensions-apiserver"],
    make: apiextensions,
};

/// The first release whose library is used, as the distribution counts: 0.36 is Kubernetes 1.36.
const OLDEST_APIEXTENSIONS: (u32, u32) = (0, 36);

/// The etcd of the newest suite: with the 3.4 of the old one a streaming list gets no progress notifications.
fn etcd(work: &Work) -> Result<Made> {
    let packages = work.subfolder("packages")?;
    let root = work.subfolder("root")?;
    let debs = step("fetching etcd", || {
        let debs = work.apt.download(NEW, &["etcd-server"], &packages)?;
        unpack(&debs, &root, &work.log)?;
        Ok(debs)
    })?;
    copy(&root.join("usr/bin/etcd"), &work.result.join("bin/etcd"))?;
    Ok(Made {
        version: version_of(&debs, "etcd-server")?,
        inputs: hashes(&debs)?,
    })
}

/// Kubernetes 1.20 from its source package, with the Go of the same release.
fn core(work: &Work) -> Result<Made> {
    let packages = work.subfolder("packages")?;
    let root = work.subfolder("root")?;
    let gopath = work.subfolder("gopath")?;
    create(&gopath.join("src/k8s.io"))?;
    let tree = gopath.join("src/k8s.io/kubernetes");
    let (dsc, debs) = step("fetching the source of Kubernetes 1.20 and Go 1.19", || {
        let dsc = work.apt.source("kubernetes", &packages)?;
        let wanted = [
            "golang-1.19-go",
            "golang-1.19-src",
            "golang-github-modern-go-reflect2-dev",
        ];
        let debs = work.apt.download(OLD, &wanted, &packages)?;
        unpack_source(&dsc, &tree, &work.log)?;
        unpack(&debs, &root, &work.log)?;
        Ok((dsc, debs))
    })?;
    let package_version = dsc
        .file_stem()
        .and_then(|name| name.to_str()?.split_once('_'))
        .map(|(_, version)| version.to_owned())
        .context("the source package has no version")?;
    // `1.20.5+really1.20.2-1.1`: what it really is.
    let version = package_version
        .rsplit("really")
        .next()
        .and_then(|version| version.split('-').next())
        .unwrap_or(&package_version)
        .to_owned();

    let overlay = work.folder.join("overlay.json");
    replace_reflect2(&tree, &root, &overlay)?;
    let link: String = ["component-base/version", "client-go/pkg/version"]
        .map(|package| {
            format!(
                "-X k8s.io/kubernetes/vendor/k8s.io/{package}.gitVersion=v{version} \
                 -X k8s.io/kubernetes/vendor/k8s.io/{package}.gitMajor=1 \
                 -X k8s.io/kubernetes/vendor/k8s.io/{package}.gitMinor=20 "
            )
        })
        .concat();
    let go = Go::below(&root)?;
    let cache = work.subfolder("go-cache")?;
    step("generating the OpenAPI definitions", || {
        generate_openapi(&go, &gopath, &tree, &cache, work)
    })?;
    step("building kube-apiserver and kube-controller-manager", || {
        go.build(&Build {
            gopath: &gopath,
            cache: &cache,
            from: &tree,
            packages: &["./cmd/kube-apiserver", "./cmd/kube-controller-manager"],
            overlay: Some(&overlay),
            link: &link,
            to: &work.result.join("bin/"),
            log: &work.log,
        })
    })?;
    keep_test_scripts(&tree, &work.result.join("source"))?;
    let mut inputs = debs;
    inputs.extend(files(&packages, "dsc")?);
    inputs.extend(files(&packages, "gz")?);
    inputs.extend(files(&packages, "xz")?);
    Ok(Made {
        version: package_version,
        inputs: hashes(&inputs)?,
    })
}

/// The one generated file that the source package lacks: the definitions of all packages that ask to be in it.
/// Upstream's makefiles do the same, with much around it.
fn generate_openapi(go: &Go, gopath: &Path, tree: &Path, cache: &Path, work: &Work) -> Result<()> {
    let generator = work.folder.join("openapi-gen");
    go.build(&Build {
        gopath,
        cache,
        from: tree,
        packages: &["./vendor/k8s.io/kube-openapi/cmd/openapi-gen"],
        overlay: None,
        link: "",
        to: &generator,
        log: &work.log,
    })?;
    let mut packages = BTreeSet::new();
    tagged(&tree.join("pkg"), tree, &mut packages)?;
    let staging = tree.join("staging/src");
    tagged(&staging.join("k8s.io"), &staging, &mut packages)?;
    let packages: Vec<String> = packages
        .iter()
        .filter(|package| {
            !package.starts_with("k8s.io/code-generator/") && !package.starts_with("k8s.io/sample-apiserver/")
        })
        .map(|package| {
            let below = if package.starts_with("k8s.io/") {
                "vendor/"
            } else {
                ""
            };
            format!("k8s.io/kubernetes/{below}{package}")
        })
        .collect();
    go.run(
        Command::new(&generator)
            .current_dir(tree)
            .args(["--logtostderr", "-i", &packages.join(",")])
            .args(["-p", "k8s.io/kubernetes/pkg/generated/openapi"])
            .args(["-O", "zz_generated.openapi"])
            .args(["-h", "hack/boilerplate/boilerplate.generatego.txt"])
            .arg("-r")
            .arg(work.folder.join("violations")),
        gopath,
        &work.log,
    )
}

/// Adds the folders, relative to `root`, of Go files that carry the tag of the generator.
fn tagged(folder: &Path, root: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    const TAG: &[u8] = b"+k8s:openapi-gen=";
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            tagged(&path, root, found)?;
        } else if path.extension().is_some_and(|extension| extension == "go") && !name.ends_with("_test.go") {
            let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if text.windows(TAG.len()).any(|window| window == TAG) {
                let package = folder.strip_prefix(root).unwrap_or(folder);
                found.insert(package.to_string_lossy().into_owned());
            }
        }
    }
    Ok(())
}

/// The vendored reflect2 1.0.1 reads maps as they were before Go 1.18: the server would die of the first patch of a
/// custom resource. Its files are replaced for the compiler by those of the distribution's own package.
fn replace_reflect2(tree: &Path, root: &Path, overlay: &Path) -> Result<()> {
    const PACKAGE: &str = "github.com/modern-go/reflect2";
    let old = tree.join("vendor").join(PACKAGE);
    let new = root.join("usr/share/gocode/src").join(PACKAGE);
    let names = |folder: &Path| -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for extension in ["go", "s"] {
            for path in files(folder, extension)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if !name.ends_with("_test.go") {
                    names.insert(name.into_owned());
                }
            }
        }
        Ok(names)
    };
    let mut replace: BTreeMap<PathBuf, PathBuf> = names(&old)?
        .into_iter()
        .map(|name| (old.join(name), PathBuf::new()))
        .collect();
    replace.extend(
        names(&new)?
            .into_iter()
            .map(|name| (old.join(&name), new.join(&name))),
    );
    let text = serde_json::to_vec(&serde_json::json!({ "Replace": replace }))?;
    std::fs::write(overlay, text).with_context(|| format!("cannot write {}", overlay.display()))
}

/// Keeps the scripts of Kubernetes' own command line tests and what they read: our harness runs them.
fn keep_test_scripts(source: &Path, result: &Path) -> Result<()> {
    for folder in ["hack", "test/cmd", "test/fixtures", "test/e2e/testing-manifests"] {
        let from = source.join(folder);
        if from.is_dir() {
            copy_tree(&from, &result.join(folder))?;
        }
    }
    Ok(())
}

/// The newest apiextensions-apiserver from the distribution's libraries.
fn apiextensions(work: &Work) -> Result<Made> {
    const PACKAGE: &str = "golang-k8s-apiextensions-apiserver-dev";
    let packages = work.subfolder("packages")?;
    let root = work.subfolder("root")?;
    let debs = step("fetching the libraries of Kubernetes and Go", || {
        let closure = work.apt.closure(NEW, &[PACKAGE, "golang-go"])?;
        let wanted: Vec<&str> = closure
            .iter()
            .map(String::as_str)
            .filter(|package| package.starts_with("golang-"))
            .collect();
        let debs = work.apt.download(NEW, &wanted, &packages)?;
        unpack(&debs, &root, &work.log)?;
        Ok(debs)
    })?;
    let version = version_of(&debs, PACKAGE)?;
    let numbers: Vec<u32> = version
        .split(|character: char| !character.is_ascii_digit())
        .map_while(|number| number.parse().ok())
        .collect();
    let (major, minor) = OLDEST_APIEXTENSIONS;
    if numbers.as_slice() < [major, minor].as_slice() {
        bail!("{PACKAGE} is {version} and must be {major}.{minor} or newer");
    }
    let gopath = root.join("usr/share/gocode");
    let from = gopath.join("src/k8s.io/apiextensions-apiserver");
    step("building apiextensions-apiserver", || {
        Go::below(&root)?.build(&Build {
            gopath: &gopath,
            cache: &work.subfolder("go-cache")?,
            from: &from,
            packages: &["k8s.io/apiextensions-apiserver"],
            overlay: None,
            link: "",
            to: &work.result.join("bin/apiextensions-apiserver"),
            log: &work.log,
        })
    })?;
    Ok(Made {
        version,
        inputs: hashes(&debs)?,
    })
}

impl Work {
    fn subfolder(&self, name: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        create(&path)?;
        Ok(path)
    }
}

fn version_of(debs: &[PathBuf], package: &str) -> Result<String> {
    debs.iter()
        .filter_map(|path| parts(path.file_name()?.to_str()?))
        .find_map(|(name, version)| (name == package).then_some(version))
        .with_context(|| format!("{package} was not fetched"))
}

fn create(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
        .map(drop)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    create(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, &target)
                .with_context(|| format!("cannot link {}", target.display()))?;
        } else {
            copy(&source, &target)?;
        }
    }
    Ok(())
}
