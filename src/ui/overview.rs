//! What a Convex project comes to: what it keeps, who reaches it, whether its parts agree.

use std::rc::Rc;

use yew::prelude::*;

use super::{
    problems::{severity_of, words_and_code},
    words,
};
use crate::protocol::{Answer, Fact, Origin};

#[derive(PartialEq, Properties)]
pub(super) struct OverviewProps {
    pub(super) answer: Rc<Answer>,
    pub(super) fresh: bool,
    pub(super) on_origin: Callback<Origin>,
    /// Goes to a problem, by index.
    pub(super) on_go: Callback<usize>,
    /// A problem, and which of its fixes.
    pub(super) on_fix: Callback<(usize, usize)>,
}

#[component]
pub(super) fn Overview(props: &OverviewProps) -> Html {
    html! {
        <div class="output overview">
            <p class="lead">{ words::OVERVIEW }</p>
            { for props.answer.overview.iter().map(|section| html! {
                <section key={section.title.clone()}>
                    <h2>{ &section.title }</h2>
                    <ul class="facts">{ for section.facts.iter().map(|fact| fact_row(fact, props)) }</ul>
                </section>
            }) }
        </div>
    }
}

fn fact_row(fact: &Fact, props: &OverviewProps) -> Html {
    let problem = fact
        .problem
        .and_then(|index| Some((index, props.answer.problems.get(index)?)));
    let class = problem.map(|(_, it)| severity_of(it.severity).1);
    let name = match fact.origin {
        Some(origin) => {
            let onclick = props.on_origin.reform(move |_| origin);
            html! { <button type="button" class="fact-name" title={words::IN_THE_FILE} {onclick}>{ &fact.name }</button> }
        }
        None => html! { <span class="fact-name">{ &fact.name }</span> },
    };
    html! {
        <li class={classes!("fact", class)} key={fact.name.clone()}>
            { name }
            <div>
                <p>{ words_and_code(&fact.words) }</p>
                if let Some((index, problem)) = problem {
                    <button type="button" class="problem-go" onclick={props.on_go.reform(move |_| index)}>
                        <span class="severity">{ severity_of(problem.severity).0 }</span>
                        <span class="message">{ words_and_code(&problem.message) }</span>
                    </button>
                    if let Some(fix) = problem.fixes.first() {
                        <p class="fact-fix"><button type="button" class={classes!("button", "fix", fix.safe.then_some("primary"))}
                            disabled={!props.fresh} onclick={props.on_fix.reform(move |_| (index, 0))}>
                            { words_and_code(&fix.title) }
                        </button></p>
                    }
                }
            </div>
        </li>
    }
}
