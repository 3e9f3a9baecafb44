use super::{panics, refuse_panics};

#[test]
fn symbols_of_panics_are_found_in_both_manglings() {
    let names = [
        "group_egress",
        "_ZN4core9panicking18panic_bounds_check17h0123456789abcdefE",
        "_RNvNtCs1234_4core9panicking5panic",
        "my_panicking_function",
    ];
    assert_eq!(panics(&names), names[1..3]);
}

#[test]
fn what_is_not_an_object_is_refused() {
    assert!(refuse_panics(b"not an ELF file").is_err());
}
