use super::*;
use crate::digest::sha256;
use proptest::prelude::*;

fn entry(record: u8, from: u8, to: u8, snapshot: u8) -> Entry {
    let phases = ["Draft", "AwaitingApproval", "Scheduled", "Closed"];
    let phase = |index: u8| phases[usize::from(index) % phases.len()].parse().unwrap();
    Entry {
        time: format!("2026-11-{:02}T08:00:00Z", snapshot % 28 + 1)
            .parse()
            .unwrap(),
        actor: if snapshot.is_multiple_of(3) {
            Actor::System
        } else {
            "ana-lima".parse().unwrap()
        },
        record: RecordId {
            kind: "Change".parse().unwrap(),
            namespace: "payments".parse().unwrap(),
            name: format!("chg-{record}").parse().unwrap(),
        },
        from: (from > 0).then(|| phase(from)),
        to: phase(to),
        reason: "Approved".parse().unwrap(),
        revision: (to > 1).then(|| "9f1c2ab0d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8".parse().unwrap()),
        snapshot: sha256(&[snapshot]),
        facts: (to > 2).then(|| sha256(&[record, snapshot])),
    }
}

prop_compose! {
    fn any_entry()(record in 0..4_u8, from in 0..4_u8, to in 0..4_u8, snapshot in any::<u8>()) -> Entry {
        entry(record, from, to, snapshot)
    }
}

fn entries(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Entry>> {
    proptest::collection::vec(any_entry(), count)
}

fn texts(lines: &[Line]) -> Vec<String> {
    lines.iter().map(|line| line.to_text().unwrap()).collect()
}

/// The chain of these lines, and the first one that is wrong.
fn read(texts: &[String]) -> (Chain, Option<(usize, Break)>) {
    let mut chain = Chain::new();
    let mut first = None;
    for (index, text) in texts.iter().enumerate() {
        if let Err(found) = chain.follow(text) {
            first.get_or_insert((index, found));
        }
    }
    (chain, first)
}

/// Whether somebody who knows the last digest of `honest` sees that `tampered` is another journal.
fn is_found(honest: &[String], tampered: &[String]) -> bool {
    let (chain, broken) = read(tampered);
    broken.is_some() || chain.tail() != read(honest).0.tail()
}

#[test]
fn the_wire_form_is_the_documented_one() {
    let mut chain = Chain::new();
    let lines = chain.append([entry(1, 0, 0, 3), entry(1, 2, 3, 4)]).unwrap();
    let texts = texts(&lines);
    assert_eq!(
        texts[0],
        r#"{"actor":"system:gitsm","facts":null,"from":null,"previous":null,"reason":"Approved","record":{"kind":"Change","name":"chg-1","namespace":"payments"},"revision":null,"snapshot":"sha256:084fed08b978af4d7d196a7446a86b58009e636b611db16211b65a9aadff29c5","time":"2026-11-04T08:00:00Z","to":"Draft"}"#
    );
    assert!(texts[1].starts_with(r#"{"actor":"ana-lima","facts":"sha256:"#));
    assert!(texts[1].contains(&format!(r#""previous":"{}""#, sha256(texts[0].as_bytes()))));
    assert_eq!(chain.lines(), 2);
}

#[test]
fn what_is_wrong_is_told_at_its_line_and_once() {
    let honest = texts(&Chain::new().append((0..5).map(|n| entry(n, 0, 1, n))).unwrap());
    let mut edited = honest.clone();
    edited[2] = edited[2].replace("ana-lima", "ben-okri");
    let (chain, first) = read(&edited);
    let expected = Some(sha256(edited[2].as_bytes()));
    let found = Some(sha256(honest[2].as_bytes()));
    assert_eq!(first, Some((3, Break::Unchained { expected, found })));
    assert_eq!(chain.tail(), read(&honest).0.tail());

    let mut spaced = honest.clone();
    spaced[1] = spaced[1].replace("\"facts\":", "\"facts\": ");
    let wrong = Break::NotCanonical {
        expected: honest[1].clone(),
    };
    assert_eq!(read(&spaced).1, Some((1, wrong)));

    let mut torn = honest.clone();
    torn[4].truncate(40);
    assert!(matches!(read(&torn).1, Some((4, Break::Unreadable { .. }))));

    let without_first = &honest[1..];
    assert!(matches!(
        read(without_first).1,
        Some((0, Break::Unchained { expected: None, .. }))
    ));

    let mut again: Line = serde_json::from_str(&honest[0]).unwrap();
    again.previous = read(&honest).0.tail().cloned();
    let repeated = [honest.clone(), vec![again.to_text().unwrap()]].concat();
    assert_eq!(read(&repeated).1, Some((5, Break::Repeated)));
}

proptest! {
    #[test]
    fn what_was_appended_verifies(batches in proptest::collection::vec(entries(0..6), 0..5)) {
        let mut chain = Chain::new();
        let mut written = Vec::new();
        for batch in batches {
            written.extend(texts(&chain.append(batch).unwrap()));
        }
        let (again, broken) = read(&written);
        prop_assert_eq!(broken, None);
        prop_assert_eq!(again.tail(), chain.tail());
        prop_assert_eq!(again.lines(), written.len() as u64);
    }

    #[test]
    fn an_edited_byte_is_found(batch in entries(1..8), line in any::<prop::sample::Index>(),
                               at in any::<prop::sample::Index>(), byte in 0x20..0x7f_u8) {
        let honest = texts(&Chain::new().append(batch).unwrap());
        let mut tampered = honest.clone();
        let text = &mut tampered[line.index(honest.len())];
        let at = at.index(text.len());
        text.replace_range(at..=at, &char::from(byte).to_string());
        prop_assume!(tampered != honest);
        prop_assert!(is_found(&honest, &tampered));
    }

    #[test]
    fn a_dropped_moved_added_or_cut_line_is_found(batch in entries(2..8), added in any_entry(),
                                                  one in any::<prop::sample::Index>(),
                                                  two in any::<prop::sample::Index>(),
                                                  at in any::<prop::sample::Index>()) {
        let honest = texts(&Chain::new().append(batch).unwrap());
        let (one, two) = (one.index(honest.len()), two.index(honest.len()));

        let mut dropped = honest.clone();
        dropped.remove(one);
        prop_assert!(is_found(&honest, &dropped));

        let mut moved = honest.clone();
        moved.swap(one, two);
        prop_assert!(one == two || is_found(&honest, &moved));

        let mut inserted = honest.clone();
        let previous = one.checked_sub(1).map(|before| sha256(honest[before].as_bytes()));
        inserted.insert(one, Line { entry: added, previous }.to_text().unwrap());
        prop_assert!(is_found(&honest, &inserted));

        let mut cut = honest.clone();
        let keep = at.index(cut[one].len());
        cut[one].truncate(keep);
        prop_assert!(is_found(&honest, &cut));

        prop_assert!(is_found(&honest, &honest[..one]));
    }

    #[test]
    fn a_second_attempt_writes_only_what_is_missing(batch in entries(1..8), arrived in any::<prop::sample::Index>()) {
        let mut chain = Chain::new();
        chain.append(batch[..arrived.index(batch.len())].to_vec()).unwrap();
        chain.append(batch.clone()).unwrap();
        let (tail, count) = (chain.tail().cloned(), chain.lines());
        prop_assert_eq!(chain.append(batch.clone()).unwrap(), vec![]);
        prop_assert_eq!(chain.tail(), tail.as_ref());
        let distinct: std::collections::HashSet<_> = batch.iter().map(Entry::sameness).collect();
        prop_assert_eq!(count, distinct.len() as u64);
    }

    #[test]
    fn lines_moved_behind_those_of_another_writer_verify_and_repeat_nothing(
        common in entries(0..5), theirs in entries(0..6), ours in entries(0..6)
    ) {
        let mut base = Chain::new();
        let mut written = base.append(common).unwrap();
        let mut their_end = base.clone();
        let mut our_end = base;
        let our_lines = our_end.append(ours.clone()).unwrap();
        written.extend(their_end.append(theirs.clone()).unwrap());
        written.extend(their_end.append(our_lines.into_iter().map(|line| line.entry)).unwrap());

        let (chain, broken) = read(&texts(&written));
        prop_assert_eq!(broken, None);
        prop_assert_eq!(chain.tail(), their_end.tail());
        let present: std::collections::HashSet<_> = written.iter().map(|line| line.entry.sameness()).collect();
        prop_assert_eq!(present.len(), written.len());
        for entry in theirs.iter().chain(&ours) {
            prop_assert!(present.contains(&entry.sameness()));
        }
    }
}
