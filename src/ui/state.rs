//! What the page shows and how it changes: plain data and one pure function.

use std::{collections::BTreeSet, rc::Rc};

use crate::protocol::{
    self, Access, Answer, Host, Output, PROXY, Place, Proxy, Request, Tls, Version,
};

#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// In merge order; `.env` among them.
    pub documents: Vec<Document>,
    /// The one in the editor, by index.
    pub shown: usize,
    /// Grows with everything that asks for another answer.
    pub revision: u64,
    /// The newest of these is a text that grows, most likely.
    pub is_typing: bool,
    /// The editor's own count of changes, for answers that speak of its texts.
    pub edit: u32,
    /// The newest answer; it may speak of an older text than `documents`.
    pub answer: Option<Rc<Answer>>,
    pub engine: Engine,
    pub proxy: Proxy,
    /// The next answer shall bring all safe fixes.
    pub fixing_all: bool,
    /// Among them those that change what runs.
    pub fixing_unsafe: bool,
    pub view: View,
    /// The target that was shown last, by group.
    pub targets: Vec<(Rc<str>, Rc<str>)>,
    pub pane: Pane,
    /// What somebody had written before an example took its place, and chosen.
    pub previous: Option<Rc<Opened>>,
    /// The last outputs there were, and whether they are those of the newest answer.
    pub outputs: Rc<Vec<Output>>,
    pub outputs_are_old: bool,
    /// Lines of the outputs that the last answer brought.
    pub new_lines: Rc<BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub name: Rc<str>,
    pub text: Rc<str>,
}

/// Other documents altogether: an example, a fresh start, what was there before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    pub documents: Vec<Document>,
    pub proxy: Proxy,
    /// Of the proxy it is shown behind; empty for none.
    pub target: Rc<str>,
    /// What it takes the place of, and can be opened again.
    pub previous: Option<Rc<Opened>>,
    /// As in [`State`].
    pub edit: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Its module is on the way.
    Loading,
    Working,
    Idle,
    /// It trapped or hung on this revision; it is asked again once something changes.
    Stopped,
    /// Its module could not be had.
    Missing,
}

/// The tab on the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    Problems,
    /// What a Convex project comes to.
    Overview,
    /// The output of that target.
    Output(Rc<str>),
}

/// What a narrow screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Edit,
    Side,
}

#[derive(Clone, Debug)]
pub enum Action {
    Edited {
        name: Rc<str>,
        text: Rc<str>,
        edit: u32,
    },
    /// The editor holds the documents there are.
    EditorMade(u32),
    Opened(Opened),
    Added {
        document: Document,
        edit: u32,
    },
    Removed {
        name: Rc<str>,
        edit: u32,
    },
    Shown(usize),
    EngineReady,
    EngineMissing,
    Answered(Rc<Answer>),
    Stopped {
        revision: u64,
    },
    FixAll {
        include_unsafe: bool,
    },
    /// The fixes an answer brought are in the editor.
    FixedAll,
    Placed(Place),
    Secured(Tls),
    Http3(bool),
    Mailed(String),
    SetMaxBody(String),
    Named(Host),
    Restricted(Access),
    Versioned(Version),
    Viewed(View),
    Paned(Pane),
}

impl State {
    pub fn new(documents: Vec<Document>, proxy: Proxy) -> State {
        State {
            documents,
            shown: 0,
            revision: 1,
            is_typing: false,
            edit: 0,
            answer: None,
            engine: Engine::Loading,
            proxy,
            fixing_all: false,
            fixing_unsafe: false,
            view: View::Problems,
            targets: Vec::new(),
            previous: None,
            pane: Pane::Edit,
            outputs: Rc::default(),
            outputs_are_old: false,
            new_lines: Rc::default(),
        }
    }

    /// Whether the problems on screen are those of the texts on screen.
    ///
    /// A fix may be applied only then: its edits are offsets into the texts it was computed for.
    pub fn is_fresh(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|it| it.revision == self.revision)
    }

    pub fn request(&self) -> Request {
        let file = |it: &Document| protocol::File {
            name: it.name.to_string(),
            text: it.text.to_string(),
        };
        Request {
            revision: self.revision,
            files: self.documents.iter().map(file).collect(),
            proxy: self.proxy.clone(),
            fix_all: self.fixing_all,
            fix_unsafe: self.fixing_unsafe,
            shown: match &self.view {
                View::Output(target) => target.to_string(),
                View::Problems | View::Overview => String::new(),
            },
        }
    }

    pub fn output(&self, target: &str) -> Option<&Output> {
        self.outputs.iter().find(|it| it.target == target)
    }

    /// What a group's tab shows: the target that was shown last, else its first.
    pub fn target_of(&self, group: &str) -> Option<Rc<str>> {
        let mut outputs = self.outputs.iter().filter(|it| it.group == group);
        let last = self.targets.iter().find(|(it, _)| **it == *group);
        last.map(|(_, target)| target.clone())
            .filter(|it| self.output(it).is_some())
            .or_else(|| outputs.next().map(|it| it.target.as_str().into()))
    }

    pub fn document(&self, index: usize) -> Option<&Document> {
        self.documents.get(index)
    }

    pub fn shown_name(&self) -> Rc<str> {
        self.documents
            .get(self.shown)
            .map_or_else(|| Rc::from(""), |it| it.name.clone())
    }

    pub fn after(&self, action: Action) -> State {
        let mut next = self.clone();
        match action {
            Action::Edited { name, text, edit } => {
                if let Some(document) = next.documents.iter_mut().find(|it| it.name == name) {
                    document.text = text;
                }
                next.edit = edit;
                next.ask_again();
                next.is_typing = true;
            }
            Action::EditorMade(edit) => {
                next.edit = edit;
                next.ask_again();
            }
            Action::Opened(opened) => {
                let target = opened.target;
                next.documents = opened.documents;
                next.shown = 0;
                next.edit = opened.edit;
                next.proxy = opened.proxy;
                next.previous = opened.previous;
                if !target.is_empty() {
                    // What the file and Docker alone bring up, as a visitor would have it.
                    next.proxy.place = Place::Network;
                    next.proxy.tls = Tls::Acme;
                    next.show_target(PROXY.into(), target);
                    next.pane = Pane::Side;
                }
                next.answer = None;
                next.outputs = Rc::default();
                next.ask_again();
            }
            Action::Added { document, edit } => {
                // An override is merged behind the file it overrides, before the environment.
                let last_compose = next
                    .documents
                    .iter()
                    .rposition(|it| !it.name.ends_with(".env"));
                let at = last_compose.map_or(0, |at| at + 1);
                let at = if document.name.ends_with(".env") {
                    next.documents.len()
                } else {
                    at
                };
                next.documents.insert(at, document);
                next.shown = at;
                next.edit = edit;
                next.ask_again();
            }
            Action::Removed { name, edit } => {
                next.documents.retain(|it| it.name != name);
                next.shown = 0;
                next.edit = edit;
                next.ask_again();
            }
            Action::Shown(index) => next.shown = index.min(next.documents.len().saturating_sub(1)),
            Action::EngineReady => {
                next.engine = Engine::Working;
                next.revision += 1;
            }
            Action::EngineMissing => next.engine = Engine::Missing,
            Action::Answered(answer) if answer.revision == self.revision => next.answered(answer),
            Action::Answered(_) => (),
            Action::Stopped { revision } if revision == self.revision => {
                next.engine = Engine::Stopped;
                next.fixing_all = false;
            }
            Action::Stopped { .. } => (),
            Action::FixAll { include_unsafe } => {
                next.fixing_all = true;
                next.fixing_unsafe = include_unsafe;
                next.ask_again();
            }
            Action::FixedAll => next.fixing_all = false,
            Action::Placed(place) => {
                next.proxy.place = place;
                next.ask_again();
            }
            Action::Secured(tls) => {
                next.proxy.tls = tls;
                next.ask_again();
            }
            Action::Http3(is_wanted) => {
                next.proxy.http3 = is_wanted;
                next.ask_again();
            }
            Action::Named(host) => {
                next.proxy
                    .hosts
                    .retain(|it| (&it.service, it.port) != (&host.service, host.port));
                if !host.host.is_empty() {
                    next.proxy.hosts.push(host);
                }
                next.ask_again();
            }
            Action::Mailed(email) => {
                next.proxy.email = email;
                next.ask_again();
            }
            Action::SetMaxBody(size) => {
                next.proxy.max_body = size;
                next.ask_again();
            }
            Action::Restricted(access) => {
                next.proxy
                    .access
                    .retain(|it| (&it.service, it.port) != (&access.service, access.port));
                if !access.who.is_empty() {
                    next.proxy.access.push(access);
                }
                next.ask_again();
            }
            Action::Versioned(version) => {
                next.proxy.versions.retain(|it| it.target != version.target);
                next.proxy.versions.push(version);
                next.ask_again();
            }
            Action::Viewed(view) => {
                let group = match &view {
                    View::Output(target) => self.output(target).map(|it| it.group.as_str().into()),
                    _ => None,
                };
                match (view, group) {
                    (View::Output(target), Some(group)) => next.show_target(group, target),
                    (view, _) => next.view = view,
                }
                // What is not shown is not made.
                if let View::Output(_) = next.view {
                    next.ask_again();
                }
            }
            Action::Paned(pane) => next.pane = pane,
        }
        next
    }

    fn show_target(&mut self, group: Rc<str>, target: Rc<str>) {
        self.targets.retain(|(it, _)| *it != group);
        self.targets.push((group, target.clone()));
        self.view = View::Output(target);
    }

    fn ask_again(&mut self) {
        self.revision += 1;
        self.is_typing = false;
        if !matches!(self.engine, Engine::Loading | Engine::Missing) {
            self.engine = Engine::Working;
        }
    }

    fn answered(&mut self, answer: Rc<Answer>) {
        self.engine = Engine::Idle;
        self.outputs_are_old = answer.outputs.is_empty() && !self.outputs.is_empty();
        if !answer.outputs.is_empty() {
            let mut outputs = answer.outputs.clone();
            let shown = self.request().shown;
            // Collected, they would be sorted first, and that is five kilobytes of code.
            let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
            for output in &mut outputs {
                let Some(before) = self.output(&output.target) else {
                    continue;
                };
                if output.files.is_empty() && output.target != shown {
                    // As it was when it was last shown, until it is made again.
                    *output = before.clone();
                } else if !before.files.is_empty() {
                    old.extend(lines(before));
                    let is_new = |line: &&str| !old.contains(line);
                    new.extend(lines(output).filter(is_new).map(str::to_owned));
                }
            }
            if *self.outputs != outputs {
                self.new_lines = Rc::new(new);
                self.outputs = Rc::new(outputs);
            }
        }
        self.answer = Some(answer);
    }
}

fn lines(output: &Output) -> impl Iterator<Item = &str> {
    output
        .files
        .iter()
        .flat_map(|it| it.text.lines())
        .filter(|line| line.trim().len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OutputFile;

    fn state() -> State {
        let document = |name: &str, text: &str| Document {
            name: name.into(),
            text: text.into(),
        };
        let state = State::new(
            vec![document("compose.yaml", "a"), document(".env", "")],
            Proxy::default(),
        );
        state.after(Action::EngineReady)
    }

    fn answer(revision: u64) -> Action {
        Action::Answered(Rc::new(Answer {
            revision,
            ..Answer::default()
        }))
    }

    fn output(text: &str) -> Vec<Output> {
        let file = OutputFile {
            path: "x".to_owned(),
            text: text.to_owned(),
            origins: Vec::new(),
            secrets: Vec::new(),
        };
        vec![Output {
            target: "nginx".to_owned(),
            group: "proxy".to_owned(),
            title: "nginx".to_owned(),
            versions: Vec::new(),
            files: vec![file],
            steps: Vec::new(),
            notes: Vec::new(),
        }]
    }

    fn edited(state: &State, text: &str) -> State {
        state.after(Action::Edited {
            name: "compose.yaml".into(),
            text: text.into(),
            edit: state.edit + 1,
        })
    }

    #[test]
    fn an_answer_to_an_older_text_is_dropped() {
        let old = state();
        let state = edited(&old, "b").after(answer(old.revision));
        assert_eq!((state.answer, state.engine), (None, Engine::Working));
    }

    #[test]
    fn an_edit_makes_the_answer_stale_until_the_next() {
        let state = state();
        let state = state.after(answer(state.revision));
        assert!(state.is_fresh());
        let state = edited(&state, "b");
        assert!(!state.is_fresh());
        assert!(state.after(answer(state.revision)).is_fresh());
    }

    #[test]
    fn a_crash_costs_one_answer_and_no_text() {
        let state = edited(&state(), "café ☕");
        let stopped = state.after(Action::Stopped {
            revision: state.revision,
        });
        assert_eq!(stopped.engine, Engine::Stopped);
        assert_eq!(&*stopped.documents[0].text, "café ☕");
        assert_eq!(edited(&stopped, "b").engine, Engine::Working);
        let late = edited(&state, "c").after(Action::Stopped {
            revision: state.revision,
        });
        assert_eq!(late.engine, Engine::Working);
    }

    #[test]
    fn the_last_outputs_stay_and_say_that_they_are_old() {
        let state = state();
        let with = |state: &State, outputs| {
            let answer = Answer {
                revision: state.revision,
                outputs,
                ..Answer::default()
            };
            state.after(Action::Answered(Rc::new(answer)))
        };
        let state = with(&state, output("one\ntwo\n"));
        assert!(state.new_lines.is_empty());
        let state = with(&edited(&state, "b"), Vec::new());
        assert!(state.outputs_are_old && !state.outputs.is_empty());
        let state = with(&edited(&state, "c"), output("one\nthree\n"));
        assert!(!state.outputs_are_old);
        assert_eq!(state.new_lines.iter().collect::<Vec<_>>(), ["three"]);
    }

    #[test]
    fn what_is_shown_is_asked_for_and_what_is_not_stays_as_it_was() {
        let with = |state: &State, outputs| {
            state.after(Action::Answered(Rc::new(Answer {
                revision: state.revision,
                outputs,
                ..Answer::default()
            })))
        };
        let hidden = || {
            vec![Output {
                files: Vec::new(),
                ..output("").remove(0)
            }]
        };
        let state = with(&state(), hidden());
        assert_eq!(state.request().shown, "");
        let state = edited(&state, "b").after(Action::Viewed(View::Output("nginx".into())));
        assert_eq!(
            (state.request().shown.as_str(), state.is_typing),
            ("nginx", false)
        );
        let state = with(&state, output("one\n"));
        assert!(state.new_lines.is_empty(), "there was nothing before");
        let state = edited(&state.after(Action::Viewed(View::Problems)), "c");
        let state = with(&state, hidden());
        assert_eq!(*state.outputs, output("one\n"));
        let state = state.after(Action::Viewed(View::Output("nginx".into())));
        let state = with(&state, output("one\ntwo\n"));
        assert_eq!(state.new_lines.iter().collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn an_override_goes_before_the_environment() {
        let document = Document {
            name: "compose.override.yaml".into(),
            text: "".into(),
        };
        let state = state().after(Action::Added { document, edit: 1 });
        let names: Vec<&str> = state.documents.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["compose.yaml", "compose.override.yaml", ".env"]);
        assert_eq!(state.shown, 1);
    }

    #[test]
    fn a_group_shows_what_it_showed_last() {
        let mut outputs = output("one");
        outputs.extend(output("two"));
        outputs[1].target = "caddy".to_owned();
        let state = state();
        let state = state.after(Action::Answered(Rc::new(Answer {
            revision: state.revision,
            outputs,
            ..Answer::default()
        })));
        assert_eq!(state.target_of("proxy").as_deref(), Some("nginx"));
        let state = state
            .after(Action::Viewed(View::Output("caddy".into())))
            .after(Action::Viewed(View::Problems));
        assert_eq!(state.target_of("proxy").as_deref(), Some("caddy"));
        assert_eq!(state.target_of("effective"), None);
    }

    #[test]
    fn an_example_behind_a_proxy_opens_with_what_the_proxy_is_given() {
        let opened = |state: &State, target: &str| {
            state.after(Action::Opened(Opened {
                edit: 1,
                target: target.into(),
                ..Opened::default()
            }))
        };
        let behind = opened(&state(), "caddy");
        assert_eq!(behind.request().shown, "caddy");
        assert_eq!(
            (behind.pane, behind.proxy.place, behind.proxy.tls),
            (Pane::Side, Place::Network, Tls::Acme)
        );
        assert_eq!(opened(&state(), "").view, View::Problems);
    }

    #[test]
    fn a_host_name_is_chosen_by_service_and_port() {
        let host = |host: &str| Host {
            service: "web".to_owned(),
            port: 80,
            host: host.to_owned(),
            strips: false,
        };
        let state = state()
            .after(Action::Named(host("a.example")))
            .after(Action::Named(host("b.example")));
        assert_eq!(state.proxy.hosts, [host("b.example")]);
        assert!(state.after(Action::Named(host(""))).proxy.hosts.is_empty());
    }
}
