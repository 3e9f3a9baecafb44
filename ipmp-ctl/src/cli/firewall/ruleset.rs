//! Rules, from `nft -j list ruleset`.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::operands::{self, Sets};

/// A chain, or a rule in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    family: String,
    table: String,
    chain: String,
    handle: Option<u64>,
}

impl Place {
    /// A chain.
    pub(super) fn chain(family: &str, table: &str, chain: &str) -> Self {
        Self { family: family.to_owned(), table: table.to_owned(), chain: chain.to_owned(), handle: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { family, table, chain, handle } = self;
        match handle {
            None => write!(f, "chain {family} {table} {chain}"),
            Some(handle) => write!(f, "rule {family} {table} {chain} handle {handle}"),
        }
    }
}

/// What of a rule matters here.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Where it is.
    pub(super) place: Place,
    /// The interfaces that it asks for.
    pub(super) matches: Vec<Match>,
    /// If it is about packets whose way back is not the interface that they came in by: of which family.
    pub(super) strict_reverse_path: Option<&'static str>,
}

/// Which interface of a packet is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// The one it came in by.
    In,
    /// The one it goes out by.
    Out,
}

/// A comparison with interface names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// nft's word for what is compared.
    pub(super) key: String,
    /// Which interface that is.
    pub(super) direction: Direction,
    /// The names; `*` at the end stands for anything.
    pub(super) names: Vec<String>,
}

/// The rules of the families that see IP packets; nothing if `json` is not what nft prints.
pub(super) fn rules(json: &str) -> Vec<Rule> {
    let document: Value = serde_json::from_str(json).unwrap_or_default();
    let objects = document["nftables"].as_array().map_or(&[][..], Vec::as_slice);
    let named_sets = objects.iter().filter_map(|object| {
        let set = [&object["set"], &object["map"]].into_iter().find(|set| set.is_object())?;
        Some((set_key(set, set["name"].as_str()?), set["elem"].as_array()?.as_slice()))
    });
    let sets: BTreeMap<_, _> = named_sets.collect();
    objects.iter().filter_map(|object| rule(&object["rule"], &sets)).collect()
}

/// Family, table and name of a set to which something in the same table as `object` refers.
fn set_key<'a>(object: &'a Value, name: &'a str) -> [&'a str; 3] {
    [object["family"].as_str().unwrap_or_default(), object["table"].as_str().unwrap_or_default(), name]
}

fn rule(rule: &Value, sets: &BTreeMap<[&str; 3], &[Value]>) -> Option<Rule> {
    let family = rule["family"].as_str().filter(|family| matches!(*family, "inet" | "ip" | "ip6"))?;
    let mut place = Place::chain(family, rule["table"].as_str()?, rule["chain"].as_str()?);
    place.handle = rule["handle"].as_u64();

    let in_table: Sets<'_, '_> = &|name| sets.get(&set_key(rule, name)).copied().unwrap_or_default();
    let comparisons = operands::comparisons(&rule["expr"]);
    let interfaces = comparisons.iter().flat_map(|&(left, right)| operands::matches(left, right, in_table));
    let matches = interfaces.filter_map(|(key, names)| {
        let direction = match key {
            "iif" | "iifname" => Direction::In,
            "oif" | "oifname" => Direction::Out,
            _ => return None,
        };
        Some(Match { key: key.to_owned(), direction, names })
    });
    let strict = comparisons.iter().any(|&(left, right)| is_strict_reverse_path(left, right));
    let strict_reverse_path = strict.then(|| match family {
        "ip" => "IPv4",
        "ip6" => "IPv6",
        _ => comparisons.iter().find_map(|&(left, right)| protocol(left, right)).unwrap_or("IP"),
    });
    Some(Rule { place, matches: matches.collect(), strict_reverse_path })
}

/// `fib saddr . iif oif missing`, with or without the mark. Versions of nft spell "missing" differently.
fn is_strict_reverse_path(left: &Value, right: &Value) -> bool {
    let flags = left["fib"]["flags"].as_array().map_or(&[][..], Vec::as_slice);
    let missing = matches!(right, Value::Bool(false)) || right == 0 || right == "0" || right == "missing";
    missing && ["saddr", "iif"].iter().all(|flag| flags.iter().any(|other| other == flag))
}

/// `meta nfproto ipv4` or `ipv6`.
fn protocol(left: &Value, right: &Value) -> Option<&'static str> {
    match right.as_str().filter(|_| left["meta"]["key"] == "nfproto")? {
        "ipv4" => Some("IPv4"),
        "ipv6" => Some("IPv6"),
        _ => None,
    }
}
