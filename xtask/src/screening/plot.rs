//! `cargo xtask plot-screening`: how often a confidence is right, as an SVG.
//!
//! Each candidate is weighed by what was fitted to other parties. A dot is a tenth of the scale: across, the mean confidence of its
//! candidates; up, the share of them that are the party asked for. The bar below says how many they are.

use std::{fmt::Write, fs, path::Path};

use anyhow::{Context, Result};

use super::{data::Data, fit};
use crate::step::Workspace;

const BINS: usize = 10;
/// The plot's square, and the space around it.
const SIDE: f64 = 400.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 50.0;
/// Height of the bars.
const BARS: f64 = 70.0;

/// A tenth of the scale.
#[derive(Clone, Copy, Default)]
struct Bin {
    candidates: usize,
    same: usize,
    confidence: f64,
}

pub(super) fn plot(folder: &Path, workspace: &Workspace) -> Result<()> {
    let judged = fit::held_out(&Data::read(folder)?.queries());
    let answers: Vec<(f64, bool)> = judged.into_iter().flat_map(|one| one.answers).collect();
    let bins = bins(&answers);
    let path = workspace.root.join("docs/images/screening-calibration.svg");
    fs::create_dir_all(workspace.root.join("docs/images"))?;
    fs::write(&path, draw(&bins)).with_context(|| format!("could not write {}", path.display()))?;
    for bin in &bins {
        let (mean, share) = bin.point();
        println!("{:6} candidates  confidence {mean:.3}  right {share:.3}", bin.candidates);
    }
    println!("expected calibration error {:.4}", error(&bins));
    Ok(())
}

impl Bin {
    fn point(&self) -> (f64, f64) {
        let of = self.candidates.max(1) as f64;
        (self.confidence / of, self.same as f64 / of)
    }
}

fn bins(answers: &[(f64, bool)]) -> [Bin; BINS] {
    let mut bins = [Bin::default(); BINS];
    for (confidence, same) in answers {
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.candidates += 1;
        bin.same += usize::from(*same);
        bin.confidence += confidence;
    }
    bins
}

/// How far confidence and truth are apart, weighed by how many candidates it is about.
fn error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.candidates).sum();
    let apart = |bin: &Bin| {
        let (mean, share) = bin.point();
        (mean - share).abs() * bin.candidates as f64
    };
    bins.iter().map(apart).sum::<f64>() / all.max(1) as f64
}

fn draw(bins: &[Bin]) -> String {
    let (width, height) = (LEFT + SIDE + 30.0, TOP + SIDE + 30.0 + BARS + 50.0);
    let (x, y) = (|share: f64| LEFT + share * SIDE, |share: f64| TOP + (1.0 - share) * SIDE);
    let mut svg = String::new();
    let mut add = |text: String| {
        svg.push_str(&text);
        svg.push('\n');
    };
    add(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" role="img" aria-label="Calibration of the screening's confidence">"##
    ));
    add(r##"<rect width="100%" height="100%" fill="#ffffff"/>"##.into());
    add(format!(
        r##"<text x="{LEFT}" y="24" font-size="15" fill="#1f2937">How often a confidence is right (held-out parties)</text>"##
    ));
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        add(format!(
            r##"<path d="M{:.0} {:.0}H{:.0}M{:.0} {:.0}V{:.0}" stroke="#e5e7eb"/>"##,
            x(0.0),
            y(share),
            x(1.0),
            x(share),
            y(0.0),
            y(1.0)
        ));
        add(format!(
            r##"<text x="{:.0}" y="{:.0}" text-anchor="end" fill="#4b5563">{share:.1}</text>"##,
            LEFT - 8.0,
            y(share) + 4.0
        ));
        add(format!(
            r##"<text x="{:.0}" y="{:.0}" text-anchor="middle" fill="#4b5563">{share:.1}</text>"##,
            x(share),
            y(0.0) + 18.0
        ));
    }
    add(format!(
        r##"<path d="M{:.0} {:.0}L{:.0} {:.0}" stroke="#9ca3af" stroke-dasharray="5 4"/>"##,
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    ));
    let points: Vec<_> = bins.iter().filter(|bin| bin.candidates > 0).map(Bin::point).collect();
    let line = points.iter().fold(String::new(), |mut line, (mean, share)| {
        let letter = if line.is_empty() { 'M' } else { 'L' };
        // Writing to a string does not fail.
        let _ = write!(line, "{letter}{:.1} {:.1}", x(*mean), y(*share));
        line
    });
    add(format!(r##"<path d="{line}" fill="none" stroke="#1d4ed8" stroke-width="2"/>"##));
    for (mean, share) in &points {
        add(format!(r##"<circle cx="{:.1}" cy="{:.1}" r="4" fill="#1d4ed8"/>"##, x(*mean), y(*share)));
    }
    let most = bins.iter().map(|bin| bin.candidates).max().unwrap_or(1).max(2) as f64;
    let floor = TOP + SIDE + 30.0 + BARS;
    for (at, bin) in bins.iter().enumerate() {
        // By the logarithm: nearly all candidates are plainly somebody else.
        let tall = BARS * (bin.candidates as f64 + 1.0).ln() / (most + 1.0).ln() * 0.8;
        let left = x(at as f64 / BINS as f64) + 3.0;
        add(format!(
            r##"<rect x="{left:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}" fill="#93c5fd"/>"##,
            floor - tall,
            SIDE / BINS as f64 - 6.0
        ));
        add(format!(
            r##"<text x="{:.1}" y="{:.1}" text-anchor="middle" font-size="10" fill="#4b5563">{}</text>"##,
            left + SIDE / BINS as f64 / 2.0 - 3.0,
            floor - tall - 3.0,
            bin.candidates
        ));
    }
    add(format!(
        r##"<text x="{:.0}" y="{:.0}" text-anchor="middle" fill="#1f2937">confidence (bars: candidates, logarithmic)</text>"##,
        x(0.5),
        floor + 22.0
    ));
    add(format!(
        r##"<text transform="translate(16 {:.0}) rotate(-90)" text-anchor="middle" fill="#1f2937">share that is the party asked for</text>"##,
        y(0.5)
    ));
    add("</svg>".into());
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_that_is_right_as_often_as_it_says_has_no_error() {
        let answers: Vec<_> = (0..100).map(|at| (0.25, at % 4 == 0)).collect();
        let bins = bins(&answers);
        assert_eq!((bins[2].candidates, bins[2].same), (100, 25));
        assert!(error(&bins) < 1e-9);
        assert!(draw(&bins).starts_with("<svg ") && draw(&bins).ends_with("</svg>\n"));
    }
}
