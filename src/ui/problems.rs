//! The list of problems, each with what can be done about it.

use std::rc::Rc;

use yew::prelude::*;

use super::{
    state::{Document, Engine},
    words,
};
use protocol::{Answer, Problem, Severity};

#[derive(PartialEq, Properties)]
pub(super) struct ProblemsProps {
    pub(super) answer: Option<Rc<Answer>>,
    pub(super) documents: Vec<Document>,
    pub(super) engine: Engine,
    /// Fixes wait while the answer speaks of an older text.
    pub(super) fresh: bool,
    /// Problem and fix, by index.
    pub(super) on_fix: Callback<(usize, usize)>,
    pub(super) on_go: Callback<usize>,
    /// A file's name.
    pub(super) on_open: Callback<String>,
    /// Whether those that change what runs are wanted, too.
    pub(super) on_fix_all: Callback<bool>,
}

#[component]
pub(super) fn Problems(props: &ProblemsProps) -> Html {
    match &props.engine {
        Engine::Missing(_) => return html! { <p class="note">{ words::NO_CHECKS }</p> },
        Engine::Stopped => {
            return html! { <p class="note trouble" role="alert">{ words::STOPPED }</p> };
        }
        _ => (),
    }
    let Some(answer) = &props.answer else {
        if props.engine == Engine::Loading {
            return html! {
                <div class="note">
                    <p>{ words::LOADING }</p>
                    <p class="late">{ words::LOADING_LATE }</p>
                </div>
            };
        }
        return html! { <p class="note">{ words::CHECKING }</p> };
    };
    if answer.problems.is_empty() {
        return html! {
            <div class="all-well">
                <span class="tick" aria-hidden="true"></span>
                <h2>{ words::ALL_WELL }</h2>
                <p>{ words::ALL_WELL_WHY }</p>
            </div>
        };
    }
    let verdict = if answer.rejected {
        words::REJECTED
    } else {
        words::ACCEPTED
    };
    html! {
        <>
            <div class="summary">
                <p class={classes!("verdict", answer.rejected.then_some("rejected"))}>{ verdict }</p>
                if answer.fixable > 0 {
                    <button type="button" id="fix-all" class="button primary" disabled={!props.fresh}
                        onclick={props.on_fix_all.reform(|_| false)}>{ words::fix_all(answer.fixable) }</button>
                }
                if answer.mendable > answer.fixable.max(1) {
                    <button type="button" id="fix-all-unsafe" class="button" disabled={!props.fresh} title={words::FIX_ALL_UNSAFE_WHY}
                        onclick={props.on_fix_all.reform(|_| true)}>{ words::fix_all_unsafe(answer.mendable) }</button>
                }
            </div>
            <ul class="problems" aria-busy={(!props.fresh).to_string()}>
                { for answer.problems.iter().enumerate().map(|(index, problem)| row(index, problem, props)) }
            </ul>
        </>
    }
}

fn row(index: usize, problem: &Problem, props: &ProblemsProps) -> Html {
    let (severity, class) = severity_of(problem.severity);
    let several = props.documents.len() > 1;
    let file = props
        .documents
        .get(problem.file)
        .filter(|_| several)
        .map(|it| format!("{}, ", it.name));
    let place = words::at_line(problem.line, problem.column);
    html! {
        <li key={format!("{}-{}-{index}", problem.rule, problem.start)} class={classes!("problem", class)}>
            <button type="button" class="problem-go" onclick={props.on_go.reform(move |_| index)}>
                <span class="severity">{ severity }</span>{ " " }
                <span class="message">{ words_and_code(&problem.message) }</span>
            </button>
            if let Some(why) = &problem.why {
                <p class="why">{ words_and_code(why) }</p>
            }
            <div class="problem-foot">
                { for problem.fixes.iter().enumerate().map(|(fix, it)| html! {
                    <button type="button" class={classes!("button", "fix", it.safe.then_some("primary"))}
                        disabled={!props.fresh} onclick={props.on_fix.reform(move |_| (index, fix))}>
                        { words_and_code(&it.title) }
                        if !it.safe { { " " }<span class="caution">{ words::CHANGES_BEHAVIOUR }</span> }
                    </button>
                }) }
                if let Some(name) = problem.opens.clone() {
                    <button type="button" class="button fix" onclick={opens(name.clone(), &props.on_open)}>
                        { words::open_file(&name) }
                    </button>
                }
                <span class="where">{ file }{ place }{ " " }<code>{ &problem.rule }</code></span>
            </div>
        </li>
    }
}

/// Its name, and how it is coloured.
pub(super) fn severity_of(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => ("error", "is-error"),
        Severity::Warning => ("warning", "is-warning"),
        Severity::Hint => ("hint", "is-hint"),
    }
}

fn opens(name: String, on_open: &Callback<String>) -> Callback<MouseEvent> {
    on_open.reform(move |_| name.clone())
}

/// Text whose `names` stand in backticks.
pub(super) fn words_and_code(text: &str) -> Html {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        if index % 2 == 1 {
            html! { <code>{ part.to_owned() }</code> }
        } else {
            html! { { part.to_owned() } }
        }
    });
    parts.collect::<Html>()
}
