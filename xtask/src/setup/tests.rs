use super::{Need, everything, provide};

#[test]
fn one_message_names_everything_that_is_missing_and_how_to_get_it() {
    let need = |what: &str, package: &str, otherwise: &str| Need {
        what: what.into(),
        packages: vec![package.into()],
        otherwise: otherwise.into(),
    };
    let message = everything(&[need("the program ip", "iproute2", "install iproute2"), need("b", "p", "o")]);
    let expected = "this machine lacks:\n  * the program ip\n      Debian: apt-get install iproute2\n      \
                    elsewhere: install iproute2\n  * b\n      Debian: apt-get install p\n      elsewhere: o";
    assert_eq!(message, expected);
}

#[test]
fn nothing_is_done_when_nothing_is_missing() {
    provide(&[]).unwrap();
}
