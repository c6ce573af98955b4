//! Rings in the graph: Tarjan's strongly connected components, with a stack of its own.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    vec::Vec,
};

use super::graph::{Graph, Vertex};

/// Of each component with a ring, the shortest one of its first vertex.
pub(super) fn find(graph: &Graph) -> Vec<Vec<Vertex>> {
    let mut search = Search::default();
    for vertex in graph.vertices() {
        if !search.seen.contains_key(&vertex) {
            search.from(graph, vertex);
        }
    }
    search.components.sort_unstable();
    let components = search.components.iter();
    components
        .filter_map(|part| shortest(graph, part))
        .collect()
}

#[derive(Default)]
struct Search {
    seen: BTreeMap<Vertex, Seen>,
    /// Those whose component is not complete.
    open: Vec<Vertex>,
    /// Sorted, each.
    components: Vec<Vec<Vertex>>,
}

#[derive(Clone, Copy)]
struct Seen {
    /// In which order it was come to.
    order: usize,
    /// The first of the open ones that it is known to lead to.
    low: usize,
    is_open: bool,
}

/// A vertex that is being looked at, and how many of its links have been.
struct Step {
    vertex: Vertex,
    done: usize,
}

impl Search {
    fn from(&mut self, graph: &Graph, start: Vertex) {
        let mut path = Vec::from([self.enter(start)]);
        while let Some(step) = path.last_mut() {
            let vertex = step.vertex;
            if let Some(&(_, to)) = graph.next(vertex).get(step.done) {
                step.done += 1;
                match self.seen.get(&to).copied() {
                    None => path.push(self.enter(to)),
                    Some(Seen { order, is_open, .. }) if is_open => self.lower(vertex, order),
                    Some(_) => {}
                }
                continue;
            }
            path.pop();
            let Seen { order, low, .. } = self.seen[&vertex];
            if low == order {
                self.complete(vertex);
            } else if let Some(above) = path.last() {
                self.lower(above.vertex, low);
            }
        }
    }

    fn enter(&mut self, vertex: Vertex) -> Step {
        let order = self.seen.len();
        let seen = Seen {
            order,
            low: order,
            is_open: true,
        };
        self.seen.insert(vertex, seen);
        self.open.push(vertex);
        Step { vertex, done: 0 }
    }

    fn lower(&mut self, vertex: Vertex, to: usize) {
        if let Some(seen) = self.seen.get_mut(&vertex) {
            seen.low = seen.low.min(to);
        }
    }

    /// All that are open from this one on are a component.
    fn complete(&mut self, first: Vertex) {
        let mut component = Vec::new();
        while let Some(vertex) = self.open.pop() {
            if let Some(seen) = self.seen.get_mut(&vertex) {
                seen.is_open = false;
            }
            component.push(vertex);
            if vertex == first {
                break;
            }
        }
        component.sort_unstable();
        self.components.push(component);
    }
}

/// The shortest way from the first vertex of a component back to it: `None` if it does not lead there.
fn shortest(graph: &Graph, component: &[Vertex]) -> Option<Vec<Vertex>> {
    let start = component[0];
    let within: BTreeSet<_> = component.iter().copied().collect();
    let mut before = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(vertex) = queue.pop_front() {
        for &(_, to) in graph.next(vertex) {
            if to == start {
                let mut ring = Vec::from([vertex]);
                while let Some(&before) = before.get(&ring[ring.len() - 1]) {
                    ring.push(before);
                }
                ring.reverse();
                return Some(ring);
            }
            if within.contains(&to) && !before.contains_key(&to) {
                before.insert(to, vertex);
                queue.push_back(to);
            }
        }
    }
    None
}
