//! One key figure, and how it is put together.

use super::period::Period;
use super::stats::{mean, percentile, ratio};
use crate::choice::choices;
use crate::ident::ResourceName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

choices! {
    /// What the value of a key figure counts.
    pub enum Unit {
        /// Seconds.
        Seconds,
        /// A share of a whole, in thousandths, 0 to 1000.
        Permille,
        /// A ratio that may exceed one, in thousandths.
        Thousandths,
        /// So many a day, in thousandths.
        ThousandthsPerDay,
        /// A number of things.
        Count,
        /// Points of a score; may be negative.
        Points,
    }
}

/// Every key figure of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The period.
    pub period: Period,
    /// The environments that counted as production; empty: all of them.
    pub production: BTreeSet<ResourceName>,
    /// How many records there were, those of other periods included.
    pub records: usize,
    /// The figures.
    pub kpis: Vec<Kpi>,
}

/// One key figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kpi {
    /// Its id. Example: `changeFailRate`.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it is about, where there is one figure for each team, metric or class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the value counts.
    pub unit: Unit,
    /// How many records it is computed from.
    pub n: u64,
    /// The value; absent without any record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// For durations: half of the values are at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<i64>,
    /// For durations: nine tenths of the values are at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<i64>,
    /// For shares and ratios: what is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<u64>,
    /// For shares and ratios: of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<u64>,
    /// The formula.
    pub formula: String,
    /// Where the formula comes from.
    pub source: String,
    /// Records that would have counted but lack what the formula needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
}

/// Records that were left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    /// Why.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// What does not depend on the records.
#[derive(Clone, Copy)]
pub(super) struct Definition {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) formula: &'static str,
    pub(super) source: &'static str,
}

/// Whether a record counts for a figure.
pub(super) enum Counted<T> {
    /// It does, with this.
    Yes(T),
    /// It is not what the figure is about.
    No,
    /// It would, but this is missing.
    Lacks(&'static str),
}

impl<T> Counted<T> {
    /// Asks further about what counts.
    pub(super) fn and_then<U>(self, next: impl FnOnce(T) -> Counted<U>) -> Counted<U> {
        match self {
            Self::Yes(value) => next(value),
            Self::No => Counted::No,
            Self::Lacks(reason) => Counted::Lacks(reason),
        }
    }
}

/// What counted, and what was left out.
pub(super) struct Sample<T> {
    values: Vec<T>,
    lacks: BTreeMap<&'static str, u64>,
}

impl<T> FromIterator<Counted<T>> for Sample<T> {
    fn from_iter<I: IntoIterator<Item = Counted<T>>>(counted: I) -> Self {
        let mut sample = Self {
            values: Vec::new(),
            lacks: BTreeMap::new(),
        };
        for one in counted {
            match one {
                Counted::Yes(value) => sample.values.push(value),
                Counted::No => {}
                Counted::Lacks(reason) => {
                    let count = sample.lacks.entry(reason).or_default();
                    *count = count.saturating_add(1);
                }
            }
        }
        sample
    }
}

/// Which of its values stands for a duration.
#[derive(Clone, Copy)]
pub(super) enum Stands {
    Mean,
    Median,
}

impl Definition {
    /// A figure without value.
    fn empty(self, unit: Unit, n: usize, lacks: BTreeMap<&'static str, u64>) -> Kpi {
        Kpi {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            group: None,
            unit,
            n: u64::try_from(n).unwrap_or(u64::MAX),
            value: None,
            p50: None,
            p90: None,
            numerator: None,
            denominator: None,
            formula: self.formula.to_owned(),
            source: self.source.to_owned(),
            exclusions: lacks
                .into_iter()
                .map(|(reason, count)| Exclusion {
                    reason: reason.to_owned(),
                    count,
                })
                .collect(),
        }
    }

    /// A figure over durations in seconds.
    pub(super) fn durations(self, stands: Stands, sample: Sample<i64>) -> Kpi {
        let mut values = sample.values;
        values.sort_unstable();
        let mut kpi = self.empty(Unit::Seconds, values.len(), sample.lacks);
        kpi.p50 = percentile(&values, 50);
        kpi.p90 = percentile(&values, 90);
        kpi.value = match stands {
            Stands::Mean => mean(&values),
            Stands::Median => kpi.p50,
        };
        kpi
    }

    /// The share of records for which something holds.
    pub(super) fn share(self, sample: Sample<bool>) -> Kpi {
        let n = sample.values.len();
        let holds = sample.values.into_iter().filter(|holds| *holds).count();
        self.fraction(
            Unit::Permille,
            n,
            u64::try_from(holds).unwrap_or(u64::MAX),
            u64::try_from(n).unwrap_or(u64::MAX),
            sample.lacks,
        )
    }

    /// The sum of one quantity over the sum of another; `unit` is `Permille` where the first is part of the second.
    pub(super) fn quotient(self, unit: Unit, sample: Sample<(u64, u64)>) -> Kpi {
        let (part, whole) = sample.values.iter().fold((0_u64, 0_u64), |sum, one| {
            (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))
        });
        self.fraction(unit, sample.values.len(), part, whole, sample.lacks)
    }

    fn fraction(
        self,
        unit: Unit,
        n: usize,
        part: u64,
        whole: u64,
        lacks: BTreeMap<&'static str, u64>,
    ) -> Kpi {
        let mut kpi = self.empty(unit, n, lacks);
        if n > 0 {
            kpi.numerator = Some(part);
            kpi.denominator = Some(whole);
            kpi.value = ratio(part, whole, 1000);
        }
        kpi
    }

    /// How many records count. Without any there is no value.
    pub(super) fn count<T>(self, sample: Sample<T>) -> Kpi {
        let n = sample.values.len();
        let mut kpi = self.empty(Unit::Count, n, sample.lacks);
        kpi.value = i64::try_from(n).ok().filter(|count| *count > 0);
        kpi
    }

    /// How many records count a day.
    pub(super) fn frequency<T>(self, period: Period, sample: Sample<T>) -> Kpi {
        const DAY: u64 = 24 * 3600;
        let n = sample.values.len();
        let mut kpi = self.empty(Unit::ThousandthsPerDay, n, sample.lacks);
        if n > 0 {
            kpi.value = ratio(kpi.n, period.seconds(), 1000 * DAY);
        }
        kpi
    }

    /// One figure for each group, in order of the groups. What has no group, or all where there is no group, stands
    /// in a figure without one, so that nothing is left out in silence.
    pub(super) fn grouped<T>(
        self,
        counted: impl IntoIterator<Item = (Option<String>, Counted<T>)>,
        kpi: impl Fn(Self, Sample<T>) -> Kpi,
    ) -> Vec<Kpi> {
        let mut groups: BTreeMap<Option<String>, Vec<Counted<T>>> = BTreeMap::new();
        for (group, one) in counted {
            if !matches!(one, Counted::No) {
                groups.entry(group).or_default().push(one);
            }
        }
        if groups.is_empty() {
            groups.insert(None, Vec::new());
        }
        groups
            .into_iter()
            .map(|(group, counted)| Kpi {
                group,
                ..kpi(self, counted.into_iter().collect())
            })
            .collect()
    }

    /// A figure whose value is a sum of points.
    pub(super) fn points(self, sample: Sample<i64>) -> Kpi {
        let mut kpi = self.empty(Unit::Points, sample.values.len(), sample.lacks);
        if !sample.values.is_empty() {
            kpi.value = Some(sample.values.into_iter().fold(0, i64::saturating_add));
        }
        kpi
    }
}
