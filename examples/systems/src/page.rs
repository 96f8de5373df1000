//! The plain HTML pages on which a person sees what a system holds.

use axum::response::Html;

/// A page with one table; it loads itself again every two seconds.
pub(crate) fn table(
    title: &str,
    about: &str,
    columns: &[&str],
    rows: &[Vec<String>],
) -> Html<String> {
    let head: String = columns
        .iter()
        .map(|column| format!("<th>{}</th>", escape(column)))
        .collect();
    let body: String = rows.iter().map(|row| table_row(row)).collect();
    let empty = if rows.is_empty() {
        "<p>Nothing yet.</p>"
    } else {
        ""
    };
    let title = escape(title);
    let about = escape(about);
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=2><title>{title}</title>\
         <style>body{{font:16px system-ui;margin:2rem;max-width:70rem}}table{{border-collapse:collapse;width:100%}}\
         th,td{{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ddd;\
         white-space:pre-wrap}}</style>\
         <h1>{title}</h1><p>{about}</p><table><tr>{head}</tr>{body}</table>{empty}</html>\n"
    ))
}

fn table_row(cells: &[String]) -> String {
    let cells: String = cells
        .iter()
        .map(|cell| format!("<td>{}</td>", escape(cell)))
        .collect();
    format!("<tr>{cells}</tr>")
}

/// What we show was sent by somebody, so it must not become markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn what_was_sent_is_shown_as_text() {
        let page = table(
            "T",
            "about",
            &["name"],
            &[vec!["<script>alert(\"x\")</script> & co".to_owned()]],
        )
        .0;
        assert!(
            page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co"),
            "{page}"
        );
        assert!(!page.contains("<script>"), "{page}");
    }
}
