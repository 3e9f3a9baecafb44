//! A small writer of SVG.

use std::fmt::{Display, Write};

#[cfg(test)]
mod tests;

/// A drawing that grows downwards; lengths are pixels.
#[derive(Debug)]
pub(super) struct Svg {
    width: f64,
    body: String,
}

/// Where a text begins, or what of it is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    /// An empty drawing of this width.
    pub(super) fn new(width: f64) -> Self {
        Self { width, body: String::new() }
    }

    /// A straight line; `style` is CSS, as for all others.
    pub(super) fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], style: &str) {
        self.element("line", &[("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)], style, None);
    }

    /// A filled circle.
    pub(super) fn dot(&mut self, [x, y]: [f64; 2], radius: f64, style: &str) {
        self.element("circle", &[("cx", &x), ("cy", &y), ("r", &radius)], style, None);
    }

    /// Text on a base line.
    pub(super) fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, style: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.element("text", &[("x", &x), ("y", &y)], &format!("text-anchor:{anchor};{style}"), Some(text));
    }

    fn element(&mut self, name: &str, places: &[(&str, &f64)], style: &str, text: Option<&str>) {
        let out = &mut self.body;
        // Writing to a string cannot fail.
        let _ = write!(out, "<{name}");
        for (attribute, place) in places {
            let _ = write!(out, " {attribute}=\"{}\"", rounded(**place));
        }
        let _ = match text {
            None => writeln!(out, " style=\"{}\"/>", escaped(style)),
            Some(text) => writeln!(out, " style=\"{}\">{}</{name}>", escaped(style), escaped(text)),
        };
    }

    /// The whole file, of this height.
    pub(super) fn finish(&self, height: f64) -> String {
        let (width, height) = (rounded(self.width), rounded(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
            self.body
        )
    }
}

/// A tenth of a pixel is fine enough, and a whole number needs no fraction.
fn rounded(length: f64) -> impl Display {
    (length * 10.0).round() / 10.0
}

/// Text that stands for itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
