//! What the expressions of a rule compare with what, in nft's JSON.

use serde_json::Value;

/// Looks up the elements of a named set or map.
pub(super) type Sets<'f, 'a> = &'f dyn Fn(&str) -> &'a [Value];

/// All comparisons of a rule: the left side and the right side of a match, the key and the data of a map.
pub(super) fn comparisons(expression: &Value) -> Vec<(&Value, &Value)> {
    let mut found = Vec::new();
    collect(expression, &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<(&'a Value, &'a Value)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(entries) => {
            for (name, inner) in entries {
                match name.as_str() {
                    "match" => found.push((&inner["left"], &inner["right"])),
                    "map" | "vmap" => found.push((&inner["key"], &inner["data"])),
                    _ => {}
                }
                collect(inner, found);
            }
        }
        _ => {}
    }
}

/// The properties of a packet (`meta`) on the left side, each with the texts that it is compared with.
pub(super) fn matches<'a>(
    left: &'a Value,
    right: &'a Value,
    sets: Sets<'_, 'a>,
) -> Vec<(&'a str, Vec<String>)> {
    let alternatives = alternatives(right, sets);
    let parts = left["concat"].as_array().map_or(std::slice::from_ref(left), Vec::as_slice);
    let part = |(index, part): (usize, &'a Value)| {
        let texts = alternatives.iter().filter_map(|value| {
            let value = value["concat"].get(index).unwrap_or(value);
            value.as_str().map(str::to_owned)
        });
        part["meta"]["key"].as_str().map(|key| (key, texts.collect()))
    };
    parts.iter().enumerate().filter_map(part).collect()
}

/// The single values of a right side.
fn alternatives<'a>(right: &'a Value, sets: Sets<'_, 'a>) -> Vec<&'a Value> {
    let named = right.as_str().and_then(|text| text.strip_prefix('@')).map(sets);
    let values = match (named, right["set"].as_array()) {
        (Some(elements), _) => elements,
        (None, Some(elements)) => elements,
        (None, None) => std::slice::from_ref(right),
    };
    values.iter().map(key_of).collect()
}

/// The key of an element of a set or map, without what hangs on it: verdict, time-out, comment, counter.
fn key_of(element: &Value) -> &Value {
    let key = element.get(0).unwrap_or(element);
    key["elem"].get("val").unwrap_or(key)
}
