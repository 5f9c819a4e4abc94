//! Synthetic images that look like a lesion: samples for the page, inputs for tests.
//!
//! A seed gives the same picture on every platform: noise comes from integer hashes, and the floating-point
//! arithmetic is limited to operations that IEEE 754 rounds exactly (no `exp`, `sin` or `powf` of a system library).

mod dermoscopy;
mod noise;
mod outline;
mod sample;
mod ultrasound;

pub use dermoscopy::dermoscopy;
pub use sample::Phantom;
pub use ultrasound::ultrasound;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Cleaning;

    #[test]
    fn a_seed_gives_the_same_picture_and_another_seed_another() {
        for make in [ultrasound, dermoscopy] {
            let (a, b, c) = (make(5, 96, 64), make(5, 96, 64), make(6, 96, 64));
            assert_eq!((&a.image, &a.mask), (&b.image, &b.mask));
            assert_ne!(a.image, c.image);
            assert_ne!(a.mask, c.mask);
        }
    }

    #[test]
    fn the_lesion_is_one_region_of_a_plausible_size_away_from_the_edge() {
        for seed in 0..20 {
            for (make, width, height) in [
                (ultrasound as fn(u32, u32, u32) -> Phantom, 160, 120),
                (dermoscopy, 120, 160),
            ] {
                let mask = make(seed, width, height).mask;
                let part = mask.area() as f64 / f64::from(width * height);
                assert!((0.03..0.5).contains(&part), "seed {seed}: {part}");
                let mut cleaned = mask.bits().to_vec();
                let all = Cleaning {
                    largest_region: true,
                    fill_holes: true,
                    ..Cleaning::NONE
                };
                all.apply(width as usize, cleaned.len(), &mut cleaned);
                assert_eq!(cleaned, mask.bits(), "seed {seed}");
                let on_edge = mask.bits().iter().enumerate().any(|(at, on)| {
                    let (x, y) = (at as u32 % width, at as u32 / width);
                    *on == 1 && (x == 0 || y == 0 || x == width - 1 || y == height - 1)
                });
                assert!(!on_edge, "seed {seed}");
            }
        }
    }

    #[test]
    fn the_lesion_is_darker_than_what_surrounds_it() {
        for seed in 0..6 {
            for make in [ultrasound, dermoscopy] {
                let Phantom { image, mask } = make(seed, 160, 120);
                let mean = |value: u8| {
                    let levels = image
                        .pixels()
                        .zip(mask.bits())
                        .filter(|(_, on)| **on == value);
                    let (sum, count) = levels.fold((0_u64, 0_u64), |(sum, count), (pixel, _)| {
                        (sum + u64::from(pixel.0[1]), count + 1)
                    });
                    sum as f64 / count as f64
                };
                assert!(mean(1) + 20.0 < mean(0), "seed {seed}");
            }
        }
    }

    #[test]
    fn pictures_of_any_size_can_be_made() {
        for (width, height) in [(0, 0), (1, 1), (16, 16), (7, 90), (300, 3)] {
            for make in [ultrasound, dermoscopy] {
                assert_eq!(make(1, width, height).image.dimensions(), (width, height));
            }
        }
    }
}
