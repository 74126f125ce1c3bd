//! A row of tabs: arrow keys move, as people who use keyboards expect.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

#[derive(Clone, PartialEq)]
pub(super) struct Tab {
    pub(super) id: Rc<str>,
    pub(super) title: Rc<str>,
    /// A number beside the title, and how it is coloured.
    pub(super) badge: Option<(usize, &'static str)>,
}

#[derive(PartialEq, Properties)]
pub(super) struct TabsProps {
    pub(super) label: &'static str,
    pub(super) class: &'static str,
    /// The element the tabs switch.
    pub(super) controls: &'static str,
    pub(super) tabs: Vec<Tab>,
    pub(super) selected: Rc<str>,
    pub(super) on_select: Callback<Rc<str>>,
}

#[component]
pub(super) fn Tabs(props: &TabsProps) -> Html {
    let row = use_node_ref();
    // Where the selected tab is gone, so is the focus that was in it or in what it showed.
    let before = use_mut_ref(|| props.selected.clone());
    use_effect_with((props.selected.clone(), props.tabs.clone()), {
        let row = row.clone();
        move |(selected, tabs)| {
            let before = before.replace(selected.clone());
            let is_gone = !before.is_empty() && tabs.iter().all(|tab| tab.id != before);
            let at = tabs.iter().position(|tab| tab.id == *selected);
            if let (true, Some(at)) = (is_gone && is_nowhere(), at) {
                focus(&row, at);
            }
        }
    });
    let onkeydown = {
        let (row, tabs, selected, on_select) = (
            row.clone(),
            props.tabs.clone(),
            props.selected.clone(),
            props.on_select.clone(),
        );
        Callback::from(move |event: KeyboardEvent| {
            let last = tabs.len().saturating_sub(1);
            let at = tabs.iter().position(|tab| tab.id == selected).unwrap_or(0);
            let next = match event.key().as_str() {
                "ArrowRight" => {
                    if at == last {
                        0
                    } else {
                        at + 1
                    }
                }
                "ArrowLeft" => at.checked_sub(1).unwrap_or(last),
                "Home" => 0,
                "End" => last,
                _ => return,
            };
            event.prevent_default();
            if let Some(tab) = tabs.get(next) {
                on_select.emit(tab.id.clone());
            }
            focus(&row, next);
        })
    };
    let tab = |tab: &Tab| {
        let selected = tab.id == props.selected;
        let id = tab.id.clone();
        let onclick = props.on_select.reform(move |_| id.clone());
        html! {
            <button type="button" role="tab" id={format!("tab-{}", tab.id)} class="tab"
                aria-selected={selected.to_string()} aria-controls={props.controls}
                tabindex={if selected { "0" } else { "-1" }} {onclick}>
                { &*tab.title }
                if let Some((count, colour)) = tab.badge {
                    { " " }<span class={classes!("badge", colour)}>{ count }</span>
                }
            </button>
        }
    };
    html! {
        <div ref={row} class={props.class} role="tablist" aria-label={props.label} {onkeydown}>
            { for props.tabs.iter().map(tab) }
        </div>
    }
}

fn focus(row: &NodeRef, at: usize) {
    let buttons = row.cast::<HtmlElement>().map(|row| row.children());
    let button = buttons
        .and_then(|it| it.item(at as u32))
        .and_then(|it| it.dyn_into::<HtmlElement>().ok());
    if let Some(button) = button {
        let _ = button.focus();
    }
}

/// Whether nothing has the focus.
fn is_nowhere() -> bool {
    let document = web_sys::window().and_then(|it| it.document());
    let focused = document.and_then(|it| it.active_element());
    focused.is_none_or(|it| it.tag_name() == "BODY")
}
