use super::super::ReadLimits;
use super::super::budget::Budget;
use super::super::outline::outline;
use super::*;

fn read(html: &str) -> String {
    outline(&blocks(html, &mut Budget::new(&ReadLimits::default())))
}

#[test]
fn lines_headings_lists_and_definitions() {
    assert_eq!(
        read(
            "<h2>A <b>b</b></h2><p>c<br>d</p>e<ul><li>f<li><p>g</p></ul><dl><dt>t<dd><p>v</p><p>w</p></dl><hr>"
        ),
        "H2 A b +b(b)\nP c|d\nP e\nL f\nL g\nD t = v|w\n-\n"
    );
}

#[test]
fn a_label_table_comes_out_as_rows() {
    assert_eq!(
        read("<table><tr><td>Name:</td><td>Jo\n Hart</td></tr><tr><th>Phone<td>none</table>"),
        "T Name: ; Jo Hart\n  *Phone +b(Phone) ; none\n"
    );
}

#[test]
fn nested_layout_tables_are_taken_apart() {
    let gravity = "<table bgcolor=#EAEAEA><tr><td><table><tr><td colspan=2>About you</td></tr>\
        <tr bgcolor=#EAF2FA><td colspan=2><strong>Name</strong></td></tr>\
        <tr><td width=20>&nbsp;</td><td>Jo Hart</td></tr></table></td></tr></table>";
    assert_eq!(
        read(gravity),
        "T <2,1>About you\n  <2,1>Name +b(Name)\n   ; Jo Hart\n"
    );
    let wpforms = "<table><tr><td><table><tr><td><strong>Name</strong></td></tr><tr><td>Jo</td></tr></table>\
        <table><tr><td><strong>Town</strong></td></tr><tr><td>Diss</td></tr></table></td></tr></table>";
    assert_eq!(read(wpforms), "T Name +b(Name)\n  Jo\nT Town +b(Town)\n  Diss\n");
}

#[test]
fn hidden_text_is_kept_apart() {
    assert_eq!(
        read("<p>a<span style='DISPLAY: none'>x</span><span style='font-size:1px'>y</span>b</p>"),
        "P ab +hidden(xy)\n"
    );
    assert_eq!(
        read("<div style='font-size:0'><p style='font-size:14px'>seen</p></div><p hidden>z</p>"),
        "P seen\nP  +hidden(z)\n"
    );
    assert_eq!(
        read("<head><title>t</title><style>s</style></head><script>j</script>k"),
        "P k\n"
    );
}

#[test]
fn boxes_and_fields_of_a_form_are_read() {
    assert_eq!(
        read(
            "<input type=checkbox checked>Yes <input type=checkbox>No [x] <s>gone</s><input type=hidden value=h>"
        ),
        "P ☒Yes ☐No ☒ gone +s(gone)\n"
    );
    assert_eq!(
        read("<select><option>a<option selected>b</select><input value=c> <textarea>d\ne</textarea>"),
        "P bc d|e\n"
    );
}

#[test]
fn quoted_history_is_a_quote() {
    assert_eq!(
        read("<p>new</p><blockquote type=cite><p>old</p><table><tr><td>a</td><td>b</table></blockquote>end"),
        "P new\nQ[P old\nT a ; b]\nP end\n"
    );
}

#[test]
fn broken_nesting_keeps_all_text() {
    assert_eq!(
        read("<table><tr><td>a<tr><td>b</b></div></td>c<p>d</table>e"),
        "T a\n  b ; c / P d\nP e\n"
    );
}

#[test]
fn deep_nesting_costs_neither_stack_nor_time() {
    for (open, close) in [
        ("<div>", "</div>"),
        ("<table><tr><td>", "</td></tr></table>"),
        ("<blockquote type=cite>", "</blockquote>"),
        ("<b><i>", "</i></b>"),
        ("<dl><dt>", "</dt></dl>"),
    ] {
        let html = format!("{}text{}", open.repeat(50_000), close.repeat(50_000));
        let start = std::time::Instant::now();
        let found = blocks(&html, &mut Budget::new(&ReadLimits::default()));
        assert!(outline(&found).contains("text"), "{open}");
        assert!(
            start.elapsed().as_secs() < 20,
            "{open} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn rules_of_the_page_hide_text() {
    let page = |css: &str, body: &str| read(&format!("<html><head><style>{css}</style></head><body>{body}"));
    let body =
        "<p class='a x'>one</p><p id=b>two</p><div class=c>three</div><p class=c>four</p><em>five</em>";
    assert_eq!(
        page(
            "<!-- /* no */ .x, #b { display : none !important; color:red } div.c{visibility:hidden} em{opacity:0}",
            body
        ),
        "P  +hidden(one)\nP  +hidden(two)\nP  +hidden(three)\nP four\nP  +hidden(five)\n"
    );
    for css in [
        "@media (max-width:600px) { .x { display:none } } .y{display:none}",
        ".x .y{display:none} a.x:hover{display:none} *{display:none} p>em{display:none}",
        ".x{display:none} .x{display:inline}",
        "@import 'x'; .x{color:white}",
        "body{display:none} p{font-size:0}",
        ".x{display:none",
    ] {
        let hidden = css.ends_with("none");
        assert_eq!(
            page(css, "<p class=x>one</p>").contains("hidden"),
            hidden,
            "{css}"
        );
    }
    assert_eq!(
        page(".x{display:none}", "<p class=x style='display:block'>one</p>"),
        "P one\n"
    );
    assert_eq!(
        read("<style media=print>p{display:none}</style><p>one</p>"),
        "P one\n"
    );
}

#[test]
fn tiny_and_blended_text_is_hidden_until_it_is_set_again() {
    assert_eq!(
        read(
            "<td style='font-size:0'>a<span style='font:14px Arial'>b</span><span style='font-size:small'>c</span></td>\
             <p style='color:#FFF;background-color:white'>d <b style='color:#000'>e</b></p><p style='color:#fff'>f</p>\
             <p aria-hidden=true>g</p><noscript>h</noscript><template>i</template>"
        ),
        "P bc +hidden(a)\nP e +hidden(d ) +b(e)\nP f\nP g\nP h\n"
    );
}

#[test]
fn pasted_forms_give_their_choices_and_prompts() {
    assert_eq!(
        read(
            "<select multiple><option selected>a<option>b<option selected>c</select> \
             <input placeholder='Your name'> <input value='' placeholder=p> <input type=radio checked>Yes<input type=submit value=Send>"
        ),
        "P a, c   ☒Yes +prompt(Your name) +prompt(p)\n"
    );
}

#[test]
fn conditional_comments_show_what_other_programs_see() {
    assert_eq!(
        read(
            "<!--[if mso]><p>a</p><![endif]--><![if !mso]><p>b</p><![endif]><!--[if !mso]><!--><p>c</p><!--<![endif]-->"
        ),
        "P b\nP c\n"
    );
}

#[test]
fn large_sheets_and_unclosed_tags_end_in_a_moment() {
    for html in [
        format!(
            "<style>{}</style><p class='{}'>x</p>",
            ".a{display:none}".repeat(100_000),
            "a ".repeat(100_000)
        ),
        format!("<style>{}", "{".repeat(300_000)),
        format!("<style>{}", "/*".repeat(300_000)),
        "<style>".repeat(100_000),
        "<a b='".repeat(100_000),
        "<!--".repeat(100_000),
        "<![if".repeat(100_000),
        "</".repeat(200_000),
        "<select><option selected>".repeat(50_000),
    ] {
        let mut budget = Budget::new(&ReadLimits::default());
        assert!(blocks(&html, &mut budget).len() <= 1, "{}", &html[..20]);
    }
}

#[test]
fn a_table_that_is_open_when_the_budget_runs_out_keeps_its_rows() {
    let limits = ReadLimits {
        max_blocks: 12,
        ..ReadLimits::default()
    };
    let mut budget = Budget::new(&limits);
    let rows = "<tr><td>Name</td><td>Jo</td></tr>".repeat(20);
    let found = blocks(&format!("<table>{rows}</table>"), &mut budget);
    let shown = outline(&found);
    assert!(shown.starts_with("T Name ; Jo\n"), "{shown}");
    assert!(shown.matches("Name").count() < 20);
    assert!(budget.is_exhausted());
}
