//! What a Convex project comes to: what it keeps, who reaches it, whether its parts agree.

use std::rc::Rc;

use yew::prelude::*;

use super::{
    problems::{severity_of, words_and_code},
    words,
};
use protocol::{Answer, Fact, Offer, Origin};

#[derive(PartialEq, Properties)]
pub(super) struct OverviewProps {
    pub(super) answer: Rc<Answer>,
    pub(super) fresh: bool,
    pub(super) on_origin: Callback<Origin>,
    /// Goes to a problem, by index.
    pub(super) on_go: Callback<usize>,
    /// A problem, and which of its fixes.
    pub(super) on_fix: Callback<(usize, usize)>,
    pub(super) on_offer: Callback<usize>,
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
            if !props.answer.offers.is_empty() {
                <section>
                    <h2>{ words::OFFERS }</h2>
                    <ul class="facts">{ for props.answer.offers.iter().enumerate().map(|(index, offer)| offer_row(index, offer, props)) }</ul>
                </section>
            }
        </div>
    }
}

fn offer_row(index: usize, offer: &Offer, props: &OverviewProps) -> Html {
    html! {
        <li class="offer" key={offer.title.clone()}>
            <button type="button" class="button fix" disabled={!props.fresh} onclick={props.on_offer.reform(move |_| index)}>
                { &offer.title }
            </button>
            <p class="why">{ words_and_code(&offer.note) }</p>
        </li>
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
                        <span class="severity">{ severity_of(problem.severity).0 }</span>{ " " }
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
