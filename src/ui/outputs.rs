//! What follows from the files: one target at a time, with the choices that shape it.

use std::{collections::BTreeSet, rc::Rc};

use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::{
    browser,
    problems::words_and_code,
    tabs::{Tab, Tabs},
    words,
};
use protocol::{
    Access, Answer, EFFECTIVE, Encoding, Host, Origin, Output, OutputFile, PROXY, Place, Proxy,
    Site, Tls, Version,
};

#[derive(PartialEq, Properties)]
pub(super) struct OutputsProps {
    pub(super) answer: Option<Rc<Answer>>,
    pub(super) outputs: Rc<Vec<Output>>,
    pub(super) are_old: bool,
    pub(super) new_lines: Rc<BTreeSet<String>>,
    pub(super) target: Rc<str>,
    pub(super) on_target: Callback<Rc<str>>,
    pub(super) proxy: Proxy,
    pub(super) on_email: Callback<String>,
    pub(super) on_max_body: Callback<String>,
    pub(super) on_access: Callback<Access>,
    pub(super) on_version: Callback<Version>,
    pub(super) on_place: Callback<Place>,
    pub(super) on_tls: Callback<Tls>,
    pub(super) on_http3: Callback<bool>,
    pub(super) on_host: Callback<Host>,
    pub(super) on_origin: Callback<Origin>,
    pub(super) on_offer: Callback<usize>,
}

#[component]
pub(super) fn Outputs(props: &OutputsProps) -> Html {
    let Some(output) = props.outputs.iter().find(|it| *it.target == *props.target) else {
        let is_read = props.answer.is_some();
        return html! { <p class="note">{ if is_read { words::NO_OUTPUT } else { words::CHECKING } }</p> };
    };
    html! {
        <div class={classes!("output", props.are_old.then_some("old"))}>
            if output.target == EFFECTIVE {
                <p class="lead">{ words::EFFECTIVE }</p>
            } else {
                { targets(props, output) }
                if output.group == PROXY { { choices(props, output) } }
            }
            if props.are_old {
                <p class="note trouble">{ if output.files.is_empty() { words::UNREADABLE } else { words::OLD_OUTPUT } }</p>
            }
            if output.files.is_empty() && !output.notes.is_empty() {
                <p class="note">{ words::NOT_REACHED }</p>
            }
            if output.files.len() > 1 { { download_all(output) } }
            { for output.files.iter().map(|file| html! {
                <Code key={file.path.clone()} file={file.clone()} new_lines={props.new_lines.clone()} on_origin={props.on_origin.clone()} />
            }) }
            if !output.steps.is_empty() {
                <section class="steps"><h2>{ words::STEPS }</h2>
                    <ol>{ for output.steps.iter().map(|it| html! { <li>{ words_and_code(it) }</li> }) }</ol></section>
            }
            if !output.notes.is_empty() {
                <section class="steps"><h2>{ words::NOTES }</h2>
                    <ul>{ for output.notes.iter().map(|it| html! { <li>{ words_and_code(it) }</li> }) }</ul></section>
            }
        </div>
    }
}

/// All files of an output in one archive, as they lie beside each other.
fn download_all(output: &Output) -> Html {
    let (name, files) = (format!("{}.zip", output.target), output.files.clone());
    let onclick = Callback::from(move |_| {
        let list = js_sys::Array::new();
        for text in files.iter().flat_map(|it| [&it.path, &it.text]) {
            list.push(&text.as_str().into());
        }
        browser::download_all(&name, &list);
    });
    html! { <p class="all"><button type="button" class="button quiet" {onclick}>{ words::DOWNLOAD_ALL }</button></p> }
}

/// The targets of the same group, where there are several.
fn targets(props: &OutputsProps, output: &Output) -> Html {
    let tab = |it: &Output| Tab {
        id: it.target.as_str().into(),
        title: it.title.as_str().into(),
        badge: None,
    };
    let beside = props.outputs.iter().filter(|it| it.group == output.group);
    html! {
        <Tabs label={words::TARGETS} class="targets" controls="side" tabs={beside.map(tab).collect::<Vec<_>>()}
            selected={props.target.clone()} on_select={props.on_target.clone()} />
    }
}

fn choices(props: &OutputsProps, output: &Output) -> Html {
    let sites = props
        .answer
        .as_ref()
        .map(|it| it.sites.clone())
        .unwrap_or_default();
    let on_place = props.on_place.reform(|event: Event| {
        let index = event
            .target_unchecked_into::<HtmlSelectElement>()
            .selected_index();
        if index == 1 {
            Place::Network
        } else {
            Place::Host
        }
    });
    let on_tls = props.on_tls.reform(|event: Event| {
        match event
            .target_unchecked_into::<HtmlSelectElement>()
            .selected_index()
        {
            0 => Tls::Off,
            1 => Tls::Acme,
            2 => Tls::Files,
            _ => Tls::Auto,
        }
    });
    let on_http3 = props
        .on_http3
        .reform(|event: Event| event.target_unchecked_into::<HtmlInputElement>().checked());
    let option =
        |words: &'static str, selected: bool| html! { <option {selected}>{ words }</option> };
    let Proxy {
        place, tls, http3, ..
    } = props.proxy;
    html! {
        <form class="choices" onsubmit={Callback::from(|event: SubmitEvent| event.prevent_default())}>
            if !sites.is_empty() {
                <fieldset class="sites">
                    <legend>{ words::SITES }</legend>
                    { for sites.iter().enumerate().map(|(index, site)| site_row(index, site, props)) }
                    { addresses(props) }
                </fieldset>
            }
            <div class="selects">
                <label>{ words::PLACE }
                    <select id="place" class="button" onchange={on_place}>
                        { option(words::PLACE_HOST, place == Place::Host) }
                        { option(words::PLACE_NETWORK, place == Place::Network) }
                    </select>
                </label>
                <label>{ words::TLS }
                    <select id="tls" class="button" onchange={on_tls}>
                        { option(words::TLS_OFF, tls == Tls::Off) }
                        { option(words::TLS_ACME, tls == Tls::Acme) }
                        { option(words::TLS_FILES, tls == Tls::Files) }
                        { option(words::TLS_AUTO, tls == Tls::Auto) }
                    </select>
                </label>
                if matches!(tls, Tls::Acme | Tls::Files) {
                    <label title={words::HTTP3_WHY}>
                        <input id="http3" type="checkbox" checked={http3} onchange={on_http3} />{ words::HTTP3 }
                    </label>
                }
                if matches!(tls, Tls::Auto | Tls::Acme) {
                    <label title={words::EMAIL_WHY}>{ words::EMAIL }
                        <Field id="email" value={props.proxy.email.clone()} placeholder={words::OPTIONAL} on_change={props.on_email.clone()} />
                    </label>
                }
                <label title={words::MAX_BODY_WHY}>{ words::MAX_BODY }
                    <Field id="max-body" value={props.proxy.max_body.clone()} placeholder={words::BY_IMAGE} on_change={props.on_max_body.clone()} />
                </label>
                { versions(props, output) }
            </div>
        </form>
    }
}

/// What makes the files agree with the host names above.
fn addresses(props: &OutputsProps) -> Html {
    let offers = props.answer.as_ref().map(|it| it.offers.as_slice());
    let found = offers
        .unwrap_or_default()
        .iter()
        .enumerate()
        .find(|(_, it)| it.is_about_addresses);
    let Some((index, offer)) = found else {
        return Html::default();
    };
    html! {
        <p class="offer"><button type="button" class="button primary fix" title={offer.note.clone()}
            onclick={props.on_offer.reform(move |_| index)}>{ &offer.title }</button></p>
    }
}

fn versions(props: &OutputsProps, output: &Output) -> Html {
    let all = output.versions.clone();
    let Some(first) = all.first().cloned() else {
        return Html::default();
    };
    let chosen = props
        .proxy
        .versions
        .iter()
        .find(|it| it.target == output.target);
    let chosen = chosen.map_or(first, |it| it.version.clone());
    let target = output.target.clone();
    let options = all.iter().map(|it| {
        let selected = *it == chosen;
        html! { <option {selected}>{ words::or_newer(it) }</option> }
    });
    let options: Vec<Html> = options.collect();
    let onchange = props.on_version.reform(move |event: Event| {
        let index = event
            .target_unchecked_into::<HtmlSelectElement>()
            .selected_index();
        let version = all.get(index as usize).cloned().unwrap_or_default();
        Version {
            target: target.clone(),
            version,
        }
    });
    html! {
        <label>{ words::VERSION }<select id="version" class="button" {onchange}>{ options }</select></label>
    }
}

/// A port may have several names: `index` tells the rows apart.
fn site_row(index: usize, site: &Site, props: &OutputsProps) -> Html {
    let (service, port) = (site.service.clone(), site.port);
    // Convex knows nothing of paths, whatever is chosen. Elsewhere at once, and not only with the answer.
    let is_fixed = !site.label.is_empty();
    let chosen = props.proxy.hosts.iter().filter(|_| !is_fixed);
    let mut chosen = chosen.filter(|it| it.service == site.service && it.port == site.port);
    let strips = chosen.next().map_or(site.strips, |it| it.strips);
    let on_host = props.on_host.reform(move |host: String| Host {
        service: service.clone(),
        port,
        host,
        strips,
    });
    let flipped = Host {
        service: site.service.clone(),
        port,
        host: site.host.clone(),
        strips: !strips,
    };
    let on_strips = props.on_host.reform(move |_: Event| flipped.clone());
    let path = site.host.find('/').and_then(|at| site.host.get(at..));
    let (service, port) = (site.service.clone(), site.port);
    let on_access = props.on_access.reform(move |who: String| Access {
        service: service.clone(),
        port,
        who,
    });
    let is_same = |it: &&Access| it.service == site.service && it.port == site.port;
    let who = props.proxy.access.iter().find(is_same);
    let who = who.map_or(String::new(), |it| it.who.clone());
    let name = if site.label.is_empty() {
        site.service.clone()
    } else {
        site.label.clone()
    };
    html! {
        <div class="site" key={format!("{}:{}:{index}", site.service, site.port)}>
            <label>
                <span>{ name }{ " " }<small>{ format!("{}:{}", site.service, site.port) }</small></span>
                <Field value={site.host.clone()} placeholder="" on_change={on_host} />
            </label>
            <label title={words::WHO_WHY}>
                <span class="visually-hidden">{ words::WHO }</span>
                <Field value={who} placeholder={words::EVERYBODY} on_change={on_access} />
            </label>
            if let Some(path) = path {
                <label class="strips"><input type="checkbox" checked={strips} disabled={is_fixed} onchange={on_strips} />{ words::without(path) }</label>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct FieldProps {
    #[prop_or_default]
    id: Option<&'static str>,
    value: String,
    placeholder: &'static str,
    on_change: Callback<String>,
}

/// A line to type into. An answer that comes meanwhile takes back nothing that is typed.
#[component]
fn Field(props: &FieldProps) -> Html {
    let draft = use_state(|| None::<String>);
    let is_typing = use_mut_ref(|| false);
    use_effect_with(props.value.clone(), {
        let (draft, is_typing) = (draft.clone(), is_typing.clone());
        move |_: &String| {
            if !*is_typing.borrow() {
                draft.set(None);
            }
        }
    });
    let oninput = {
        let draft = draft.clone();
        Callback::from(move |event: InputEvent| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            draft.set(Some(input.value()));
        })
    };
    let onchange = props.on_change.reform(|event: Event| {
        let input = event.target_unchecked_into::<HtmlInputElement>();
        input.value().trim().to_owned()
    });
    let onfocus = {
        let is_typing = is_typing.clone();
        Callback::from(move |_: FocusEvent| *is_typing.borrow_mut() = true)
    };
    let onblur = {
        let draft = draft.clone();
        Callback::from(move |_: FocusEvent| {
            *is_typing.borrow_mut() = false;
            // What is left empty is what it would be without.
            if draft.as_ref().is_some_and(String::is_empty) {
                draft.set(None);
            }
        })
    };
    let value = (*draft).clone().unwrap_or_else(|| props.value.clone());
    html! {
        <input id={props.id} type="text" inputmode="url" autocapitalize="off" autocomplete="off" spellcheck="false"
            placeholder={props.placeholder} {value} {oninput} {onchange} {onfocus} {onblur} />
    }
}

#[derive(PartialEq, Properties)]
struct CodeProps {
    file: OutputFile,
    new_lines: Rc<BTreeSet<String>>,
    on_origin: Callback<Origin>,
}

/// A browser draws so many buttons at once.
const MOST_ORIGINS: usize = 3_000;

#[component]
fn Code(props: &CodeProps) -> Html {
    let copied = use_state(|| false);
    // Which text was filled in, and what came of it. Nothing else knows it.
    let filled = use_state(|| (String::new(), String::new()));
    let text = if filled.0 == props.file.text && !filled.0.is_empty() {
        filled.1.clone()
    } else {
        props.file.text.clone()
    };
    let onclick = {
        let (text, copied) = (text.clone(), copied.clone());
        Callback::from(move |_| {
            let (text, copied) = (text.clone(), copied.clone());
            spawn_local(async move {
                copied.set(
                    browser::copy(&text)
                        .await
                        .is_ok_and(|done| done.is_truthy()),
                );
                let copied = copied.clone();
                gloo::timers::callback::Timeout::new(1_600, move || copied.set(false)).forget();
            });
        })
    };
    let download = {
        let (path, text) = (props.file.path.clone(), text.clone());
        Callback::from(move |_| browser::download(&path, &text))
    };
    let make_secrets = {
        let file = props.file.clone();
        Callback::from(move |_| filled.set((file.text.clone(), with_secrets(&file))))
    };
    let path = props.file.path.clone();
    html! {
        <figure class="code">
            <figcaption>
                <code class="path">{ &path }</code>
                if !props.file.secrets.is_empty() {
                    <button type="button" class="button quiet" title={words::MAKE_SECRETS_WHY} onclick={make_secrets}>{ words::MAKE_SECRETS }</button>
                }
                <button type="button" class="button quiet" onclick={download}>{ words::DOWNLOAD }</button>
                <button type="button" class="button" {onclick} aria-live="polite">
                    { if *copied { words::COPIED } else { words::COPY } }
                </button>
            </figcaption>
            if (1..MOST_ORIGINS).contains(&props.file.origins.len()) {
                <pre role="group" aria-label={path.clone()} onkeydown={Callback::from(between_lines)}><code>
                    { for props.file.text.split('\n').zip(&props.file.origins).enumerate().map(|(index, (line, origin))| line_of(index, line, *origin, props)) }
                </code></pre>
            } else {
                <pre tabindex="0" role="region" aria-label={path.clone()}><code>
                    { for text.split_inclusive('\n').map(|line| code_line(line, &props.new_lines)) }
                </code></pre>
            }
        </figure>
    }
}

/// The text with a new secret wherever one belongs.
fn with_secrets(file: &OutputFile) -> String {
    let mut text = String::new();
    for (index, line) in file.text.lines().enumerate() {
        text.push_str(line);
        for secret in file.secrets.iter().filter(|it| it.line == index) {
            let is_hex = secret.encoding == Encoding::Hex;
            text.push_str(&browser::make_secret(secret.bytes, is_hex));
        }
        text.push('\n');
    }
    text
}

/// A line that leads to where it comes from. One of them is in the order of tabs; arrows lead on.
fn line_of(index: usize, line: &str, origin: Origin, props: &CodeProps) -> Html {
    let is_new = props.new_lines.contains(line);
    let onclick = props.on_origin.reform(move |_: MouseEvent| origin);
    let tabindex = if index == 0 { "0" } else { "-1" };
    html! { <button type="button" class={classes!("line", is_new.then_some("new"))} {tabindex} {onclick}>{ line.to_owned() }</button> }
}

fn between_lines(event: KeyboardEvent) {
    let Some(line) = event.target_dyn_into::<Element>() else {
        return;
    };
    let next = match event.key().as_str() {
        "ArrowDown" => line.next_element_sibling(),
        "ArrowUp" => line.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(next) = next.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // A line that is gone by now needs no focus.
        let _ = next.focus();
    }
}

fn code_line(line: &str, new_lines: &BTreeSet<String>) -> Html {
    let is_new = new_lines.contains(line.trim_end_matches('\n'));
    let is_comment = line.trim_start().starts_with('#');
    html! { <span class={classes!(is_new.then_some("new"), is_comment.then_some("comment"))}>{ line.to_owned() }</span> }
}
