//! One sort for all kinds of things, and one map: each kind would bring a copy of its own into the
//! browser otherwise, and twenty copies are a tenth of the engine.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

/// Texts, and a number for each. What else belongs to a text stands in a list, at that number.
#[derive(Clone, Debug, Default)]
pub struct Index<'a> {
    numbers: BTreeMap<Cow<'a, str>, usize>,
}

impl<'a> Index<'a> {
    pub fn get(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    pub fn contains(&self, text: &str) -> bool {
        self.numbers.contains_key(text)
    }

    /// Whether it was not there before.
    pub fn add(&mut self, text: impl Into<Cow<'a, str>>) -> bool {
        self.set(text, 0).is_none()
    }

    /// Gives the number it had before.
    pub fn set(&mut self, text: impl Into<Cow<'a, str>>, number: usize) -> Option<usize> {
        self.numbers.insert(text.into(), number)
    }

    /// The number it has, which is `next` if it had none.
    pub fn number(&mut self, text: impl Into<Cow<'a, str>>, next: usize) -> usize {
        *self.numbers.entry(text.into()).or_insert(next)
    }
}

/// Puts `items` into the order that `compare` says; what is equal keeps its order.
pub fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order_of(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(
        order
            .into_iter()
            .filter_map(|index| taken.get_mut(index)?.take()),
    );
}

/// Puts `items` into the order of their keys.
pub fn sort_by_key<T, K: Ord>(items: &mut Vec<T>, key: impl Fn(&T) -> K) {
    sort_by(items, |a, b| key(a).cmp(&key(b)));
}

#[inline(never)]
fn order_of(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

#[test]
fn a_text_keeps_its_first_number_until_it_is_set() {
    let mut index = Index::default();
    assert!(index.add("é") && !index.add("é".to_owned()));
    assert_eq!((index.number("a", 1), index.number("a", 2)), (1, 1));
    assert_eq!(
        (index.set("a", 3), index.get("a"), index.get("b")),
        (Some(1), Some(3), None)
    );
}

#[test]
fn equal_things_keep_their_order() {
    let mut words = vec!["bé", "a2", "b1", "a1"];
    sort_by_key(&mut words, |it| it.chars().next());
    assert_eq!(words, ["a2", "a1", "bé", "b1"]);
}
