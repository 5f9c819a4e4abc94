//! What is chosen of a file with several frames or more than 8 bits: the frame, and the window on its values.

use delineo::imaging::{Window, Windowing};
use leptos::prelude::*;

use super::command_button::CommandButton;
use super::context::use_app;
use crate::app::opened::Opened;
use crate::app::{App, Command, wording};

/// Frames and window, each where the file has them.
#[component]
pub fn RenderingControls() -> impl IntoView {
    let app = use_app();
    let has_frames = app.read(|app| app.shown().is_some_and(|shown| shown.image.frames > 1));
    let has_window = app.read(|app| windowing(app).is_some());
    view! {
        <Show when=move || has_frames.get()>
            <section class="panel-section">
                <h2>"Frames"</h2>
                <Frames />
            </section>
        </Show>
        <Show when=move || has_window.get()>
            <section class="panel-section">
                <h2>"Window"</h2>
                <WindowControls />
            </section>
        </Show>
    }
}

#[component]
fn Frames() -> impl IntoView {
    let app = use_app();
    let frames = app.read(|app| app.shown().map_or(1, |shown| shown.image.frames));
    let frame = app.read(|app| app.shown().map_or(1, |shown| shown.wanted.frame + 1));
    let is_playing = app.read(|app| app.stage.is_playing);
    let label = move || format!("{} of {}", frame.get(), frames.get());
    let part = move || f64::from(frame.get() - 1) / f64::from(frames.get().max(2) - 1);
    view! {
        <div class="field">
            <div class="field-head">
                <label for="frame">"Frame"</label>
                <span class="field-value">{label}</span>
            </div>
            <input
                id="frame"
                class="slider"
                type="range"
                min="1"
                max=move || frames.get().to_string()
                step="1"
                prop:value=move || frame.get().to_string()
                style:--part=move || format!("{:.4}", part())
                aria-valuetext=label
                on:input=move |event| {
                    if let Ok(value) = event_target_value(&event).parse::<u32>() {
                        app.send(Command::SetFrame(value.saturating_sub(1)));
                    }
                }
            />
        </div>
        <div class="row tight">
            <CommandButton command=Command::StepFrame(-1) icon_only=true />
            <CommandButton command=Command::TogglePlay pressed=is_playing />
            <CommandButton command=Command::StepFrame(1) icon_only=true />
        </div>
    }
}

#[component]
fn WindowControls() -> impl IntoView {
    let app = use_app();
    let presets = app.read(|app| windowing(app).map_or_else(Vec::new, |w| w.presets.clone()));
    let chosen = app.read(|app| {
        let window = app.shown().map(window);
        let presets = &windowing(app)?.presets;
        presets
            .iter()
            .position(|(_, preset)| Some(*preset) == window)
    });
    view! {
        <WindowSlider id="window-centre" label="Window centre" is_centre=true />
        <WindowSlider id="window-width" label="Window width" is_centre=false />
        <div class="row tight">
            <Show when=move || { presets.get().len() > 1 }>
                <label class="visually-hidden" for="window-preset">"Window preset"</label>
                <select
                    id="window-preset"
                    class="select"
                    on:change=move |event| {
                        let place = event_target_value(&event).parse::<usize>().ok();
                        let preset = place.and_then(|place| presets.with_untracked(|all| Some(all.get(place)?.1)));
                        if preset.is_some() {
                            app.send(Command::SetWindow(preset));
                        }
                    }
                >
                    <option value="" selected=move || chosen.get().is_none()>"Own window"</option>
                    {move || presets.get().into_iter().enumerate().map(|(place, (name, _))| view! {
                        <option value=place.to_string() selected=move || chosen.get() == Some(place)>{name}</option>
                    }).collect_view()}
                </select>
            </Show>
            <CommandButton command=Command::SetWindow(None) />
        </div>
    }
}

#[component]
fn WindowSlider(
    /// For its label.
    id: &'static str,
    /// What it is called.
    label: &'static str,
    /// Whether it moves the centre; else the width.
    is_centre: bool,
) -> impl IntoView {
    let app = use_app();
    let value = app.read(move |app| {
        app.shown().map(window).map_or(0.0, |window| {
            if is_centre {
                window.centre
            } else {
                window.width
            }
        })
    });
    let limits = app.read(move |app| {
        let (low, high) = windowing(app).map_or((0.0, 1.0), Windowing::extent);
        let range = (high - low).max(f64::MIN_POSITIVE);
        // A thousand steps at most, whole ones where values are whole.
        let step = if range > 16.0 {
            (range / 1000.0).ceil()
        } else {
            range / 1000.0
        };
        if is_centre {
            (low, high, step)
        } else {
            (step, range, step)
        }
    });
    let part = move || {
        let (low, high, _) = limits.get();
        ((value.get() - low) / (high - low)).clamp(0.0, 1.0)
    };
    view! {
        <div class="field">
            <div class="field-head">
                <label for=id>{label}</label>
                <span class="field-value">{move || wording::significant(value.get())}</span>
            </div>
            <input
                id=id
                class="slider"
                type="range"
                min=move || limits.get().0.to_string()
                max=move || limits.get().1.to_string()
                step=move || limits.get().2.to_string()
                prop:value=move || value.get().to_string()
                style:--part=move || format!("{:.4}", part())
                on:input=move |event| {
                    let Ok(value) = event_target_value(&event).parse::<f64>() else { return };
                    let Some(before) = app.now(|app| app.shown().map(window)) else { return };
                    let window = if is_centre {
                        Window { centre: value, ..before }
                    } else {
                        Window { width: value, ..before }
                    };
                    app.send(Command::SetWindow(Some(window)));
                }
            />
        </div>
    }
}

fn windowing(app: &App) -> Option<&Windowing> {
    app.shown()?.image.windowing.as_ref()
}

/// The window that the person wants, or the file's own.
fn window(shown: &Opened) -> Window {
    let own = shown
        .image
        .windowing
        .as_ref()
        .map(|windowing| windowing.shown);
    shown
        .wanted
        .window
        .or(own)
        .unwrap_or(Window::between(0.0, 1.0))
}
