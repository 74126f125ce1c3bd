//! One sort for all kinds of things: each would bring a copy of it into the browser otherwise,
//! and twenty copies are a tenth of the engine.

use std::cmp::Ordering;

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
fn equal_things_keep_their_order() {
    let mut words = vec!["bé", "a2", "b1", "a1"];
    sort_by_key(&mut words, |it| it.chars().next());
    assert_eq!(words, ["a2", "a1", "bé", "b1"]);
}
