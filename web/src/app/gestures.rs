//! Fingers and mouse on the stage, turned into motion: one pointer drags, two pinch.

/// What a pointer did on the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointer {
    /// What.
    pub phase: PointerPhase,
    /// The browser's number for it.
    pub id: i32,
    /// Where, in canvas pixels.
    pub at: (f64, f64),
    /// Whether it is the main button, a finger or the tip of a pen.
    pub is_main: bool,
    /// Whether it is a finger, which does not hover.
    pub is_finger: bool,
}

/// The phases of a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerPhase {
    /// It touched.
    Down,
    /// It moved.
    Moved,
    /// It let go, or was taken away by the system.
    Up,
    /// It left the stage.
    Left,
}

/// A pointer that touches the stage, in canvas pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Touch {
    id: i32,
    at: (f64, f64),
}

/// What the picture should do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Motion {
    /// Canvas pixels to the right.
    pub dx: f64,
    /// Canvas pixels down.
    pub dy: f64,
    /// Magnification about `at`; 1 for none.
    pub factor: f64,
    /// Centre of the magnification.
    pub at: (f64, f64),
}

/// The pointers that are down.
#[derive(Clone, Debug, Default)]
pub struct Gesture {
    touches: Vec<Touch>,
}

impl Gesture {
    /// A pointer touched. A third one and more are ignored.
    pub fn down(&mut self, id: i32, at: (f64, f64)) {
        self.up(id);
        if self.touches.len() < 2 {
            self.touches.push(Touch { id, at });
        }
    }

    /// How many pointers count.
    pub fn count(&self) -> usize {
        self.touches.len()
    }

    /// A pointer moved.
    pub fn moved(&mut self, id: i32, at: (f64, f64)) -> Option<Motion> {
        let before = self.touches.clone();
        self.touches.iter_mut().find(|touch| touch.id == id)?.at = at;
        let (from, to) = (middle(&before), middle(&self.touches));
        let factor = match (spread(&before), spread(&self.touches)) {
            (Some(from), Some(to)) if from > 4.0 && to > 4.0 => to / from,
            _ => 1.0,
        };
        Some(Motion {
            dx: to.0 - from.0,
            dy: to.1 - from.1,
            factor,
            at: to,
        })
    }

    /// A pointer let go.
    pub fn up(&mut self, id: i32) {
        self.touches.retain(|touch| touch.id != id);
    }
}

fn middle(touches: &[Touch]) -> (f64, f64) {
    let count = touches.len().max(1) as f64;
    let sum = touches
        .iter()
        .fold((0.0, 0.0), |(x, y), touch| (x + touch.at.0, y + touch.at.1));
    (sum.0 / count, sum.1 / count)
}

fn spread(touches: &[Touch]) -> Option<f64> {
    match touches {
        [one, two] => Some((one.at.0 - two.at.0).hypot(one.at.1 - two.at.1)),
        _ => None,
    }
}

/// The magnification for a turn of the wheel. `lines` tells whether `delta` counts lines rather than pixels; `pinch`
/// whether it is a pinch on a trackpad, which browsers report as a wheel with the control key.
pub fn wheel_factor(delta: f64, lines: bool, pinch: bool) -> f64 {
    let pixels = if lines { delta * 33.0 } else { delta };
    let speed = if pinch { 0.01 } else { 0.0018 };
    (-pixels.clamp(-300.0, 300.0) * speed).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pointer_drags() {
        let mut gesture = Gesture::default();
        gesture.down(1, (10.0, 10.0));
        assert_eq!(
            gesture.moved(1, (15.0, 8.0)),
            Some(Motion {
                dx: 5.0,
                dy: -2.0,
                factor: 1.0,
                at: (15.0, 8.0)
            })
        );
        gesture.up(1);
        assert_eq!(gesture.moved(1, (0.0, 0.0)), None);
    }

    #[test]
    fn two_pointers_pinch_about_their_middle() {
        let mut gesture = Gesture::default();
        gesture.down(1, (0.0, 0.0));
        gesture.down(2, (100.0, 0.0));
        let motion = gesture.moved(2, (200.0, 0.0)).unwrap_or(Motion {
            dx: 0.0,
            dy: 0.0,
            factor: 0.0,
            at: (0.0, 0.0),
        });
        assert_eq!(
            motion,
            Motion {
                dx: 50.0,
                dy: 0.0,
                factor: 2.0,
                at: (100.0, 0.0)
            }
        );
    }

    #[test]
    fn a_third_pointer_changes_nothing() {
        let mut gesture = Gesture::default();
        for id in 1..=3 {
            gesture.down(id, (f64::from(id), 0.0));
        }
        assert_eq!(gesture.count(), 2);
        assert_eq!(gesture.moved(3, (50.0, 50.0)), None);
    }

    #[test]
    fn turning_back_undoes_the_turn() {
        let there_and_back = wheel_factor(120.0, false, false) * wheel_factor(-120.0, false, false);
        assert!((there_and_back - 1.0).abs() < 1e-12);
        assert!(wheel_factor(-1.0, true, false) > 1.0);
    }
}
