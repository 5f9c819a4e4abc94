//! The sheet that lists the keys, as the table of commands has them.

use leptos::prelude::*;

use super::context::use_app;
use super::sheet::SheetFrame;
use crate::app::Command;
use crate::app::command::Sheet;
use crate::app::command_table::{COMMANDS, CommandRow, Group, OTHER_KEYS};

/// The sheet.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let app = use_app();
    let are_on = app.read(|app| app.preferences.single_keys);
    view! {
        <SheetFrame sheet=Sheet::Shortcuts title="Keyboard shortcuts">
            <div class="keys">
                {Group::ALL.map(|(group, title)| section(group, title)).collect_view()}
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || are_on.get()
                    on:change=move |event| app.send(Command::SetSingleKeys(event_target_checked(&event)))
                />
                <span>"Single keys are shortcuts. Turn this off if you speak to your computer."</span>
            </label>
        </SheetFrame>
    }
}

fn section(group: Group, title: &'static str) -> impl IntoView {
    let commands = COMMANDS
        .iter()
        .filter(|row| row.group == group && !row.keys.is_empty())
        .map(|row| entry(alternatives(row), row.title));
    let others = OTHER_KEYS
        .iter()
        .filter(|(.., of)| *of == group)
        .map(|(caps, meaning, _)| {
            let caps = caps.iter().map(|cap| (*cap).to_owned()).collect();
            entry(vec![caps], meaning)
        });
    view! {
        <section>
            <h3>{title}</h3>
            <dl class="keys-list">{commands.chain(others).collect_view()}</dl>
        </section>
    }
}

/// Keys that do the same, each with what is printed on those to press together.
fn alternatives(row: &CommandRow) -> Vec<Vec<String>> {
    row.keys
        .iter()
        .take(row.shown_keys)
        .map(|key| key.caps())
        .collect()
}

fn entry(alternatives: Vec<Vec<String>>, meaning: &'static str) -> impl IntoView {
    let keys = alternatives.into_iter().enumerate().map(|(index, caps)| {
        view! {
            {(index > 0).then_some(" or ")}
            {caps.into_iter().map(|cap| view! { <kbd>{cap}</kbd> }).collect_view()}
        }
    });
    view! {
        <div>
            <dt>{keys.collect_view()}</dt>
            <dd>{meaning}</dd>
        </div>
    }
}
