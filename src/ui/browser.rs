//! The page's JavaScript, as Rust sees it. See `js/editor.js` for what each does.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Element, Worker};

#[wasm_bindgen(module = "/js/page.js")]
extern "C" {
    fn create(
        host: &Element,
        settings: JsValue,
        on_change: &Closure<dyn FnMut(String, String, u32)>,
        on_command: &Closure<dyn FnMut(String, String, u32)>,
    ) -> JsValue;
    fn open(editor: &JsValue, name: &str, text: &str) -> u32;
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
    pub(super) fn keep(state: &str) -> bool;
    pub(super) fn kept() -> JsValue;
    pub(super) fn forget();
}

pub(super) type OnChange = Closure<dyn FnMut(String, String, u32)>;
pub(super) type OnFix = Closure<dyn FnMut(usize, usize)>;

/// The editor on screen. Clones are the same editor.
#[derive(Clone)]
pub(super) struct Editor {
    view: JsValue,
    _closures: Rc<(OnChange, OnChange)>,
}

impl PartialEq for Editor {
    fn eq(&self, other: &Editor) -> bool {
        self.view == other.view
    }
}

impl Editor {
    pub(super) fn new(
        host: &Element,
        label: &str,
        hint: &str,
        on_change: OnChange,
        on_command: OnChange,
    ) -> Editor {
        let settings = js(&crate::protocol::page::Settings { label, hint });
        let view = create(host, settings, &on_change, &on_command);
        Editor {
            view,
            _closures: Rc::new((on_change, on_command)),
        }
    }

    pub(super) fn open(&self, name: &str, text: &str) -> u32 {
        open(&self.view, name, text)
    }

    pub(super) fn close(&self, name: &str) -> u32 {
        close(&self.view, name)
    }

    pub(super) fn show(&self, name: &str) {
        show(&self.view, name);
    }

    pub(super) fn set_problems(
        &self,
        edit: u32,
        problems: &[crate::protocol::page::Mark<'_>],
        on_fix: &OnFix,
    ) {
        set_problems(&self.view, edit, js(problems), on_fix);
    }

    pub(super) fn apply(&self, edits: &[crate::protocol::page::Change<'_>], label: &str) {
        apply(&self.view, js(edits), label);
    }

    pub(super) fn go_to(&self, start: usize, end: usize) {
        go_to(&self.view, start, end);
    }
}

fn js<T: serde::Serialize + ?Sized>(value: &T) -> JsValue {
    let json = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&json).unwrap_or(JsValue::NULL)
}
