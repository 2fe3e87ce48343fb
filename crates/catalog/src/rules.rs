//! Which kinds of entities may come from which locations: `catalog.rules` of Backstage's configuration.
//!
//! Owns reading them, with Backstage's defaults, and the verdict on an entity.

use plat_resource::javascript::Value;

use crate::entity_ref::EntityRef;
use crate::location::LocationRef;
use crate::pattern::Pattern;

/// The rules of a catalog.
#[derive(Debug, Clone)]
pub struct Rules(Vec<Rule>);

#[derive(Debug, Clone)]
struct Rule {
    allow: Vec<Allowed>,
    /// Every location, where this is absent.
    locations: Option<Vec<Place>>,
}

#[derive(Debug, Clone)]
struct Allowed {
    kind: String,
    spec_type: Option<String>,
}

#[derive(Debug, Clone)]
struct Place {
    kind: String,
    exact: Option<String>,
    pattern: Option<Pattern>,
}

impl Default for Rules {
    /// Components, APIs and Locations from anywhere, nothing else.
    fn default() -> Self {
        let allow = ["Component", "API", "Location"].map(|kind| Allowed { kind: kind.to_owned(), spec_type: None });
        Self(vec![Rule { allow: allow.to_vec(), locations: None }])
    }
}

impl Rules {
    /// Reads the whole configuration (with the key `catalog`).
    pub fn read(config: &Value) -> Result<Self, String> {
        let list = |way: &[&str]| config.at(way).and_then(Value::as_list);
        let mut rules = match list(&["catalog", "rules"]) {
            None => Self::default().0,
            Some(rules) => rules.iter().map(Rule::read).collect::<Result<_, _>>()?,
        };
        for location in list(&["catalog", "locations"]).unwrap_or_default() {
            let text = |key: &str| location.text_at(&[key]).unwrap_or_default().to_owned();
            for rule in location.get("rules").and_then(Value::as_list).unwrap_or_default() {
                let place = Place { kind: text("type"), exact: Some(text("target")), pattern: None };
                rules.push(Rule { allow: allowed(rule)?, locations: Some(vec![place]) });
            }
        }
        Ok(Self(rules))
    }

    /// Whether an entity may come from `origin`, the location that was registered.
    pub fn allow(&self, entity: &Value, origin: &LocationRef) -> bool {
        self.0.iter().any(|rule| {
            let here = rule.locations.as_ref().is_none_or(|places| places.iter().any(|place| place.fits(origin)));
            here && rule.allow.iter().any(|allowed| allowed.fits(entity))
        })
    }

    /// What Backstage says of an entity that may not.
    pub fn refusal(entity_ref: &EntityRef, location: &LocationRef, origin: &LocationRef) -> String {
        format!(
            "Entity {entity_ref} at {location}, originated at {origin}, is not of an allowed kind for that location"
        )
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self, String> {
        let places = rule.get("locations").and_then(Value::as_list);
        let locations = places.map(|places| places.iter().map(Place::read).collect::<Result<_, _>>()).transpose()?;
        Ok(Self { allow: allowed(rule)?, locations })
    }
}

fn allowed(rule: &Value) -> Result<Vec<Allowed>, String> {
    let Some(allow) = rule.get("allow").and_then(Value::as_list) else {
        return Err("a rule of the catalog needs a list `allow`".to_owned());
    };
    let one = |allow: &Value| match (allow.as_str(), allow.text_at(&["kind"])) {
        (Some(kind), _) => Ok(Allowed { kind: kind.to_owned(), spec_type: None }),
        (None, Some(kind)) => {
            let spec_type = allow.text_at(&["spec.type"]).filter(|text| !text.is_empty()).map(str::to_owned);
            Ok(Allowed { kind: kind.to_owned(), spec_type })
        }
        (None, None) => Err(format!("a rule of the catalog allows {}, which is no kind", allow.to_json())),
    };
    allow.iter().map(one).collect()
}

impl Allowed {
    fn fits(&self, entity: &Value) -> bool {
        let same = |way: &[&str], text: &str| {
            entity.text_at(way).is_some_and(|found| found.to_lowercase() == text.to_lowercase())
        };
        same(&["kind"], &self.kind) && self.spec_type.as_deref().is_none_or(|text| same(&["spec", "type"], text))
    }
}

impl Place {
    fn read(place: &Value) -> Result<Self, String> {
        let text = |key: &str| place.text_at(&[key]).filter(|text| !text.is_empty());
        let Some(kind) = text("type") else { return Err("a location of a catalog rule needs a `type`".to_owned()) };
        if text("exact").is_some() && text("pattern").is_some() {
            return Err("A catalog rule location cannot have both exact and pattern values".to_owned());
        }
        let pattern = text("pattern").map(Pattern::new);
        Ok(Self { kind: kind.to_owned(), exact: text("exact").map(str::to_owned), pattern })
    }

    fn fits(&self, origin: &LocationRef) -> bool {
        self.kind == origin.kind
            && self.exact.as_ref().is_none_or(|exact| exact.is_empty() || *exact == origin.target)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.fits(&origin.target))
    }
}
