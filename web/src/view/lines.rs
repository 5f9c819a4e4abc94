//! The lines on the stage: the two diameters with their figures, and the line of known length while the scale is set.
//! Pointers take their ends on the stage; for the keyboard each end is a button.

use delineo::measure::Axis;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::context::use_app;
use crate::app::measuring::{LineKind, StageLine};
use crate::app::{App, Command};

/// How far an arrow key moves an end, in CSS pixels, and with Shift.
const STEP: f64 = 8.0;
const FINE_STEP: f64 = 1.0;
/// The ends, as they are read out.
const ENDS: [(Axis, usize, &str); 4] = [
    (Axis::Longest, 0, "Longest diameter, first end"),
    (Axis::Longest, 1, "Longest diameter, second end"),
    (Axis::Perpendicular, 0, "Perpendicular diameter, first end"),
    (Axis::Perpendicular, 1, "Perpendicular diameter, second end"),
];

/// All lines.
#[component]
pub fn Lines() -> impl IntoView {
    let app = use_app();
    let lines = app.read(App::lines);
    let has_diameters =
        Memo::new(move |_| lines.with(|lines| end(lines, Axis::Longest, 0).is_some()));
    view! {
        <svg class="lines" aria-hidden="true" focusable="false">
            {move || lines.get().into_iter().map(drawn).collect_view()}
        </svg>
        <Show when=move || has_diameters.get()>
            {ENDS.map(|(axis, number, label)| view! { <End lines axis number label /> }).collect_view()}
        </Show>
    }
}

fn end(lines: &[StageLine], axis: Axis, number: usize) -> Option<[f64; 2]> {
    let line = lines
        .iter()
        .find(|line| line.kind == LineKind::Diameter(axis))?;
    line.ends.get(number).copied()
}

fn drawn(line: StageLine) -> impl IntoView {
    let StageLine {
        kind,
        ends: [[x1, y1], [x2, y2]],
        text,
        text_at,
        is_leftward,
    } = line;
    let class = match kind {
        LineKind::Diameter(Axis::Longest) => "line",
        LineKind::Diameter(Axis::Perpendicular) => "line perpendicular",
        LineKind::Side => "line",
        LineKind::Ruler => "line ruler",
    };
    let has_ends = kind != LineKind::Side;
    view! {
        <g class=class>
            <line class="line-edge" x1=x1 y1=y1 x2=x2 y2=y2></line>
            <line class="line-core" x1=x1 y1=y1 x2=x2 y2=y2></line>
            {has_ends.then(|| view! {
                <circle cx=x1 cy=y1 r="4"></circle>
                <circle cx=x2 cy=y2 r="4"></circle>
            })}
            <text
                x=text_at[0]
                y=text_at[1]
                text-anchor=if is_leftward { "end" } else { "start" }
                dominant-baseline="central"
            >
                {text}
            </text>
        </g>
    }
}

/// An end of a diameter for the keyboard.
#[component]
fn End(
    /// All lines.
    lines: Memo<Vec<StageLine>>,
    /// The diameter.
    axis: Axis,
    /// Which end, 0 or 1.
    number: usize,
    /// What it is called.
    label: &'static str,
) -> impl IntoView {
    let app = use_app();
    let at = Memo::new(move |_| lines.with(|lines| end(lines, axis, number)));
    let along = move |side: usize| at.get().map(|at| format!("{}px", at[side]));
    let on_keydown = move |event: KeyboardEvent| {
        let (across, down) = match event.key().as_str() {
            "ArrowLeft" => (-1.0, 0.0),
            "ArrowRight" => (1.0, 0.0),
            "ArrowUp" => (0.0, -1.0),
            "ArrowDown" => (0.0, 1.0),
            _ => return,
        };
        // They move this, not the picture.
        event.prevent_default();
        event.stop_propagation();
        let step = if event.shift_key() { FINE_STEP } else { STEP };
        app.send(Command::MoveEnd {
            axis,
            end: number,
            across: across * step,
            down: down * step,
        });
    };
    view! {
        <button
            type="button"
            class="line-end"
            aria-label=label
            aria-description="Arrow keys move it, with Shift finely."
            style:left=move || along(0)
            style:top=move || along(1)
            on:keydown=on_keydown
        ></button>
    }
}
