//! Cycles in a directed graph.

/// An edge: the node it leads to, and what the caller knows it by.
pub(crate) type Edge<L> = (usize, L);

/// Steps of all cycles of one search, beyond which no further cycle is looked for.
const MOST_STEPS: usize = 100_000;

/// One cycle through each back edge of a depth-first search that starts from every node in order: the nodes on
/// the way, each with the edge that leads on, the last one back to the first.
///
/// The search keeps its own stack: a chain may be longer than a thread's stack is deep. It ends when the cycles
/// found have [`MOST_STEPS`] together: the back edges of a long chain make cycles of its length each.
pub(crate) fn find<L: Copy>(edges: &[Vec<Edge<L>>]) -> Vec<Vec<(usize, L)>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; edges.len()];
    let mut found: Vec<Vec<(usize, L)>> = Vec::new();
    let mut steps = 0;
    for root in 0..edges.len() {
        if states[root] != State::New {
            continue;
        }
        states[root] = State::Open;
        // Each frame is a node and the position of the next edge to follow.
        let mut stack: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, next)) = stack.last_mut() {
            let node = *node;
            let Some((target, _)) = edges[node].get(*next) else {
                states[node] = State::Done;
                stack.pop();
                continue;
            };
            *next += 1;
            match states[*target] {
                State::Done => {}
                State::Open => {
                    let cycle = way_back(edges, &stack, *target);
                    steps += cycle.len();
                    found.push(cycle);
                    if steps >= MOST_STEPS {
                        return found;
                    }
                }
                State::New => {
                    states[*target] = State::Open;
                    stack.push((*target, 0));
                }
            }
        }
    }
    found
}

/// The edges from `target` along the stack back to `target`.
fn way_back<L: Copy>(edges: &[Vec<Edge<L>>], stack: &[(usize, usize)], target: usize) -> Vec<(usize, L)> {
    stack
        .iter()
        .skip_while(|(node, _)| *node != target)
        .filter_map(|(node, next)| {
            // `next` already points behind the edge that led on.
            let (_, label) = edges[*node].get(next.checked_sub(1)?)?;
            Some((*node, *label))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(edges: &[&[usize]]) -> Vec<Vec<usize>> {
        let labelled: Vec<Vec<Edge<()>>> = edges
            .iter()
            .map(|targets| targets.iter().map(|target| (*target, ())).collect())
            .collect();
        find(&labelled)
            .into_iter()
            .map(|cycle| cycle.into_iter().map(|(node, ())| node).collect())
            .collect()
    }

    #[test]
    fn a_diamond_is_no_cycle() {
        assert_eq!(cycles(&[&[1, 2], &[3], &[3], &[]]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn a_node_that_leads_to_itself_is_one() {
        assert_eq!(cycles(&[&[0]]), [[0]]);
    }

    #[test]
    fn each_back_edge_closes_one() {
        assert_eq!(cycles(&[&[1], &[2], &[0, 1]]), [vec![0, 1, 2], vec![1, 2]]);
    }

    #[test]
    fn a_chain_with_many_ways_back_does_not_fill_memory() {
        let length = 20_000;
        let edges: Vec<Vec<Edge<()>>> = (0..length)
            .map(|node| vec![(0, ()), ((node + 1) % length, ())])
            .collect();
        let steps: usize = find(&edges).iter().map(Vec::len).sum();
        assert!((MOST_STEPS..2 * MOST_STEPS).contains(&steps), "{steps}");
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let length = 200_000;
        let edges: Vec<Vec<Edge<()>>> = (0..length).map(|node| vec![((node + 1) % length, ())]).collect();
        assert_eq!(find(&edges).first().map(Vec::len), Some(length));
    }
}
