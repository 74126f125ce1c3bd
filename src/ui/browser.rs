//! The page's JavaScript, as Rust sees it. See `js/editor.js` for what each does.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Element, Worker};

use super::state::Document;
use protocol::page::{Change, Mark, Settings};

// Away from the browser there is nothing to import, so that tests need no bundle.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen(module = "/js/page.js"))]
#[cfg_attr(not(target_arch = "wasm32"), wasm_bindgen)]
extern "C" {
    fn create(
        host: &Element,
        settings: JsValue,
        on_change: &OnChange,
        on_command: &OnCommand,
    ) -> JsValue;
    fn clear(editor: &JsValue);
    fn open(editor: &JsValue, name: &str, text: &str, crlf: bool) -> u32;
    fn close(editor: &JsValue, name: &str) -> u32;
    fn show(editor: &JsValue, name: &str);
    #[wasm_bindgen(js_name = setProblems)]
    fn set_problems(
        editor: &JsValue,
        revision: u32,
        problems: JsValue,
        on_fix: &Closure<dyn FnMut(usize, usize)>,
    ) -> bool;
    fn apply(editor: &JsValue, edits: JsValue, label: &str);
    #[wasm_bindgen(js_name = goTo)]
    fn go_to(editor: &JsValue, start: usize, end: usize);
    #[wasm_bindgen(js_name = caretIsVisible)]
    fn caret_is_visible(editor: &JsValue) -> bool;
    fn undo(editor: &JsValue, names: js_sys::Array);
    fn focus(editor: &JsValue, at: Option<u32>);

    #[wasm_bindgen(js_name = loadEngine, catch)]
    pub(super) async fn load_engine() -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = startWorker)]
    pub(super) fn start_worker(
        on_message: &Closure<dyn FnMut(String)>,
        on_error: &Closure<dyn FnMut()>,
    ) -> Worker;
    pub(super) fn ask(worker: &Worker, request: &str);
    #[wasm_bindgen(js_name = stopWorker)]
    pub(super) fn stop_worker(worker: &Worker);

    #[wasm_bindgen(catch)]
    pub(super) async fn copy(text: &str) -> Result<JsValue, JsValue>;
    pub(super) fn download(name: &str, text: &str);
    #[wasm_bindgen(js_name = downloadAll)]
    pub(super) fn download_all(name: &str, files: &js_sys::Array);
    #[wasm_bindgen(js_name = makeSecret)]
    pub(super) fn make_secret(bytes: u16, is_hex: bool) -> String;

    #[wasm_bindgen(js_name = writeDraft)]
    pub(super) fn write_draft(id: &str, value: &str) -> js_sys::Array;
    #[wasm_bindgen(js_name = readDraft)]
    pub(super) fn read_draft(id: &str) -> JsValue;
    pub(super) fn drafts() -> js_sys::Array;
    #[wasm_bindgen(js_name = removeDraft)]
    pub(super) fn remove_draft(id: &str) -> String;
    #[wasm_bindgen(js_name = restoreDraft)]
    pub(super) fn restore_draft(id: &str, value: &str) -> bool;
    pub(super) fn legacy() -> JsValue;
    #[wasm_bindgen(js_name = takeLegacy)]
    pub(super) fn take_legacy() -> String;
    #[wasm_bindgen(js_name = restoreLegacy)]
    pub(super) fn restore_legacy(value: &str);
    pub(super) fn point(target: &str);
    pub(super) fn pointed() -> String;
    #[wasm_bindgen(js_name = setPlace)]
    pub(super) fn set_place(place: &str);
    pub(super) fn place() -> String;
    pub(super) fn keeps() -> bool;
    #[wasm_bindgen(js_name = setKeeps)]
    pub(super) fn set_keeps(is_on: bool);
    #[wasm_bindgen(js_name = onSwitch)]
    pub(super) fn on_switch(act: &Closure<dyn FnMut(bool)>);
    #[wasm_bindgen(js_name = onRemoved)]
    pub(super) fn on_removed(act: &Closure<dyn FnMut(String)>);
    pub(super) fn early() -> JsValue;
    #[wasm_bindgen(js_name = dateText)]
    pub(super) fn date_text(milliseconds: f64) -> String;
}

/// A document's name and text, the editor's count of changes, and whether its lines end with CR and LF.
pub(super) type OnChange = Closure<dyn FnMut(String, String, u32, bool)>;
/// A command, the document's name, the selection, and the caret.
pub(super) type OnCommand = Closure<dyn FnMut(String, String, u32, u32, u32)>;
pub(super) type OnFix = Closure<dyn FnMut(usize, usize)>;

/// The editor on screen. Clones are the same editor.
#[derive(Clone)]
pub(super) struct Editor {
    view: JsValue,
    _closures: Rc<(OnChange, OnCommand)>,
}

impl PartialEq for Editor {
    fn eq(&self, other: &Editor) -> bool {
        self.view == other.view
    }
}

impl Editor {
    pub(super) fn new(
        host: &Element,
        settings: &Settings<'_>,
        on_change: OnChange,
        on_command: OnCommand,
    ) -> Editor {
        let settings = js(settings);
        let view = create(host, settings, &on_change, &on_command);
        Editor {
            view,
            _closures: Rc::new((on_change, on_command)),
        }
    }

    /// Opens these documents in place of all others, and shows one of them.
    pub(super) fn open_all(&self, documents: &[Document], shown: &str) -> u32 {
        clear(&self.view);
        let mut edit = 0;
        for document in documents {
            edit = self.open(document);
        }
        show(&self.view, shown);
        edit
    }

    pub(super) fn open(&self, document: &Document) -> u32 {
        open(&self.view, &document.name, &document.text, document.crlf)
    }

    pub(super) fn close(&self, name: &str) -> u32 {
        close(&self.view, name)
    }

    pub(super) fn show(&self, name: &str) {
        show(&self.view, name);
    }

    pub(super) fn set_problems(&self, edit: u32, problems: &[Mark<'_>], on_fix: &OnFix) {
        set_problems(&self.view, edit, js(problems), on_fix);
    }

    pub(super) fn apply(&self, edits: &[Change<'_>], label: &str) {
        apply(&self.view, js(edits), label);
    }

    /// Whether the caret is on screen; it is brought there otherwise.
    pub(super) fn caret_is_visible(&self) -> bool {
        caret_is_visible(&self.view)
    }

    pub(super) fn undo(&self, names: &[Rc<str>]) {
        let names = names.iter().map(|it| JsValue::from_str(it));
        undo(&self.view, names.collect());
    }

    pub(super) fn focus(&self, at: Option<u32>) {
        focus(&self.view, at);
    }

    pub(super) fn go_to(&self, start: usize, end: usize) {
        go_to(&self.view, start, end);
    }
}

fn js<T: serde::Serialize + ?Sized>(value: &T) -> JsValue {
    let json = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&json).unwrap_or(JsValue::NULL)
}
