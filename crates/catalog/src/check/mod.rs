//! What is wrong between the entities of a catalog, which Backstage does not look at.
//!
//! Owns the checks and how much each matters. Unknown entities are warnings unless the catalog is said to be whole: a
//! repository's entities often name others from elsewhere.

mod cycles;
mod unknown;

use plat_resource::Diagnostic;

use crate::catalog::Catalog;
use crate::document::Entry;
use crate::entity_ref::EntityRef;
use crate::relations::Relation;

/// How a catalog is checked.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Whether everything that exists is in the catalog: what is not there is an error then.
    pub whole: bool,
    /// Whether an entity that is not in the catalog is known from elsewhere.
    pub known: &'a dyn Fn(&EntityRef) -> bool,
}

/// Everything that is wrong, in the order of files and lines.
pub fn check(catalog: &Catalog, options: Options<'_>) -> Vec<Diagnostic> {
    let mut findings = unknown::check(catalog, options);
    findings.extend(cycles::check(catalog));
    findings.extend(parents(catalog));
    findings.extend(orphans(catalog));
    findings.sort_by(|left, right| left.location.cmp(&right.location));
    findings
}

/// A group has one parent.
fn parents(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (entity_ref, entry) in catalog.entries().filter(|(entity_ref, _)| entity_ref.kind == "group") {
        let above = catalog.relations(entity_ref).filter(|(relation, _)| *relation == Relation::ChildOf);
        let above: Vec<String> = above.map(|(_, parent)| parent.to_string()).collect();
        if above.len() > 1 {
            let place = entry.mentions.iter().find(|mention| mention.relation == Relation::ChildOf);
            findings.push(
                Diagnostic::error(format!("{entity_ref} has more than one parent"))
                    .at(place.map_or_else(|| entry.location(), |mention| entry.location_of(mention)))
                    .because(format!("it is below {}", above.join(" and ")))
                    .hint("`parent` of the one and `children` of the others must agree"),
            );
        }
    }
    findings
}

/// Entities that nothing in the catalog has to do with, and APIs that nobody provides.
fn orphans(catalog: &Catalog) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (entity_ref, entry) in catalog.entries() {
        let is_related =
            catalog.relations(entity_ref).any(|(_, other)| other != entity_ref && catalog.get(other).is_some());
        if !is_related && !matches!(entity_ref.kind.as_str(), "location" | "template") {
            findings.push(orphan(entity_ref, entry, "no entity of this catalog has to do with it"));
        } else if entity_ref.kind == "api"
            && !catalog.relations(entity_ref).any(|(relation, _)| relation == Relation::ApiProvidedBy)
        {
            findings.push(orphan(entity_ref, entry, "no component provides it"));
        }
    }
    findings
}

fn orphan(entity_ref: &EntityRef, entry: &Entry, cause: &str) -> Diagnostic {
    Diagnostic::warning(format!("{entity_ref} is an orphan")).at(entry.location()).because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::NothingToRead;
    use crate::read;

    fn told(text: &str, whole: bool) -> Vec<String> {
        let (entries, findings) = read("c.yaml", text.as_bytes(), &NothingToRead);
        assert_eq!(findings, []);
        let (catalog, mut findings) = Catalog::new(entries);
        findings.extend(check(&catalog, Options { whole, known: &|entity_ref| entity_ref.name == "elsewhere" }));
        findings.iter().map(ToString::to_string).collect()
    }

    fn entity(kind: &str, name: &str, spec: &str) -> String {
        format!("---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n")
    }

    fn component(name: &str, more: &str) -> String {
        entity("Component", name, &format!("type: service, lifecycle: live, owner: team{more}"))
    }

    #[test]
    fn a_sound_catalog_has_no_findings() {
        let text = [
            entity("Group", "team", "type: team, children: [], parent: elsewhere"),
            entity("System", "shop", "owner: team"),
            component("a", ", system: shop, dependsOn: ['component:b'], providesApis: [api]"),
            component("b", ", subcomponentOf: a"),
            entity("API", "api", "type: openapi, lifecycle: live, owner: team, definition: x"),
        ];
        assert_eq!(told(&text.concat(), true), Vec::<String>::new());
    }

    #[test]
    fn unknown_entities_are_told_with_what_was_meant() {
        let text = [
            entity("Group", "team", "type: team, children: []"),
            entity("System", "shop", "owner: teem"),
            component("a", ", system: shp, dependsOn: ['component:nobody', 'system:shop', 'resourc:x']"),
        ];
        let findings = told(&text.concat(), true);
        assert_eq!(findings.len(), 4, "{findings:#?}");
        for (finding, words) in findings.iter().zip([
            ["error", "group:default/teem", "c.yaml:10:", "did you mean \"team\"?"],
            ["error", "system:default/shp", "c.yaml:15:", "did you mean \"shop\"?"],
            ["error", "component:default/nobody", "c.yaml:15:", "c.yaml:15:"],
            ["error", "resourc:default/x", "c.yaml:15:", "did you mean \"Resource\"?"],
        ]) {
            assert!(words.iter().all(|word| finding.contains(word)), "{finding} / {words:?}");
        }
        assert!(told(&text.concat(), false).iter().all(|finding| finding.starts_with("warning")));
    }

    #[test]
    fn owners_are_groups_or_users() {
        let text = [component("team", ""), component("a", ", system: 'component:team'")];
        let findings = told(&text.concat(), false);
        assert!(findings.iter().any(|finding| finding.contains("there is component:default/team")), "{findings:#?}");
        let text = [component("x", ""), entity("System", "s", "owner: 'component:x'")];
        let findings = told(&text.concat(), false);
        assert!(
            findings.iter().any(|finding| finding.contains("names a Component") && finding.contains("c.yaml:10:")),
            "{findings:#?}"
        );
    }

    #[test]
    fn cycles_are_told_once_with_their_way() {
        let text = [
            entity("Group", "team", "type: team, children: [top]"),
            entity("Group", "top", "type: team, children: [team]"),
            component("a", ", subcomponentOf: b"),
            component("b", ", subcomponentOf: c"),
            component("c", ", subcomponentOf: a, dependsOn: ['component:c']"),
        ];
        let findings = told(&text.concat(), false);
        let cycles: Vec<&String> = findings.iter().filter(|finding| finding.contains("circle")).collect();
        assert_eq!(cycles.len(), 3, "{findings:#?}");
        let ways = [
            "group:default/team childOf group:default/top childOf group:default/team",
            "component:default/a partOf component:default/b partOf component:default/c partOf component:default/a",
            "component:default/c dependsOn component:default/c",
        ];
        assert!(ways.iter().all(|way| cycles.iter().any(|cycle| cycle.contains(way))), "{cycles:#?}");
    }

    #[test]
    fn duplicates_parents_and_orphans_are_told() {
        let text = [
            entity("Group", "team", "type: team, children: [], parent: elsewhere"),
            entity("Group", "TEAM", "type: team, children: []"),
            entity("Group", "other", "type: team, children: [team]"),
            entity("Domain", "alone", "owner: elsewhere"),
            entity("API", "api", "type: openapi, lifecycle: live, owner: team, definition: x"),
        ];
        let findings = told(&text.concat(), false);
        let expected = [
            "group:default/team is in the catalog twice",
            "group:default/team has more than one parent",
            "domain:default/alone is an orphan",
            "api:default/api is an orphan",
        ];
        assert_eq!(findings.len(), expected.len(), "{findings:#?}");
        assert!(expected.iter().all(|words| findings.iter().any(|finding| finding.contains(words))), "{findings:#?}");
    }
}
