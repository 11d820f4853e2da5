//! Names to test with.

use engage_screening::{Handle, Kind, Options, Party, Screen, StoreMut};
use proptest::prelude::*;

/// Names of several scripts, kinds and lengths.
pub(crate) const NAMES: [&str; 28] = [
    "Robert Smith",
    "Smith, Roberta",
    "Jonathan Q. Public",
    "J. K. Harper",
    "María José Carreño Quiñones",
    "Ludwig van Beethoven",
    "Abd al-Rahman bin Yusuf al-Qurashi",
    "Abdulrahman Yousef",
    "Siobhán O'Connor",
    "Юрий Щербаков",
    "Yuri Shcherbakov",
    "محمد القحطاني",
    "דוד בן גוריון",
    "Κυριάκος Μητσοτάκης",
    "王小明",
    "दीपाली कुंती",
    "Acme Holdings, Inc.",
    "Acme Holding Company Limited",
    "Delta Apparel GmbH & Co. KG",
    "The H&E Equipment Services Corp",
    "OAO Gazprom",
    "Fund 17 Series B",
    "Fund 18 Series B",
    "Smith v. Acme Holdings",
    "Li",
    "de la",
    "Ltd",
    "Dr. Dr. h.c.",
];

/// A registry of the names, each with its place as the handle.
pub(crate) fn registry() -> Screen {
    let mut screen = Screen::new();
    fill(&mut screen);
    screen
}

/// Puts the names into a registry.
pub(crate) fn fill<S: StoreMut>(screen: &mut Screen<S>) {
    for (handle, name) in (0..).zip(NAMES) {
        screen.insert(Handle(handle), &Party::named(name));
    }
}

/// Everything that is found.
pub(crate) const ALL: Options = Options { limit: 100, threshold: 0.0 };

/// A name: one of the list, words of several, or any text.
pub(crate) fn name() -> impl Strategy<Value = String> {
    let listed = || proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    let mixed = proptest::collection::vec(listed(), 1..3).prop_map(|names| names.join(" "));
    let invented = proptest::collection::vec("[a-z]{1,9}", 1..5).prop_map(|words| words.join(" "));
    prop_oneof![3 => listed(), 2 => mixed, 3 => invented, 2 => ".{0,40}"]
}

/// A kind, or none.
pub(crate) fn kind() -> impl Strategy<Value = Kind> {
    proptest::sample::select(vec![Kind::Person, Kind::Organisation, Kind::Matter, Kind::Unknown])
}

/// A party with up to two aliases.
pub(crate) fn party() -> impl Strategy<Value = Party> {
    (name(), proptest::collection::vec(name(), 0..3), kind())
        .prop_map(|(name, aliases, kind)| Party::named(name).also_known_as(aliases).of_kind(kind))
}
