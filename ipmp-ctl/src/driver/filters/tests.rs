use std::collections::BTreeSet;

use ipmp_common::member::Mac;

use super::Filter;

fn macs(last: &[u8]) -> BTreeSet<Mac> {
    last.iter().map(|&last| Mac { bytes: [1, 0, 0x5e, 0, 0, last] }).collect()
}

#[test]
fn what_is_refused_is_asked_for_again_only_when_told_to() {
    let mut filter = Filter::with(macs(&[9]));
    assert_eq!(filter.next(&macs(&[1, 2])), Some(macs(&[1, 2])));
    assert_eq!(filter.next(&macs(&[1, 2, 3])), None, "one change at a time");
    filter.changed(macs(&[1]), &macs(&[2]));
    assert_eq!(filter.next(&macs(&[1, 2])), None, "it does not want the other one");
    assert_eq!(filter.next(&macs(&[1, 2, 3])), Some(macs(&[1, 3])));
    filter.changed(macs(&[1, 3]), &macs(&[]));
    assert_eq!(filter.next(&macs(&[1, 2, 3])), None, "what was refused before is still remembered");
    filter.retry();
    assert_eq!(filter.next(&macs(&[1, 2, 3])), Some(macs(&[1, 2, 3])));
    filter.changed(macs(&[1, 2, 3]), &macs(&[]));
    assert_eq!(filter.next(&macs(&[])), Some(macs(&[])));
}
