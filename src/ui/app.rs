//! Ties the state to the browser: the reducer, the editor, the worker, and the panes.

use std::rc::Rc;

use gloo::{events::EventListener, timers::callback::Timeout};
use wasm_bindgen::prelude::Closure;
use web_sys::Element;
use yew::prelude::*;

use super::{
    browser::{self, Editor, OnFix},
    engine::use_engine,
    examples,
    header::Header,
    kept,
    outputs::Outputs,
    overview::Overview,
    problems::Problems,
    state::{Action, Document, Engine, Opened, Pane, State, View},
    tabs::{Tab, Tabs},
    words,
};
use crate::protocol::{self, Answer, Proxy, Severity, page};

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(self.after(action))
    }
}

#[component]
pub fn App() -> Html {
    let state = use_reducer_eq(first_state);
    let editor = use_state(|| None::<Editor>);
    let host = use_node_ref();
    // What the editor's callbacks, which live as long as the editor, see as the newest state.
    let newest = use_mut_ref(|| (*state).clone());
    newest.replace((*state).clone());
    use_engine(&state);

    let fix = {
        let (newest, editor) = (newest.clone(), editor.clone());
        Callback::from(move |(problem, fix): (usize, usize)| {
            let state = newest.borrow().clone();
            if let (Some(editor), Some(answer), true) = (&*editor, &state.answer, state.is_fresh())
            {
                let fix = answer
                    .problems
                    .get(problem)
                    .and_then(|it| it.fixes.get(fix));
                if let Some(fix) = fix {
                    apply(editor, &state.documents, &fix.edits, &fix.title);
                }
            }
        })
    };

    // The editor is made once; its documents come from the state it starts with.
    use_effect_with(host.clone(), {
        let (editor, dispatcher, newest) = (editor.clone(), state.dispatcher(), newest.clone());
        move |host: &NodeRef| {
            let Some(host) = host.cast::<Element>() else {
                return;
            };
            let on_change = {
                let dispatcher = dispatcher.clone();
                Closure::new(move |name: String, text: String, edit: u32| {
                    dispatcher.dispatch(Action::Edited {
                        name: name.into(),
                        text: text.into(),
                        edit,
                    });
                })
            };
            let slot = editor.clone();
            let commands = Rc::new(std::cell::RefCell::new(None::<Editor>));
            let on_command = {
                let (newest, commands) = (newest.clone(), commands.clone());
                Closure::new(move |command: String, name: String, at: u32| {
                    let state = newest.borrow().clone();
                    let editor = commands.borrow().clone();
                    match (command.as_str(), editor) {
                        ("save", _) => save(&state, &name),
                        ("fix", Some(editor)) => fix_here(&editor, &state, &name, at as usize),
                        _ => (),
                    }
                })
            };
            let made = Editor::new(
                &host,
                words::EDITOR,
                words::EDITOR_HINT,
                on_change,
                on_command,
            );
            let state = newest.borrow().clone();
            let mut edit = 0;
            for document in &state.documents {
                edit = made.open(&document.name, &document.text);
            }
            made.show(&state.shown_name());
            commands.replace(Some(made.clone()));
            dispatcher.dispatch(Action::EditorMade(edit));
            slot.set(Some(made));
        }
    });

    use_effect_with((editor.is_some(), state.shown_name()), {
        let editor = editor.clone();
        move |(_, name): &(bool, Rc<str>)| {
            if let Some(editor) = &*editor {
                editor.show(name);
            }
        }
    });

    // Squiggles, as soon as an answer to the text on screen is there.
    let marks = use_mut_ref(|| None::<OnFix>);
    use_effect_with(
        (state.answer.clone(), state.is_fresh(), state.fixing_all),
        {
            let (state, editor, fix) = (state.clone(), editor.clone(), fix.clone());
            move |_| {
                let (Some(editor), Some(answer), true) =
                    (&*editor, &state.answer, state.is_fresh())
                else {
                    return;
                };
                if let Some(edits) = answer.fixed.as_ref().filter(|_| state.fixing_all) {
                    state.dispatch(Action::FixedAll);
                    apply(
                        editor,
                        &state.documents,
                        edits,
                        &match state.fixing_unsafe {
                            false => words::fix_all(answer.fixable),
                            true => words::fix_all_unsafe(answer.mendable),
                        },
                    );
                    return;
                }
                let on_fix: OnFix = Closure::new(move |problem, index| fix.emit((problem, index)));
                editor.set_problems(state.edit, &page_marks(&state.documents, answer), &on_fix);
                marks.replace(Some(on_fix));
            }
        },
    );

    use_effect_with((state.documents.clone(), state.proxy.clone()), {
        let state = state.clone();
        move |_| {
            let write = move || kept::write(state.request().files, &state.proxy);
            // Whoever leaves at once loses nothing.
            let leaving = EventListener::once(&gloo::utils::window(), "pagehide", {
                let write = write.clone();
                move |_| write()
            });
            let timer = Timeout::new(400, write);
            move || drop((timer, leaving))
        }
    });

    let open = {
        let (editor, state) = (editor.clone(), state.clone());
        Callback::from(move |opened: Opened| {
            let Some(editor) = &*editor else { return };
            let mut edit = 0;
            for document in &state.documents {
                editor.close(&document.name);
            }
            for document in &opened.documents {
                edit = editor.open(&document.name, &document.text);
            }
            if let Some(first) = opened.documents.first() {
                editor.show(&first.name);
            }
            state.dispatch(Action::Opened(Opened { edit, ..opened }));
        })
    };
    let on_example = {
        let state = state.clone();
        open.reform(move |index| {
            let example = examples::at(index);
            // An example that nobody touched is in the list already.
            let previous = match examples::has(&state.documents) {
                true => state.previous.clone(),
                false => Some(Rc::new(Opened {
                    documents: state.documents.clone(),
                    proxy: state.proxy.clone(),
                    ..Opened::default()
                })),
            };
            Opened {
                documents: example.documents(),
                proxy: Proxy {
                    email: state.proxy.email.clone(),
                    versions: state.proxy.versions.clone(),
                    ..Proxy::default()
                },
                previous,
                target: example.target.into(),
                edit: 0,
            }
        })
    };
    let on_back = state
        .previous
        .clone()
        .map(|previous| open.reform(move |()| Opened::clone(&previous)));
    let on_start_over = {
        let open = open.clone();
        Callback::from(move |()| {
            browser::forget();
            open.emit(Opened {
                documents: examples::at(0).documents(),
                ..Opened::default()
            });
        })
    };
    let on_go = {
        let (editor, state) = (editor.clone(), state.clone());
        Callback::from(move |index: usize| {
            let problem = state.answer.as_ref().and_then(|it| it.problems.get(index));
            let (Some(editor), Some(problem)) = (&*editor, problem) else {
                return;
            };
            state.dispatch(Action::Shown(problem.file));
            state.dispatch(Action::Paned(Pane::Edit));
            if let Some(document) = state.document(problem.file) {
                editor.show(&document.name);
            }
            editor.go_to(problem.start, problem.end);
        })
    };

    let on_origin = {
        let (editor, state) = (editor.clone(), state.clone());
        Callback::from(move |origin: protocol::Origin| {
            let (Some(editor), true) = (&*editor, state.is_fresh()) else {
                return;
            };
            state.dispatch(Action::Shown(origin.file));
            state.dispatch(Action::Paned(Pane::Edit));
            if let Some(document) = state.document(origin.file) {
                editor.show(&document.name);
            }
            editor.go_to(origin.start, origin.end);
        })
    };
    let on_offer = {
        let (newest, editor) = (newest.clone(), editor.clone());
        Callback::from(move |index: usize| {
            let state = newest.borrow().clone();
            let answer = state.answer.as_ref().filter(|_| state.is_fresh());
            let offer = answer.and_then(|it| it.offers.get(index));
            if let (Some(editor), Some(offer)) = (&*editor, offer) {
                apply(editor, &state.documents, &offer.edits, &offer.title);
            }
        })
    };
    let on_open = {
        let (editor, state) = (editor.clone(), state.clone());
        Callback::from(move |name: String| add_file(&state, &editor, &name, ""))
    };

    let (side, target): (Rc<str>, Rc<str>) = match &state.view {
        View::Problems => ("problems".into(), "".into()),
        View::Overview => ("overview".into(), "".into()),
        View::Output(target) => {
            let group = state.output(target).map_or("", |it| &it.group);
            (group.into(), target.clone())
        }
    };
    let on_view = {
        let state = state.clone();
        Callback::from(move |id: Rc<str>| {
            let view = match &*id {
                "overview" => View::Overview,
                group => state.target_of(group).map_or(View::Problems, View::Output),
            };
            state.dispatch(Action::Viewed(view));
        })
    };
    let on_target = {
        let state = state.clone();
        Callback::from(move |id: Rc<str>| state.dispatch(Action::Viewed(View::Output(id))))
    };
    let pane_id: Rc<str> = if state.pane == Pane::Edit {
        "edit"
    } else {
        "side"
    }
    .into();
    let on_pane = {
        let state = state.clone();
        Callback::from(move |id: Rc<str>| {
            state.dispatch(Action::Paned(if &*id == "edit" {
                Pane::Edit
            } else {
                Pane::Side
            }));
        })
    };
    html! {
        <div class="page">
            <Header {on_example} {on_back} {on_start_over} />
            <nav class="panes-nav" aria-label={words::RESULTS}>
            <Tabs label={words::RESULTS} class="panes" controls="work" selected={pane_id} on_select={on_pane}
                tabs={vec![
                    Tab { id: "edit".into(), title: words::EDIT.into(), badge: None },
                    Tab { id: "side".into(), title: words::RESULTS.into(), badge: badge(&state) },
                ]} />
            </nav>
            <main id="work" class={classes!("work", if state.pane == Pane::Edit { "on-edit" } else { "on-side" })}>
                <section class="pane editor-pane" aria-label={words::EDIT}>
                    { file_tabs(&state, &editor) }
                    <div class="editor-box"><div ref={host} class="editor"></div></div>
                    <p class="shortcuts">{ for words::SHORTCUTS.iter().map(|(keys, what)| html! {
                        <span><kbd>{ *keys }</kbd>{ *what }</span>
                    }) }</p>
                </section>
                <section class="pane side-pane" aria-label={words::RESULTS}>
                    <Tabs label={words::RESULTS} class="tabs" controls="side" tabs={side_tabs(&state)}
                        selected={side.clone()} on_select={on_view} />
                    <div id="side" class="side" role="tabpanel" tabindex="0" aria-labelledby={format!("tab-{side}")}>
                        if let (View::Overview, Some(answer)) = (&state.view, &state.answer) {
                            <Overview answer={answer.clone()} fresh={state.is_fresh()} on_origin={on_origin.clone()}
                                on_go={on_go.clone()} on_fix={fix.clone()} on_offer={on_offer.clone()} />
                        } else if state.view == View::Problems {
                            <Problems answer={state.answer.clone()} documents={state.documents.clone()}
                                engine={state.engine} fresh={state.is_fresh()} on_fix={fix} {on_go} {on_open}
                                on_fix_all={sends(&state, |include_unsafe| Action::FixAll { include_unsafe })} />
                        } else {
                            <Outputs answer={state.answer.clone()} outputs={state.outputs.clone()}
                                are_old={state.outputs_are_old} new_lines={state.new_lines.clone()}
                                {target} {on_target} proxy={state.proxy.clone()}
                                on_email={sends(&state, Action::Mailed)} on_max_body={sends(&state, Action::SetMaxBody)} on_access={sends(&state, Action::Restricted)}
                                on_version={sends(&state, Action::Versioned)}
                                on_place={sends(&state, Action::Placed)} on_tls={sends(&state, Action::Secured)}
                                on_http3={sends(&state, Action::Http3)}
                                on_host={sends(&state, Action::Named)} {on_origin} {on_offer} />
                        }
                    </div>
                </section>
            </main>
            <Live words={announcement(&state)} />
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct LiveProps {
    words: String,
}

/// Says how things stand once they have stood for a second, not on each key.
#[component]
fn Live(props: &LiveProps) -> Html {
    let said = use_state(String::new);
    use_effect_with(props.words.clone(), {
        let said = said.clone();
        move |words: &String| {
            let words = words.clone();
            let timer = Timeout::new(1_000, move || said.set(words));
            move || drop(timer)
        }
    });
    html! { <p id="status" class="visually-hidden" role="status" aria-live="polite">{ (*said).clone() }</p> }
}

fn first_state() -> State {
    let (documents, proxy) = kept::read();
    let is_first = documents.is_empty();
    let first = || examples::at(0).documents();
    State::new(if is_first { first() } else { documents }, proxy)
}

fn save(state: &State, name: &str) {
    if let Some(document) = state.documents.iter().find(|it| *it.name == *name) {
        browser::download(name, &document.text);
    }
}

/// The fix of the problem the cursor is in, or of the first one on its line and behind.
fn fix_here(editor: &Editor, state: &State, name: &str, at: usize) {
    let Some(answer) = state.answer.as_ref().filter(|_| state.is_fresh()) else {
        return;
    };
    let is_here = |problem: &&protocol::Problem| {
        state
            .document(problem.file)
            .is_some_and(|it| *it.name == *name)
            && !problem.fixes.is_empty()
    };
    let touching = answer
        .problems
        .iter()
        .filter(is_here)
        .find(|it| it.start <= at && at <= it.end);
    let next = || {
        answer
            .problems
            .iter()
            .filter(is_here)
            .find(|it| it.start >= at)
    };
    if let Some(fix) = touching.or_else(next).and_then(|it| it.fixes.first()) {
        apply(editor, &state.documents, &fix.edits, &fix.title);
    }
}

fn apply(editor: &Editor, documents: &[Document], edits: &[protocol::Edit], title: &str) {
    let change = |edit: &'_ protocol::Edit| {
        let file = documents.get(edit.file)?;
        Some((file.name.clone(), edit.start, edit.end, edit.insert.clone()))
    };
    let changes: Vec<_> = edits.iter().filter_map(change).collect();
    let changes: Vec<page::Change<'_>> = changes
        .iter()
        .map(|(file, start, end, insert)| page::Change {
            file,
            start: *start,
            end: *end,
            insert,
        })
        .collect();
    editor.apply(&changes, &words::applied(title));
}

fn page_marks<'a>(documents: &'a [Document], answer: &'a Answer) -> Vec<page::Mark<'a>> {
    let mark = |(index, problem): (usize, &'a protocol::Problem)| {
        Some(page::Mark {
            index,
            file: &documents.get(problem.file)?.name,
            start: problem.start,
            end: problem.end,
            severity: problem.severity,
            message: &problem.message,
            fixes: problem
                .fixes
                .iter()
                .map(|fix| page::MarkFix {
                    title: &fix.title,
                    safe: fix.safe,
                })
                .collect(),
        })
    };
    answer
        .problems
        .iter()
        .enumerate()
        .filter_map(mark)
        .collect()
}

fn sends<T: 'static>(state: &UseReducerHandle<State>, action: fn(T) -> Action) -> Callback<T> {
    let state = state.clone();
    Callback::from(move |value| state.dispatch(action(value)))
}

fn side_tabs(state: &State) -> Vec<Tab> {
    let problems = Tab {
        id: "problems".into(),
        title: words::PROBLEMS.into(),
        badge: badge(state),
    };
    let mut tabs = vec![problems];
    if state
        .answer
        .as_ref()
        .is_some_and(|it| !it.overview.is_empty())
    {
        tabs.push(Tab {
            id: "overview".into(),
            title: words::OVERVIEW_TITLE.into(),
            badge: None,
        });
    }
    for output in state.outputs.iter() {
        if tabs.iter().all(|it| *it.id != *output.group) {
            tabs.push(Tab {
                id: output.group.as_str().into(),
                title: words::group(&output.group).into(),
                badge: None,
            });
        }
    }
    tabs
}

/// How many problems, coloured as the worst of them.
fn badge(state: &State) -> Option<(usize, &'static str)> {
    let problems = &state.answer.as_ref()?.problems;
    let worst = problems.iter().map(|it| it.severity).min()?;
    let colour = match worst {
        Severity::Error => "is-error",
        Severity::Warning => "is-warning",
        Severity::Hint => "is-hint",
    };
    Some((problems.len(), colour))
}

fn announcement(state: &State) -> String {
    match (state.engine, &state.answer) {
        (Engine::Stopped, _) => words::STOPPED.to_owned(),
        (_, Some(answer)) => {
            let count = |severity| {
                answer
                    .problems
                    .iter()
                    .filter(|it| it.severity == severity)
                    .count()
            };
            words::counts(
                count(Severity::Error),
                count(Severity::Warning),
                count(Severity::Hint),
            )
        }
        _ => String::new(),
    }
}

fn add_file(
    state: &UseReducerHandle<State>,
    editor: &UseStateHandle<Option<Editor>>,
    name: &str,
    text: &str,
) {
    let Some(editor) = &**editor else { return };
    if state.documents.iter().any(|it| *it.name == *name) {
        return;
    }
    let edit = editor.open(name, text);
    state.dispatch(Action::Added {
        document: Document {
            name: name.into(),
            text: text.into(),
        },
        edit,
    });
}

fn file_tabs(state: &UseReducerHandle<State>, editor: &UseStateHandle<Option<Editor>>) -> Html {
    let has = |name: &str| state.documents.iter().any(|it| *it.name == *name);
    let add = |name: &'static str, text: &'static str| {
        let (state, editor) = (state.clone(), editor.clone());
        Callback::from(move |_: MouseEvent| add_file(&state, &editor, name, text))
    };
    let tab = |(index, document): (usize, &Document)| {
        let current = (index == state.shown).then_some("true");
        let show = {
            let state = state.clone();
            Callback::from(move |_: MouseEvent| state.dispatch(Action::Shown(index)))
        };
        let name = document.name.clone();
        let remove = {
            let (state, editor, name) = (state.clone(), editor.clone(), name.clone());
            Callback::from(move |_: MouseEvent| {
                let Some(editor) = &*editor else { return };
                let edit = editor.close(&name);
                state.dispatch(Action::Removed {
                    name: name.clone(),
                    edit,
                });
            })
        };
        html! {
            <span class="file-tab" key={name.to_string()} aria-current={current}>
                <button type="button" onclick={show}>{ &*name }</button>
                if index > 0 {
                    <button type="button" class="close" aria-label={words::remove_file(&name)} onclick={remove}>{ "×" }</button>
                }
            </span>
        }
    };
    html! {
        <nav class="file-tabs" aria-label={words::FILES}>
            { for state.documents.iter().enumerate().map(tab) }
            if !has("compose.override.yaml") {
                <button type="button" class="file-add" onclick={add("compose.override.yaml", "services:\n")}>{ words::ADD_OVERRIDE }</button>
            }
            if !has(".env") {
                <button type="button" class="file-add" onclick={add(".env", "")}>{ words::ADD_ENVIRONMENT }</button>
            }
        </nav>
    }
}
