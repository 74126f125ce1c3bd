//! The name, the promise, and what concerns the page as a whole.

use web_sys::HtmlSelectElement;
use yew::prelude::*;

use super::{examples::GROUPS, problems::words_and_code, state::Saving, words};

#[derive(PartialEq, Properties)]
pub(super) struct HeaderProps {
    pub(super) on_example: Callback<usize>,
    pub(super) on_start_over: Callback<()>,
    pub(super) on_drafts: Callback<()>,
    pub(super) saving: Saving,
    pub(super) keeps: bool,
}

#[component]
pub(super) fn Header(props: &HeaderProps) -> Html {
    let onchange = props.on_example.reform(|event: Event| {
        let select = event.target_unchecked_into::<HtmlSelectElement>();
        let chosen = select.selected_index();
        // Back to the title, so that the same example can be chosen again.
        select.set_selected_index(0);
        usize::try_from(chosen - 1).unwrap_or(0)
    });
    let saving = match (props.saving, props.keeps) {
        (_, false) => Some((words::NOT_KEPT, "")),
        (Saving::Idle, _) => None,
        (Saving::Saved, _) => Some((words::SAVED, "")),
        (Saving::Failed(_), _) => Some((words::NOT_SAVED, "is-warning")),
    };
    let [before, code, after] = words::PROMISE;
    html! {
        <header class="top">
            <h1 class="wordmark">
                <span class="glyph" aria-hidden="true"><i></i><i></i><i></i></span>{ words::NAME }
            </h1>
            <p class="promise">{ before }<code>{ code }</code>{ after }</p>
            <div class="top-actions">
                <details class="private">
                    <summary><span class="lock" aria-hidden="true"></span>{ words::PRIVATE }</summary>
                    <div class="private-why">{ for words::PRIVATE_WHY.iter().map(|it| html! { <p>{ words_and_code(it) }</p> }) }</div>
                </details>
                <select id="examples" class="button" aria-label={words::EXAMPLES} {onchange}>
                    // Browsers select what is put in first, which is the last.
                    <option selected=true>{ words::EXAMPLES }</option>
                    { for GROUPS.iter().map(|(heading, examples)| html! {
                        <optgroup label={*heading}>{ for examples.iter().map(|it| html! { <option>{ it.title }</option> }) }</optgroup>
                    }) }
                </select>
                <button type="button" id="drafts" class="button" aria-haspopup="dialog" onclick={props.on_drafts.reform(|_| ())}>
                    { words::DRAFTS }
                    if let Some((state, class)) = saving { { " " }<span class={classes!("save-state", class)}>{ state }</span> }
                </button>
                <button type="button" id="start-over" class="button quiet" title={words::START_OVER_WHY}
                    onclick={props.on_start_over.reform(|_| ())}>{ words::START_OVER }</button>
            </div>
        </header>
    }
}
