//! Numbers with a suffix, `2G` bytes or `400M` pixels, times, rates, and sizes, `1920x1080`.

use std::time::Duration;

/// Bytes: a number with K, M, G or T for powers of 1024; `B` or `iB` may follow.
pub fn bytes(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_uppercase();
    let plain = upper.strip_suffix("IB").or_else(|| upper.strip_suffix('B')).unwrap_or(&upper);
    scaled(plain, 1024.0).ok_or_else(|| "expected a number of bytes, as in 512M or 2G".into())
}

/// Pixels: a number with K, M or G for powers of 1000; `P` or `px` may follow.
pub fn pixels(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_uppercase();
    let plain = upper.strip_suffix("PX").or_else(|| upper.strip_suffix('P')).unwrap_or(&upper);
    scaled(plain, 1000.0).ok_or_else(|| "expected a number of pixels, as in 400M".into())
}

/// A time: a number with `us`, `ms` or `s` (or `min`).
pub fn time(text: &str) -> Result<Duration, String> {
    let expected = || "expected a time, as in 50ms or 1.5s".to_owned();
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| c.is_alphabetic() || c == 'µ').ok_or_else(expected)?);
    let unit_secs = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "min" => 60.0,
        _ => return Err(expected()),
    };
    let number: f64 = number.trim().parse().map_err(|_| expected())?;
    let secs = number * unit_secs;
    if (0.0..=MOST_TIME_SECS).contains(&secs) { Ok(Duration::from_secs_f64(secs)) } else { Err(expected()) }
}

const MOST_TIME_SECS: f64 = 3600.0;

/// A time that something may take.
pub fn limit(text: &str) -> Result<Duration, String> {
    time(text).and_then(|limit| if limit.is_zero() { Err("expected a time above 0".into()) } else { Ok(limit) })
}

/// Bytes per second: a number with `KB/s`, `MB/s` or `GB/s`, powers of 1000 as network and disks are sold.
pub fn rate(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_uppercase();
    let plain = upper.strip_suffix("/S").unwrap_or(&upper);
    let plain = plain.strip_suffix('B').unwrap_or(plain);
    scaled(plain, 1000.0).ok_or_else(|| "expected bytes per second, as in 20MB/s".into())
}

/// Width and height, px: two numbers with an x between them.
pub fn sides(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once(['x', 'X']).map(|(width, height)| (width.parse(), height.parse()));
    match sides {
        Some((Ok(width @ 1..=MOST_SIDE), Ok(height @ 1..=MOST_SIDE))) => Ok((width, height)),
        _ => Err(format!("expected a width and a height of 1 to {MOST_SIDE} px, as in 1920x1080")),
    }
}

/// px
const MOST_SIDE: u32 = 1_000_000;

/// Where the size of the memory can't be learned.
const USUAL_BUDGET_BYTES: u64 = 1 << 30;

/// Bytes that images in flight may take where nothing is said: a quarter of the memory of the machine, or of the share
/// of it that this process is allowed.
pub fn quarter_of_memory() -> u64 {
    available_memory().map_or(USUAL_BUDGET_BYTES, |bytes| bytes / 4)
}

/// Bytes that an image which needs more than the budget may take, alone, where nothing is said.
pub fn half_of_memory() -> u64 {
    available_memory().map_or(2 * USUAL_BUDGET_BYTES, |bytes| bytes / 2)
}

/// Bytes of memory of the machine, or of the share of it that this process is allowed, where they can be learned.
fn available_memory() -> Option<u64> {
    let memory_only = sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram());
    let system = sysinfo::System::new_with_specifics(memory_only).ok()?;
    let allowed = system.cgroup_limits().map(|limits| limits.total_memory).filter(|bytes| *bytes > 0);
    Some(system.total_memory().min(allowed.unwrap_or(u64::MAX)))
}

fn scaled(text: &str, base: f64) -> Option<u64> {
    let power = match text.chars().last()? {
        'K' => 1,
        'M' => 2,
        'G' => 3,
        'T' => 4,
        _ => 0,
    };
    let number: f64 = text[..text.len() - usize::from(power > 0)].trim().parse().ok()?;
    let value = number * base.powi(power);
    (number.is_finite() && value >= 1.0 && value < 2f64.powi(63)).then_some(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes() {
        assert_eq!(bytes("2G"), Ok(2 << 30));
        assert_eq!(bytes("1.5 MiB"), Ok(3 << 19));
        assert_eq!(bytes("512kb"), Ok(512 << 10));
        assert_eq!(bytes("4096"), Ok(4096));
        assert_eq!(pixels("400M"), Ok(400_000_000));
        assert_eq!(pixels("12 mp"), Ok(12_000_000));
    }

    #[test]
    fn times_and_rates() {
        assert_eq!(time("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(time("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!(time("0ms"), Ok(Duration::ZERO));
        assert!(limit("0ms").is_err());
        assert_eq!(rate("20MB/s"), Ok(20_000_000));
        assert_eq!(rate("1.5k"), Ok(1500));
        for text in ["", "50", "ms", "-1ms", "1h", "nanms", "2e9s", "50 ms ms"] {
            assert!(time(text).is_err(), "{text}");
            assert!(limit(text).is_err(), "{text}");
        }
        for text in ["", "MB/s", "0MB/s", "20MB/h"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sides_are_two_numbers() {
        assert_eq!(sides("1920x1080"), Ok((1920, 1080)));
        for text in ["", "x", "1920", "0x5", "5x-1", "1x2x3", "9999999x1"] {
            assert!(sides(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nonsense() {
        for text in ["", "G", "0", "-1", "nan", "inf", "2X", "1e30T", "é"] {
            assert!(bytes(text).is_err() && pixels(text).is_err(), "{text}");
        }
    }
}
