use super::*;

#[test]
fn every_shape_is_an_element_with_its_places() {
    let mut svg = Svg::new(200.0);
    svg.line([0.0, 1.0], [2.0, 3.04], "stroke:red");
    svg.dot([4.06, 5.0], 1.5, "fill:blue");
    let text = svg.finish(100.0);
    for element in [
        r#"<line x1="0" y1="1" x2="2" y2="3" style="stroke:red"/>"#,
        r#"<circle cx="4.1" cy="5" r="1.5" style="fill:blue"/>"#,
        r#"width="200" height="100" viewBox="0 0 200 100""#,
    ] {
        assert!(text.contains(element), "{element} in:\n{text}");
    }
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
}

#[test]
fn text_cannot_end_the_element_it_is_in() {
    let mut svg = Svg::new(10.0);
    svg.text([1.0, 2.0], Anchor::Middle, "fill:black", "a<b & \"c\">d");
    let text = svg.finish(10.0);
    assert!(text.contains("middle;fill:black\">a&lt;b &amp; &quot;c&quot;&gt;d</text>"), "{text}");
}
