//! The page and the CSV as documents.

use super::*;
use quick_xml::{Reader, events::Event};

/// An element with its attributes as written.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// Every element of a well-formed page, in order, with the text right inside.
fn elements(html: &str) -> Vec<Element> {
    let mut reader = Reader::from_str(html);
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        match event {
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                let attributes = tag.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    (attribute.key.as_ref().to_owned(), attribute.value.into_owned())
                });
                elements.push(Element {
                    name: tag.name().as_ref().to_owned(),
                    attributes: attributes.collect(),
                    text: String::new(),
                });
                if matches!(event, Event::Start(_)) {
                    open.push(elements.len() - 1);
                }
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(text) => {
                if let Some(at) = open.last() {
                    elements[*at].text.push_str(&text);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(open.is_empty());
    elements
}

fn page() -> String {
    let mut facts = many(31, |facts| facts.decision = Decision::Accepted);
    facts.extend(many(3, |facts| facts.source = None));
    report(&facts, &[case(date(2026, 11, 2), None)]).html("Essex & Co <service>")
}

#[test]
fn text_is_escaped() {
    let pairs = vec![("<b onclick=\"x\">'A&B".to_owned(), vec!["CM2".to_owned()])];
    let districts = Districts::new(pairs).unwrap();
    let report = Report::of(november(), &districts, &many(9, |_| {}), &[], Least::default());
    let page = report.html("</title><script>alert(1)</script>");
    assert!(!page.contains("<script") && !page.contains("<b "));
    assert!(page.contains("&lt;b onclick=&quot;x&quot;&gt;&#39;A&amp;B"));
    elements(&page);
}

#[test]
fn the_page_loads_nothing_and_styles_nothing_inline() {
    let page = page();
    for element in elements(&page) {
        assert!(!["script", "link", "img", "iframe", "image", "use"].contains(&element.name.as_str()));
        for name in element.attributes.keys() {
            assert!(
                name != "style" && name != "src" && name != "href" && !name.starts_with("on"),
                "{name}"
            );
        }
    }
    assert!(!page.contains("http") && !STYLE.contains("url(") && !STYLE.contains("@import"));
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
}

#[test]
fn headings_go_down_one_level_at_a_time() {
    let page = page();
    let mut before = 0;
    for element in elements(&page) {
        let Some(level) = element
            .name
            .strip_prefix('h')
            .and_then(|level| level.parse::<u8>().ok())
        else {
            continue;
        };
        assert!(level <= before + 1, "h{before} before h{level}");
        assert_eq!(level == 1, before == 0, "one first heading");
        before = level;
    }
    assert!(page.contains("<html lang=\"en-GB\">"));
    assert!(
        page.contains("<title>Performance report: November 2026 - Essex &amp; Co &lt;service&gt;</title>")
    );
}

#[test]
fn tables_and_charts_have_names_for_those_who_do_not_see_them() {
    let page = page();
    let elements = elements(&page);
    let count = |name: &str| elements.iter().filter(|element| element.name == name).count();
    assert_eq!(count("table"), count("caption"));
    assert_eq!(
        count("svg"),
        count("table") - 1,
        "all but the time to first look have a chart"
    );
    for element in &elements {
        match element.name.as_str() {
            "th" => assert!(["row", "col"].contains(&element.attributes["scope"].as_str())),
            "svg" => {
                assert_eq!(element.attributes["role"], "img");
                for (attribute, name) in [("aria-labelledby", "title"), ("aria-describedby", "desc")] {
                    let id = &element.attributes[attribute];
                    let named = elements
                        .iter()
                        .filter(|other| other.attributes.get("id") == Some(id));
                    let named: Vec<&Element> = named.collect();
                    assert_eq!(named.len(), 1);
                    assert!(named[0].name == name && !named[0].text.is_empty());
                }
            }
            _ => {}
        }
    }
}

#[test]
fn a_withheld_bar_says_nothing_of_its_length() {
    let hatched = |police: usize, housing: usize| {
        let mut facts = many(police, |_| {});
        facts.extend(many(housing, |facts| facts.source = Some(AgencyKind::Housing)));
        facts.extend(many(40, |facts| facts.source = Some(AgencyKind::Prison)));
        let report = report(&facts, &[]);
        let chart = chart::bars("x", &report.referrals[0]);
        let bars = elements(&chart)
            .into_iter()
            .filter(|element| element.name == "rect");
        let bars: Vec<_> = bars
            .map(|bar| (bar.attributes["width"].clone(), bar.attributes["fill"].clone()))
            .collect();
        assert_eq!(bars.iter().filter(|(_, fill)| fill == "url(#x-hatch)").count(), 2);
        (bars, chart.contains("Police: withheld"))
    };
    assert_eq!(hatched(1, 39), hatched(36, 4));
    assert!(hatched(1, 39).1);
}

#[test]
fn the_body_stands_in_a_page_of_its_own_heading() {
    let report = report(&many(9, |_| {}), &[]);
    let body = report.body();
    assert!(body.starts_with("<div class=\"report\">") && body.ends_with("</div>\n"));
    assert!(!body.contains("<h1") && !body.contains("<style"));
    assert!(report.html("x").contains(&body));
    assert_eq!(report.title(), "Performance report: November 2026");
}

#[test]
fn the_csv_is_three_cells_a_line() {
    let pairs = vec![("=1+1, \"x\"".to_owned(), vec!["CM2".to_owned()])];
    let districts = Districts::new(pairs).unwrap();
    let facts = many(9, |_| {});
    let csv = Report::of(november(), &districts, &facts, &[], Least::default()).csv();
    assert!(
        csv.starts_with("table,row,count\r\nReport,Month,2026-11\r\nReport,Smallest count printed,5\r\n")
    );
    assert!(csv.contains("\r\nDistrict,\"'=1+1, \"\"x\"\"\",9\r\n"));
    assert!(csv.ends_with("\r\n"));
    let lines = csv.split_terminator("\r\n").filter(|line| !line.contains('"'));
    for line in lines {
        assert_eq!(line.split(',').count(), 3, "{line}");
        assert!(!line.contains(['\r', '\n']));
    }
}
