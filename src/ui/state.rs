//! What the page shows and how it changes: plain data and one pure function.

use std::{collections::BTreeSet, ops::Range, rc::Rc};

use protocol::{self, Access, Answer, Host, Output, PROXY, Place, Proxy, Request, Tls, Version};

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
    /// What the documents are kept as.
    pub source: Source,
    /// The work as it was opened. What differs from it is the user's, and is not replaced without a question.
    pub baseline: Rc<Work>,
    /// The work as it was last stored, or opened.
    pub stored: Rc<Work>,
    pub saving: Saving,
    /// Whether the user wants the text to be kept in this browser.
    pub keeps: bool,
    /// Grows when other documents are opened, so that the editor follows.
    pub openings: u32,
    pub notice: Option<Notice>,
    pub question: Option<Question>,
    pub drafts_are_open: bool,
    /// The next answer shall bring all safe fixes.
    pub fixing_all: bool,
    /// Among them those that change what runs.
    pub fixing_unsafe: bool,
    pub view: View,
    /// The target that was shown last, by group.
    pub targets: Vec<(Rc<str>, Rc<str>)>,
    pub pane: Pane,
    /// The last outputs there were, and whether they are those of the newest answer.
    pub outputs: Rc<Vec<Output>>,
    pub outputs_are_old: bool,
    /// Lines of the outputs that the last answer brought.
    pub new_lines: Rc<BTreeSet<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    pub name: Rc<str>,
    /// With a line feed at the end of each line, as the editor counts.
    pub text: Rc<str>,
    /// Whether its lines end with CR and LF where it is stored, saved, or copied.
    pub crlf: bool,
}

/// What a user works on and would miss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    pub documents: Vec<Document>,
    pub proxy: Proxy,
}

/// Other documents altogether: an example, a draft, what was there before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opened {
    pub work: Work,
    pub source: Source,
    /// The file to show, by index.
    pub shown: usize,
    /// Of the proxy it is shown behind; empty for none.
    pub target: Rc<str>,
    /// Whether this is the user's own work, which nothing may replace without a question.
    pub is_edited: bool,
    /// Whether storage does not have it yet.
    pub is_unsaved: bool,
    /// What the user is told.
    pub notice: String,
}

/// What the documents on screen are kept as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An example, by index. The first change makes a draft of it.
    Example(usize),
    /// A draft, by name.
    Draft(Rc<str>),
}

impl Default for Source {
    fn default() -> Source {
        Source::Example(0)
    }
}

/// Whether the text on screen is in the browser's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// There is nothing to save.
    Idle,
    Saved,
    Failed(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Full,
    Blocked,
    TooLarge,
}

/// A message that goes away by itself, with a way back where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Tells notices of the same words apart.
    pub id: u64,
    pub words: String,
    pub undo: Option<Undo>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    /// Opens what was there before.
    Open(Rc<Opened>),
    /// Puts a file back in its place.
    Restore { index: usize, document: Document },
    /// Takes the last edit of these files back. Any other edit makes it void.
    Edit(Vec<Rc<str>>),
}

/// What the page asks before it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// Whether these documents may replace those on screen.
    Replace(Rc<Opened>),
    /// Whether to apply a fix that changes what runs.
    Apply {
        problem: usize,
        fix: usize,
        title: String,
        changes: Vec<Change>,
    },
}

/// Lines that an edit replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub file: Rc<str>,
    /// Of the first, counted from one.
    pub line: usize,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

/// What `Ctrl+.` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixHere {
    /// The problems on screen are not those of the text on screen.
    Wait,
    Nothing,
    Apply {
        problem: usize,
        fix: usize,
    },
    /// It changes what runs.
    Ask {
        problem: usize,
        fix: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Its module is on the way.
    Loading,
    Working,
    Idle,
    /// It trapped or hung on this revision; it is asked again once something changes.
    Stopped,
    /// It did not load, with the cause in one sentence.
    Missing(Rc<str>),
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
        crlf: bool,
    },
    /// The editor holds the documents there are.
    EditorMade(u32),
    /// Opens other documents, after a question where they would replace the user's work.
    Open(Rc<Opened>),
    /// The same without a question.
    Replace(Rc<Opened>),
    /// What became of storing this.
    Stored {
        work: Rc<Work>,
        source: Source,
        saving: Saving,
    },
    /// This draft was deleted, here or in another tab. A text that is on screen stays there.
    Deleted(Rc<str>),
    Keep(bool),
    ShowDrafts(bool),
    Ask(Question),
    Answer(bool),
    Notify(String, Option<Undo>),
    Dismiss(u64),
    Added {
        document: Document,
        edit: u32,
    },
    Removed {
        name: Rc<str>,
        edit: u32,
    },
    Restored {
        index: usize,
        document: Document,
        edit: u32,
    },
    Shown(usize),
    EngineReady,
    /// Why, in one sentence.
    EngineMissing(Rc<str>),
    Answered(Rc<Answer>),
    Stopped {
        revision: u64,
    },
    FixAll {
        include_unsafe: bool,
    },
    /// The fixes an answer brought are in the editor.
    FixedAll,
    SetPlacement(Place),
    SetTls(Tls),
    Http3(bool),
    SetEmail(String),
    SetMaxBody(String),
    SetHost(Host),
    SetAccess(Access),
    Versioned(Version),
    Viewed(View),
    SelectPane(Pane),
}

impl State {
    pub fn new(opened: &Opened, keeps: bool) -> State {
        State {
            documents: opened.work.documents.clone(),
            shown: opened.shown,
            revision: 1,
            is_typing: false,
            edit: 0,
            answer: None,
            engine: Engine::Loading,
            proxy: opened.work.proxy.clone(),
            source: opened.source.clone(),
            baseline: baseline(opened),
            stored: stored(opened),
            saving: first_saving(opened),
            keeps,
            openings: 0,
            notice: None,
            question: None,
            drafts_are_open: false,
            fixing_all: false,
            fixing_unsafe: false,
            view: View::Problems,
            targets: Vec::new(),
            pane: Pane::Edit,
            outputs: Rc::default(),
            outputs_are_old: false,
            new_lines: Rc::default(),
        }
    }

    pub fn work(&self) -> Work {
        Work {
            documents: self.documents.clone(),
            proxy: self.proxy.clone(),
        }
    }

    /// Whether there is something that only the user could write again.
    pub fn is_edited(&self) -> bool {
        (&self.documents, &self.proxy) != (&self.baseline.documents, &self.baseline.proxy)
    }

    /// Whether storage lacks something that it should have.
    pub fn is_unsaved(&self) -> bool {
        (&self.documents, &self.proxy) != (&self.stored.documents, &self.stored.proxy)
    }

    /// What is on screen, to be opened again.
    pub fn snapshot(&self) -> Opened {
        Opened {
            work: self.work(),
            source: self.source.clone(),
            shown: self.shown,
            is_edited: self.is_edited(),
            is_unsaved: self.is_unsaved(),
            ..Opened::default()
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
            Action::Edited {
                name,
                text,
                edit,
                crlf,
            } => {
                if let Some(document) = next.documents.iter_mut().find(|it| it.name == name) {
                    document.text = text;
                    document.crlf = crlf;
                }
                next.edit = edit;
                next.notice
                    .take_if(|it| matches!(it.undo, Some(Undo::Edit(_))));
                next.ask_again();
                next.is_typing = true;
            }
            Action::EditorMade(edit) => {
                next.edit = edit;
                next.ask_again();
            }
            Action::Open(opened) if self.is_edited() => {
                next.question = Some(Question::Replace(opened));
            }
            Action::Open(opened) | Action::Replace(opened) => next.replace(&opened),
            Action::Stored {
                work,
                source,
                saving,
            } => {
                next.saving = saving;
                if saving == Saving::Saved {
                    next.stored = work;
                    next.source = source;
                }
            }
            Action::Deleted(id) if self.source == Source::Draft(id.clone()) => {
                next.source = Source::default();
                next.saving = Saving::Idle;
            }
            Action::Deleted(_) => (),
            Action::Keep(is_on) => {
                next.keeps = is_on;
                next.saving = Saving::Idle;
                // What is there is written again, at the next change of anything.
                if is_on {
                    next.stored = next.baseline.clone();
                }
            }
            Action::ShowDrafts(is_open) => next.drafts_are_open = is_open,
            Action::Ask(question) => next.question = Some(question),
            Action::Answer(is_yes) => {
                if let (Some(Question::Replace(opened)), true) = (next.question.take(), is_yes) {
                    next.replace(&opened);
                }
            }
            Action::Notify(words, undo) => next.notify(words, undo),
            Action::Dismiss(id) => {
                next.notice.take_if(|it| it.id == id);
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
                let index = next.documents.iter().position(|it| it.name == name);
                if let Some(index) = index {
                    let document = next.documents.remove(index);
                    let has_text = !document.text.is_empty();
                    let undo = has_text.then_some(Undo::Restore { index, document });
                    if undo.is_some() {
                        next.notify(format!("Closed `{name}`"), undo);
                    }
                }
                next.shown = 0;
                next.edit = edit;
                next.ask_again();
            }
            Action::Restored {
                index,
                document,
                edit,
            } => {
                let index = index.min(next.documents.len());
                next.documents.insert(index, document);
                next.shown = index;
                next.edit = edit;
                next.notice = None;
                next.ask_again();
            }
            Action::Shown(index) => next.shown = index.min(next.documents.len().saturating_sub(1)),
            Action::EngineReady => {
                next.engine = Engine::Working;
                next.revision += 1;
            }
            Action::EngineMissing(cause) => next.engine = Engine::Missing(cause),
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
            Action::SetPlacement(place) => {
                next.proxy.place = place;
                next.ask_again();
            }
            Action::SetTls(tls) => {
                next.proxy.tls = tls;
                next.ask_again();
            }
            Action::Http3(is_wanted) => {
                next.proxy.http3 = is_wanted;
                next.ask_again();
            }
            Action::SetHost(host) => {
                next.proxy
                    .hosts
                    .retain(|it| (&it.service, it.port) != (&host.service, host.port));
                if !host.host.is_empty() {
                    next.proxy.hosts.push(host);
                }
                next.ask_again();
            }
            Action::SetEmail(email) => {
                next.proxy.email = email;
                next.ask_again();
            }
            Action::SetMaxBody(size) => {
                next.proxy.max_body = size;
                next.ask_again();
            }
            Action::SetAccess(access) => {
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
            Action::SelectPane(pane) => next.pane = pane,
        }
        next
    }

    fn replace(&mut self, opened: &Opened) {
        // What nobody has written can be opened again from where it came.
        let undo = self
            .is_edited()
            .then(|| Undo::Open(Rc::new(self.snapshot())));
        self.documents = opened.work.documents.clone();
        self.proxy = opened.work.proxy.clone();
        self.source = opened.source.clone();
        self.shown = opened.shown;
        self.openings += 1;
        self.baseline = baseline(opened);
        self.stored = stored(opened);
        self.saving = first_saving(opened);
        self.question = None;
        self.notice = None;
        if undo.is_some() && !opened.notice.is_empty() {
            self.notify(opened.notice.clone(), undo);
        }
        if !opened.target.is_empty() {
            self.show_target(PROXY.into(), opened.target.clone());
            self.pane = Pane::Side;
        }
        self.answer = None;
        self.outputs = Rc::default();
        self.ask_again();
    }

    fn notify(&mut self, words: String, undo: Option<Undo>) {
        let id = self.notice.as_ref().map_or(self.revision, |it| it.id) + 1;
        self.notice = Some(Notice { id, words, undo });
    }

    /// The fix of the problem that is selected, else of one that the caret touches, else of one on the caret's line. Offsets
    /// in UTF-16 units. A longer selection does not count: it may reach beyond the screen.
    pub fn fix_here(&self, name: &str, selected: Range<usize>, caret: usize) -> FixHere {
        let Some(answer) = self.answer.as_ref().filter(|_| self.is_fresh()) else {
            return FixHere::Wait;
        };
        let file = self.documents.iter().position(|it| *it.name == *name);
        let Some((file, document)) = file.and_then(|it| Some((it, self.document(it)?))) else {
            return FixHere::Nothing;
        };
        let fixable =
            |(_, it): &(usize, &protocol::Problem)| it.file == file && !it.fixes.is_empty();
        let problems = || answer.problems.iter().enumerate().filter(fixable);
        let touching = problems().filter(|(_, it)| it.start <= caret && caret <= it.end);
        // The narrowest: others begin before it and end behind it.
        let touched = touching.min_by_key(|(_, it)| {
            let is_other = (it.start, it.end) != (selected.start, selected.end);
            (is_other, it.end - it.start, it.severity)
        });
        let line = line_around(&document.text, caret);
        let on_line = || problems().filter(|(_, it)| it.start <= line.1 && line.0 <= it.start);
        let distance = |it: &protocol::Problem| {
            let from = |at: usize| at.abs_diff(caret);
            from(it.start).min(from(it.end))
        };
        let found = touched.or_else(|| on_line().min_by_key(|(_, it)| distance(it)));
        let fix = found.and_then(|(index, it)| Some((index, it.fixes.first()?)));
        match fix {
            None => FixHere::Nothing,
            Some((problem, fix)) if fix.safe => FixHere::Apply { problem, fix: 0 },
            Some((problem, _)) => FixHere::Ask { problem, fix: 0 },
        }
    }

    fn show_target(&mut self, group: Rc<str>, target: Rc<str>) {
        self.targets.retain(|(it, _)| *it != group);
        self.targets.push((group, target.clone()));
        self.view = View::Output(target);
    }

    fn ask_again(&mut self) {
        self.revision += 1;
        self.is_typing = false;
        if !matches!(self.engine, Engine::Loading | Engine::Missing(_)) {
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
        let is_gone = match &self.view {
            View::Problems => false,
            View::Overview => answer.overview.is_empty(),
            View::Output(target) => self.output(target).is_none(),
        };
        if is_gone {
            self.view = self.beside();
        }
        self.answer = Some(answer);
    }

    /// What is shown once the target that was shown is gone: another one of its group, or the problems.
    fn beside(&self) -> View {
        let View::Output(gone) = &self.view else {
            return View::Problems;
        };
        let mut groups = self.targets.iter().filter(|(_, it)| it == gone);
        let group = groups.next_back().map(|(group, _)| group);
        let mut others = self.outputs.iter();
        let other = others.find(|it| group.is_some_and(|group| **group == *it.group));
        other.map_or(View::Problems, |it| View::Output(it.target.as_str().into()))
    }
}

impl Document {
    /// As it is written in a file.
    pub fn new(name: impl Into<Rc<str>>, written: &str) -> Document {
        let breaks = written.matches('\n').count();
        let crlf = written.matches("\r\n").count() * 2 > breaks;
        let text = match written.contains('\r') {
            true => written.replace("\r\n", "\n").replace('\r', "\n").into(),
            false => written.into(),
        };
        Document {
            name: name.into(),
            text,
            crlf,
        }
    }

    /// What belongs into a file.
    pub fn written(&self) -> String {
        match self.crlf {
            true => self.text.replace('\n', "\r\n"),
            false => self.text.to_string(),
        }
    }
}

impl Work {
    /// What a draft is called in a list: the project's name, else a comment in the first line, else its services, else the first
    /// line.
    pub fn title(&self) -> String {
        let lines = || self.documents.iter().flat_map(|it| it.text.lines());
        let name = lines().find_map(|it| it.strip_prefix("name:"));
        let name = name.map(|it| it.split(" #").next().unwrap_or(it).trim());
        let name = name.map(|it| it.trim_matches(['"', '\'']));
        let first = lines().map(str::trim).find(|it| !it.is_empty());
        let first = first.unwrap_or_default();
        let services = self.services().join(", ");
        let title = match name {
            Some(name) if !name.is_empty() => name,
            _ if first.starts_with('#') || services.is_empty() => first,
            _ => &services,
        };
        title.chars().take(MOST_OF_TITLE).collect()
    }

    /// The keys below `services` in block style, of all files.
    fn services(&self) -> Vec<&str> {
        let mut res = Vec::new();
        for document in &self.documents {
            let mut lines = document.text.lines();
            lines.find(|it| it.trim_end() == "services:");
            let has_text = |it: &&str| !matches!(it.trim_start().chars().next(), None | Some('#'));
            let mut lines = lines.filter(has_text).peekable();
            let depth = |it: &str| it.len() - it.trim_start().len();
            let first = lines.peek().map_or(0, |it| depth(it));
            let below = lines.take_while(|it| depth(it) >= first && first > 0);
            for line in below.filter(|it| depth(it) == first) {
                let name = line.split(':').next().unwrap_or_default().trim();
                if !res.contains(&name) {
                    res.push(name);
                }
            }
        }
        res
    }
}

const MOST_OF_TITLE: usize = 60;

/// The lines that edits replace, and what they replace them with. Offsets in UTF-16 units, edits in order.
pub fn changes(documents: &[Document], edits: &[protocol::Edit]) -> Vec<Change> {
    let mut res = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let units: Vec<u16> = document.text.encode_utf16().collect();
        let text = |start: usize, end: usize| {
            String::from_utf16_lossy(units.get(start..end.min(units.len())).unwrap_or_default())
        };
        let is_break = |it: &u16| *it == u16::from(b'\n');
        // Edits that share a line are one change.
        let mut groups: Vec<(usize, usize, Vec<&protocol::Edit>)> = Vec::new();
        for edit in edits.iter().filter(|it| it.file == index) {
            let head = units.get(..edit.start).unwrap_or(&units);
            let start = head.iter().rposition(is_break).map_or(0, |at| at + 1);
            let tail = units.get(edit.end..).unwrap_or_default();
            let end = tail.iter().position(is_break);
            let end = end.map_or(units.len(), |at| edit.end + at);
            match groups.last_mut() {
                Some((_, last, edits)) if start <= *last => {
                    *last = end.max(*last);
                    edits.push(edit);
                }
                _ => groups.push((start, end, vec![edit])),
            }
        }
        for (start, end, edits) in groups {
            let mut after = String::new();
            let mut at = start;
            for edit in edits {
                after.push_str(&text(at, edit.start));
                after.push_str(&edit.insert);
                at = edit.end;
            }
            after.push_str(&text(at, end));
            let before = text(start, end);
            let (mut before, mut after): (Vec<String>, Vec<String>) = (rows(&before), rows(&after));
            let mut line = 1 + units.iter().take(start).filter(|it| is_break(it)).count();
            while !before.is_empty() && before.first() == after.first() {
                before.remove(0);
                after.remove(0);
                line += 1;
            }
            while !before.is_empty() && before.last() == after.last() {
                before.pop();
                after.pop();
            }
            res.push(Change {
                file: document.name.clone(),
                line,
                before,
                after,
            });
        }
    }
    res
}

fn rows(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}

/// Where the line around an offset begins and ends, in UTF-16 units.
fn line_around(text: &str, at: usize) -> (usize, usize) {
    let (mut start, mut offset) = (0, 0);
    for letter in text.chars() {
        if letter == '\n' {
            if offset >= at {
                return (start, offset);
            }
            start = offset + 1;
        }
        offset += letter.len_utf16();
    }
    (start, offset)
}

/// What is compared with to find out whether the user has edited it.
fn baseline(opened: &Opened) -> Rc<Work> {
    match opened.is_edited {
        true => Rc::default(),
        false => Rc::new(opened.work.clone()),
    }
}

fn stored(opened: &Opened) -> Rc<Work> {
    match opened.is_unsaved {
        true => Rc::default(),
        false => Rc::new(opened.work.clone()),
    }
}

fn first_saving(opened: &Opened) -> Saving {
    match opened.source {
        Source::Draft(_) if !opened.is_unsaved => Saving::Saved,
        _ => Saving::Idle,
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
    use protocol::OutputFile;

    fn state() -> State {
        let documents = vec![
            Document::new("compose.yaml", "a"),
            Document::new(".env", ""),
        ];
        let work = Work {
            documents,
            ..Work::default()
        };
        let opened = Opened {
            work,
            ..Opened::default()
        };
        State::new(&opened, true).after(Action::EngineReady)
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
            crlf: false,
        })
    }

    #[test]
    fn an_answer_to_an_older_text_is_dropped() {
        let old = state();
        let state = edited(&old, "b").after(answer(old.revision));
        assert_eq!((state.answer, state.engine), (None, Engine::Working));
    }

    #[test]
    fn where_the_view_is_gone_there_is_another() {
        let answered = |state: &State, outputs: Vec<Output>| {
            let revision = state.revision;
            state.after(Action::Answered(Rc::new(Answer {
                revision,
                outputs,
                ..Answer::default()
            })))
        };
        let named = |target: &str, group: &str| {
            let mut all = output("é");
            for it in &mut all {
                (it.target, it.group) = (target.to_owned(), group.to_owned());
            }
            all
        };
        let both = [
            output("é"),
            named("caddy", "proxy"),
            named("split", "files"),
        ]
        .concat();
        let shown = answered(&state(), both).after(Action::Viewed(View::Output("nginx".into())));
        let other = answered(
            &shown,
            [named("caddy", "proxy"), named("split", "files")].concat(),
        );
        assert_eq!(other.view, View::Output("caddy".into()));
        assert_eq!(
            answered(&shown, named("split", "files")).view,
            View::Problems
        );
        // While the text is broken, what was there before stays.
        assert_eq!(
            answered(&shown, Vec::new()).view,
            View::Output("nginx".into())
        );
        let overview = state().after(Action::Viewed(View::Overview));
        assert_eq!(answered(&overview, output("é")).view, View::Problems);
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
        let document = Document::new("compose.override.yaml", "");
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
            state.after(Action::Open(Rc::new(Opened {
                target: target.into(),
                ..Opened::default()
            })))
        };
        let behind = opened(&state(), "caddy");
        assert_eq!(behind.request().shown, "caddy");
        assert_eq!(behind.pane, Pane::Side);
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
            .after(Action::SetHost(host("a.example")))
            .after(Action::SetHost(host("b.example")));
        assert_eq!(state.proxy.hosts, [host("b.example")]);
        assert!(
            state
                .after(Action::SetHost(host("")))
                .proxy
                .hosts
                .is_empty()
        );
    }

    fn problem(start: usize, end: usize, safe: bool) -> protocol::Problem {
        let fix = protocol::Fix {
            title: "Change".to_owned(),
            safe,
            edits: Vec::new(),
        };
        protocol::Problem {
            rule: String::new(),
            group: String::new(),
            severity: protocol::Severity::Error,
            rejected: false,
            message: String::new(),
            why: None,
            file: 0,
            start,
            end,
            line: 1,
            column: 1,
            fixes: vec![fix],
            related: Vec::new(),
            opens: None,
        }
    }

    /// `text` with these problems, in `compose.yaml`.
    fn with_problems(text: &str, problems: Vec<protocol::Problem>) -> State {
        let state = edited(&state(), text);
        let answer = Answer {
            revision: state.revision,
            problems,
            ..Answer::default()
        };
        state.after(Action::Answered(Rc::new(answer)))
    }

    #[test]
    fn the_key_applies_the_fix_at_the_caret_and_never_one_further_down() {
        // Units:        0123 4567 89
        let text = "🐳a\nbcd\ne";
        let state = with_problems(text, vec![problem(0, 2, true), problem(6, 7, false)]);
        let here = |at: usize| state.fix_here("compose.yaml", at..at, at);
        let apply = FixHere::Apply { problem: 0, fix: 0 };
        let ask = FixHere::Ask { problem: 1, fix: 0 };
        assert_eq!(
            [here(0), here(2), here(3)],
            [apply.clone(), apply.clone(), apply]
        );
        assert_eq!([here(4), here(6), here(7)], [ask.clone(), ask.clone(), ask]);
        assert_eq!([here(8), here(9)], [FixHere::Nothing, FixHere::Nothing]);
        assert_eq!(state.fix_here(".env", 0..0, 0), FixHere::Nothing);
        assert_eq!(
            edited(&state, "b").fix_here("compose.yaml", 0..0, 0),
            FixHere::Wait
        );
    }

    #[test]
    fn a_selected_problem_is_the_one_that_is_fixed() {
        let state = with_problems(
            "abcdef",
            vec![
                problem(0, 6, true),
                problem(0, 3, true),
                problem(3, 4, true),
            ],
        );
        let fixed = |selected: Range<usize>| {
            let caret = selected.end;
            match state.fix_here("compose.yaml", selected, caret) {
                FixHere::Apply { problem, .. } => problem,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            [fixed(0..3), fixed(3..4), fixed(0..6), fixed(5..5)],
            [1, 2, 0, 0]
        );
    }

    #[test]
    fn of_a_selection_that_is_no_problem_only_the_caret_counts() {
        let state = with_problems("abc\ndef", vec![problem(0, 3, true)]);
        let here = |caret| state.fix_here("compose.yaml", 0..7, caret);
        let apply = FixHere::Apply { problem: 0, fix: 0 };
        assert_eq!([here(0), here(7)], [apply, FixHere::Nothing]);
    }

    #[test]
    fn what_a_fix_changes_is_shown_by_lines() {
        let documents = [Document::new("é.yaml", "a: 1\nb: ☕\nc: 3")];
        let edit = |start, end, insert: &str| protocol::Edit {
            file: 0,
            start,
            end,
            insert: insert.to_owned(),
        };
        let change = |line, before: &[&str], after: &[&str]| Change {
            file: "é.yaml".into(),
            line,
            before: before.iter().map(|it| (*it).to_owned()).collect(),
            after: after.iter().map(|it| (*it).to_owned()).collect(),
        };
        let of = |edits: &[protocol::Edit]| changes(&documents, edits);
        assert_eq!(
            of(&[edit(8, 9, "tea")]),
            [change(2, &["b: ☕"], &["b: tea"])]
        );
        assert_eq!(
            of(&[edit(5, 6, "x"), edit(8, 9, "y")]),
            [change(2, &["b: ☕"], &["x: y"])]
        );
        assert_eq!(of(&[edit(4, 9, "")]), [change(2, &["b: ☕"], &[])]);
        assert_eq!(of(&[edit(14, 14, "\nd:\n")]), [change(4, &[], &["d:", ""])]);
    }

    #[test]
    fn text_that_was_edited_is_not_replaced_without_a_question() {
        let example = |text: &str| {
            let work = Work {
                documents: vec![Document::new("compose.yaml", text)],
                ..Work::default()
            };
            Rc::new(Opened {
                work,
                notice: "Opened".to_owned(),
                ..Opened::default()
            })
        };
        let untouched = state().after(Action::Open(example("b")));
        assert_eq!(
            (
                &*untouched.documents[0].text,
                &untouched.question,
                &untouched.notice
            ),
            ("b", &None, &None)
        );
        let edited = edited(&untouched, "mine ☕");
        let asked = edited.after(Action::Open(example("c")));
        assert_eq!(&*asked.documents[0].text, "mine ☕");
        assert_eq!(
            &*asked.after(Action::Answer(false)).documents[0].text,
            "mine ☕"
        );
        let replaced = asked.after(Action::Answer(true));
        assert_eq!(
            (&*replaced.documents[0].text, &replaced.question),
            ("c", &None)
        );
        let Some(Undo::Open(before)) = replaced.notice.clone().and_then(|it| it.undo) else {
            panic!("there is no way back");
        };
        let back = replaced.after(Action::Replace(before));
        assert_eq!(&*back.documents[0].text, "mine ☕");
        assert!(back.is_edited() && back.is_unsaved());
    }

    #[test]
    fn a_closed_file_comes_back_to_its_place() {
        let state = state().after(Action::Edited {
            name: ".env".into(),
            text: "A=1".into(),
            edit: 2,
            crlf: true,
        });
        let closed = state.after(Action::Removed {
            name: ".env".into(),
            edit: 3,
        });
        assert_eq!(closed.documents.len(), 1);
        let Some(Undo::Restore { index, document }) = closed.notice.clone().and_then(|it| it.undo)
        else {
            panic!("there is no way back");
        };
        let back = closed.after(Action::Restored {
            index,
            document,
            edit: 4,
        });
        assert_eq!((back.documents, back.shown), (state.documents, 1));
    }

    #[test]
    fn an_edit_makes_taking_back_all_fixes_void_and_nothing_else() {
        let noticed = |undo| state().after(Action::Notify("Done".to_owned(), Some(undo)));
        let fixed = noticed(Undo::Edit(vec!["compose.yaml".into()]));
        assert!(fixed.notice.is_some());
        assert_eq!(edited(&fixed, "b").notice, None);
        let opened = noticed(Undo::Open(Rc::default()));
        assert!(edited(&opened, "b").notice.is_some());
    }

    #[test]
    fn only_what_changed_is_stored() {
        let state = state();
        assert!(!state.is_unsaved());
        let changed = edited(&state, "b");
        assert!(changed.is_unsaved());
        let stored = |saving| {
            changed.after(Action::Stored {
                work: Rc::new(changed.work()),
                source: Source::Draft("1".into()),
                saving,
            })
        };
        assert!(!stored(Saving::Saved).is_unsaved());
        assert!(stored(Saving::Failed(Failure::Full)).is_unsaved());
        let hosts = state.after(Action::SetEmail("me@example.org".to_owned()));
        assert!(hosts.is_unsaved() && hosts.is_edited());
    }

    #[test]
    fn line_endings_and_marks_are_kept() {
        for written in ["a\nb\n", "a\r\nb\r\n", "\u{feff}a\r\nb", "", "a"] {
            assert_eq!(Document::new("compose.yaml", written).written(), written);
        }
        let mixed = Document::new("compose.yaml", "a\r\nb\nc\rd");
        assert_eq!((&*mixed.text, mixed.crlf), ("a\nb\nc\nd", false));
    }

    #[test]
    fn a_draft_has_the_name_of_the_project_or_of_its_services() {
        let title = |text: &str| {
            let documents = vec![Document::new("compose.yaml", text)];
            let work = Work {
                documents,
                ..Work::default()
            };
            work.title()
        };
        assert_eq!(title("services: {}\nname: \"é-shop\" # ☕\n"), "é-shop");
        assert_eq!(title("\n# My stack\nservices:\n"), "# My stack");
        let services =
            "services:\n\n  # é\n  web: # ☕\n    image: a\n  db: {}\nvolumes:\n  data:\n";
        assert_eq!(title(services), "web, db");
        assert_eq!(title("services:\nvolumes:\n  data:\n"), "services:");
        assert_eq!([title(""), title("name:\n")], ["", "name:"]);
    }
}
