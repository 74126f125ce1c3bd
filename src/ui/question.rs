//! What the page asks before it replaces text or applies a fix that changes what runs.

use yew::prelude::*;

use super::{
    dialog::Dialog,
    notices::download_files,
    problems::words_and_code,
    state::{Change, Document, Question},
    words,
};

#[derive(PartialEq, Properties)]
pub(super) struct AskProps {
    pub(super) question: Question,
    /// Whether the text on screen is in the browser's storage.
    pub(super) is_saved: bool,
    pub(super) documents: Vec<Document>,
    pub(super) on_answer: Callback<bool>,
}

#[component]
pub(super) fn Ask(props: &AskProps) -> Html {
    let on_close = props.on_answer.reform(|()| false);
    let cancel = |is_first: bool| {
        let onclick = props.on_answer.reform(|_| false);
        html! { <button type="button" class="button" autofocus={is_first} {onclick}>{ words::CANCEL }</button> }
    };
    let go_on = |is_first: bool, title: &'static str| {
        let onclick = props.on_answer.reform(|_| true);
        html! { <button type="button" class="button primary" autofocus={is_first} {onclick}>{ title }</button> }
    };
    match &props.question {
        Question::Replace(_) => html! {
            <Dialog labelled_by="question" {on_close}>
                <h2 id="question">{ words::REPLACE }</h2>
                <p>{ if props.is_saved { words::REPLACE_SAVED } else { words::REPLACE_UNSAVED } }</p>
                <div class="dialog-actions">
                    { cancel(!props.is_saved) }
                    if !props.is_saved { { download_files(&props.documents, "button") } }
                    { go_on(props.is_saved, words::REPLACE_YES) }
                </div>
            </Dialog>
        },
        Question::Apply { title, changes, .. } => html! {
            <Dialog labelled_by="question" {on_close}>
                <h2 id="question">{ words_and_code(title) }</h2>
                <p>{ words::APPLY_WHY }</p>
                <div class="changes" tabindex="0" role="region" aria-label={words::CHANGES}>{ for changes.iter().map(change) }</div>
                <div class="dialog-actions">
                    { cancel(false) }
                    { go_on(true, words::APPLY_YES) }
                </div>
            </Dialog>
        },
    }
}

/// Lines that go, and lines that come, told apart by a sign as well.
fn change(change: &Change) -> Html {
    let rows = |class: &'static str, sign: &'static str, name: &'static str, lines: &[String]| {
        let row = |line: &String| {
            html! { <div class={class}><span aria-hidden="true">{ sign }</span><span class="visually-hidden">{ name }{ " " }</span>{ line.clone() }</div> }
        };
        lines.iter().map(row).collect::<Html>()
    };
    html! {
        <figure>
            <figcaption>{ words::in_file(&change.file, change.line) }</figcaption>
            <pre>
                { rows("removed", "−", words::REMOVED, &change.before) }
                { rows("added", "+", words::ADDED, &change.after) }
            </pre>
        </figure>
    }
}
