//! Laws over any selector, service and change.

use super::*;
use proptest::prelude::*;

/// Two values of each kind are enough: one that is selected and one that is not.
fn names() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b"], 0..=2)
}

fn set<T: std::str::FromStr<Err: std::fmt::Debug> + Ord>(
    all: impl IntoIterator<Item = &'static str>,
) -> BTreeSet<T> {
    all.into_iter().map(|one| one.parse().unwrap()).collect()
}

fn tiers() -> impl Strategy<Value = BTreeSet<Tier>> {
    prop::sample::subsequence(vec![1_i64, 2], 0..=2).prop_map(|all| {
        all.into_iter()
            .map(|tier| Tier::try_from(tier).unwrap())
            .collect()
    })
}

fn label() -> (LabelKey, LabelValue) {
    ("a".parse().unwrap(), "b".parse().unwrap())
}

prop_compose! {
    fn service_selector()(
        namespaces in prop::option::of(names()), services in names(), tiers in tiers(), labelled in any::<bool>(),
        classes in names(),
    ) -> ServiceSelector {
        ServiceSelector {
            namespaces: namespaces.map(set),
            services: set(services),
            tiers,
            labels: labelled.then(label).into_iter().collect(),
            data_classes: set(classes),
        }
    }
}

prop_compose! {
    fn selector()(
        service in service_selector(), environments in names(), models in names(),
        types in prop::sample::subsequence(ChangeType::ALL.to_vec(), 0..=2),
        risks in prop::sample::subsequence(RiskLevel::ALL.to_vec(), 0..=2),
    ) -> ChangeSelector {
        ChangeSelector {
            service,
            environments: set(environments),
            change_types: types,
            change_models: set(models),
            risk_levels: risks.into_iter().collect(),
        }
    }
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b"])
}

prop_compose! {
    /// A service that says everything.
    fn service()(namespace in name(), own in name(), tier in 1_i64..=2, labelled in any::<bool>(), class in name()) -> ServiceSubject {
        ServiceSubject {
            id: ServiceId::new(namespace.parse().unwrap(), own.parse().unwrap()),
            tier: Some(Tier::try_from(tier).unwrap()),
            labels: labelled.then(label).into_iter().collect(),
            data_class: Some(class.parse().unwrap()),
        }
    }
}

prop_compose! {
    /// A change of which everything is known.
    fn change()(
        environment in name(), model in name(), change_type in prop::sample::select(ChangeType::ALL.to_vec()),
        risk in prop::sample::select(RiskLevel::ALL.to_vec()),
    ) -> ChangeSubject {
        ChangeSubject {
            environment: Some(environment.parse().unwrap()),
            change_type: Some(change_type),
            model: Some(model.parse().unwrap()),
            risk: Some(risk),
        }
    }
}

/// What is kept of the six attributes that may be unknown.
type Known = [bool; 6];

fn forget(service: &ServiceSubject, change: &ChangeSubject, known: Known) -> (ServiceSubject, ChangeSubject) {
    let [tier, class, environment, change_type, model, risk] = known;
    let (mut service, mut change) = (service.clone(), change.clone());
    service.tier = service.tier.filter(|_| tier);
    service.data_class = service.data_class.filter(|_| class);
    change.environment = change.environment.filter(|_| environment);
    change.change_type = change.change_type.filter(|_| change_type);
    change.model = change.model.filter(|_| model);
    change.risk = change.risk.filter(|_| risk);
    (service, change)
}

/// Whether the attribute behind a field is not known.
fn is_unknown(field: SelectorField, service: &ServiceSubject, change: &ChangeSubject) -> bool {
    match field {
        SelectorField::Namespaces | SelectorField::Services | SelectorField::Labels => false,
        SelectorField::Tiers => service.tier.is_none(),
        SelectorField::DataClasses => service.data_class.is_none(),
        SelectorField::Environments => change.environment.is_none(),
        SelectorField::ChangeTypes => change.change_type.is_none(),
        SelectorField::ChangeModels => change.model.is_none(),
        SelectorField::RiskLevels => change.risk.is_none(),
    }
}

/// How much is selected: No, Unknown, Yes.
fn rank(matched: Matched) -> u8 {
    match matched {
        Matched::No(_) => 0,
        Matched::Unknown(_) => 1,
        Matched::Yes => 2,
    }
}

fn three() -> [Matched; 3] {
    [
        Matched::No(SelectorField::Tiers),
        Matched::Unknown(SelectorField::RiskLevels),
        Matched::Yes,
    ]
}

#[test]
fn and_is_the_lesser_and_or_the_greater_of_any_two() {
    for one in three() {
        for other in three() {
            assert_eq!(
                rank(one.and(|| other)),
                rank(one).min(rank(other)),
                "{one:?} and {other:?}"
            );
            assert_eq!(
                rank(one.or(|| other)),
                rank(one).max(rank(other)),
                "{one:?} or {other:?}"
            );
        }
        assert_eq!(one.is_certain(), rank(one) == 2);
        assert_eq!(one.is_possible(), rank(one) > 0);
    }
}

#[test]
fn what_is_settled_asks_no_further() {
    let asked = || -> Matched { panic!("asked") };
    assert_eq!(Matched::Yes.or(asked), Matched::Yes);
    let no = Matched::No(SelectorField::Tiers);
    assert_eq!(no.and(asked), no);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn one_more_field_never_selects_more(
        selector in selector(), more in selector(), which in 0_usize..9, service in service(), change in change(),
        known in any::<Known>(),
    ) {
        let (service, change) = forget(&service, &change, known);
        let mut narrower = selector.clone();
        // Only a field that selected everything is filled: another element of a list widens it.
        match which {
            0 => narrower.service.namespaces = selector.service.namespaces.clone().or(more.service.namespaces),
            1 if selector.service.services.is_empty() => narrower.service.services = more.service.services,
            2 if selector.service.tiers.is_empty() => narrower.service.tiers = more.service.tiers,
            3 => narrower.service.labels.extend(more.service.labels),
            4 if selector.service.data_classes.is_empty() => narrower.service.data_classes = more.service.data_classes,
            5 if selector.environments.is_empty() => narrower.environments = more.environments,
            6 if selector.change_types.is_empty() => narrower.change_types = more.change_types,
            7 if selector.change_models.is_empty() => narrower.change_models = more.change_models,
            8 if selector.risk_levels.is_empty() => narrower.risk_levels = more.risk_levels,
            _ => {}
        }
        prop_assert!(rank(narrower.matches(&service, &change)) <= rank(selector.matches(&service, &change)));
    }

    #[test]
    fn it_is_unknown_only_where_an_attribute_is(
        selector in selector(), service in service(), change in change(), known in any::<Known>(),
    ) {
        prop_assert!(!matches!(selector.matches(&service, &change), Matched::Unknown(_)));
        let (service, change) = forget(&service, &change, known);
        if let Matched::Unknown(field) = selector.matches(&service, &change) {
            prop_assert!(is_unknown(field, &service, &change), "{field}");
        }
    }

    #[test]
    fn a_certain_answer_stays_when_more_becomes_known(
        selector in selector(), service in service(), change in change(), known in any::<Known>(),
    ) {
        let whole = selector.matches(&service, &change);
        let (service, change) = forget(&service, &change, known);
        match selector.matches(&service, &change) {
            Matched::Unknown(_) => {}
            certain => prop_assert_eq!(rank(certain), rank(whole)),
        }
    }

    #[test]
    fn several_services_are_selected_as_far_as_the_best_of_them(
        selector in selector(), services in prop::collection::vec((service(), any::<Known>()), 0..4), change in change(),
    ) {
        let services: Vec<_> = services.iter().map(|(service, known)| forget(service, &change, *known).0).collect();
        let best = services.iter().map(|service| rank(selector.matches(service, &change))).max();
        prop_assert_eq!(rank(selector.matches_any(&services, &change)), best.unwrap_or(0));
    }
}
