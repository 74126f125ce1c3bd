//! Messages about what just happened: a toast with a way back, and a strip where the text is not saved.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::{
    browser,
    problems::words_and_code,
    state::{Document, Failure, Notice},
    words,
};

/// Long enough to find the button by keyboard. It does not go away while it is pointed at or has the focus.
const STAYS_MS: u32 = 20_000;
/// Without a button there is only a sentence to read.
const STAYS_WITHOUT_UNDO_MS: u32 = 8_000;

#[derive(PartialEq, Properties)]
pub(super) struct ToastProps {
    pub(super) notice: Option<Notice>,
    pub(super) on_undo: Callback<()>,
    pub(super) on_dismiss: Callback<u64>,
}

#[component]
pub(super) fn Toast(props: &ToastProps) -> Html {
    let is_held = use_state(|| false);
    let id = props.notice.as_ref().map(|it| it.id);
    let has_undo = props.notice.as_ref().is_some_and(|it| it.undo.is_some());
    use_effect_with((id, *is_held, has_undo), {
        let on_dismiss = props.on_dismiss.clone();
        move |&(id, is_held, has_undo): &(Option<u64>, bool, bool)| {
            let id = id.filter(|_| !is_held);
            let stays = if has_undo {
                STAYS_MS
            } else {
                STAYS_WITHOUT_UNDO_MS
            };
            let timer = id.map(|id| Timeout::new(stays, move || on_dismiss.emit(id)));
            move || drop(timer)
        }
    });
    // The next one is not held by what the last one was.
    use_effect_with(id, {
        let is_held = is_held.clone();
        move |_| is_held.set(false)
    });
    let hold = |is_wanted: bool| {
        let is_held = is_held.clone();
        move || is_held.set(is_wanted)
    };
    let (start, stop) = (hold(true), hold(false));
    let (enter, leave) = (start.clone(), stop.clone());
    let said = props.notice.as_ref().map(|it| match it.undo {
        Some(_) => words::can_undo(&it.words.replace('`', "")),
        None => it.words.replace('`', ""),
    });
    html! {
        <>
            // It is there before it says something, or nobody would hear it.
            <p id="notice-status" class="visually-hidden" role="status" aria-live="polite">{ said }</p>
            if let Some(notice) = &props.notice {
                <div class="toast" role="group" aria-label={words::NOTICE}
                    onmouseenter={Callback::from(move |_: MouseEvent| enter())} onmouseleave={Callback::from(move |_: MouseEvent| leave())}
                    onfocusin={Callback::from(move |_: FocusEvent| start())} onfocusout={Callback::from(move |_: FocusEvent| stop())}>
                    <span aria-hidden="true">{ words_and_code(&notice.words) }</span>
                    if notice.undo.is_some() {
                        <button type="button" id="undo" onclick={props.on_undo.reform(|_| ())}>{ words::UNDO }</button>
                    }
                    <button type="button" class="dismiss" aria-label={words::DISMISS}
                        onclick={let id = notice.id; props.on_dismiss.reform(move |_| id)}>{ "×" }</button>
                </div>
            }
        </>
    }
}

#[derive(PartialEq, Properties)]
pub(super) struct NotSavedProps {
    pub(super) failure: Failure,
    pub(super) documents: Vec<Document>,
    pub(super) on_drafts: Callback<()>,
}

#[component]
pub(super) fn NotSaved(props: &NotSavedProps) -> Html {
    let why = match props.failure {
        Failure::Full => words::NOT_SAVED_FULL,
        Failure::Blocked => words::NOT_SAVED_BLOCKED,
        Failure::TooLarge => words::NOT_SAVED_LARGE,
    };
    html! {
        <div id="not-saved" class="strip bad" role="alert">
            <p><strong>{ words::NOT_SAVED }{ "." }</strong>{ " " }{ why }</p>
            { download_files(&props.documents, "button primary") }
            if props.failure == Failure::Full {
                <button type="button" class="button" aria-haspopup="dialog" onclick={props.on_drafts.reform(|_| ())}>{ words::DRAFTS }</button>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
pub(super) struct NotCheckedProps {
    /// Why the engine did not start.
    pub(super) cause: Rc<str>,
    pub(super) documents: Vec<Document>,
}

#[component]
pub(super) fn NotChecked(props: &NotCheckedProps) -> Html {
    html! {
        <div id="not-checked" class="strip bad" role="alert">
            <p><strong>{ words::MISSING }</strong>{ " " }{ words_and_code(&props.cause) }{ " " }{ words::MISSING_BUT }</p>
            { download_files(&props.documents, "button primary") }
        </div>
    }
}

/// A button that saves what is on screen: one file as it is, several as an archive.
pub(super) fn download_files(documents: &[Document], class: &'static str) -> Html {
    let documents = documents.to_vec();
    let onclick = Callback::from(move |_| match documents.as_slice() {
        [document] => browser::download(&document.name, &document.written()),
        documents => {
            let list = js_sys::Array::new();
            for document in documents {
                list.push(&(&*document.name).into());
                list.push(&document.written().into());
            }
            browser::download_all("compose.zip", &list);
        }
    });
    html! { <button type="button" {class} {onclick}>{ words::DOWNLOAD_FILES }</button> }
}
