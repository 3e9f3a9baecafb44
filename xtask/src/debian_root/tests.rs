use super::release;

#[test]
fn debian_and_its_children_are_known_by_their_code_names() {
    let cases = [
        ("ID=debian\nVERSION_CODENAME=bookworm\n", Some("bookworm")),
        ("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=\"noble\"\n", Some("noble")),
        ("ID=pop\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=jammy\n", Some("jammy")),
        ("ID=debian\n", None),
        ("ID=fedora\nVERSION_CODENAME=\"\"\n", None),
        ("ID=arch\nVERSION_CODENAME=x\n", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(release(text).as_deref(), expected, "{text}");
    }
}
