//! What is kept over a reload: the documents and the choices for the proxy.
//!
//! An older page may have kept it, or a newer one. What is not understood is as if it were not there.

use js_sys::{Array, Reflect};
use wasm_bindgen::JsValue;

use super::{browser, state::Document};
use crate::protocol::{Access, File, Host, Place, Proxy, Tls, Version, page};

pub(super) fn write(files: Vec<File>, proxy: &Proxy) {
    if let Ok(json) = serde_json::to_string(&page::Keep { files, proxy }) {
        browser::keep(&json);
    }
}

pub(super) fn read() -> (Vec<Document>, Proxy) {
    let kept = browser::kept();
    let documents = list(&kept, "files", |it| Document {
        name: text(it, "name").into(),
        text: text(it, "text").into(),
    });
    let proxy = field(&kept, "proxy");
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
    (documents, proxy)
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
