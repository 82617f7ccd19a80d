//! HTML as a browser reads it: tags and attributes.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use std::cell::RefCell;

#[derive(Default)]
struct Tags(RefCell<(Vec<Tag>, String)>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.0.borrow_mut().0.push(tag),
            Token::CharacterTokens(text) => self.0.borrow_mut().1.push_str(&text),
            _other => {}
        }
        TokenSinkResult::Continue
    }
}

fn read(html: &str) -> (Vec<Tag>, String) {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

fn value<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    let attribute = tag.attrs.iter().find(|each| &*each.name.local == name);
    attribute.map(|each| &*each.value)
}

/// The attribute `wanted` of the first tag whose attribute `name` has this value.
pub(crate) fn attribute(html: &str, name: &str, is: &str, wanted: &str) -> Option<String> {
    let (tags, _) = read(html);
    let tag = tags.iter().find(|tag| value(tag, name) == Some(is))?;
    value(tag, wanted).map(str::to_owned)
}

/// Names and values of the fields of a page, as a browser would send them.
pub(crate) fn inputs(html: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (tags, _) = read(html);
    let mut select: Option<(String, String)> = None;
    for tag in &tags {
        let name = value(tag, "name").unwrap_or_default().to_owned();
        match &*tag.name {
            "input" => found.push((name, value(tag, "value").unwrap_or_default().to_owned())),
            "textarea" => {
                let begin = html.find(&format!("name=\"{name}\"")).expect("the textarea");
                let rest = &html[begin..];
                let rest = &rest[rest.find('>').expect("its end") + 1..];
                let inner = text(&rest[..rest.find("</textarea>").expect("its end")]);
                found.push((name, inner.strip_prefix('\n').unwrap_or(&inner).to_owned()));
            }
            "select" => {
                found.extend(select.take());
                select = Some((name, String::new()));
            }
            "option" => {
                let is_chosen = value(tag, "selected").is_some();
                if let Some((_, chosen)) = select.as_mut().filter(|_| is_chosen) {
                    value(tag, "value").unwrap_or_default().clone_into(chosen);
                }
            }
            _other => {}
        }
    }
    found.extend(select.take());
    found
}

/// The visible text.
pub(crate) fn text(html: &str) -> String {
    read(html).1
}

/// Every address that the page leads to or loads.
pub(crate) fn addresses(html: &str) -> Vec<String> {
    let (tags, _) = read(html);
    let of = |tag: &Tag| -> Vec<String> {
        ["href", "src", "action"]
            .iter()
            .filter_map(|name| value(tag, name).map(str::to_owned))
            .collect()
    };
    tags.iter().flat_map(of).collect()
}

/// What no page may hold.
pub(crate) fn faults(html: &str) -> Vec<String> {
    let (tags, _) = read(html);
    let mut faults = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    for tag in &tags {
        let name = &*tag.name;
        if ["script", "style", "iframe", "object", "embed", "base", "img"].contains(&name) {
            faults.push(format!("<{name}>"));
        }
        for attribute in &tag.attrs {
            let key = &*attribute.name.local;
            if key == "style" || key.starts_with("on") {
                faults.push(format!("{name} {key}="));
            }
        }
        if let Some(id) = value(tag, "id")
            && !ids.insert(id.to_owned())
        {
            faults.push(format!("two of id {id}"));
        }
        let is_post = value(tag, "method").is_some_and(|method| method == "post");
        if name == "form" && !is_post {
            faults.push("a form that puts its fields into a URL".into());
        }
    }
    for address in addresses(html) {
        if !address.starts_with('/') && !address.starts_with('#') || address.starts_with("//") {
            faults.push(format!("leads elsewhere: {address}"));
        }
    }
    for needed in ["<title>", "lang=\"en-GB\"", "<h1", "id=\"main\""] {
        if !html.contains(needed) {
            faults.push(format!("no {needed}"));
        }
    }
    faults
}
