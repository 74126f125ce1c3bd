//! A modal dialog: the browser's own, so that the focus stays inside, Escape closes it, and the focus returns.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub(super) struct DialogProps {
    /// The id of the heading inside.
    pub(super) labelled_by: &'static str,
    pub(super) on_close: Callback<()>,
    pub(super) children: Html,
}

#[component]
pub(super) fn Dialog(props: &DialogProps) -> Html {
    let dialog = use_node_ref();
    use_effect_with((), {
        let dialog = dialog.clone();
        move |()| {
            let shown = dialog.cast::<HtmlDialogElement>();
            if let Some(dialog) = &shown {
                // It fails only where the dialog is shown already.
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = shown {
                    dialog.close();
                }
            }
        }
    });
    let oncancel = props
        .on_close
        .reform(|event: Event| event.prevent_default());
    // A click on the backdrop is one on the dialog itself.
    let onclick = {
        let (dialog, on_close) = (dialog.clone(), props.on_close.clone());
        Callback::from(move |event: MouseEvent| {
            if event.target().map(Into::into) == dialog.get().map(wasm_bindgen::JsValue::from) {
                on_close.emit(());
            }
        })
    };
    html! {
        <dialog ref={dialog} aria-labelledby={props.labelled_by} {oncancel} {onclick}>
            <div class="dialog">{ props.children.clone() }</div>
        </dialog>
    }
}
