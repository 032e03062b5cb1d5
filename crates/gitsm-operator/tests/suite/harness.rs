//! A server with gitsm's definitions, and estates to apply.

use gitsm_api::publish::crd_value;
use gitsm_check::estate::manifests;
use gitsm_check::input::MemoryInput;
use gitsm_core::ident::{GitRevision, RepositoryName};
use gitsm_operator::source::{Applier, ApplyError, ApplyOptions, Report, SourceObject, Step};
use gitsm_testkit::ApiServer;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// The kinds that these tests use.
const KINDS: [&str; 2] = ["Team", "Runbook"];
/// All that is defined.
const DEFINED: [&str; 3] = ["Team", "Runbook", "Repository"];
/// How often it is asked whether a definition is served.
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with the definitions.
pub(crate) struct Cluster<S> {
    pub(crate) client: Client,
    // Stopped with it.
    _server: S,
}

impl<S: ApiServer> Cluster<S> {
    pub(crate) async fn with(server: S) -> Self {
        let kubeconfig = Kubeconfig::read_from(server.kubeconfig_path()).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .unwrap();
        let client = Client::try_from(config).unwrap();
        let cluster = Self {
            client,
            _server: server,
        };
        for kind in DEFINED {
            let crd = crd_value(gitsm_api::find(kind).unwrap()).unwrap();
            let resource = ApiResource::from_gvk_with_plural(
                &GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
                "customresourcedefinitions",
            );
            let api: Api<DynamicObject> = Api::all_with(cluster.client.clone(), &resource);
            let name = crd["metadata"]["name"].as_str().unwrap();
            api.patch(name, &PatchParams::apply("tests"), &Patch::Apply(&crd))
                .await
                .unwrap();
        }
        tokio::time::timeout(PATIENCE, async {
            for kind in DEFINED {
                while cluster.api(kind).list(&ListParams::default()).await.is_err() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        })
        .await
        .expect("the definitions are not served");
        cluster
    }

    /// All objects of a kind.
    pub(crate) fn api(&self, kind: &str) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource(kind))
    }

    /// The objects of a kind in the namespace of these tests.
    pub(crate) fn api_in(&self, kind: &str, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &resource(kind))
    }

    /// What there is of the kinds: name and revision.
    pub(crate) async fn revisions(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for kind in KINDS {
            for object in self.api(kind).list(&ListParams::default()).await.unwrap() {
                let meta = object.metadata;
                found.insert(
                    format!("{kind}/{}", meta.name.unwrap()),
                    meta.resource_version.unwrap(),
                );
            }
        }
        found
    }

    /// The names of what there is.
    pub(crate) async fn names(&self) -> Vec<String> {
        self.revisions().await.into_keys().collect()
    }

    /// The ConfigMaps that hold what is listed.
    pub(crate) fn parts(&self) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("", "v1", "ConfigMap");
        let resource = ApiResource::from_gvk_with_plural(&kind, "configmaps");
        Api::namespaced_with(self.client.clone(), "gitsm-system", &resource)
    }

    /// What is listed, as it is stored.
    pub(crate) async fn inventory(&self) -> String {
        let parts = self
            .parts()
            .list(&ListParams::default().labels("gitsm.dev/inventory"))
            .await
            .unwrap();
        let parts = parts.items.into_iter();
        parts
            .map(|part| part.data["data"]["objects"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Applies an estate as the repository `estate`.
    pub(crate) async fn apply(&self, estate: &Estate, options: ApplyOptions) -> Result<Report, ApplyError> {
        self.apply_as("estate", estate, options, &mut |_| {}).await
    }

    pub(crate) async fn apply_as(
        &self,
        repository: &str,
        estate: &Estate,
        options: ApplyOptions,
        progress: &mut (dyn FnMut(Step) + Send),
    ) -> Result<Report, ApplyError> {
        let repository: RepositoryName = repository.parse().unwrap();
        let objects = estate.objects(&repository);
        Applier::new(self.client.clone(), repository, options)
            .apply(&estate.revision, objects, progress)
            .await
    }
}

fn resource(kind: &str) -> ApiResource {
    let info = gitsm_api::find(kind).unwrap();
    let gvk = GroupVersionKind::gvk(gitsm_api::GROUP, gitsm_api::VERSION, kind);
    ApiResource::from_gvk_with_plural(&gvk, info.plural)
}

/// A commit with teams, and runbooks in namespace `ops`.
#[derive(Clone)]
pub(crate) struct Estate {
    pub(crate) revision: GitRevision,
    text: String,
}

impl Estate {
    /// An empty one.
    pub(crate) fn at(digit: char) -> Self {
        Self {
            revision: digit.to_string().repeat(40).parse().unwrap(),
            text: String::new(),
        }
    }

    pub(crate) fn team(self, name: &str, display_name: &str) -> Self {
        self.document(
            "Team",
            &format!("name: {name}"),
            &format!("displayName: {display_name}, members: []"),
        )
    }

    pub(crate) fn teams(self, count: usize) -> Self {
        (0..count).fold(self, |estate, number| {
            estate.team(&format!("team-{number:02}"), "A team")
        })
    }

    /// One document; `metadata` and `spec` are the insides of flow mappings.
    pub(crate) fn document(mut self, kind: &str, metadata: &str, spec: &str) -> Self {
        writeln!(
            self.text,
            "---\napiVersion: gitsm.dev/v1alpha1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec: {{{spec}}}"
        )
        .unwrap();
        self
    }

    fn objects(&self, repository: &RepositoryName) -> Vec<SourceObject> {
        let input = MemoryInput::new().with("estate.yaml", self.text.clone());
        manifests(&input, 1)
            .unwrap()
            .into_iter()
            .map(|manifest| SourceObject::new(manifest, repository).unwrap())
            .collect()
    }
}

/// Runs scenarios against gitsm's own server, and in the real tier against a real one.
macro_rules! on_each_server {
    ($what:literal; $($name:ident: $scenario:ident;)*) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                let server = gitsm_testkit::Embedded::start().await.unwrap();
                super::$scenario($crate::harness::Cluster::with(server).await).await;
            })*
        }

        #[tokio::test]
        async fn the_same_on_a_real_server() {
            if gitsm_testkit::tier::skips_real($what) {
                return;
            }
            $(
                let server = gitsm_testkit::Real::start().await.unwrap();
                $scenario($crate::harness::Cluster::with(server).await).await;
            )*
        }
    };
}
pub(crate) use on_each_server;
