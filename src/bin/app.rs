//! The page's entry point.

fn main() {
    let root = gloo::utils::document().get_element_by_id("app");
    let root = root.expect("index.html has a place for the page");
    yew::Renderer::<compose_playground::ui::app::App>::with_root(root).render();
}
