//! A CRD read from decoded JSON, in the form in which the API server judges it.
//!
//! That form is older than `apiextensions.k8s.io/v1`: what all versions have in common stands at the top of the
//! spec instead of in each version, and messages name it there (`spec.validation.openAPIV3Schema...`).

use super::props::{Fields, Props};
use serde_json::Value;

/// A CRD.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Crd {
    /// The whole object.
    pub(super) object: Value,
    pub(super) spec: Spec,
    pub(super) status: Status,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Spec {
    pub(super) group: String,
    pub(super) names: Names,
    pub(super) scope: String,
    /// What all versions have in common.
    pub(super) common: Serving,
    pub(super) versions: Vec<Version>,
    pub(super) conversion: Option<Conversion>,
    pub(super) preserve_unknown_fields: bool,
}

/// How a version is checked and served.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Serving {
    pub(super) validation: Option<Validation>,
    pub(super) subresources: Option<Subresources>,
    pub(super) columns: Vec<Column>,
    pub(super) selectable: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Validation {
    pub(super) schema: Option<Props>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) served: bool,
    pub(super) storage: bool,
    pub(super) deprecated: bool,
    pub(super) deprecation_warning: Option<String>,
    /// What this version does not share with all others.
    pub(super) own: Serving,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Names {
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) shorts: Vec<String>,
    pub(super) kind: String,
    pub(super) list_kind: String,
    pub(super) categories: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Subresources {
    pub(super) status: bool,
    pub(super) scale: Option<Scale>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scale {
    pub(super) spec_replicas: String,
    pub(super) status_replicas: String,
    pub(super) label_selector: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) format: String,
    pub(super) description: String,
    pub(super) priority: i64,
    pub(super) json_path: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Conversion {
    pub(super) strategy: String,
    pub(super) client: Option<WebhookClient>,
    pub(super) review_versions: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct WebhookClient {
    pub(super) url: Option<String>,
    pub(super) service: Option<Service>,
    /// In base64.
    pub(super) ca_bundle: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Service {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) path: Option<String>,
    pub(super) port: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Status {
    pub(super) accepted_names: Names,
    pub(super) stored_versions: Option<Vec<String>>,
    pub(super) is_established: bool,
}

impl Crd {
    /// Reads a decoded CRD.
    pub(super) fn read(object: Value) -> Self {
        let fields = Fields::of(&object);
        let spec = fields.inside("spec").map(|spec| Spec::read(&spec));
        let status = fields.inside("status").map(|status| Status::read(&status));
        Self {
            spec: spec.unwrap_or_default(),
            status: status.unwrap_or_default(),
            object,
        }
    }
}

impl Spec {
    fn read(fields: &Fields<'_>) -> Self {
        let versions = fields.list("versions").iter().map(Version::read);
        let mut spec = Self {
            group: fields.text("group"),
            names: fields
                .inside("names")
                .map(|names| Names::read(&names))
                .unwrap_or_default(),
            scope: fields.text("scope"),
            common: Serving::default(),
            versions: versions.collect(),
            conversion: fields
                .inside("conversion")
                .map(|fields| Conversion::read(&fields)),
            preserve_unknown_fields: fields.flag("preserveUnknownFields"),
        };
        spec.raise_what_is_common();
        spec
    }

    /// Moves what all versions have in common to the top.
    fn raise_what_is_common(&mut self) {
        let Some(first) = self.versions.first().map(|version| version.own.clone()) else {
            return;
        };
        let common = |is_same: &dyn Fn(&Serving) -> bool| self.versions.iter().all(|v| is_same(&v.own));
        let validation = common(&|own| own.validation == first.validation);
        let subresources = common(&|own| own.subresources == first.subresources);
        let columns = common(&|own| own.columns == first.columns);
        let selectable = common(&|own| own.selectable == first.selectable);
        for version in &mut self.versions {
            let own = &mut version.own;
            own.validation = own.validation.take().filter(|_| !validation);
            own.subresources = own.subresources.take().filter(|_| !subresources);
            if columns {
                own.columns.clear();
            }
            if selectable {
                own.selectable.clear();
            }
        }
        self.common = Serving {
            validation: first.validation.filter(|_| validation),
            subresources: first.subresources.filter(|_| subresources),
            columns: if columns { first.columns } else { Vec::new() },
            selectable: if selectable { first.selectable } else { Vec::new() },
        };
    }

    /// Every schema: the common one and those of versions.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &Props> {
        let own = self.versions.iter().map(|version| &version.own.validation);
        std::iter::once(&self.common.validation)
            .chain(own)
            .filter_map(|validation| validation.as_ref()?.schema.as_ref())
    }

    /// The subresources of a version.
    pub(super) fn subresources_of(&self, name: &str) -> Option<&Subresources> {
        if self
            .versions
            .iter()
            .all(|version| version.own.subresources.is_none())
        {
            return self.common.subresources.as_ref();
        }
        let version = self.versions.iter().find(|version| version.name == name)?;
        version.own.subresources.as_ref()
    }

    /// Whether there is a version of that name.
    pub(super) fn has_version(&self, name: &str) -> bool {
        self.versions.iter().any(|version| version.name == name)
    }

    /// The schema of a version.
    pub(super) fn schema_of(&self, name: &str) -> Option<&Props> {
        let version = self.versions.iter().find(|version| version.name == name)?;
        let validation = version
            .own
            .validation
            .as_ref()
            .or(self.common.validation.as_ref());
        validation?.schema.as_ref()
    }
}

impl Version {
    fn read(version: &Value) -> Self {
        let fields = Fields::of(version);
        let columns = fields.list("additionalPrinterColumns").iter();
        let selectable = fields.list("selectableFields").iter();
        Self {
            name: fields.text("name"),
            served: fields.flag("served"),
            storage: fields.flag("storage"),
            deprecated: fields.flag("deprecated"),
            deprecation_warning: fields.some_text("deprecationWarning"),
            own: Serving {
                validation: fields.inside("schema").map(|validation| Validation {
                    schema: validation.get("openAPIV3Schema").map(Props::read),
                }),
                subresources: fields.inside("subresources").map(|fields| Subresources {
                    status: fields.get("status").is_some(),
                    scale: fields.inside("scale").map(|scale| Scale {
                        spec_replicas: scale.text("specReplicasPath"),
                        status_replicas: scale.text("statusReplicasPath"),
                        label_selector: scale.some_text("labelSelectorPath"),
                    }),
                }),
                columns: columns.map(Column::read).collect(),
                selectable: selectable
                    .map(|field| Fields::of(field).text("jsonPath"))
                    .collect(),
            },
        }
    }
}

impl Column {
    fn read(column: &Value) -> Self {
        let fields = Fields::of(column);
        Self {
            name: fields.text("name"),
            ty: fields.text("type"),
            format: fields.text("format"),
            description: fields.text("description"),
            priority: fields.integer("priority").unwrap_or_default(),
            json_path: fields.text("jsonPath"),
        }
    }
}

impl Names {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            plural: fields.text("plural"),
            singular: fields.text("singular"),
            shorts: fields.texts("shortNames"),
            kind: fields.text("kind"),
            list_kind: fields.text("listKind"),
            categories: fields.texts("categories"),
        }
    }
}

impl Conversion {
    fn read(fields: &Fields<'_>) -> Self {
        let webhook = fields.inside("webhook");
        let client = webhook
            .as_ref()
            .and_then(|webhook| webhook.inside("clientConfig"));
        Self {
            strategy: fields.text("strategy"),
            client: client.map(|client| WebhookClient {
                url: client.some_text("url"),
                service: client.inside("service").map(|service| Service {
                    namespace: service.text("namespace"),
                    name: service.text("name"),
                    path: service.some_text("path"),
                    port: service.integer("port").unwrap_or(443),
                }),
                ca_bundle: client.text("caBundle"),
            }),
            review_versions: webhook
                .map(|webhook| webhook.texts("conversionReviewVersions"))
                .unwrap_or_default(),
        }
    }
}

impl Status {
    fn read(fields: &Fields<'_>) -> Self {
        let conditions = fields.list("conditions").iter();
        Self {
            accepted_names: fields
                .inside("acceptedNames")
                .map(|names| Names::read(&names))
                .unwrap_or_default(),
            stored_versions: fields
                .get("storedVersions")
                .map(|_| fields.texts("storedVersions")),
            is_established: conditions.into_iter().any(|condition| {
                let fields = Fields::of(condition);
                fields.text("type") == "Established" && fields.text("status") == "True"
            }),
        }
    }
}
