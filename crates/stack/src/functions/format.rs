//! `format` and `formatlist`, with Go's verbs as Terraform has them.

use super::Arguments;
use crate::expression::{Fault, check_text, number, text};
use std::iter::Peekable;
use std::str::Chars;
use wharf_core::{Number, Value};

type Result<T = Value> = std::result::Result<T, Fault>;

/// The widest a verb may pad to.
const MAX_WIDTH: usize = 1024;

pub(super) fn format(arguments: &Arguments<'_, '_>) -> Result {
    let values: Vec<&Value> = arguments.all().skip(1).collect();
    Ok(render(&arguments.text(0)?, &values)?.into())
}

/// Like `format`, once for every element of the lists among its arguments.
pub(super) fn formatlist(arguments: &Arguments<'_, '_>) -> Result {
    let template = arguments.text(0)?;
    let mut count = None;
    for position in 1..arguments.len() {
        if let Value::List(list) = arguments.value(position) {
            match count {
                Some(count) if count != list.len() => {
                    return Err(arguments.fault(
                        position,
                        format!("the lists must have the same length, not {count} and {}", list.len()),
                    ));
                }
                _ => count = Some(list.len()),
            }
        }
    }
    let row = |i: usize| {
        let values: Vec<&Value> = arguments
            .all()
            .skip(1)
            .map(|value| match value {
                Value::List(list) => list.get(i).unwrap_or(&Value::Null),
                other => other,
            })
            .collect();
        render(&template, &values).map(Value::from)
    };
    Ok(Value::List((0..count.unwrap_or(1)).map(row).collect::<Result<_>>()?))
}

/// `%` flags width .precision verb
#[derive(Default)]
struct Verb {
    left: bool,
    plus: bool,
    space: bool,
    zero: bool,
    sharp: bool,
    width: usize,
    precision: Option<usize>,
    /// `%[2]s`
    argument: Option<usize>,
    letter: char,
}

fn render(template: &str, values: &[&Value]) -> Result<String> {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let mut next = 0;
    let mut used = 0;
    let mut explicit = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        if chars.next_if_eq(&'%').is_some() {
            out.push('%');
            continue;
        }
        let verb = Verb::read(&mut chars)?;
        let position = verb.argument.unwrap_or(next);
        explicit |= verb.argument.is_some();
        next = position + 1;
        used = used.max(next);
        let value = values.get(position).ok_or_else(|| {
            Fault::new(format!("`%{}` has no argument: there are only {}", verb.letter, values.len()))
        })?;
        out.push_str(&verb.render(value)?);
        check_text(out.len())?;
    }
    if used < values.len() && !explicit {
        return Err(Fault::new(format!("`format` has {} values, but verbs for only {used}", values.len())));
    }
    Ok(out)
}

impl Verb {
    fn read(chars: &mut Peekable<Chars<'_>>) -> Result<Self> {
        let mut verb = Verb::default();
        while let Some(flag) = chars.next_if(|c| "-+ 0#".contains(*c)) {
            match flag {
                '-' => verb.left = true,
                '+' => verb.plus = true,
                ' ' => verb.space = true,
                '0' => verb.zero = true,
                _ => verb.sharp = true,
            }
        }
        if chars.peek() == Some(&'[') {
            verb.argument = Some(argument(chars)?);
        }
        verb.width = digits(chars)?.unwrap_or(0);
        if chars.next_if_eq(&'.').is_some() {
            verb.precision = Some(digits(chars)?.unwrap_or(0));
        }
        if chars.peek() == Some(&'[') {
            verb.argument = Some(argument(chars)?);
        }
        verb.letter = chars.next().ok_or_else(|| {
            Fault::new("the format ends inside a verb").help("write `%%` for a percent sign")
        })?;
        Ok(verb)
    }

    fn render(&self, value: &Value) -> Result<String> {
        let number = || {
            number(value)
                .ok_or_else(|| Fault::new(format!("`%{}` needs a number, not {}", self.letter, value.kind())))
        };
        let whole = || {
            number()?.as_i64().ok_or_else(|| Fault::new(format!("`%{}` needs a whole number", self.letter)))
        };
        Ok(match self.letter {
            'v' => match value {
                Value::String(text) if self.sharp => {
                    self.pad_text(serde_json::Value::from(text.as_str()).to_string())
                }
                Value::String(text) => self.pad_text(self.cut(text)),
                Value::Number(number) => self.pad_number(self.signed(number.to_string())),
                Value::Bool(b) => self.pad_text(b.to_string()),
                other => self.pad_text(super::encode_json(other)?),
            },
            's' | 'q' => {
                let text = text(value).ok_or_else(|| {
                    Fault::new(format!("`%{}` needs a string, not {}", self.letter, value.kind()))
                })?;
                let text = self.cut(&text);
                self.pad_text(if self.letter == 'q' {
                    serde_json::Value::from(text).to_string()
                } else {
                    text
                })
            }
            't' => match crate::expression::boolean(value) {
                Some(b) => self.pad_text(b.to_string()),
                None => return Err(Fault::new(format!("`%t` needs a boolean, not {}", value.kind()))),
            },
            'd' => self.pad_number(self.signed(whole()?.to_string())),
            'b' => self.pad_number(self.signed(radix(whole()?, |n| format!("{n:b}")))),
            'o' => self.pad_number(self.signed(radix(whole()?, |n| format!("{n:o}")))),
            'x' | 'X' => {
                let upper = self.letter == 'X';
                let prefix = if self.sharp { if upper { "0X" } else { "0x" } } else { "" };
                match value {
                    Value::String(text) if number().is_err() => self.pad_text(
                        text.bytes()
                            .map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") })
                            .collect(),
                    ),
                    _ => self.pad_number(self.signed(radix(whole()?, |n| {
                        if upper { format!("{prefix}{n:X}") } else { format!("{prefix}{n:x}") }
                    }))),
                }
            }
            'f' | 'F' => self.pad_number(self.signed(format!(
                "{:.*}",
                self.precision.unwrap_or(6),
                number()?.as_f64()
            ))),
            'e' | 'E' => self.pad_number(self.signed(self.scientific(number()?.as_f64()))),
            'g' | 'G' => self.pad_number(self.signed(Self::shortest(number()?))),
            other => {
                return Err(Fault::new(format!("`%{other}` is no verb"))
                    .help("there are %s %q %v %d %t %f %e %g %x %X %o %b, and %% for a percent sign"));
            }
        })
    }

    /// The precision of a text is its greatest length.
    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text.to_owned(),
        }
    }

    fn signed(&self, digits: String) -> String {
        match (digits.starts_with('-'), self.plus, self.space) {
            (false, true, _) => format!("+{digits}"),
            (false, false, true) => format!(" {digits}"),
            _ => digits,
        }
    }

    /// Go's form: at least two digits of exponent, with a sign.
    fn scientific(&self, float: f64) -> String {
        let text = format!("{float:.*e}", self.precision.unwrap_or(6));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        let text = format!("{mantissa}e{sign}{digits:0>2}");
        if self.letter == 'E' { text.to_uppercase() } else { text }
    }

    fn shortest(number: Number) -> String {
        let float = number.as_f64();
        if float != 0.0 && !(1e-4..1e21).contains(&float.abs()) {
            let text = format!("{float:e}");
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let sign = if exponent.starts_with('-') { '-' } else { '+' };
            return format!("{mantissa}e{sign}{:0>2}", exponent.trim_start_matches('-'));
        }
        number.to_string()
    }

    fn pad_text(&self, text: String) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = if self.zero && !self.left { "0" } else { " " }.repeat(missing);
        if self.left { text + &fill } else { fill + &text }
    }

    /// Zeros go behind the sign.
    fn pad_number(&self, text: String) -> String {
        if !self.zero || self.left {
            return Verb { zero: false, left: self.left, width: self.width, ..Verb::default() }
                .pad_text(text);
        }
        let missing = "0".repeat(self.width.saturating_sub(text.chars().count()));
        match text.strip_prefix(['-', '+', ' ']) {
            Some(digits) => format!("{}{missing}{digits}", &text[..1]),
            None => missing + &text,
        }
    }
}

fn radix(number: i64, render: impl Fn(u64) -> String) -> String {
    let digits = render(number.unsigned_abs());
    if number < 0 { format!("-{digits}") } else { digits }
}

fn digits(chars: &mut Peekable<Chars<'_>>) -> Result<Option<usize>> {
    let mut number = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let so_far = number.unwrap_or(0) * 10 + digit as usize;
        if so_far > MAX_WIDTH {
            return Err(Fault::new(format!("a width or precision is at most {MAX_WIDTH}")));
        }
        number = Some(so_far);
    }
    Ok(number)
}

/// `[n]`: which value, counted from 1.
fn argument(chars: &mut Peekable<Chars<'_>>) -> Result<usize> {
    chars.next();
    let number = digits(chars)?.and_then(|number| number.checked_sub(1));
    match (number, chars.next()) {
        (Some(number), Some(']')) => Ok(number),
        _ => Err(Fault::new("`%[` takes the number of an argument, from 1, and `]`")),
    }
}
