//! `Asset`: something of value that is bought, held and disposed of.

use super::shared::ConfigurationItemReference;
use crate::choice::choices;
use crate::phase::{Transitions, transition_rule};
use crate::root::custom_kind;
use crate::rule::rule;
use gitsm_core::Text;
use gitsm_core::ident::{GitRevision, MemberId, TeamName};
use gitsm_core::time::LocalDate;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

choices! {
    /// Where an asset is in its life. People decide it by pull request.
    pub enum AssetState {
        /// Ordered, not yet received.
        OnOrder,
        /// In stock.
        InStock,
        /// On its way to a place or person.
        InTransit,
        /// In use.
        InUse,
        /// Being repaired or serviced.
        InMaintenance,
        /// No longer to be used, still held.
        Retired,
        /// Gone, with a certificate.
        Disposed,
    }
}

impl AssetState {
    /// The moves that are possible at all.
    pub const TRANSITIONS: Transitions<Self> = &[
        (Self::OnOrder, &[Self::InStock]),
        (Self::InStock, &[Self::InTransit, Self::InUse, Self::Retired]),
        (Self::InTransit, &[Self::InUse, Self::InStock]),
        (
            Self::InUse,
            &[Self::InMaintenance, Self::InStock, Self::InTransit, Self::Retired],
        ),
        (Self::InMaintenance, &[Self::InUse, Self::InStock, Self::Retired]),
        (Self::Retired, &[Self::Disposed]),
    ];
}

choices! {
    /// How far the maker still supports an asset.
    pub enum SupportPhase {
        /// Sold and supported.
        Supported,
        /// No longer sold, still supported.
        EndOfSale,
        /// Only extended support.
        ExtendedSupport,
        /// No support.
        Unsupported,
    }
}

choices! {
    /// How pressing the next expiry is.
    #[derive(PartialOrd, Ord)]
    pub enum ExpirySeverity {
        /// Further away than 90 days.
        None,
        /// Within 90 days.
        Notice,
        /// Within 30 days.
        Warning,
        /// Within 7 days, or past.
        Critical,
    }
}

/// Something of value that is bought, held and disposed of: a laptop, a server, an appliance, a
/// certificate.
#[derive(CustomResource, Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "gitsm.dev",
    version = "v1alpha1",
    kind = "Asset",
    plural = "assets",
    shortname = "ast",
    category = "gitsm",
    namespaced,
    status = "AssetStatus",
    derive = "PartialEq",
    schema = "manual",
    doc = "The `Asset` custom resource: [`AssetSpec`] and [`AssetStatus`].",
    printcolumn(
        name = "STATE",
        type_ = "string",
        json_path = ".spec.state",
        description = "Where the asset is in its life"
    ),
    printcolumn(
        name = "ASSIGNED",
        type_ = "string",
        json_path = ".spec.assignedTo",
        description = "Who uses it"
    ),
    printcolumn(
        name = "MODEL",
        type_ = "string",
        json_path = ".spec.model",
        description = "Maker and model"
    ),
    printcolumn(
        name = "WARRANTY",
        type_ = "string",
        json_path = ".spec.warrantyEnd",
        description = "Last day of the warranty"
    ),
    printcolumn(
        name = "SUPPORT",
        type_ = "string",
        json_path = ".status.supportPhase",
        description = "How far the maker supports it"
    ),
    printcolumn(
        name = "EXPIRY",
        type_ = "string",
        json_path = ".status.expirySeverity",
        description = "How pressing the next expiry is",
        priority = 1
    ),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Time since creation"
    ),
    selectable = ".spec.state",
    selectable = ".spec.owner",
    selectable = ".status.supportPhase"
)]
#[schemars(extend("x-kubernetes-validations" = [
    rule("self.state != 'Disposed' || has(self.disposal)", "a disposed asset needs disposal.certificate").at(".disposal"),
    rule("self.state != 'InUse' || has(self.assignedTo) || has(self.configurationItem) || has(self.owner)", "an asset in use needs an owner, a person or a configuration item").at(".state"),
]))]
pub struct AssetSpec {
    /// Where the asset is in its life. It moves OnOrder, InStock, (InTransit), InUse, (InMaintenance),
    /// Retired, Disposed.
    #[schemars(extend("x-kubernetes-validations" = [transition_rule(AssetState::TRANSITIONS)]))]
    pub state: AssetState,
    /// Maker and model. Example: `Lenovo ThinkPad T14 Gen 5`.
    pub model: Text<200>,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<Text<120>>,
    /// Inventory tag, as it is stuck on the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Text<60>>,
    /// Team that answers for the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<TeamName>,
    /// Person who uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<MemberId>,
    /// Where it is. Example: `Berlin, rack B12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Text<200>>,
    /// The purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase: Option<Purchase>,
    /// Last day of the warranty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warranty_end: Option<LocalDate>,
    /// Dates announced by the maker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_dates: Option<VendorDates>,
    /// The configuration item that it realises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_item: Option<ConfigurationItemReference>,
    /// Proof of disposal. Required in state Disposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposal: Option<Disposal>,
}

/// How an asset was bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Purchase {
    /// Day of purchase.
    pub date: LocalDate,
    /// Price, as a decimal number without currency. Example: `1249.00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self.matches('^[0-9]{1,12}([.][0-9]{1,4})?$')", "cost is a decimal number such as 1249.00")]))]
    pub cost: Option<Text<20>>,
    /// Currency of the price, by ISO 4217. Example: `EUR`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [rule("self.matches('^[A-Z]{3}$')", "currency is three capital letters such as EUR")]))]
    pub currency: Option<Text<3>>,
    /// Supplier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Text<120>>,
    /// Order or contract number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Text<120>>,
}

/// Dates announced by the maker of an asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule("!has(self.endOfSupport) || !has(self.endOfExtendedSupport) || self.endOfSupport <= self.endOfExtendedSupport", "endOfExtendedSupport must not be before endOfSupport").at(".endOfExtendedSupport"),
]))]
pub struct VendorDates {
    /// Last day of sale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_sale: Option<LocalDate>,
    /// Last day of ordinary support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_support: Option<LocalDate>,
    /// Last day of extended support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_extended_support: Option<LocalDate>,
    /// Day after which the maker considers it dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<LocalDate>,
}

/// Proof that an asset is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disposal {
    /// Day of disposal.
    pub date: LocalDate,
    /// Number or link of the certificate.
    pub certificate: Text<300>,
}

/// What follows from the asset's dates.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssetStatus {
    /// The `metadata.generation` this status was computed from. Lower than `metadata.generation` means that
    /// the status is not up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// The git revision of the estate that this status was computed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<GitRevision>,
    /// What holds and what does not, by type; see the documentation of conditions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::conditions_schema")]
    pub conditions: Vec<Condition>,
    /// How far the maker supports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_phase: Option<SupportPhase>,
    /// How pressing the next expiry is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_severity: Option<ExpirySeverity>,
    /// The next date at which something expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_expiry: Option<LocalDate>,
    /// What expires then. Example: `warranty`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_expiry_of: Option<Text<60>>,
}

custom_kind!(Asset);
