//! What is kept in this browser: drafts, and which of them is opened next.
//!
//! An older page may have written it, or a newer one. What is not understood is left out.

use std::{cell::RefCell, rc::Rc};

use gloo::{events::EventListener, timers::callback::Timeout, utils::window};
use js_sys::{Array, Date, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::BeforeUnloadEvent;
use yew::prelude::*;

use super::{
    browser, examples,
    state::{Action, Document, Failure, Opened, Saving, Source, State, View, Work},
};
use protocol::{self, Access, Host, Place, Proxy, Tls, Version, page};

/// A crash loses no more than what is typed meanwhile.
const PAUSE_MS: u32 = 250;

/// Writes what is not stored yet, at once.
pub(super) type Flush = Callback<()>;

/// Writes the work on screen into its draft, soon after each change and when the page is left. Nothing is written where nothing
/// changed, so that a tab that is only closed leaves the drafts of others alone.
#[hook]
pub(super) fn use_storage(state: &UseReducerHandle<State>, newest: &Rc<RefCell<State>>) -> Flush {
    let timer = use_mut_ref(|| None::<Timeout>);
    let flush: Flush = {
        let (newest, timer, dispatcher) = (newest.clone(), timer.clone(), state.dispatcher());
        Callback::from(move |()| {
            timer.borrow_mut().take();
            let state = newest.borrow().clone();
            if state.keeps && state.is_unsaved() {
                dispatcher.dispatch(store(&state));
            }
        })
    };
    use_effect_with((state.work(), state.keeps), {
        let (flush, timer) = (flush.clone(), timer.clone());
        move |_| {
            // Who goes on typing does not put it off.
            let mut timer = timer.borrow_mut();
            if timer.is_none() {
                *timer = Some(Timeout::new(PAUSE_MS, move || flush.emit(())));
            }
        }
    });
    use_effect_with((), {
        let (flush, newest, dispatcher) = (flush.clone(), newest.clone(), state.dispatcher());
        move |()| {
            let leaving = {
                let flush = flush.clone();
                EventListener::new(&window(), "pagehide", move |_| flush.emit(()))
            };
            let hiding =
                EventListener::new(&gloo::utils::document(), "visibilitychange", move |_| {
                    flush.emit(())
                });
            let options = gloo::events::EventListenerOptions::enable_prevent_default();
            let asking =
                EventListener::new_with_options(&window(), "beforeunload", options, move |event| {
                    let state = newest.borrow();
                    let is_lost = state.is_edited() && state.is_unsaved() && !can_store(&state);
                    if let (true, Some(event)) = (is_lost, event.dyn_ref::<BeforeUnloadEvent>()) {
                        event.prevent_default();
                        event.set_return_value("");
                    }
                });
            let on_switch = {
                let dispatcher = dispatcher.clone();
                Closure::new(move |is_on: bool| dispatcher.dispatch(Action::Keep(is_on)))
            };
            browser::on_switch(&on_switch);
            let on_removed =
                Closure::new(move |id: String| dispatcher.dispatch(Action::Deleted(id.into())));
            browser::on_removed(&on_removed);
            move || drop((leaving, hiding, asking, on_switch, on_removed))
        }
    });
    use_effect_with((state.source.clone(), state.openings, state.keeps), {
        // A draft is pointed at where it is written, an example here.
        move |(source, openings, keeps): &(Source, u32, bool)| match source {
            Source::Example(index) if *keeps && *openings > 0 => {
                browser::point(&format!("example:{index}"));
            }
            Source::Draft(id) if *keeps => browser::point(&format!("draft:{id}")),
            _ => (),
        }
    });
    use_effect_with((state.shown, state.view.clone(), state.keeps), {
        move |(shown, view, keeps): &(usize, View, bool)| {
            let view = match view {
                View::Problems => "problems",
                View::Overview => "overview",
                View::Output(target) => target,
            };
            if *keeps {
                browser::set_place(&format!("{shown} {view}"));
            }
        }
    });
    flush
}

/// Whether the next attempt to store the work may succeed.
fn can_store(state: &State) -> bool {
    state.keeps && !matches!(state.saving, Saving::Failed(_))
}

fn store(state: &State) -> Action {
    let id: Rc<str> = match &state.source {
        Source::Draft(id) => id.clone(),
        Source::Example(_) => "".into(),
    };
    let file = |it: &Document| protocol::File {
        name: it.name.to_string(),
        text: it.written(),
    };
    let draft = page::Draft {
        changed: Date::now() as u64,
        files: state.documents.iter().map(file).collect(),
        proxy: &state.proxy,
    };
    let value = serde_json::to_string(&draft).unwrap_or_default();
    let written = browser::write_draft(&id, &value);
    let part = |index| written.get(index).as_string().unwrap_or_default();
    Action::Stored {
        work: Rc::new(state.work()),
        source: Source::Draft(part(0).into()),
        saving: match part(1).as_str() {
            "" => Saving::Saved,
            "full" => Saving::Failed(Failure::Full),
            "large" => Saving::Failed(Failure::TooLarge),
            _ => Saving::Failed(Failure::Blocked),
        },
    }
}

/// What the page starts with, and the caret where something was typed before it had started.
pub(super) fn first() -> (State, Option<u32>) {
    let keeps = browser::keeps();
    let legacy = browser::legacy();
    let unsaved = (!legacy.is_undefined()).then(|| migrate(&legacy)).flatten();
    let early = browser::early();
    if let Some(text) = field_at(&early, 0).as_string() {
        let opened = Opened {
            work: Work {
                documents: vec![Document::new("compose.yaml", &text)],
                ..Work::default()
            },
            is_edited: true,
            is_unsaved: true,
            ..Opened::default()
        };
        let had_focus = field_at(&early, 2).is_truthy();
        let caret = field_at(&early, 1).as_f64().filter(|_| had_focus);
        return (State::new(&opened, keeps), caret.map(|it| it as u32));
    }
    if let Some(opened) = unsaved {
        return (State::new(&opened, keeps), None);
    }
    let pointed = browser::pointed();
    let draft = pointed.strip_prefix("draft:").and_then(open);
    let opened = draft.unwrap_or_else(|| {
        let index = pointed.strip_prefix("example:");
        examples::opened(index.and_then(|it| it.parse().ok()).unwrap_or(0))
    });
    let mut state = State::new(&opened, keeps);
    let place = browser::place();
    if let Some((shown, view)) = place.split_once(' ') {
        state.shown = shown.parse().unwrap_or(0);
        state.shown = state.shown.min(state.documents.len().saturating_sub(1));
        state.view = match view {
            "problems" => View::Problems,
            "overview" => View::Overview,
            target => View::Output(target.into()),
        };
    }
    (state, None)
}

/// The draft of that name, as it was left.
pub(super) fn open(id: &str) -> Option<Opened> {
    let draft = browser::read_draft(id);
    let work = work(&draft);
    // An example whose choices nobody changed is not the user's work.
    let is_example = examples::has(&work.documents) && work.proxy == Proxy::default();
    (!work.documents.is_empty()).then(|| Opened {
        is_edited: !is_example,
        source: Source::Draft(id.into()),
        work,
        ..Opened::default()
    })
}

/// A draft in a list.
#[derive(Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) id: Rc<str>,
    pub(super) title: String,
    pub(super) files: usize,
    pub(super) bytes: usize,
    /// In the reader's language.
    pub(super) date: String,
}

/// The newest first.
pub(super) fn entries() -> Vec<Entry> {
    let entry = |it: JsValue| {
        let draft = field_at(&it, 1);
        let work = work(&draft);
        Entry {
            id: field_at(&it, 0).as_string().unwrap_or_default().into(),
            title: work.title(),
            files: work.documents.len(),
            bytes: field_at(&it, 2).as_f64().unwrap_or_default() as usize,
            date: browser::date_text(field(&draft, "changed").as_f64().unwrap_or_default()),
        }
    };
    browser::drafts().iter().map(entry).collect()
}

/// Makes a draft of the only text that was stored before there were drafts. Returns it where it could not be stored.
fn migrate(legacy: &JsValue) -> Option<Opened> {
    let work = work(legacy);
    let is_example = examples::has(&work.documents) && work.proxy == Proxy::default();
    let held = browser::take_legacy();
    if is_example || work.documents.is_empty() {
        return None;
    }
    let opened = Opened {
        work,
        is_edited: true,
        is_unsaved: true,
        ..Opened::default()
    };
    match store(&State::new(&opened, true)) {
        Action::Stored {
            saving: Saving::Saved,
            ..
        } => None,
        _ => {
            browser::restore_legacy(&held);
            Some(opened)
        }
    }
}

fn work(draft: &JsValue) -> Work {
    let documents = list(draft, "files", |it| {
        Document::new(text(it, "name"), &text(it, "text"))
    });
    let proxy = field(draft, "proxy");
    let proxy = Proxy {
        place: match text(&proxy, "place").as_str() {
            "network" => Place::Network,
            _ => Place::Host,
        },
        tls: match text(&proxy, "tls").as_str() {
            "acme" => Tls::Acme,
            "files" => Tls::Files,
            "off" => Tls::Off,
            _ => Tls::Auto,
        },
        http3: field(&proxy, "http3").is_truthy(),
        email: text(&proxy, "email"),
        max_body: text(&proxy, "max_body"),
        hosts: list(&proxy, "hosts", |it| Host {
            service: text(it, "service"),
            port: port(it),
            host: text(it, "host"),
            strips: field(it, "strips").is_truthy(),
        }),
        access: list(&proxy, "access", |it| Access {
            service: text(it, "service"),
            port: port(it),
            who: text(it, "who"),
        }),
        versions: list(&proxy, "versions", |it| Version {
            target: text(it, "target"),
            version: text(it, "version"),
        }),
    };
    Work { documents, proxy }
}

fn list<T>(object: &JsValue, name: &str, read: fn(&JsValue) -> T) -> Vec<T> {
    let list = field(object, name);
    let mut items = Vec::new();
    if Array::is_array(&list) {
        Array::from(&list).for_each(&mut |item, _, _| items.push(read(&item)));
    }
    items
}

fn text(object: &JsValue, name: &str) -> String {
    field(object, name).as_string().unwrap_or_default()
}

fn port(object: &JsValue) -> u16 {
    field(object, "port").as_f64().map_or(0, |it| it as u16)
}

fn field(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn field_at(list: &JsValue, index: u32) -> JsValue {
    Reflect::get_u32(list, index).unwrap_or(JsValue::UNDEFINED)
}
