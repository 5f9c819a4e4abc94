//! The icons: 24 × 24, drawn with one round-ended line.

use leptos::prelude::*;

use crate::app::command_table::Icon;

/// An icon; what it means is said by the text or the label of what holds it.
#[component]
pub fn Symbol(
    /// Which.
    of: Icon,
) -> impl IntoView {
    let path = match of {
        Icon::Open => {
            "M4 7.5A1.5 1.5 0 0 1 5.5 6h3.6l2 2.5h7.4A1.5 1.5 0 0 1 20 10v7.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5z"
        }
        Icon::Sample => "M5 5h6v6H5zM13 5h6v6h-6zM5 13h6v6H5zM16 13.5v5M13.5 16h5",
        Icon::Save => "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
        Icon::Down => "M7 10l5 5 5-5",
        Icon::Keyboard => {
            "M3.5 7h17v10h-17zM7 10.2h.01M10.3 10.2h.01M13.7 10.2h.01M17 10.2h.01M8 13.8h8"
        }
        Icon::Info => "M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4zM12 11.2v5M12 7.9h.01",
        Icon::Sun => {
            "M12 8.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4"
        }
        Icon::Moon => "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z",
        Icon::Auto => {
            "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 4v16M12 8l6.9-.1M12 12h8M12 16l6.9.1"
        }
        Icon::Plus => "M12 5.5v13M5.5 12h13",
        Icon::Minus => "M5.5 12h13",
        Icon::Fit => {
            "M4.5 9V5.5A1 1 0 0 1 5.5 4.5H9M15 4.5h3.5a1 1 0 0 1 1 1V9M19.5 15v3.5a1 1 0 0 1-1 1H15M9 19.5H5.5a1 1 0 0 1-1-1V15"
        }
        Icon::Compare => {
            "M2.8 12S6.2 5.8 12 5.8 21.2 12 21.2 12 17.8 18.2 12 18.2 2.8 12 2.8 12zM12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z"
        }
        Icon::Previous => "M14.5 6 8.5 12l6 6",
        Icon::Next => "M9.5 6l6 6-6 6",
        Icon::Close => "M6.5 6.5l11 11M17.5 6.5l-11 11",
        Icon::Hand => {
            "M12 3.5v17M3.5 12h17M9.5 6 12 3.5 14.5 6M9.5 18l2.5 2.5 2.5-2.5M6 9.5 3.5 12 6 14.5M18 9.5l2.5 2.5-2.5 2.5"
        }
        Icon::Brush => {
            "M19.8 4.2c-1-1-2.6-.7-3.6.3L9 12.6l2.4 2.4 8.1-7.2c1-1 1.3-2.6.3-3.6zM9 12.6c-2.4 0-3.5 1.3-3.7 3.3-.1 1.5-.8 2.4-1.8 3 3.6.9 8-.4 7.9-3.9"
        }
        Icon::Eraser => {
            "M8.6 19.5 4 14.9a1.5 1.5 0 0 1 0-2.1l8-8a1.5 1.5 0 0 1 2.1 0l5.4 5.4a1.5 1.5 0 0 1 0 2.1l-7.2 7.2zM8 8.8l7.5 7.5M8.6 19.5H20"
        }
        Icon::Undo => "M8.5 5 4.5 9l4 4M5 9h9a5 5 0 0 1 0 10H9",
        Icon::Redo => "M15.5 5l4 4-4 4M19 9h-9a5 5 0 0 0 0 10h5",
        Icon::Clear => "M5 7h14M10 7V4.8h4V7M7 7l.8 12.2h8.4L17 7",
        Icon::Controls => "M4 7h9M17 7h3M15 4.8v4.4M4 17h3M11 17h9M9 14.8v4.4M4 12h4M12 12h8",
        Icon::Warning => "M12 4.2 21 19.5H3zM12 10v4.2M12 16.9h.01",
        Icon::Note => "M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4zM8.3 12.2l2.6 2.6 4.9-5.3",
        Icon::Copy => "M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9",
        Icon::Pause => "M8.5 5.5v13M15.5 5.5v13",
        Icon::Stop => "M6.5 6.5h11v11h-11z",
        Icon::Play => "M8 5.5v13l10.5-6.5z",
        Icon::Ruler => {
            "M4 15.5 15.5 4 20 8.5 8.5 20zM7.3 12.2l1.8 1.8M9.9 9.6l2.6 2.6M12.5 7l1.8 1.8"
        }
        Icon::Lasso => {
            "M12 5c4.7 0 8.5 2.5 8.5 5.6s-3.8 5.6-8.5 5.6S3.5 13.7 3.5 10.6 7.3 5 12 5zM7 15.2c-.9 1.2-.7 2.6.6 3.2 1.2.6 1.4 1.5.6 2.4"
        }
        Icon::LassoErase => {
            "M12 5c4.7 0 8.5 2.5 8.5 5.6s-3.8 5.6-8.5 5.6S3.5 13.7 3.5 10.6 7.3 5 12 5zM7 15.2c-.9 1.2-.7 2.6.6 3.2 1.2.6 1.4 1.5.6 2.4M9 10.6h6"
        }
        Icon::Fill => "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12 9v6M9 12h6",
        Icon::Drop => "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM9.5 9.5l5 5M14.5 9.5l-5 5",
        Icon::Box => "M5 9V5h4M15 5h4v4M19 15v4h-4M9 19H5v-4M8 14c2.5 0 2-4.5 4-4.5s1.5 4.5 4 4.5",
        Icon::Folder => {
            "M4 9V7.5A1.5 1.5 0 0 1 5.5 6h3.6l2 2.5h7.4A1.5 1.5 0 0 1 20 10v7.5a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM9 14h6M12 11v6"
        }
        Icon::Accept => "M5 12.5l4.5 4.5L19 7.5",
        Icon::Reject => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.4 6.4l11.2 11.2",
        Icon::Flag => "M6 20.5v-16M6 5h11.5l-2.3 4 2.3 4H6",
        Icon::Pen => "M5 19l1-4L16.2 4.8a1.6 1.6 0 0 1 2.3 0l.7.7a1.6 1.6 0 0 1 0 2.3L9 18z",
        Icon::List => "M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5h.01M4.5 12h.01M4.5 17.5h.01",
        Icon::Lock => "M6 11h12v8.5H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=path></path>
        </svg>
    }
}

/// The mark: a border around a lesion, closed but for the point where the pen is.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="mark-lesion" d="M17.6 9.6c4.4-.4 6.7 2.7 5.9 6.9-.8 4.1-3.6 7-7.3 7-2.8 0-3.8-1.6-5.6-3.2-2.2-1.9-2.6-4.5-1.4-6.7 1.5-2.7 5-3.7 8.4-4z"></path>
            <path class="mark-border" d="M25.4 8.2C27.9 10.7 28.7 14.4 27.7 18.1 26.3 23.3 21.7 27.6 16.2 27.8c-4.4.2-6.2-2.3-9-4.6C3.7 20.3 2.7 15.8 4.7 11.9 7 7.3 12.1 4.9 17.7 4.3"></path>
            <circle class="mark-pen" cx="25" cy="7.8" r="2.6"></circle>
        </svg>
    }
}
