//! The worker: answers each request with the engine's word on it.

use compose_playground::protocol::answer;
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

fn main() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let port = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let json = event.data().as_string().unwrap_or_default();
        let request = serde_json::from_str(&json);
        if request.is_err() {
            break_down(&json);
        }
        let json = request
            .ok()
            .and_then(|request| serde_json::to_string(&answer(&request)).ok());
        if let Some(json) = json {
            let _ = port.post_message(&JsValue::from_str(&json));
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    // The page holds its first request back until it hears this.
    let _ = scope.post_message(&JsValue::from_str(""));
}

/// What the browser tests ask for, to see what becomes of the page. No request looks like it.
fn break_down(json: &str) {
    match json {
        r#"{"break":"panic"}"# => panic!("asked to"),
        r#"{"break":"hang"}"# => loop {
            std::hint::spin_loop();
        },
        _ => (),
    }
}
