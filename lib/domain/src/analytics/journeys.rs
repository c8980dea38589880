//! Which ways visits take: flows from node to node (definitions b6).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

/// Most nodes of a way.
pub const DEPTH_MAX: usize = 20;

/// Most names that a flow tells apart; all others count as [`OTHER_NODE`].
const NAMES_MAX: usize = 2000;

/// All nodes of a depth beyond those listed.
pub const OTHER_NODE: &str = "$other";

/// Where a visit ends.
pub const EXIT: &str = "$exit";

/// Where a visit begins, in flows that are read from the end.
pub const ENTRY: &str = "$entry";

/// What lies beyond the depth that was asked for.
pub const MORE: &str = "$more";

/// From where a way is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// From its beginning, or from the first time that it comes to a node.
    #[default]
    Start,
    /// Backwards from its end, or from the last time that it comes to a node.
    End,
    /// From the first time that it comes to a node until it next comes to another.
    Between,
}

impl Anchor {
    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Between => "between",
        }
    }

    /// What follows the last node that is read.
    #[must_use]
    pub const fn terminal(self) -> &'static str {
        match self {
            Self::Start | Self::Between => EXIT,
            Self::End => ENTRY,
        }
    }
}

/// Which part of a way is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// From where it is read.
    pub anchor: Anchor,
    /// The node that it is read from.
    pub node: Option<String>,
    /// The node that it is read to, between two.
    pub node2: Option<String>,
    /// The only nodes that are looked at; all where there are none.
    pub include: BTreeSet<String>,
    /// Nodes that are not looked at.
    pub exclude: BTreeSet<String>,
}

impl View {
    /// Whether it looks at every way as a whole.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let anchored = self.node.is_some() || self.anchor == Anchor::Between;
        !anchored && self.include.is_empty() && self.exclude.is_empty()
    }

    /// The nodes of a way in the order that they are read, without repetitions in a row; nothing where
    /// the way does not come by the nodes that it is read from and to, or has none to look at.
    #[must_use]
    pub fn of<'a>(&self, path: &'a [String]) -> Option<Vec<&'a str>> {
        let seen = |node: &&str| {
            let included = self.include.is_empty() || self.include.contains(*node);
            included && !self.exclude.contains(*node)
        };
        let mut nodes: Vec<&str> = path.iter().map(String::as_str).filter(seen).collect();
        nodes.dedup();
        if self.anchor == Anchor::End {
            nodes.reverse();
        }
        if let Some(node) = &self.node {
            nodes.drain(..nodes.iter().position(|name| name == node)?);
        }
        if let Some(node) = self.node2.as_ref().filter(|_| self.anchor == Anchor::Between) {
            let after = nodes.iter().skip(1).position(|name| name == node)?;
            nodes.truncate(after + 2);
        }
        (!nodes.is_empty()).then_some(nodes)
    }
}

type Name = u32;

/// Visits by depth, node, and the node after it. Its size depends on the number of different nodes
/// alone.
#[derive(Debug, Default)]
pub struct Flow {
    names: HashMap<String, Name>,
    edges: HashMap<(usize, Name, Option<Name>), i64>,
}

/// A node at a depth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowNode {
    /// How many nodes it is from where ways are read, beginning with 1.
    pub depth: usize,
    /// The name.
    pub node: String,
    /// Visits that came here.
    pub visits: i64,
}

/// A way from one node to one at the next depth, or to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowLink {
    /// The depth of the node that it comes from.
    pub depth: usize,
    /// The node that it comes from.
    pub from: String,
    /// The node that it goes to; `$exit` or `$entry` at the end of the way, `$more` at the end of what
    /// was asked for.
    pub to: String,
    /// Visits that went this way.
    pub visits: i64,
}

/// Flows from node to node. The visits of a node are those of the links from it, and, after the first
/// depth, those of the links to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FlowGraph {
    /// Visits that are looked at.
    pub visits: i64,
    /// By depth; within a depth the one with most visits first, `$other` last.
    pub nodes: Vec<FlowNode>,
    /// By depth; within a depth the one with most visits first.
    pub links: Vec<FlowLink>,
}

/// How much of a flow is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How many nodes of a way.
    pub depth: usize,
    /// How many nodes by name at each depth.
    pub limit: usize,
    /// What follows the last node of a way.
    pub terminal: &'static str,
}

impl Flow {
    /// Notes visits that took the same way, as [`View::of`] reads it.
    pub fn note_path(&mut self, nodes: &[&str], visits: i64) {
        for (index, node) in nodes.iter().take(DEPTH_MAX).enumerate() {
            let next = nodes.get(index + 1).copied();
            self.note_edge(index + 1, (node, next), visits);
        }
    }

    /// Notes visits that went from a node at a depth to the next, or nowhere.
    pub fn note_edge(&mut self, depth: usize, (node, next): (&str, Option<&str>), visits: i64) {
        let key = (depth, self.name(node), next.map(|next| self.name(next)));
        *self.edges.entry(key).or_default() += visits;
    }

    fn name(&mut self, node: &str) -> Name {
        if let Some(name) = self.names.get(node) {
            return *name;
        }
        let node = if self.names.len() < NAMES_MAX { node } else { OTHER_NODE };
        let next = Name::try_from(self.names.len()).unwrap_or(Name::MAX);
        *self.names.entry(node.to_owned()).or_insert(next)
    }

    /// The flow as far as it is shown.
    #[must_use]
    pub fn graph(&self, extent: Extent) -> FlowGraph {
        self.graph_by(&Names::of(self, extent), extent)
    }

    /// The flow by the nodes that another shows, so that the two can be compared.
    #[must_use]
    pub fn graph_like(&self, shown: &FlowGraph, extent: Extent) -> FlowGraph {
        self.graph_by(&Names::like(self, shown), extent)
    }

    fn graph_by(&self, names: &Names, extent: Extent) -> FlowGraph {
        let mut nodes: BTreeMap<(usize, bool, &str), i64> = BTreeMap::new();
        let mut links: BTreeMap<(usize, &str, &str), i64> = BTreeMap::new();
        for ((depth, node, next), visits) in &self.edges {
            if *depth > extent.depth {
                continue;
            }
            let node = names.shown(*depth, *node);
            let next = match next {
                None => extent.terminal,
                Some(_) if *depth == extent.depth => MORE,
                Some(next) => names.shown(depth + 1, *next),
            };
            *nodes.entry((*depth, node == OTHER_NODE, node)).or_default() += visits;
            *links.entry((*depth, node, next)).or_default() += visits;
        }
        FlowGraph {
            visits: nodes.iter().filter(|((depth, ..), _)| *depth == 1).map(|(_, n)| n).sum(),
            nodes: nodes_by_visits(nodes),
            links: links_by_visits(links),
        }
    }
}

fn nodes_by_visits(nodes: BTreeMap<(usize, bool, &str), i64>) -> Vec<FlowNode> {
    let mut sorted: Vec<_> = nodes.into_iter().collect();
    sorted.sort_by_key(|((depth, other, _), visits)| (*depth, *other, Reverse(*visits)));
    let node = |((depth, _, node), visits): ((usize, bool, &str), i64)| FlowNode {
        depth,
        node: node.to_owned(),
        visits,
    };
    sorted.into_iter().map(node).collect()
}

fn links_by_visits(links: BTreeMap<(usize, &str, &str), i64>) -> Vec<FlowLink> {
    let mut sorted: Vec<_> = links.into_iter().collect();
    sorted.sort_by_key(|((depth, ..), visits)| (*depth, Reverse(*visits)));
    let link = |((depth, from, to), visits): ((usize, &str, &str), i64)| FlowLink {
        depth,
        from: from.to_owned(),
        to: to.to_owned(),
        visits,
    };
    sorted.into_iter().map(link).collect()
}

/// Which nodes are shown by name.
struct Names<'a> {
    texts: HashMap<Name, &'a str>,
    shown: BTreeSet<(usize, Name)>,
}

impl<'a> Names<'a> {
    fn of(flow: &'a Flow, extent: Extent) -> Self {
        let texts = Self::texts(flow);
        let mut visits: HashMap<(usize, Name), i64> = HashMap::new();
        for ((depth, node, _), count) in &flow.edges {
            *visits.entry((*depth, *node)).or_default() += count;
        }
        let mut ranked: Vec<((usize, Name), i64)> = visits.into_iter().collect();
        let text = |name: &Name| texts.get(name).copied().unwrap_or(OTHER_NODE);
        ranked.sort_by_key(|((depth, name), count)| (*depth, Reverse(*count), text(name)));
        let of_depth = ranked.chunk_by(|a, b| a.0.0 == b.0.0);
        let shown = of_depth.flat_map(|nodes| nodes.iter().take(extent.limit).map(|(key, _)| *key));
        let shown = shown.collect();
        Self { texts, shown }
    }

    fn like(flow: &'a Flow, graph: &FlowGraph) -> Self {
        let name = |node: &FlowNode| Some((node.depth, *flow.names.get(&node.node)?));
        Self { texts: Self::texts(flow), shown: graph.nodes.iter().filter_map(name).collect() }
    }

    fn texts(flow: &'a Flow) -> HashMap<Name, &'a str> {
        flow.names.iter().map(|(text, name)| (*name, text.as_str())).collect()
    }

    fn shown(&self, depth: usize, name: Name) -> &'a str {
        let listed = self.shown.contains(&(depth, name));
        self.texts.get(&name).copied().filter(|_| listed).unwrap_or(OTHER_NODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn nodes(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn anchored(anchor: Anchor, node: Option<&str>, node2: Option<&str>) -> View {
        let text = |name: &str| name.to_owned();
        View { anchor, node: node.map(text), node2: node2.map(text), ..View::default() }
    }

    fn extent(depth: usize, limit: usize) -> Extent {
        Extent { depth, limit, terminal: EXIT }
    }

    #[test]
    fn a_view_reads_the_part_that_its_anchors_name() {
        let way = path("home nest roof nest cart");
        let read = |view: &View| view.of(&way).map(|nodes| nodes.join(" "));
        for (view, expected) in [
            (anchored(Anchor::Start, None, None), Some("home nest roof nest cart")),
            (anchored(Anchor::Start, Some("nest"), None), Some("nest roof nest cart")),
            (anchored(Anchor::End, None, None), Some("cart nest roof nest home")),
            (anchored(Anchor::End, Some("nest"), None), Some("nest roof nest home")),
            (anchored(Anchor::Between, Some("nest"), Some("cart")), Some("nest roof nest cart")),
            (anchored(Anchor::Between, Some("nest"), Some("nest")), Some("nest roof nest")),
            (anchored(Anchor::Between, Some("cart"), Some("nest")), None),
            (anchored(Anchor::Start, Some("garage"), None), None),
        ] {
            assert_eq!(read(&view).as_deref(), expected, "{view:?}");
        }
    }

    #[test]
    fn what_is_left_out_brings_its_neighbours_together() {
        let way = path("home nest roof nest cart");
        let without = View { exclude: nodes(&["roof"]), ..View::default() };
        assert_eq!(without.of(&way).unwrap(), ["home", "nest", "cart"]);
        let only = View { include: nodes(&["home", "cart"]), ..View::default() };
        assert_eq!(only.of(&way).unwrap(), ["home", "cart"]);
        assert_eq!(View { include: nodes(&["garage"]), ..View::default() }.of(&way), None);
    }

    #[test]
    fn a_flow_can_be_shown_by_the_nodes_of_another() {
        let mut flow = Flow::default();
        flow.note_path(&["home", "nest"], 2);
        flow.note_path(&["blog"], 1);
        let mut other = Flow::default();
        other.note_path(&["blog", "home"], 7);
        other.note_path(&["home", "nest"], 3);
        let shown = flow.graph(extent(2, 1));
        let graph = other.graph_like(&shown, extent(2, 1));
        let node = |depth, node: &str, visits| FlowNode { depth, node: node.to_owned(), visits };
        let expected = [
            node(1, "home", 3),
            node(1, OTHER_NODE, 7),
            node(2, "nest", 3),
            node(2, OTHER_NODE, 7),
        ];
        assert_eq!((graph.nodes, graph.visits), (expected.to_vec(), 10));
    }

    #[test]
    fn what_is_not_listed_is_still_counted() {
        let mut flow = Flow::default();
        flow.note_path(&["home", "nest", "cart"], 5);
        flow.note_path(&["home", "roof"], 2);
        flow.note_path(&["blog"], 1);
        let graph = flow.graph(extent(2, 1));
        let node = |depth, node: &str, visits| FlowNode { depth, node: node.to_owned(), visits };
        let link = |depth, from: &str, to: &str, visits| FlowLink {
            depth,
            from: from.to_owned(),
            to: to.to_owned(),
            visits,
        };
        assert_eq!(graph.visits, 8);
        assert_eq!(
            graph.nodes,
            [
                node(1, "home", 7),
                node(1, OTHER_NODE, 1),
                node(2, "nest", 5),
                node(2, OTHER_NODE, 2)
            ]
        );
        assert_eq!(
            graph.links,
            [
                link(1, "home", "nest", 5),
                link(1, "home", OTHER_NODE, 2),
                link(1, OTHER_NODE, EXIT, 1),
                link(2, "nest", MORE, 5),
                link(2, OTHER_NODE, EXIT, 2),
            ]
        );
    }

    #[test]
    fn names_beyond_the_bound_count_together() {
        let mut flow = Flow::default();
        for page in 0..NAMES_MAX + 10 {
            flow.note_path(&[&page.to_string()], 1);
        }
        let graph = flow.graph(extent(1, NAMES_MAX + 20));
        assert_eq!(graph.nodes.last().map(|node| node.visits), Some(10));
    }

    fn any_paths() -> impl Strategy<Value = Vec<(Vec<String>, i64)>> {
        let node = "[a-f]";
        let path = proptest::collection::vec(node, 1..25);
        proptest::collection::vec((path, 1_i64..5), 0..30)
    }

    proptest! {
        #[test]
        fn what_flows_in_flows_out(paths in any_paths(), depth in 1_usize..=20, limit in 1_usize..8) {
            let mut flow = Flow::default();
            let mut visits = 0;
            for (path, count) in &paths {
                flow.note_path(&View::default().of(path).unwrap(), *count);
                visits += count;
            }
            let graph = flow.graph(extent(depth, limit));
            prop_assert_eq!(graph.visits, visits);
            for node in &graph.nodes {
                let from = |link: &&FlowLink| link.depth == node.depth && link.from == node.node;
                let out: i64 = graph.links.iter().filter(from).map(|link| link.visits).sum();
                prop_assert_eq!(out, node.visits);
                let to = |link: &&FlowLink| link.depth + 1 == node.depth && link.to == node.node;
                let into: i64 = graph.links.iter().filter(to).map(|link| link.visits).sum();
                prop_assert!(node.depth == 1 || into == node.visits);
            }
            let ends = [EXIT, MORE];
            let ended = graph.links.iter().filter(|link| ends.contains(&link.to.as_str()));
            prop_assert_eq!(ended.map(|link| link.visits).sum::<i64>(), visits);
            for depth in 1..=depth {
                let named = graph.nodes.iter().filter(|n| n.depth == depth && n.node != OTHER_NODE);
                prop_assert!(named.count() <= limit);
            }
        }

        #[test]
        fn no_node_follows_itself(
            (path, _) in any_paths().prop_filter_map("", |mut paths| paths.pop()),
            exclude in proptest::collection::btree_set("[a-f]", 0..4)
        ) {
            let view = View { exclude, ..View::default() };
            if let Some(nodes) = view.of(&path) {
                prop_assert!(nodes.windows(2).all(|pair| pair[0] != pair[1]));
                prop_assert!(nodes.iter().all(|node| !view.exclude.contains(*node)));
            }
        }
    }
}
