use std::time::Duration;

use super::{Generated, generated};

#[test]
fn the_result_has_time_and_number() {
    let report = "Params: count 20000  min_pkt_size: 60\nCurrent:\n     pkts-sofar: 20000  errors: 0\n\
                  Result: OK: 39190(c39100+d90) usec, 20000 (60byte,0frags)\n  510334pps 244Mb/sec errors: 0\n";
    let expected = Generated { packets: 20_000, time: Duration::from_micros(39_190) };
    assert_eq!(generated(report), Some(expected));
}

#[test]
fn anything_else_is_no_result() {
    for report in ["", "Result: Idle\n", "Result: No such parameter \"count\"\n", "Result: OK: done\n"] {
        assert_eq!(generated(report), None, "{report}");
    }
}
