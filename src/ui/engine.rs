//! The engine in its worker: asked after a pause in typing, replaced when it traps or hangs.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo::timers::callback::Timeout;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::Worker;
use yew::prelude::*;

use super::{
    browser,
    state::{Action, Engine, State},
    words,
};
use protocol::{Request, wire};

/// Typing goes on; a shorter pause would ask about half a word.
const PAUSE_MS: u32 = 110;
/// No file takes this long that is not a mistake of ours.
const PATIENCE_MS: u32 = 3_000;

/// Asks for an answer to every state that stays for [`PAUSE_MS`].
#[hook]
pub(super) fn use_engine(state: &UseReducerHandle<State>) {
    let handle = use_mut_ref(|| None::<WorkerHandle>);
    let dispatcher = state.dispatcher();
    use_effect_with((), {
        let dispatcher = dispatcher.clone();
        move |()| {
            spawn_local(async move {
                dispatcher.dispatch(match browser::load_engine().await {
                    Ok(_) => Action::EngineReady,
                    Err(cause) => {
                        Action::EngineMissing(cause.as_string().unwrap_or_default().into())
                    }
                });
            });
        }
    });

    let is_there = !matches!(state.engine, Engine::Loading | Engine::Missing(_));
    let request = state.request();
    // Only who types goes on typing.
    let pause = if state.is_typing { PAUSE_MS } else { 0 };
    use_effect_with((state.revision, is_there), move |&(_, is_there)| {
        let pause = is_there.then(|| {
            Timeout::new(pause, move || {
                let mut handle = handle.borrow_mut();
                if handle
                    .as_ref()
                    .is_none_or(|handle| handle.phase.get() == Phase::Dead)
                {
                    *handle = Some(WorkerHandle::start(dispatcher));
                }
                if let Some(handle) = &*handle {
                    handle.ask(&request);
                }
            })
        });
        move || drop(pause)
    });
}

/// A worker and how far it has come.
struct WorkerHandle {
    worker: Rc<RefCell<Option<Worker>>>,
    phase: Rc<Cell<Phase>>,
    /// The newest request, until the worker can hear it: what is posted to a worker whose wasm is
    /// still being set up is lost.
    waiting: Rc<RefCell<Option<String>>>,
    watchdog: Rc<RefCell<Option<Timeout>>>,
    asked: Rc<Cell<u64>>,
    give_up: Rc<dyn Fn()>,
    _on_message: Closure<dyn FnMut(String)>,
    _on_error: Closure<dyn FnMut()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Dead,
}

impl WorkerHandle {
    fn start(dispatcher: UseReducerDispatcher<State>) -> WorkerHandle {
        let worker = Rc::new(RefCell::new(None::<Worker>));
        let phase = Rc::new(Cell::new(Phase::Starting));
        let waiting = Rc::new(RefCell::new(None::<String>));
        let watchdog = Rc::new(RefCell::new(None::<Timeout>));
        let asked = Rc::new(Cell::new(0));

        let give_up: Rc<dyn Fn()> = {
            let (worker, phase, dispatcher) = (worker.clone(), phase.clone(), dispatcher.clone());
            let (watchdog, asked) = (Rc::downgrade(&watchdog), asked.clone());
            Rc::new(move || {
                if let Some(worker) = worker.borrow_mut().take() {
                    browser::stop_worker(&worker);
                }
                if let Some(watchdog) = watchdog.upgrade()
                    && let Ok(mut watchdog) = watchdog.try_borrow_mut()
                {
                    watchdog.take();
                }
                phase.set(Phase::Dead);
                dispatcher.dispatch(Action::Stopped {
                    revision: asked.get(),
                });
            })
        };
        let on_error = {
            let (give_up, phase, dispatcher) = (give_up.clone(), phase.clone(), dispatcher.clone());
            Closure::new(move || {
                let has_started = phase.get() == Phase::Ready;
                give_up();
                // The text is not the cause, and no other text would help.
                if !has_started {
                    dispatcher.dispatch(Action::EngineMissing(words::NO_WORKER.into()));
                }
            })
        };
        let on_message = {
            let (worker, phase, waiting, watchdog) = (
                worker.clone(),
                phase.clone(),
                waiting.clone(),
                watchdog.clone(),
            );
            Closure::new(move |text: String| {
                phase.set(Phase::Ready);
                if let (Some(request), Some(worker)) =
                    (waiting.borrow_mut().take(), &*worker.borrow())
                {
                    browser::ask(worker, &request);
                }
                // The first message carries no answer: it says that the worker listens.
                if let Some(answer) = wire::read(&text) {
                    watchdog.borrow_mut().take();
                    dispatcher.dispatch(Action::Answered(Rc::new(answer)));
                }
            })
        };
        *worker.borrow_mut() = Some(browser::start_worker(&on_message, &on_error));
        WorkerHandle {
            worker,
            phase,
            waiting,
            watchdog,
            asked,
            give_up,
            _on_message: on_message,
            _on_error: on_error,
        }
    }

    fn ask(&self, request: &Request) {
        let text = wire::write(request);
        self.asked.set(request.revision);
        match (self.phase.get(), &*self.worker.borrow()) {
            (Phase::Ready, Some(worker)) => browser::ask(worker, &text),
            _ => *self.waiting.borrow_mut() = Some(text),
        }
        let give_up = self.give_up.clone();
        *self.watchdog.borrow_mut() = Some(Timeout::new(PATIENCE_MS, move || give_up()));
    }
}
