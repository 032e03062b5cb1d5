//! The shapes of `apiextensions.k8s.io/v1` and of `ObjectMeta`.

use super::shape::{Kind, Shape};

const TEXTS: Kind = Kind::List(&Kind::Text, "[]string");
const TEXT_MAP: Kind = Kind::Map(&Kind::Text, "map[string]string");
const INT64: Kind = Kind::Integer("int64");
const INT32: Kind = Kind::Integer("int32");
/// A static of its own, because a schema has schemas inside.
static SCHEMA_KIND: Kind = Kind::Struct(&SCHEMA);
static DEPENDENCY_KIND: Kind = Kind::SchemaOrNames(&SCHEMA);

/// `CustomResourceDefinition`.
pub(crate) static CRD: Shape = Shape {
    name: "CustomResourceDefinition",
    fields: &[
        ("apiVersion", Kind::Text),
        ("kind", Kind::Text),
        ("metadata", Kind::Struct(&OBJECT_META)),
        ("spec", Kind::Struct(&SPEC)),
        ("status", Kind::Struct(&STATUS)),
    ],
};

/// `ObjectMeta`.
pub(crate) static OBJECT_META: Shape = Shape {
    name: "ObjectMeta",
    fields: &[
        ("annotations", TEXT_MAP),
        ("creationTimestamp", Kind::Text),
        ("deletionGracePeriodSeconds", INT64),
        ("deletionTimestamp", Kind::Text),
        ("finalizers", TEXTS),
        ("generateName", Kind::Text),
        ("generation", INT64),
        ("labels", TEXT_MAP),
        (
            "managedFields",
            Kind::List(&Kind::Struct(&MANAGED), "[]v1.ManagedFieldsEntry"),
        ),
        ("name", Kind::Text),
        ("namespace", Kind::Text),
        (
            "ownerReferences",
            Kind::List(&Kind::Struct(&OWNER), "[]v1.OwnerReference"),
        ),
        ("resourceVersion", Kind::Text),
        ("selfLink", Kind::Text),
        ("uid", Kind::Name("types.UID")),
    ],
};

static MANAGED: Shape = Shape {
    name: "ManagedFieldsEntry",
    fields: &[
        ("apiVersion", Kind::Text),
        ("fieldsType", Kind::Text),
        ("fieldsV1", Kind::Any),
        ("manager", Kind::Text),
        ("operation", Kind::Name("v1.ManagedFieldsOperationType")),
        ("subresource", Kind::Text),
        ("time", Kind::Text),
    ],
};

static OWNER: Shape = Shape {
    name: "OwnerReference",
    fields: &[
        ("apiVersion", Kind::Text),
        ("blockOwnerDeletion", Kind::Bool),
        ("controller", Kind::Bool),
        ("kind", Kind::Text),
        ("name", Kind::Text),
        ("uid", Kind::Name("types.UID")),
    ],
};

static SPEC: Shape = Shape {
    name: "CustomResourceDefinitionSpec",
    fields: &[
        ("conversion", Kind::Struct(&CONVERSION)),
        ("group", Kind::Text),
        ("names", Kind::Struct(&NAMES)),
        ("preserveUnknownFields", Kind::Bool),
        ("scope", Kind::Name("v1.ResourceScope")),
        (
            "versions",
            Kind::List(&Kind::Struct(&VERSION), "[]v1.CustomResourceDefinitionVersion"),
        ),
    ],
};

static STATUS: Shape = Shape {
    name: "CustomResourceDefinitionStatus",
    fields: &[
        ("acceptedNames", Kind::Struct(&NAMES)),
        (
            "conditions",
            Kind::List(
                &Kind::Struct(&CONDITION),
                "[]v1.CustomResourceDefinitionCondition",
            ),
        ),
        ("observedGeneration", INT64),
        ("storedVersions", TEXTS),
    ],
};

static CONDITION: Shape = Shape {
    name: "CustomResourceDefinitionCondition",
    fields: &[
        ("lastTransitionTime", Kind::Text),
        ("message", Kind::Text),
        ("observedGeneration", INT64),
        ("reason", Kind::Text),
        ("status", Kind::Name("v1.ConditionStatus")),
        ("type", Kind::Name("v1.CustomResourceDefinitionConditionType")),
    ],
};

static NAMES: Shape = Shape {
    name: "CustomResourceDefinitionNames",
    fields: &[
        ("categories", TEXTS),
        ("kind", Kind::Text),
        ("listKind", Kind::Text),
        ("plural", Kind::Text),
        ("shortNames", TEXTS),
        ("singular", Kind::Text),
    ],
};

static CONVERSION: Shape = Shape {
    name: "CustomResourceConversion",
    fields: &[
        ("strategy", Kind::Name("v1.ConversionStrategyType")),
        ("webhook", Kind::Struct(&WEBHOOK)),
    ],
};

static WEBHOOK: Shape = Shape {
    name: "WebhookConversion",
    fields: &[
        ("clientConfig", Kind::Struct(&CLIENT_CONFIG)),
        ("conversionReviewVersions", TEXTS),
    ],
};

static CLIENT_CONFIG: Shape = Shape {
    name: "WebhookClientConfig",
    fields: &[
        ("caBundle", Kind::Name("[]uint8")),
        ("service", Kind::Struct(&SERVICE)),
        ("url", Kind::Text),
    ],
};

static SERVICE: Shape = Shape {
    name: "ServiceReference",
    fields: &[
        ("name", Kind::Text),
        ("namespace", Kind::Text),
        ("path", Kind::Text),
        ("port", INT32),
    ],
};

static VERSION: Shape = Shape {
    name: "CustomResourceDefinitionVersion",
    fields: &[
        (
            "additionalPrinterColumns",
            Kind::List(&Kind::Struct(&COLUMN), "[]v1.CustomResourceColumnDefinition"),
        ),
        ("deprecated", Kind::Bool),
        ("deprecationWarning", Kind::Text),
        ("name", Kind::Text),
        ("schema", Kind::Struct(&VALIDATION)),
        (
            "selectableFields",
            Kind::List(&Kind::Struct(&SELECTABLE), "[]v1.SelectableField"),
        ),
        ("served", Kind::Bool),
        ("storage", Kind::Bool),
        ("subresources", Kind::Struct(&SUBRESOURCES)),
    ],
};

static COLUMN: Shape = Shape {
    name: "CustomResourceColumnDefinition",
    fields: &[
        ("description", Kind::Text),
        ("format", Kind::Text),
        ("jsonPath", Kind::Text),
        ("name", Kind::Text),
        ("priority", INT32),
        ("type", Kind::Text),
    ],
};

static SELECTABLE: Shape = Shape {
    name: "SelectableField",
    fields: &[("jsonPath", Kind::Text)],
};

static SUBRESOURCES: Shape = Shape {
    name: "CustomResourceSubresources",
    fields: &[
        ("scale", Kind::Struct(&SCALE)),
        ("status", Kind::Struct(&STATUS_SUBRESOURCE)),
    ],
};

static STATUS_SUBRESOURCE: Shape = Shape {
    name: "CustomResourceSubresourceStatus",
    fields: &[],
};

static SCALE: Shape = Shape {
    name: "CustomResourceSubresourceScale",
    fields: &[
        ("labelSelectorPath", Kind::Text),
        ("specReplicasPath", Kind::Text),
        ("statusReplicasPath", Kind::Text),
    ],
};

static VALIDATION: Shape = Shape {
    name: "CustomResourceValidation",
    fields: &[("openAPIV3Schema", Kind::Struct(&SCHEMA))],
};

/// `JSONSchemaProps`.
pub(crate) static SCHEMA: Shape = Shape {
    name: "JSONSchemaProps",
    fields: &[
        ("$ref", Kind::Text),
        ("$schema", Kind::Name("v1.JSONSchemaURL")),
        ("additionalItems", Kind::SchemaOrBool(&SCHEMA)),
        ("additionalProperties", Kind::SchemaOrBool(&SCHEMA)),
        ("allOf", Kind::List(&SCHEMA_KIND, "[]v1.JSONSchemaProps")),
        ("anyOf", Kind::List(&SCHEMA_KIND, "[]v1.JSONSchemaProps")),
        ("default", Kind::Any),
        (
            "definitions",
            Kind::Map(&SCHEMA_KIND, "map[string]v1.JSONSchemaProps"),
        ),
        (
            "dependencies",
            Kind::Map(&DEPENDENCY_KIND, "v1.JSONSchemaDependencies"),
        ),
        ("description", Kind::Text),
        ("enum", Kind::List(&Kind::Any, "[]v1.JSON")),
        ("example", Kind::Any),
        ("exclusiveMaximum", Kind::Bool),
        ("exclusiveMinimum", Kind::Bool),
        ("externalDocs", Kind::Struct(&EXTERNAL_DOCS)),
        ("format", Kind::Text),
        ("id", Kind::Text),
        ("items", Kind::SchemaOrList(&SCHEMA)),
        ("maxItems", INT64),
        ("maxLength", INT64),
        ("maxProperties", INT64),
        ("maximum", Kind::Float),
        ("minItems", INT64),
        ("minLength", INT64),
        ("minProperties", INT64),
        ("minimum", Kind::Float),
        ("multipleOf", Kind::Float),
        ("not", Kind::Struct(&SCHEMA)),
        ("nullable", Kind::Bool),
        ("oneOf", Kind::List(&SCHEMA_KIND, "[]v1.JSONSchemaProps")),
        ("pattern", Kind::Text),
        (
            "patternProperties",
            Kind::Map(&SCHEMA_KIND, "map[string]v1.JSONSchemaProps"),
        ),
        (
            "properties",
            Kind::Map(&SCHEMA_KIND, "map[string]v1.JSONSchemaProps"),
        ),
        ("required", TEXTS),
        ("title", Kind::Text),
        ("type", Kind::Text),
        ("uniqueItems", Kind::Bool),
        ("x-kubernetes-embedded-resource", Kind::Bool),
        ("x-kubernetes-int-or-string", Kind::Bool),
        ("x-kubernetes-list-map-keys", TEXTS),
        ("x-kubernetes-list-type", Kind::Text),
        ("x-kubernetes-map-type", Kind::Text),
        ("x-kubernetes-preserve-unknown-fields", Kind::Bool),
        (
            "x-kubernetes-validations",
            Kind::List(&Kind::Struct(&RULE), "v1.ValidationRules"),
        ),
    ],
};

static EXTERNAL_DOCS: Shape = Shape {
    name: "ExternalDocumentation",
    fields: &[("description", Kind::Text), ("url", Kind::Text)],
};

static RULE: Shape = Shape {
    name: "ValidationRule",
    fields: &[
        ("fieldPath", Kind::Text),
        ("message", Kind::Text),
        ("messageExpression", Kind::Text),
        ("optionalOldSelf", Kind::Bool),
        ("reason", Kind::Name("v1.FieldValueErrorReason")),
        ("rule", Kind::Text),
    ],
};
