//! Decimal numbers as they are written, without the tables that exact conversion takes: these are
//! ten kilobytes that no compression makes smaller, and files hold numbers like `0.5`.

/// `0.DIGITS` times ten to the `point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Values of digits, the first and the last not zero.
    digits: Vec<u8>,
    point: i32,
}

/// Whatever lies beyond is zero or infinite.
const FARTHEST: i32 = 400;

impl Decimal {
    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    pub fn parse(text: &str) -> Option<Decimal> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (unsigned, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let exponent = match exponent {
            Some(exponent) => {
                let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
                if digits.is_empty() || !is_number(digits) {
                    return None;
                }
                let size = digits.parse().unwrap_or(FARTHEST).min(FARTHEST);
                if exponent.starts_with('-') {
                    -size
                } else {
                    size
                }
            }
            None => 0,
        };
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .map(|byte| byte - b'0');
        let mut digits: Vec<u8> = digits.collect();
        let leading = digits.iter().take_while(|it| **it == 0).count();
        digits.drain(..leading);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let shift = i32::try_from(whole.len()).ok()? - i32::try_from(leading).ok()?;
        Some(Decimal {
            negative: text.starts_with('-'),
            point: if digits.is_empty() {
                0
            } else {
                shift + exponent
            },
            digits,
        })
    }

    /// The nearest number with 64 bits, or a neighbour of it where there are more than 19 digits.
    pub fn value(&self) -> f64 {
        let taken = self.digits.len().min(19);
        let digits = self.digits.iter().take(taken);
        let mantissa = digits.fold(0u64, |sum, digit| sum * 10 + u64::from(*digit));
        let mut exponent = self.point.clamp(-FARTHEST, FARTHEST) - taken as i32;
        let mut value = mantissa as f64;
        // By powers that 64 bits hold exactly.
        while exponent != 0 {
            let step = exponent.clamp(-22, 22);
            let power = 10u64.pow(step.unsigned_abs().min(11)) as f64
                * 10u64.pow(step.unsigned_abs().saturating_sub(11)) as f64;
            value = if step > 0 {
                value * power
            } else {
                value / power
            };
            exponent -= step;
        }
        if self.negative { -value } else { value }
    }

    /// With as few digits as say the same number of 32 bits.
    pub fn in_32_bits(&self) -> Decimal {
        let near = self.value() as f32;
        let exact = self.near(f64::from(near)).unwrap_or_else(|| self.clone());
        exact.shortened(6, 9, |it| it.value() as f32)
    }

    /// With as few digits as say the same number of 64 bits.
    pub fn in_64_bits(&self) -> Decimal {
        self.shortened(15, 17, |it| it.value())
    }

    /// Fifteen digits of a number of this size.
    fn near(&self, number: f64) -> Option<Decimal> {
        let scaled = Decimal {
            point: 15 - self.point,
            ..Decimal::parse("0.1")?
        };
        let digits = (number.abs() * scaled.value() * 10.0).round();
        let sign = if self.negative { "-" } else { "" };
        (digits < 1e17)
            .then(|| Decimal::parse(&format!("{sign}{}e{}", digits as u64, self.point - 15)))?
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    fn shortened<T: PartialEq>(
        &self,
        fewest: usize,
        most: usize,
        value: impl Fn(&Decimal) -> T,
    ) -> Decimal {
        if self.digits.len() <= fewest {
            return self.clone();
        }
        let wanted = value(self);
        let all = (fewest..=most).map(|count| self.rounded(count));
        let mut same = all.filter(|it| value(it) == wanted);
        same.next().unwrap_or_else(|| self.rounded(most))
    }

    fn rounded(&self, count: usize) -> Decimal {
        let mut res = self.clone();
        let up = self.digits.get(count).is_some_and(|digit| *digit >= 5);
        res.digits.truncate(count);
        if up {
            let mut carries = true;
            for digit in res.digits.iter_mut().rev() {
                if !carries {
                    break;
                }
                carries = *digit == 9;
                *digit = if carries { 0 } else { *digit + 1 };
            }
            if carries {
                res.digits.insert(0, 1);
                res.point += 1;
            }
        }
        while res.digits.last() == Some(&0) {
            res.digits.pop();
        }
        res
    }
}

/// As Go prints it: with an exponent from 1e21 and below 1e-4.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text: String = self.digits.iter().map(|it| char::from(b'0' + it)).collect();
        let sign = if self.negative { "-" } else { "" };
        let (first, rest) = text.split_at_checked(1).unwrap_or(("0", ""));
        let digits = i32::try_from(text.len()).unwrap_or(i32::MAX);
        match self.point {
            _ if self.is_zero() => write!(f, "{sign}0"),
            point if !(-3..=21).contains(&point) => {
                let dot = if rest.is_empty() { "" } else { "." };
                let exponent = point - 1;
                let direction = if exponent < 0 { '-' } else { '+' };
                let size = exponent.unsigned_abs();
                write!(f, "{sign}{first}{dot}{rest}e{direction}{size:02}")
            }
            point if point <= 0 => {
                write!(
                    f,
                    "{sign}0.{}{text}",
                    "0".repeat(point.unsigned_abs() as usize)
                )
            }
            point if point >= digits => {
                write!(f, "{sign}{text}{}", "0".repeat((point - digits) as usize))
            }
            point => {
                let (whole, fraction) =
                    text.split_at_checked(point as usize).unwrap_or((&text, ""));
                write!(f, "{sign}{whole}.{fraction}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    #[test]
    fn numbers_are_printed_as_go_prints_them() {
        for (text, printed) in [
            ("1.50", "1.5"),
            ("+.5", "0.5"),
            ("1e3", "1000"),
            ("007.0", "7"),
            ("-0.0001", "-0.0001"),
            ("0.00001", "1e-05"),
            ("1e21", "1e+21"),
            ("123e18", "123000000000000000000"),
            ("0", "0"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("0.1000000000000000055511151231257827", "0.1"),
            ("1.25e-7", "1.25e-07"),
        ] {
            let found = Decimal::parse(text).map(|it| it.in_64_bits().to_string());
            assert_eq!(found.as_deref(), Some(printed), "{text}");
        }
        let third = Decimal::parse("0.33333333333").map(|it| it.in_32_bits().to_string());
        assert_eq!(third.as_deref(), Some("0.33333334"));
        for text in ["", ".", "e3", "1e", "1.2.3", "0x1", "é", "1 "] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn values_are_those_of_the_standard_library() {
        let mut state = 7u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let (digits, places) = ((state >> 24) % 1_000_000_000_000, (state >> 8) % 13);
            let text = format!("{digits}e-{places}");
            let found = Decimal::parse(&text).map(|it| it.value());
            assert_eq!(found, text.parse().ok(), "{text}");
        }
    }
}
