//! The stage: the image with its mask, and what hands do to it. The shell draws on the two canvases.

use leptos::html;
use leptos::prelude::*;
use web_sys::{PointerEvent, WheelEvent};

use super::context::use_app;
use super::lines::Lines;
use crate::app::command::Command;
use crate::app::command_table::{Key, row_of};
use crate::app::event::Event;
use crate::app::gestures::{Pointer, PointerPhase, wheel_factor};
use crate::app::stage::Tool;
use crate::app::tools::Sketch;
use crate::app::{App, preferences::Preferences};

/// What the keyboard does here, in the order in which it is read out.
const KEYS: [Command; 16] = [
    Command::Zoom(1.25, None),
    Command::Zoom(0.8, None),
    Command::Fit,
    Command::ActualSize,
    Command::Compare(true),
    Command::Take(Tool::Add),
    Command::Take(Tool::Erase),
    Command::Take(Tool::LASSO),
    Command::Take(Tool::LASSO_ERASE),
    Command::Take(Tool::Fill),
    Command::Take(Tool::Drop),
    Command::Take(Tool::Box),
    Command::Dab,
    Command::Take(Tool::Scale),
    Command::ToggleDiameters,
    Command::Take(Tool::Move),
];

/// The two canvases, their text alternative, and the brush. To those who do not see it, it is a region that takes keys,
/// with the image inside.
#[component]
pub fn Stage() -> impl IntoView {
    let app = use_app();
    let frame = NodeRef::<html::Div>::new();
    let alternative = app.read(App::alternative);
    let has_image = Memo::new(move |_| alternative.with(Option::is_some));
    let keys = app.read(|app| keys(&app.preferences));
    let tool = app.read(|app| app.stage.tool);

    // In canvas pixels.
    let at = move |x: i32, y: i32| {
        let bounds = frame.get_untracked()?.get_bounding_client_rect();
        let ratio = app.now(|app| app.stage.canvas.ratio);
        let along = |place: i32, start: f64| (f64::from(place) - start) * ratio;
        Some((along(x, bounds.left()), along(y, bounds.top())))
    };
    let tell = move |event: &PointerEvent, phase| {
        if let Some(at) = at(event.client_x(), event.client_y()) {
            app.tell(Event::Pointer(Pointer {
                phase,
                id: event.pointer_id(),
                at,
                is_main: event.button() == 0,
                is_finger: event.pointer_type() == "touch",
            }));
        }
    };
    let on_down = move |event: PointerEvent| {
        if let Some(frame) = frame.get_untracked() {
            drop(frame.set_pointer_capture(event.pointer_id()));
        }
        tell(&event, PointerPhase::Down);
    };
    let on_up = move |event: PointerEvent| tell(&event, PointerPhase::Up);
    let on_wheel = move |event: WheelEvent| {
        event.prevent_default();
        if event.shift_key() || event.alt_key() {
            app.send(Command::TurnAside(event.delta_x() + event.delta_y()));
        } else if let Some(at) = at(event.client_x(), event.client_y()) {
            let is_in_lines = event.delta_mode() == WheelEvent::DOM_DELTA_LINE;
            let factor = wheel_factor(event.delta_y(), is_in_lines, event.ctrl_key());
            app.send(Command::Zoom(factor, Some(at)));
        }
    };
    view! {
        <div
            class="stage"
            node_ref=frame
            id="stage"
            role=move || has_image.get().then_some("application")
            aria-label=move || has_image.get().then_some("Image with its mask")
            aria-describedby=move || has_image.get().then_some("stage-image stage-keys")
            tabindex=move || has_image.get().then_some("0")
            data-tool=move || tool.get().name()
            on:pointerdown=on_down
            on:pointermove=move |event| tell(&event, PointerPhase::Moved)
            on:pointerup=on_up
            on:pointercancel=on_up
            on:pointerleave=move |event| tell(&event, PointerPhase::Left)
            on:wheel=on_wheel
            on:dblclick=move |_| if tool.get_untracked() == Tool::Move { app.send(Command::ToggleFit) }
        >
            <canvas
                class="canvas"
                id="stage-image"
                role=move || has_image.get().then_some("img")
                aria-label=move || alternative.get()
            ></canvas>
            <canvas class="canvas" id="stage-overlay" aria-hidden="true"></canvas>
            <p class="visually-hidden" id="stage-keys">{move || keys.get()}</p>
            <Lines />
            <Drawing />
            <Brush />
        </div>
    }
}

/// The lasso or the box that is being drawn.
#[component]
fn Drawing() -> impl IntoView {
    let app = use_app();
    let sketch = app.read(App::sketch);
    let path = Memo::new(move |_| sketch.with(path));
    view! {
        <svg class="lines" aria-hidden="true" focusable="false">
            <path class="line-edge" fill="none" d=move || path.get()></path>
            <path class="line-core sketch" fill="none" d=move || path.get()></path>
        </svg>
    }
}

fn path(sketch: &Sketch) -> String {
    let mut path = String::new();
    for (index, (x, y)) in sketch.points.iter().enumerate() {
        path += &format!("{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
    }
    match sketch.points.as_slice() {
        // A lone corner is a dot, which round ends draw.
        [(x, y)] => path += &format!("L{x:.1} {y:.1}"),
        _ if sketch.is_closed => path.push('Z'),
        _ => {}
    }
    path
}

/// Where the brush is: a ring under the pointer, or a ring with a cross where the keyboard holds it.
#[component]
fn Brush() -> impl IntoView {
    let app = use_app();
    // Other tools have a cross alone.
    let size = app.read(|app| match app.stage.tool.stroke_kind() {
        Some(_) => app.brush_on_screen(),
        None => (0.0, 0.0),
    });
    let is_by_keyboard = app.read(|app| app.stage.hover.is_none());
    let at = app.read(|app| {
        let stage = &app.stage;
        let (x, y) = stage.hover.unwrap_or_else(|| stage.keyboard_brush());
        // With the pointer all but the brush have a cross for a cursor.
        let is_shown = match stage.tool {
            Tool::Move => false,
            Tool::Add | Tool::Erase => true,
            _ => stage.hover.is_none(),
        };
        is_shown.then_some((x / stage.canvas.ratio, y / stage.canvas.ratio))
    });
    view! {
        <Show when=move || at.with(Option::is_some)>
            <div
                class="brush"
                class:by-keyboard=move || is_by_keyboard.get()
                style:left=move || at.get().map(|at| format!("{}px", at.0))
                style:top=move || at.get().map(|at| format!("{}px", at.1))
                style:width=move || format!("{}px", size.get().0)
                style:height=move || format!("{}px", size.get().1)
            ></div>
        </Show>
    }
}

fn keys(preferences: &Preferences) -> String {
    let rows = KEYS.iter().filter_map(row_of);
    let each = rows.filter_map(|row| {
        let mut keys = row.keys.iter();
        let key = keys.find(|key| preferences.single_keys || !is_single(**key))?;
        Some(format!("{}: {}.", row.title, key.caps().join(" ")))
    });
    let arrows =
        "Arrow keys move the image or, with a brush, the brush; with Shift it draws. Other tools have a cross, which they move.".to_owned();
    [arrows]
        .into_iter()
        .chain(each)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether it is a letter or sign alone, which counts only where the person lets it.
fn is_single(key: Key) -> bool {
    !key.control && key.key != " " && key.key.chars().count() == 1
}
