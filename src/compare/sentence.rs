//! Numbers as sentences say them.

/// `0.42 s`, `12.3 s`, `340 ms`.
pub fn seconds(value: f64) -> String {
    match value {
        v if v < 0.0995 => format!("{:.0} ms", 1e3 * v),
        v if v < 9.95 => format!("{v:.2} s"),
        v => format!("{v:.1} s"),
    }
}

/// `1.02 times`, `7.4 times`, `31 times`.
pub fn times(ratio: f64) -> String {
    match ratio {
        r if r < 1.995 => format!("{r:.2} times"),
        r if r < 19.95 => format!("{r:.1} times"),
        r => format!("{r:.0} times"),
    }
}

/// `96 %`, `0.4 %`; never `100 %` of what is not all, nor `0 %` of what is something.
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    match value {
        v if v <= 0.0 => "0 %".into(),
        v if v < 0.1 => "less than 0.1 %".into(),
        v if v < 1.0 => format!("{v:.1} %"),
        v if (99.5..100.0).contains(&v) => "more than 99 %".into(),
        v => format!("{v:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_that_matter() {
        assert_eq!([0.012, 0.0996, 3.456, 61.2].map(seconds), ["12 ms", "0.10 s", "3.46 s", "61.2 s"]);
        assert_eq!([0.984, 7.44, 31.4].map(times), ["0.98 times", "7.4 times", "31 times"]);
        assert_eq!([0.0, 0.0004, 0.004, 0.964].map(percent), ["0 %", "less than 0.1 %", "0.4 %", "96 %"]);
        assert_eq!([0.998, 1.0].map(percent), ["more than 99 %", "100 %"]);
    }
}
