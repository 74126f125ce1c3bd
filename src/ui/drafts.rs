//! The list of drafts, and whether there are to be any.

use std::rc::Rc;

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{
    browser,
    dialog::Dialog,
    state::{Opened, Source},
    storage::{self, Entry, Flush},
    words,
};

#[derive(PartialEq, Properties)]
pub(super) struct DraftsProps {
    /// What is on screen.
    pub(super) source: Source,
    pub(super) keeps: bool,
    pub(super) flush: Flush,
    pub(super) on_open: Callback<Opened>,
    pub(super) on_delete: Callback<Rc<str>>,
    pub(super) on_keep: Callback<bool>,
    pub(super) on_close: Callback<()>,
}

#[component]
pub(super) fn Drafts(props: &DraftsProps) -> Html {
    let entries = use_state(|| {
        props.flush.emit(());
        storage::entries()
    });
    // What a deleted one held, as long as the list is open.
    let deleted = use_state(Vec::<(Rc<str>, String)>::new);
    let asks = use_state(|| false);
    let failed = use_state(|| false);
    let is_deleted = |entry: &Entry| deleted.iter().any(|(id, _)| *id == entry.id);
    let left = entries.iter().filter(|it| !is_deleted(it)).count();

    let delete = {
        let (deleted, on_delete) = (deleted.clone(), props.on_delete.clone());
        Callback::from(move |ids: Vec<Rc<str>>| {
            let mut all = (*deleted).clone();
            for id in ids {
                on_delete.emit(id.clone());
                let held = browser::remove_draft(&id);
                all.push((id, held));
            }
            deleted.set(all);
        })
    };
    let delete_all = {
        let ids: Vec<Rc<str>> = entries
            .iter()
            .filter(|it| !is_deleted(it))
            .map(|it| it.id.clone())
            .collect();
        let asks = asks.clone();
        delete.reform(move |_: MouseEvent| {
            asks.set(false);
            ids.clone()
        })
    };
    let restore = |id: Rc<str>| {
        let (deleted, failed) = (deleted.clone(), failed.clone());
        Callback::from(move |_: MouseEvent| {
            let mut all = (*deleted).clone();
            all.retain(|(it, held)| *it != id || !browser::restore_draft(id.as_ref(), held));
            failed.set(all.len() == deleted.len());
            deleted.set(all);
        })
    };
    let on_keep = {
        let (on_keep, asks) = (props.on_keep.clone(), asks.clone());
        Callback::from(move |event: Event| {
            let is_on = event.target_unchecked_into::<HtmlInputElement>().checked();
            browser::set_keeps(is_on);
            on_keep.emit(is_on);
            asks.set(!is_on && left > 0);
        })
    };
    let row = |entry: &Entry| {
        let id = entry.id.clone();
        let title = match entry.title.as_str() {
            "" => words::UNTITLED.to_owned(),
            title => title.to_owned(),
        };
        let is_on_screen = props.source == Source::Draft(id.clone());
        if is_deleted(entry) {
            return html! {
                <li class="draft" key={&*id}>
                    <p class="draft-open"><span class="draft-title">{ title }</span>{ " " }<span class="draft-facts">{ words::DELETED }</span></p>
                    <button type="button" class="button" onclick={restore(id)}>{ words::UNDO }</button>
                </li>
            };
        }
        let open = {
            let (id, on_open) = (id.clone(), props.on_open.clone());
            Callback::from(move |_: MouseEvent| {
                if let Some(opened) = storage::open(&id) {
                    on_open.emit(opened);
                }
            })
        };
        let facts = html! {
            <span class="draft-facts">
                <span>{ &entry.date }</span>{ " " }<span>{ words::size(entry.bytes, entry.files) }</span>
            </span>
        };
        let delete = delete.reform(move |_: MouseEvent| vec![id.clone()]);
        html! {
            <li class="draft" key={&*entry.id}>
                if is_on_screen {
                    <p class="draft-open"><span class="draft-title">{ &title }</span>{ " " }<small>{ words::ON_SCREEN }</small>{ " " }{ facts }</p>
                } else {
                    <button type="button" class="draft-open" onclick={open}><span class="draft-title">{ &title }</span>{ " " }{ facts }</button>
                }
                <button type="button" class="button quiet" aria-label={words::delete_draft(&title, &entry.date)} onclick={delete}>{ words::DELETE }</button>
            </li>
        }
    };
    html! {
        <Dialog labelled_by="drafts-title" on_close={props.on_close.clone()}>
            <h2 id="drafts-title">{ words::DRAFTS }</h2>
            <label class="switch"><input type="checkbox" checked={props.keeps} onchange={on_keep} />{ words::KEEP }</label>
            <p class="muted">{ if props.keeps { words::DRAFTS_WHY } else { words::KEEP_OFF } }</p>
            if *asks {
                <div class="strip" role="group" aria-label={words::delete_drafts(left)}>
                    <p>{ words::delete_drafts(left) }</p>
                    <button type="button" class="button primary" onclick={delete_all.clone()}>{ words::DELETE }</button>
                    <button type="button" class="button" onclick={let asks = asks.clone(); Callback::from(move |_| asks.set(false))}>{ words::KEEP_DRAFTS }</button>
                </div>
            }
            if *failed { <p class="note trouble" role="alert">{ words::CANNOT_RESTORE }</p> }
            if entries.is_empty() {
                <p class="note">{ words::NO_DRAFTS }</p>
            } else {
                <ul class="drafts">{ for entries.iter().map(row) }</ul>
            }
            <div class="dialog-actions">
                if left > 1 { <button type="button" class="button quiet" onclick={delete_all}>{ words::DELETE_ALL }</button> }
                <button type="button" class="button primary" onclick={props.on_close.reform(|_| ())}>{ words::CLOSE }</button>
            </div>
        </Dialog>
    }
}
