//! A map from a key to many numbers, for millions of keys most of which have one.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use crate::keys::Key;

/// Hashes a number to itself, spread by a multiplication: keys are hashes already, and handles are dense. Always the same, so that nothing
/// depends on chance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Itself(u64);

/// Builds [`Itself`].
pub(crate) type Plain = BuildHasherDefault<Itself>;

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[derive(Clone, Copy, Debug)]
struct Node {
    value: u32,
    next: u32,
}

const NONE: u32 = u32::MAX;

/// Numbers by key, each key's as a chain with the latest first.
#[derive(Debug)]
pub(super) struct Multi {
    heads: HashMap<u32, u32, Plain>,
    nodes: Vec<Node>,
    free: u32,
}

impl Default for Multi {
    fn default() -> Self {
        Self { heads: HashMap::default(), nodes: Vec::new(), free: NONE }
    }
}

impl Multi {
    pub(super) fn add(&mut self, key: Key, value: u32) {
        let at = if self.free == NONE { self.nodes.len() as u32 } else { self.free };
        let next = self.heads.insert(key.0, at).unwrap_or(NONE);
        let node = Node { value, next };
        if self.free == NONE {
            self.nodes.push(node);
        } else {
            let slot = &mut self.nodes[at as usize];
            self.free = slot.next;
            *slot = node;
        }
    }

    pub(super) fn remove(&mut self, key: Key, value: u32) {
        let Some(head) = self.heads.get_mut(&key.0) else { return };
        let (mut at, mut before) = (*head, NONE);
        while at != NONE && self.nodes[at as usize].value != value {
            before = at;
            at = self.nodes[at as usize].next;
        }
        if at == NONE {
            return;
        }
        let next = self.nodes[at as usize].next;
        if before != NONE {
            self.nodes[before as usize].next = next;
        } else if next == NONE {
            self.heads.remove(&key.0);
        } else {
            *head = next;
        }
        self.nodes[at as usize].next = self.free;
        self.free = at;
    }

    /// Visits up to `most` values of a key.
    pub(super) fn visit(&self, key: Key, most: usize, visit: &mut dyn FnMut(u32)) {
        let mut at = self.heads.get(&key.0).copied().unwrap_or(NONE);
        let mut left = most;
        while at != NONE && left > 0 {
            let node = self.nodes[at as usize];
            visit(node.value);
            at = node.next;
            left -= 1;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        // A table of the standard library holds a byte beside each slot and is at most 7/8 full.
        self.heads.capacity() * 9 * 8 / 7 + self.nodes.capacity() * size_of::<Node>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(multi: &Multi, key: u32) -> Vec<u32> {
        let mut found = Vec::new();
        multi.visit(Key(key), usize::MAX, &mut |value| found.push(value));
        found
    }

    #[test]
    fn values_come_and_go_under_their_key() {
        let mut multi = Multi::default();
        for value in 0..4 {
            multi.add(Key(value % 2), value);
        }
        assert_eq!(all(&multi, 0), [2, 0]);
        multi.remove(Key(0), 0);
        multi.remove(Key(0), 3);
        assert_eq!((all(&multi, 0), all(&multi, 1)), (vec![2], vec![3, 1]));
        multi.add(Key(7), 9);
        assert_eq!(multi.nodes.len(), 4, "the freed place is used again");
        multi.remove(Key(7), 9);
        assert!(all(&multi, 7).is_empty());
    }
}
