//! Metrics against values computed by other people's code, on masks that a formula makes in either language.
//!
//! The values come from MedPy 0.5.2 (`medpy.metric.binary`), NumPy 2.4.6 and SciPy 1.17.1; each table says the calls.

use delineo::mask::Mask;
use delineo::metrics::{Confusion, Reliability, Statistic, SurfaceDistance, Temperature};

/// A prediction and its truth, and what MedPy says of them.
struct Case {
    name: &'static str,
    size: (i64, i64),
    prediction: fn(i64, i64) -> bool,
    truth: fn(i64, i64) -> bool,
    /// `p.sum()`, `t.sum()`
    areas: [u64; 2],
    /// `jc(p, t)`, `dc(p, t)`, `sensitivity(p, t)`, `precision(p, t)`, `specificity(p, t)`
    ratios: [f64; 5],
    /// `hd95(p, t)`, `assd(p, t)`, both with the default `connectivity=1`
    distances: [f64; 2],
    /// `ravd(p, t)`
    area_error: f64,
}

fn disc(x: i64, y: i64, cx: i64, cy: i64, square: i64) -> bool {
    (x - cx).pow(2) + (y - cy).pow(2) <= square
}

const CASES: [Case; 8] = [
    Case {
        name: "two blobs, one found",
        size: (40, 30),
        prediction: |x, y| disc(x, y, 12, 11, 36),
        truth: |x, y| disc(x, y, 10, 10, 36) || disc(x, y, 28, 18, 25),
        areas: [113, 194],
        ratios: [
            0.3891402714932127,
            0.5602605863192183,
            0.44329896907216493,
            0.7610619469026548,
            0.9731610337972167,
        ],
        distances: [15.510510372739416, 4.60202777978698],
        area_error: -0.4175257731958763,
    },
    Case {
        name: "touching the border",
        size: (33, 21),
        prediction: |x, y| x < 5 && y < 12,
        truth: |x, y| x < 7 && y < 9,
        areas: [60, 63],
        ratios: [
            0.5769230769230769,
            0.7317073170731707,
            0.7142857142857143,
            0.75,
            0.9761904761904762,
        ],
        distances: [3.0, 0.9827586206896551],
        area_error: -0.047619047619047616,
    },
    Case {
        name: "single pixel",
        size: (24, 24),
        prediction: |x, y| disc(x, y, 14, 8, 16),
        truth: |x, y| x == 5 && y == 17,
        areas: [49, 1],
        ratios: [0.0, 0.0, 0.0, 0.0, 0.9147826086956522],
        distances: [16.278820596099706, 12.794492575506597],
        area_error: 48.0,
    },
    Case {
        name: "nested",
        size: (50, 50),
        prediction: |x, y| disc(x, y, 27, 24, 64),
        truth: |x, y| disc(x, y, 25, 25, 400),
        areas: [197, 1257],
        ratios: [
            0.15672235481304694,
            0.27097661623108665,
            0.15672235481304694,
            1.0,
            1.0,
        ],
        distances: [14.159769318686187, 11.80211698125829],
        area_error: -0.843277645186953,
    },
    Case {
        name: "slanted lines",
        size: (64, 16),
        prediction: |x, y| (3 * x - 12 * y - 20).abs() < 14,
        truth: |x, y| (3 * x - 12 * y).abs() < 12,
        areas: [132, 109],
        ratios: [
            0.07111111111111111,
            0.13278008298755187,
            0.14678899082568808,
            0.12121212121212122,
            0.8732240437158469,
        ],
        distances: [2.0, 1.1765274617821033],
        area_error: 0.21100917431192662,
    },
    Case {
        name: "ring and disc",
        size: (45, 37),
        prediction: |x, y| disc(x, y, 22, 18, 196),
        truth: |x, y| disc(x, y, 22, 18, 225) && !disc(x, y, 20, 17, 49),
        areas: [613, 560],
        ratios: [
            0.6544428772919605,
            0.7911338448422848,
            0.8285714285714286,
            0.7569331158238173,
            0.865158371040724,
        ],
        distances: [7.0710678118654755, 2.0113703201089645],
        area_error: 0.09464285714285714,
    },
    Case {
        name: "whole image and chequers",
        size: (17, 23),
        prediction: |x, y| (x + y) % 2 == 0,
        truth: |_, _| true,
        areas: [196, 391],
        // MedPy's specificity is NaN without a negative; ours is 1 by definition.
        ratios: [
            0.5012787723785166,
            0.6678023850085179,
            0.5012787723785166,
            1.0,
            1.0,
        ],
        distances: [6.449999999999989, 2.110294117647059],
        area_error: -0.49872122762148335,
    },
    Case {
        name: "scattered",
        size: (31, 47),
        prediction: |x, y| (x * 7 + y * 13 + x * y * 5) % 11 < 3,
        truth: |x, y| (x * 3 + y * 5 + x * y * 7) % 13 < 2,
        areas: [361, 201],
        ratios: [
            0.09980430528375733,
            0.18149466192170818,
            0.2537313432835821,
            0.14127423822714683,
            0.7531847133757962,
        ],
        distances: [2.23606797749979, 1.0635080016954783],
        area_error: 0.7960199004975125,
    },
];

impl Case {
    fn masks(&self) -> [Mask; 2] {
        let (width, height) = self.size;
        [self.prediction, self.truth].map(|on| {
            let bits = (0..width * height).map(|at| u8::from(on(at % width, at / width)));
            Mask::new(width as u32, height as u32, bits.collect())
        })
    }
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * expected.abs().max(1.0)
}

#[test]
fn overlap_and_area_are_those_of_medpy() {
    for case in CASES {
        let [prediction, truth] = case.masks();
        assert_eq!(
            [prediction.area(), truth.area()],
            case.areas,
            "{}",
            case.name
        );
        let counts = Confusion::of(&prediction, &truth).expect("equal sizes");
        let found = [
            counts.iou(),
            counts.dice(),
            counts.sensitivity(),
            counts.precision(),
            counts.specificity(),
        ];
        for (found, expected) in found.into_iter().zip(case.ratios) {
            assert!(
                close(found, expected),
                "{}: {found} and {expected}",
                case.name
            );
        }
        let error = counts.area_error().expect("a lesion");
        assert!(close(error, case.area_error), "{}: {error}", case.name);
    }
}

#[test]
fn distances_of_borders_are_those_of_medpy_in_either_order() {
    for case in CASES {
        let [prediction, truth] = case.masks();
        for (a, b) in [(&prediction, &truth), (&truth, &prediction)] {
            let found = SurfaceDistance::between(a, b).expect("equal sizes");
            let found = found.expect("two borders");
            for (found, expected) in [found.hd95, found.assd].into_iter().zip(case.distances) {
                assert!(
                    close(found, expected),
                    "{}: {found} and {expected}",
                    case.name
                );
            }
        }
    }
}

/// 5,000 logits from -6 to 6, and a truth that they are 2.5 times too sure of. In NumPy, with `i = arange(5000)`:
/// `z = float32(((i * 7919) % 1201 - 600) / 100)`, `y = ((i * 104729) % 997) / 997 < 1 / (1 + exp(-z / 2.5))`.
fn overconfident() -> (Vec<f32>, Vec<u8>) {
    (0..5000_i64)
        .map(|i| {
            let logit = ((i * 7919 % 1201 - 600) as f64 / 100.0) as f32;
            let chance = 1.0 / (1.0 + (-f64::from(logit) / 2.5).exp());
            let random = (i * 104_729 % 997) as f64 / 997.0;
            (logit, u8::from(random < chance))
        })
        .unzip()
}

#[test]
fn the_calibration_error_is_that_of_numpy() {
    let (logits, truth) = overconfident();
    let sigmoid = |z: &f32| (1.0 / (1.0 + (-f64::from(*z)).exp())) as f32;
    let probabilities: Vec<f32> = logits.iter().map(sigmoid).collect();
    let mut reliability = Reliability::default();
    reliability.add(&probabilities, &truth);
    // idx = minimum((p * 15).astype(int), 14)
    // sum((idx == k).sum() * abs(p[idx == k].mean() - y[idx == k].mean()) for k in range(15)) / 5000
    assert!(close(reliability.ece(), 0.1364494711975567));
}

#[test]
fn the_temperature_is_that_of_scipy() {
    let (logits, truth) = overconfident();
    let truth: Vec<f32> = truth.into_iter().map(f32::from).collect();
    let mut temperature = Temperature::default();
    temperature.add(&logits, &truth, 1.0);
    // nll = lambda T: mean(logaddexp(0, z / T) - y * z / T)
    // scipy.optimize.minimize_scalar(nll, bounds=(0.05, 20), method="bounded"): x, fun; nll(1)
    assert!((f64::from(temperature.fit()) - 2.501_729_868_7).abs() < 1e-4);
    assert!((temperature.nll(2.501_729_868_7) - 0.524_538_393_7).abs() < 1e-6);
    assert!((temperature.nll(1.0) - 0.684_116_919_3).abs() < 1e-6);
}

#[test]
fn mean_median_and_interval_are_those_of_numpy_and_scipy() {
    // v = ((arange(129) * 37) % 101 / 100) ** 0.5; v.mean(), median(v)
    let values = (0..129).map(|i| Some((f64::from(i * 37 % 101) / 100.0).sqrt()));
    for seed in 0..3 {
        let found = Statistic::of(values.clone(), seed).expect("values");
        assert!(close(found.mean, 0.6610593470038645));
        assert!(close(found.median, 0.5_f64.sqrt()));
        // scipy.stats.bootstrap((v,), mean, n_resamples=200000, method="percentile"), rng=0, 1, 2: low
        // 0.61826 to 0.61831, high 0.70265 to 0.70283; 10,000 resamples are less exact.
        assert!((found.interval[0] - 0.6183).abs() < 0.002, "{found:?}");
        assert!((found.interval[1] - 0.7027).abs() < 0.002, "{found:?}");
    }
}
