//! Logistic regression with a ridge, by Newton's method (iteratively reweighted least squares).

use engage_screening::{FEATURES, Features};

/// One weight a feature; the first is the constant, which the ridge leaves alone.
pub(super) type Weights = [f64; FEATURES];

/// How strongly weights are drawn towards zero.
const RIDGE: f64 = 1.0;
const STEPS: usize = 40;

/// The weights under which the examples are likeliest.
pub(super) fn fit(examples: &[(&Features, bool)]) -> Weights {
    let mut weights = [0f64; FEATURES];
    for _ in 0..STEPS {
        let mut gradient = [0f64; FEATURES];
        let mut curvature = [[0f64; FEATURES]; FEATURES];
        for (features, same) in examples {
            let likely = probability(&weights, features);
            let error = f64::from(u8::from(*same)) - likely;
            let spread = (likely * (1.0 - likely)).max(1e-9);
            for i in 0..FEATURES {
                let x = f64::from(features[i]);
                if x == 0.0 {
                    continue;
                }
                gradient[i] += error * x;
                for j in 0..FEATURES {
                    curvature[i][j] += spread * x * f64::from(features[j]);
                }
            }
        }
        for i in 0..FEATURES {
            let ridge = if i == 0 { 1e-6 } else { RIDGE };
            gradient[i] -= ridge * weights[i];
            curvature[i][i] += ridge;
        }
        let step = solve(curvature, gradient);
        let size = step.iter().fold(0f64, |most, one| most.max(one.abs()));
        // A long step overshoots where the examples can be told apart completely.
        let scale = if size > 4.0 { 4.0 / size } else { 1.0 };
        for (weight, step) in weights.iter_mut().zip(step) {
            *weight += scale * step;
        }
        if size < 1e-7 {
            break;
        }
    }
    weights
}

/// How likely it is that the names are of one party.
pub(super) fn probability(weights: &Weights, features: &Features) -> f64 {
    let sum: f64 = weights.iter().zip(features).map(|(weight, feature)| weight * f64::from(*feature)).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// Gauss's elimination with the largest pivot first.
fn solve(mut matrix: [[f64; FEATURES]; FEATURES], mut right: [f64; FEATURES]) -> [f64; FEATURES] {
    for column in 0..FEATURES {
        let pivot = (column..FEATURES)
            .max_by(|a, b| matrix[*a][column].abs().total_cmp(&matrix[*b][column].abs()))
            .unwrap_or(column);
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        if matrix[column][column].abs() < 1e-12 {
            continue;
        }
        for row in 0..FEATURES {
            if row != column {
                let factor = matrix[row][column] / matrix[column][column];
                let (from, to) = (matrix[column], &mut matrix[row]);
                for (to, from) in to.iter_mut().zip(from) {
                    *to -= factor * from;
                }
                right[row] -= factor * right[column];
            }
        }
    }
    std::array::from_fn(|i| if matrix[i][i].abs() < 1e-12 { 0.0 } else { right[i] / matrix[i][i] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_that_are_in_the_examples_are_found() {
        // Where the second feature is set, three of four are the same; elsewhere one of four.
        let mut with = [0f32; FEATURES];
        (with[0], with[1]) = (1.0, 1.0);
        let mut without = [0f32; FEATURES];
        without[0] = 1.0;
        let mut examples = Vec::new();
        for at in 0..4000 {
            examples.push((&with, at % 4 != 0));
            examples.push((&without, at % 4 == 0));
        }
        let weights = fit(&examples);
        assert!((probability(&weights, &with) - 0.75).abs() < 0.01);
        assert!((probability(&weights, &without) - 0.25).abs() < 0.01);
    }
}
