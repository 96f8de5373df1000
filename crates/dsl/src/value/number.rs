//! Numbers as text: jq's way of printing them, and which texts an `f64` holds exactly.

/// Appends an integer.
pub(super) fn write_i64(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).expect("a remainder of ten is one digit");
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a float as jq does: the shortest digits that read back as the same number, no fraction when there is none,
/// exponents with a sign and two digits; not-a-number is `null`, infinity the largest number.
pub(super) fn write_f64(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        out.extend_from_slice(b"null");
        return;
    }
    if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 {
            b"1.7976931348623157e+308"
        } else {
            b"-1.7976931348623157e+308"
        });
        return;
    }
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        if number == 0.0 && number.is_sign_negative() {
            out.extend_from_slice(b"-0");
        } else {
            write_i64(number as i64, out);
        }
        return;
    }
    let mut text = Small::default();
    std::fmt::Write::write_fmt(&mut text, format_args!("{number:e}"))
        .expect("an f64 has at most 25 characters");
    let text = text.as_bytes();
    let (negative, text) = text
        .strip_prefix(b"-")
        .map_or((false, text), |rest| (true, rest));
    let split = text
        .iter()
        .position(|byte| *byte == b'e')
        .expect("the `e` format always has an exponent");
    let exponent: i32 = std::str::from_utf8(&text[split + 1..])
        .expect("ascii")
        .parse()
        .expect("an exponent is an integer");
    if negative {
        out.push(b'-');
    }
    layout(&text[..split], exponent, out);
}

/// `mantissa` is `d` or `d.ddd`; the value is mantissa * 10^exponent.
fn layout(mantissa: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let digits = mantissa.iter().copied().filter(|byte| *byte != b'.');
    if !(-4..17).contains(&exponent) {
        let count = mantissa.len();
        let plain =
            exponent >= 17 && usize::try_from(exponent).expect("checked above") < count + 14;
        if !plain {
            out.extend_from_slice(mantissa);
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            let size = exponent.unsigned_abs();
            if size < 10 {
                out.push(b'0');
            }
            write_i64(i64::from(size), out);
            return;
        }
    }
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(
            b'0',
            usize::try_from(-exponent - 1).expect("exponent is negative"),
        ));
        out.extend(digits);
        return;
    }
    let whole = usize::try_from(exponent).expect("not negative") + 1;
    let mut written = 0;
    for digit in digits {
        if written == whole {
            out.push(b'.');
        }
        out.push(digit);
        written += 1;
    }
    while written < whole {
        out.push(b'0');
        written += 1;
    }
}

/// Room for one formatted number, so that printing does not allocate.
#[derive(Default)]
struct Small {
    bytes: [u8; 32],
    length: usize,
}

impl Small {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl std::fmt::Write for Small {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let place = self
            .bytes
            .get_mut(self.length..end)
            .ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// True when the decimal number written in `text` is exactly what `number` prints as, so that keeping the `f64` loses
/// nothing a person wrote (apart from trailing zeros).
pub(super) fn is_exact(text: &str, number: f64) -> bool {
    if !number.is_finite() {
        return false;
    }
    // Up to 15 significant digits always survive, so the common case needs no comparison; but a tiny number may have
    // become zero or a subnormal with fewer digits.
    let significant = text
        .bytes()
        .take_while(|byte| !matches!(byte, b'e' | b'E'))
        .filter(u8::is_ascii_digit)
        .count();
    if significant <= 15 && number.abs() >= f64::MIN_POSITIVE {
        return true;
    }
    let mut printed = Vec::with_capacity(32);
    write_f64(number, &mut printed);
    let printed = String::from_utf8(printed).expect("numbers are ascii");
    normal(text) == normal(&printed)
}

/// The digits without leading and trailing zeros, and the power of ten of the last one.
fn normal(text: &str) -> (bool, String, i64) {
    let (negative, text) = text
        .strip_prefix('-')
        .map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(i64::MAX / 2);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let power = exponent - fraction.len() as i64 + (digits.len() - trimmed.len()) as i64;
    let trimmed = trimmed.trim_start_matches('0');
    if trimmed.is_empty() {
        (negative, String::new(), 0)
    } else {
        (negative, trimmed.to_owned(), power)
    }
}
