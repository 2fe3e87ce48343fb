//! The tree as a picture that needs nothing else: no fonts, no styles and no scripts from elsewhere.
//!
//! Owns the layout: one row for each node, boxes from left to right by depth, lines at right angles. A box is as wide as its text is
//! taken to be.

use plat_resource::shown::escape;

use super::{Tone, age, called, tone, walk};
use crate::graph::{Node, Presence, Sync, Tree};

const ROW: usize = 56;
const BOX: usize = 42;
const INDENT: usize = 36;
const MARGIN: usize = 16;
/// What a character is taken to be wide: a little more than it is.
const CHARACTER: usize = 9;
/// Characters of a message that are shown; the whole is its title.
const MESSAGE: usize = 72;
const NARROWEST: usize = 180;

/// One drawn node.
struct Drawn<'a> {
    node: &'a Node,
    x: usize,
    y: usize,
    width: usize,
    title: String,
    said: String,
}

/// The picture.
pub fn svg(tree: &Tree) -> String {
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    walk(&tree.roots, 0, &mut |node, depth| {
        let (title, said) = (called(&node.key), said(node, tree.now));
        let characters = title.chars().count().max(said.chars().count());
        let (x, y) = (MARGIN + depth * INDENT, MARGIN + drawn.len() * ROW);
        drawn.push(Drawn { node, x, y, width: NARROWEST.max(characters * CHARACTER + 28), title, said });
    });
    let width = drawn.iter().map(|it| it.x + it.width).max().unwrap_or(NARROWEST) + MARGIN;
    let height = drawn.len() * ROW + MARGIN + if drawn.is_empty() { ROW } else { 0 };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-sans-serif, system-ui, sans-serif\" font-size=\"13\" role=\"img\">\n\
         <title>Status</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    lines(&drawn, &mut out);
    for it in &drawn {
        out.push_str(&boxed(it));
    }
    if drawn.is_empty() {
        out.push_str(&format!("<text x=\"{MARGIN}\" y=\"{}\" fill=\"#59636e\">nothing found</text>\n", MARGIN + 20));
    }
    out.push_str("</svg>\n");
    out
}

fn said(node: &Node, now: i64) -> String {
    let sync = node.sync.map_or("", Sync::as_str);
    let state = if node.presence == Presence::Missing { "missing" } else { node.state.as_str() };
    let created = node.created.map_or_else(String::new, |created| age(now - created));
    let message = own_message(node).map_or_else(String::new, |message| match message.char_indices().nth(MESSAGE) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message.to_owned(),
    });
    [sync, state, &created, &message].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What is wrong with the node itself.
fn own_message(node: &Node) -> Option<&str> {
    node.why.as_ref().filter(|why| why.key == node.key).map(|why| why.message.as_str())
}

/// From each node down to what is below it.
fn lines(drawn: &[Drawn<'_>], out: &mut String) {
    for (index, child) in drawn.iter().enumerate() {
        let parent = drawn[..index].iter().rev().find(|it| it.x < child.x);
        if let Some(parent) = parent {
            let (x, from, to) = (parent.x + INDENT / 2, parent.y + BOX, child.y + BOX / 2);
            out.push_str(&format!(
                "<path d=\"M{x} {from}V{to}H{}\" fill=\"none\" stroke=\"#c8ced4\" stroke-width=\"1.5\"/>\n",
                child.x
            ));
        }
    }
}

fn boxed(drawn: &Drawn<'_>) -> String {
    let (fill, line, mark) = match tone(drawn.node) {
        Tone::Well => ("#f3fcf5", "#1a7f37", "#1a7f37"),
        Tone::Waiting => ("#fffcf0", "#bf8700", "#bf8700"),
        Tone::Bad => ("#fff5f4", "#cf222e", "#cf222e"),
        Tone::Silent => ("#f6f8fa", "#c8ced4", "#8c959f"),
    };
    let Drawn { x, y, width, title, said, node } = drawn;
    let dash = if node.presence == Presence::Live { "" } else { " stroke-dasharray=\"4 3\"" };
    let told = own_message(node).map_or_else(String::new, |message| format!("<title>{}</title>", escaped(message)));
    format!(
        "<g>{told}<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"6\" fill=\"{fill}\" stroke=\"{line}\"{dash}/>\
         <rect x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{BOX}\" rx=\"2.5\" fill=\"{mark}\"/>\
         <text x=\"{}\" y=\"{}\" fill=\"#1f2328\" font-weight=\"600\">{}</text>\
         <text x=\"{}\" y=\"{}\" fill=\"#59636e\" font-size=\"12\">{}</text></g>\n",
        x + 14,
        y + 18,
        escaped(title),
        x + 14,
        y + 34,
        escaped(said),
    )
}

fn escaped(text: &str) -> String {
    escape(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
