//! Entities and their relations as a picture: which are in it, and how it is written.
//!
//! Owns the choice of nodes and edges. The texts are made by `tree`, `dot`, `mermaid` and `svg`; each is a whole document.

mod dot;
mod layout;
mod mermaid;
mod svg;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::entity_ref::EntityRef;
use crate::relations::Relation;

pub use tree::tree;

/// What a picture shows.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Where it starts; everything where this is absent.
    pub root: Option<&'a EntityRef>,
    /// How many steps from there.
    pub depth: usize,
    /// The relations that are followed, either way round; all where this is absent.
    pub relations: Option<&'a [Relation]>,
}

/// A picture.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<EntityRef, Node>,
    edges: BTreeSet<(EntityRef, Relation, EntityRef)>,
}

#[derive(Debug, Clone)]
struct Node {
    title: String,
    /// Steps from the start.
    distance: usize,
    is_known: bool,
}

/// Each pair of relations is drawn once, as one of these.
fn is_drawn(relation: Relation) -> bool {
    matches!(
        relation,
        Relation::OwnedBy
            | Relation::PartOf
            | Relation::ProvidesApi
            | Relation::ConsumesApi
            | Relation::DependsOn
            | Relation::ChildOf
            | Relation::MemberOf
    )
}

impl Scope<'_> {
    fn follows(&self, relation: Relation) -> bool {
        self.relations.is_none_or(|followed| followed.contains(&relation) || followed.contains(&relation.inverse()))
    }
}

impl Graph {
    /// The picture of `scope`.
    pub fn new(catalog: &Catalog, scope: Scope<'_>) -> Self {
        let mut graph = Self::default();
        let mut wave: Vec<EntityRef> = match scope.root {
            Some(root) => vec![root.canonical()],
            None => catalog.entries().map(|(entity_ref, _)| entity_ref.clone()).collect(),
        };
        let mut distance = 0;
        while !wave.is_empty() {
            let mut next = Vec::new();
            for entity_ref in wave {
                if graph.nodes.contains_key(&entity_ref) {
                    continue;
                }
                if distance < scope.depth {
                    let near = catalog.relations(&entity_ref).filter(|(relation, _)| scope.follows(*relation));
                    next.extend(near.map(|(_, other)| other.clone()));
                }
                graph.nodes.insert(entity_ref.clone(), node(catalog, &entity_ref, distance));
            }
            wave = next;
            distance += 1;
        }
        for source in graph.nodes.keys() {
            let drawn = catalog.relations(source).filter(|(relation, target)| {
                is_drawn(*relation) && scope.follows(*relation) && graph.nodes.contains_key(target)
            });
            graph.edges.extend(drawn.map(|(relation, target)| (source.clone(), relation, target.clone())));
        }
        graph
    }

    /// As a text for Graphviz.
    pub fn dot(&self) -> String {
        dot::write(self)
    }

    /// As a text for Mermaid.
    pub fn mermaid(&self) -> String {
        mermaid::write(self)
    }

    /// As an image.
    pub fn svg(&self) -> String {
        svg::write(self)
    }

    /// Names for nodes that every format takes: `n0`, `n1` ...
    fn names(&self) -> BTreeMap<&EntityRef, String> {
        self.nodes.keys().enumerate().map(|(index, entity_ref)| (entity_ref, format!("n{index}"))).collect()
    }
}

fn node(catalog: &Catalog, entity_ref: &EntityRef, distance: usize) -> Node {
    let entry = catalog.get(entity_ref);
    let title = entry.and_then(|entry| entry.entity.text_at(&["metadata", "title"])).unwrap_or_default();
    Node { title: title.to_owned(), distance, is_known: entry.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::NothingToRead;
    use crate::read;

    const SHOP: &str = "\
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop, title: 'The \"shop\" <all>'}
spec: {owner: team}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: front}
spec: {type: website, lifecycle: live, owner: team, system: shop, consumesApis: [orders]}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: back}
spec: {type: service, lifecycle: live, owner: team, system: shop, providesApis: [orders], dependsOn: ['resource:db']}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: orders}
spec: {type: openapi, lifecycle: live, owner: team, definition: x}
";

    fn shop() -> Catalog {
        let (entries, findings) = read("c.yaml", SHOP.as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        Catalog::new(entries).0
    }

    fn scope(root: Option<&EntityRef>, depth: usize) -> Scope<'_> {
        Scope { root, depth, relations: None }
    }

    #[test]
    fn a_tree_shows_each_entity_once_in_full() {
        let root = EntityRef::new("component", "default", "front");
        let expected = "\
component:default/front
├─ ownedBy group:default/team (not in the catalog)
│  ├─ ownerOf api:default/orders …
│  ├─ ownerOf component:default/back
│  │  ├─ partOf system:default/shop …
│  │  ├─ providesApi api:default/orders …
│  │  └─ dependsOn resource:default/db (not in the catalog)
│  └─ ownerOf system:default/shop …
├─ partOf system:default/shop
│  ├─ ownedBy group:default/team …
│  └─ hasPart component:default/back …
└─ consumesApi api:default/orders
   ├─ ownedBy group:default/team …
   └─ apiProvidedBy component:default/back …
";
        assert_eq!(tree(&shop(), scope(Some(&root), 3)), expected);
        let only = [Relation::PartOf];
        let parts = Scope { root: Some(&root), depth: 9, relations: Some(&only) };
        let expected = "component:default/front\n└─ partOf system:default/shop\n   └─ hasPart component:default/back\n";
        assert_eq!(tree(&shop(), parts), expected);
    }

    #[test]
    fn texts_for_graphviz_and_mermaid_quote_what_must_be() {
        let root = EntityRef::new("system", "default", "shop");
        let graph = Graph::new(&shop(), scope(Some(&root), 1));
        let expected = "\
digraph catalog {
  rankdir=LR;
  node [shape=box];
  n0 [label=\"component:default/back\"];
  n1 [label=\"component:default/front\"];
  n2 [label=\"group:default/team\", style=dashed];
  n3 [label=\"The \\\"shop\\\" <all>\\nsystem:default/shop\"];
  n0 -> n2 [label=\"ownedBy\"];
  n0 -> n3 [label=\"partOf\"];
  n1 -> n2 [label=\"ownedBy\"];
  n1 -> n3 [label=\"partOf\"];
  n3 -> n2 [label=\"ownedBy\"];
}
";
        assert_eq!(graph.dot(), expected);
        let expected = "\
flowchart LR
  n0[\"component:default/back\"]
  n1[\"component:default/front\"]
  n2[\"group:default/team\"]
  n3[\"The #quot;shop#quot; #lt;all#gt;<br/>system:default/shop\"]
  n0 -- ownedBy --> n2
  n0 -- partOf --> n3
  n1 -- ownedBy --> n2
  n1 -- partOf --> n3
  n3 -- ownedBy --> n2
  style n2 stroke-dasharray: 4
";
        assert_eq!(graph.mermaid(), expected);
    }

    #[test]
    fn an_image_has_each_node_and_edge_and_no_overlap() {
        let svg = Graph::new(&shop(), scope(None, 0)).svg();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.ends_with("</svg>\n"), "{svg}");
        assert_eq!(svg.matches("<rect class=\"node\"").count(), 4);
        assert_eq!(svg.matches("<line").count(), 4);
        assert!(svg.contains("The &quot;shop&quot; &lt;all&gt;") && !svg.contains("<all>"));
        let places: BTreeSet<&str> = svg
            .lines()
            .filter(|line| line.contains("<rect class=\"node\""))
            .map(|line| line.split(" width").next().unwrap())
            .collect();
        assert_eq!(places.len(), 4);
    }
}
