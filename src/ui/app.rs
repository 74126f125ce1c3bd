//! Ties the state to the browser: the reducer, the editor, the worker, and the panes.

use std::rc::Rc;

use gloo::timers::callback::Timeout;
use wasm_bindgen::prelude::Closure;
use web_sys::Element;
use yew::prelude::*;

use super::{
    browser::{self, Editor, OnFix},
    drafts::Drafts,
    engine::use_engine,
    examples,
    header::Header,
    notices::{NotChecked, NotSaved, Toast},
    outputs::Outputs,
    overview::Overview,
    problems::{Problems, severity_of},
    question::Ask,
    state::{
        Action, Document, Engine, FixHere, Opened, Pane, Question, Saving, State, Undo, View,
        changes,
    },
    storage::{self, use_storage},
    tabs::{Tab, Tabs},
    words,
};
use protocol::{self, Answer, Proxy, Severity, page};

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        Rc::new(self.after(action))
    }
}

#[component]
pub fn App() -> Html {
    let (first, early_caret) = (*use_memo((), |()| storage::first())).clone();
    let state = use_reducer_eq(|| first);
    let editor = use_state(|| None::<Editor>);
    let host = use_node_ref();
    // What the editor's callbacks, which live as long as the editor, see as the newest state.
    let newest = use_mut_ref(|| (*state).clone());
    newest.replace((*state).clone());
    use_engine(&state);
    let flush = use_storage(&state, &newest);

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
                Closure::new(move |name: String, text: String, edit: u32, crlf: bool| {
                    dispatcher.dispatch(Action::Edited {
                        name: name.into(),
                        text: text.into(),
                        edit,
                        crlf,
                    });
                })
            };
            let slot = editor.clone();
            let commands = Rc::new(std::cell::RefCell::new(None::<Editor>));
            let on_command = {
                let (newest, commands) = (newest.clone(), commands.clone());
                let dispatcher = dispatcher.clone();
                Closure::new(
                    move |command: String, name: String, start: u32, end: u32, caret: u32| {
                        let state = newest.borrow().clone();
                        let editor = commands.borrow().clone();
                        match (command.as_str(), editor) {
                            ("save", _) => save(&state, &name),
                            ("fix", Some(editor)) => {
                                let selected = start as usize..end as usize;
                                let fix = state.fix_here(&name, selected, caret as usize);
                                fix_here(&editor, &state, &dispatcher, fix);
                            }
                            _ => (),
                        }
                    },
                )
            };
            let made = Editor::new(
                &host,
                &page::Settings {
                    label: words::EDITOR,
                    hint: words::EDITOR_HINT,
                    override_hint: words::OVERRIDE_HINT,
                },
                on_change,
                on_command,
            );
            commands.replace(Some(made.clone()));
            slot.set(Some(made));
        }
    });

    // The editor holds the documents that were opened last.
    use_effect_with((editor.is_some(), state.openings), {
        let (editor, state) = (editor.clone(), state.clone());
        move |&(_, openings): &(bool, u32)| {
            if let Some(editor) = &*editor {
                let edit = editor.open_all(&state.documents, &state.shown_name());
                state.dispatch(Action::EditorMade(edit));
                if let (Some(at), 0) = (early_caret, openings) {
                    editor.focus(Some(at));
                }
            }
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
                    let count = match state.fixing_unsafe {
                        false => answer.fixable,
                        true => answer.mendable,
                    };
                    let words = words::fixed(count);
                    apply(editor, &state.documents, edits, &words);
                    let mut files: Vec<Rc<str>> = Vec::new();
                    for edit in edits {
                        let name = state.document(edit.file).map(|it| it.name.clone());
                        files.extend(name.filter(|it| !files.contains(it)));
                    }
                    let undo = (!files.is_empty()).then_some(Undo::Edit(files));
                    state.dispatch(Action::Notify(words, undo));
                    return;
                }
                let on_fix: OnFix = Closure::new(move |problem, index| fix.emit((problem, index)));
                editor.set_problems(state.edit, &page_marks(&state.documents, answer), &on_fix);
                marks.replace(Some(on_fix));
            }
        },
    );

    // What is on screen is stored before anything takes its place.
    let open = {
        let (state, flush) = (state.clone(), flush.clone());
        Callback::from(move |opened: Opened| {
            flush.emit(());
            state.dispatch(Action::Open(Rc::new(opened)));
        })
    };
    let on_example = {
        let state = state.clone();
        open.reform(move |index| {
            let opened = examples::opened(index);
            let proxy = Proxy {
                email: state.proxy.email.clone(),
                versions: state.proxy.versions.clone(),
                ..opened.work.proxy
            };
            let mut opened = Opened {
                notice: words::opened_example(examples::at(index).title),
                ..examples::opened(index)
            };
            opened.work.proxy = proxy;
            opened
        })
    };
    let on_start_over = open.reform(|()| Opened {
        notice: words::STARTED_OVER.to_owned(),
        ..examples::opened(0)
    });
    let on_draft = {
        let state = state.clone();
        open.reform(move |opened: Opened| {
            state.dispatch(Action::ShowDrafts(false));
            Opened {
                notice: words::OPENED_DRAFT.to_owned(),
                ..opened
            }
        })
    };
    let on_answer = {
        let (newest, editor, dispatcher) = (newest.clone(), editor.clone(), state.dispatcher());
        let fix = fix.clone();
        Callback::from(move |is_yes: bool| {
            let question = newest.borrow().question.clone();
            dispatcher.dispatch(Action::Answer(is_yes));
            match question {
                Some(Question::Apply {
                    problem,
                    fix: index,
                    ..
                }) if is_yes => {
                    fix.emit((problem, index));
                }
                _ => (),
            }
            if let Some(editor) = &*editor {
                editor.focus(None);
            }
        })
    };
    let on_undo = {
        let (newest, editor, dispatcher) = (newest.clone(), editor.clone(), state.dispatcher());
        let flush = flush.clone();
        Callback::from(move |()| {
            let notice = newest.borrow().notice.clone();
            let (Some(editor), Some(notice)) = (&*editor, notice) else {
                return;
            };
            dispatcher.dispatch(Action::Dismiss(notice.id));
            match notice.undo {
                Some(Undo::Open(opened)) => {
                    flush.emit(());
                    // What was written since can be brought back as well.
                    let notice = words::RESTORED.to_owned();
                    let opened = Opened {
                        notice,
                        ..(*opened).clone()
                    };
                    dispatcher.dispatch(Action::Replace(Rc::new(opened)));
                }
                Some(Undo::Restore { index, document }) => {
                    let edit = editor.open(&document);
                    dispatcher.dispatch(Action::Restored {
                        index,
                        document,
                        edit,
                    });
                }
                Some(Undo::Edit(files)) => editor.undo(&files),
                None => (),
            }
            editor.focus(None);
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
            state.dispatch(Action::SelectPane(Pane::Edit));
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
            state.dispatch(Action::SelectPane(Pane::Edit));
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
        Callback::from(move |name: String| add_file(&state, &editor, &name))
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
            state.dispatch(Action::SelectPane(if &*id == "edit" {
                Pane::Edit
            } else {
                Pane::Side
            }));
        })
    };
    html! {
        <div class="page">
            <Header {on_example} {on_start_over} saving={state.saving} keeps={state.keeps}
                on_drafts={sends(&state, |()| Action::ShowDrafts(true))} />
            if let (Saving::Failed(failure), true) = (state.saving, state.keeps) {
                <NotSaved {failure} documents={state.documents.clone()} on_drafts={sends(&state, |()| Action::ShowDrafts(true))} />
            }
            if let Engine::Missing(cause) = &state.engine {
                <NotChecked cause={cause.clone()} documents={state.documents.clone()} />
            }
            <Toast notice={state.notice.clone()} {on_undo} on_dismiss={sends(&state, Action::Dismiss)} />
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
                                engine={state.engine.clone()} fresh={state.is_fresh()} on_fix={fix} {on_go} {on_open}
                                on_fix_all={sends(&state, |include_unsafe| Action::FixAll { include_unsafe })} />
                        } else {
                            <Outputs answer={state.answer.clone()} outputs={state.outputs.clone()}
                                are_old={state.outputs_are_old} new_lines={state.new_lines.clone()}
                                {target} {on_target} proxy={state.proxy.clone()}
                                on_email={sends(&state, Action::SetEmail)} on_max_body={sends(&state, Action::SetMaxBody)} on_access={sends(&state, Action::SetAccess)}
                                on_version={sends(&state, Action::Versioned)}
                                on_place={sends(&state, Action::SetPlacement)} on_tls={sends(&state, Action::SetTls)}
                                on_http3={sends(&state, Action::Http3)}
                                on_host={sends(&state, Action::SetHost)} {on_origin} {on_offer} />
                        }
                    </div>
                </section>
            </main>
            <Live words={announcement(&state)} />
            if let Some(question) = state.question.clone() {
                <Ask {question} is_saved={!state.is_unsaved()} documents={state.documents.clone()} {on_answer} />
            }
            if state.drafts_are_open {
                <Drafts source={state.source.clone()} keeps={state.keeps} {flush} on_open={on_draft}
                    on_delete={sends(&state, Action::Deleted)} on_keep={sends(&state, Action::Keep)}
                    on_close={sends(&state, |()| Action::ShowDrafts(false))} />
            }
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

fn save(state: &State, name: &str) {
    if let Some(document) = state.documents.iter().find(|it| *it.name == *name) {
        browser::download(name, &document.written());
    }
}

fn fix_here(
    editor: &Editor,
    state: &State,
    dispatcher: &UseReducerDispatcher<State>,
    fix: FixHere,
) {
    let notify = |words: &str| dispatcher.dispatch(Action::Notify(words.to_owned(), None));
    if !editor.caret_is_visible() {
        return notify(words::CARET_OFF_SCREEN);
    }
    let of = |problem: usize, fix: usize| {
        let answer = state.answer.as_ref()?;
        answer.problems.get(problem)?.fixes.get(fix)
    };
    match fix {
        FixHere::Wait => notify(words::STILL_CHECKING),
        FixHere::Nothing => notify(words::NO_FIX_HERE),
        FixHere::Apply { problem, fix } => {
            if let Some(fix) = of(problem, fix) {
                apply(editor, &state.documents, &fix.edits, &fix.title);
            }
        }
        FixHere::Ask { problem, fix } => {
            if let Some(it) = of(problem, fix) {
                dispatcher.dispatch(Action::Ask(Question::Apply {
                    problem,
                    fix,
                    title: it.title.clone(),
                    changes: changes(&state.documents, &it.edits),
                }));
            }
        }
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
            word: severity_of(problem.severity).0,
            message: &problem.message,
            why: problem.why.as_deref(),
            fixes: problem
                .fixes
                .iter()
                .map(|fix| page::MarkFix {
                    title: words::fix_title(&fix.title, fix.safe),
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
    match (&state.engine, &state.answer) {
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

fn add_file(state: &UseReducerHandle<State>, editor: &UseStateHandle<Option<Editor>>, name: &str) {
    let Some(editor) = &**editor else { return };
    if state.documents.iter().any(|it| *it.name == *name) {
        return;
    }
    let document = Document::new(name, "");
    let edit = editor.open(&document);
    state.dispatch(Action::Added { document, edit });
    editor.focus(None);
}

fn file_tabs(state: &UseReducerHandle<State>, editor: &UseStateHandle<Option<Editor>>) -> Html {
    let has = |name: &str| state.documents.iter().any(|it| *it.name == *name);
    let add = |name: &'static str| {
        let (state, editor) = (state.clone(), editor.clone());
        Callback::from(move |_: MouseEvent| add_file(&state, &editor, name))
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
                editor.focus(None);
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
                <button type="button" class="file-add" onclick={add("compose.override.yaml")}>{ words::ADD_OVERRIDE }</button>
            }
            if !has(".env") {
                <button type="button" class="file-add" onclick={add(".env")}>{ words::ADD_ENVIRONMENT }</button>
            }
        </nav>
    }
}
