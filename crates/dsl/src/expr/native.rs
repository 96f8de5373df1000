//! Functions from values to a value.

mod collections;
mod strings;
mod time;

use super::arith::{self, float, shown};
use super::meter::{Meter, Stop, throw};
use crate::value::Value;

pub(super) struct Native {
    pub name: &'static str,
    pub arity: usize,
    pub run: fn(&Meter, Value, &[Value]) -> Result<Value, Stop>,
}

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

const fn native(
    name: &'static str,
    arity: usize,
    run: fn(&Meter, Value, &[Value]) -> Result<Value, Stop>,
) -> Native {
    Native { name, arity, run }
}

pub(super) fn find(name: &str, arity: usize) -> Option<&'static Native> {
    tables().find(|native| native.name == name && native.arity == arity)
}

pub(super) fn names() -> impl Iterator<Item = (&'static str, usize)> {
    tables()
        .map(|native| (native.name, native.arity))
        .filter(|(name, _)| !name.starts_with('_'))
}

fn tables() -> impl Iterator<Item = &'static Native> {
    BASICS
        .iter()
        .chain(MATH)
        .chain(collections::TABLE)
        .chain(strings::TABLE)
        .chain(time::TABLE)
}

static BASICS: &[Native] = &[
    native("not", 0, |_, input, _| Ok(Value::Bool(!input.is_true()))),
    native("type", 0, |_, input, _| {
        Ok(Value::string(input.type_name()))
    }),
    native("infinite", 0, |_, _, _| Ok(Value::Float(f64::INFINITY))),
    native("nan", 0, |_, _, _| Ok(Value::Float(f64::NAN))),
    native("isinfinite", 0, |_, input, _| {
        Ok(Value::Bool(number(&input)?.is_infinite()))
    }),
    native("isnan", 0, |_, input, _| {
        Ok(Value::Bool(number(&input)?.is_nan()))
    }),
    native("isnormal", 0, |_, input, _| {
        Ok(Value::Bool(input.as_f64().is_some_and(f64::is_normal)))
    }),
    // jq: not-a-number is not infinite.
    native("isfinite", 0, |_, input, _| {
        Ok(Value::Bool(
            input.as_f64().is_some_and(|number| !number.is_infinite()),
        ))
    }),
    native("abs", 0, |_, input, _| match &input {
        Value::Int(at_least) if *at_least >= 0 => Ok(input),
        Value::Int(_) => arith::negate(input),
        _ => Ok(float(number(&input)?.abs())),
    }),
    native("toarray", 0, |meter, input, _| match input {
        Value::Array(_) => Ok(input),
        other => meter.nested(Value::array(vec![other])),
    }),
    native("now", 0, |meter, _, _| {
        Ok(Value::Float(meter.now.as_microsecond() as f64 / 1e6))
    }),
    native("builtins", 0, |meter, _, _| {
        let names: Vec<Value> = all_names()
            .map(|(name, arity)| Value::string(format!("{name}/{arity}")))
            .collect();
        meter.items(names.len() * 3)?;
        Ok(Value::array(names))
    }),
];

fn all_names() -> impl Iterator<Item = (&'static str, usize)> {
    names().chain(super::prelude::get().names())
}

/// The number in `value`, as jq's mathematics demand it.
fn number(value: &Value) -> Result<f64, Stop> {
    match value.as_f64() {
        Some(number) => Ok(number),
        None => throw(format!("{} number required", shown(value))),
    }
}

macro_rules! of_one {
    ($name:literal, $function:expr) => {
        native($name, 0, |_, input, _| {
            Ok(float($function(number(&input)?)))
        })
    };
}

macro_rules! of_two {
    ($name:literal, $function:expr) => {
        native($name, 2, |_, _, args| {
            Ok(float($function(number(&args[0])?, number(&args[1])?)))
        })
    };
}

/// The C library's functions, by a pure implementation that answers the same everywhere.
static MATH: &[Native] = &[
    native("floor", 0, |_, input, _| rounded(input, libm::floor)),
    native("ceil", 0, |_, input, _| rounded(input, libm::ceil)),
    native("round", 0, |_, input, _| rounded(input, libm::round)),
    native("trunc", 0, |_, input, _| rounded(input, libm::trunc)),
    native("rint", 0, |_, input, _| rounded(input, libm::rint)),
    native("nearbyint", 0, |_, input, _| rounded(input, libm::rint)),
    of_one!("fabs", libm::fabs),
    of_one!("sqrt", libm::sqrt),
    of_one!("cbrt", libm::cbrt),
    of_one!("sin", libm::sin),
    of_one!("cos", libm::cos),
    of_one!("tan", libm::tan),
    of_one!("asin", libm::asin),
    of_one!("acos", libm::acos),
    of_one!("atan", libm::atan),
    of_one!("sinh", libm::sinh),
    of_one!("cosh", libm::cosh),
    of_one!("tanh", libm::tanh),
    of_one!("asinh", libm::asinh),
    of_one!("acosh", libm::acosh),
    of_one!("atanh", libm::atanh),
    of_one!("exp", libm::exp),
    of_one!("exp2", libm::exp2),
    of_one!("exp10", libm::exp10),
    of_one!("pow10", libm::exp10),
    of_one!("expm1", libm::expm1),
    of_one!("log", libm::log),
    of_one!("log2", libm::log2),
    of_one!("log10", libm::log10),
    of_one!("log1p", libm::log1p),
    of_one!("erf", libm::erf),
    of_one!("erfc", libm::erfc),
    of_one!("gamma", libm::lgamma),
    of_one!("lgamma", libm::lgamma),
    of_one!("tgamma", libm::tgamma),
    of_one!("j0", libm::j0),
    of_one!("j1", libm::j1),
    of_one!("y0", libm::y0),
    of_one!("y1", libm::y1),
    of_one!("logb", logb),
    of_one!("significand", significand),
    native("lgamma_r", 0, |meter, input, _| {
        let (value, sign) = libm::lgamma_r(number(&input)?);
        meter.nested(Value::array(vec![
            float(value),
            Value::Int(i64::from(sign)),
        ]))
    }),
    native("frexp", 0, |meter, input, _| {
        let (fraction, exponent) = libm::frexp(number(&input)?);
        meter.nested(Value::array(vec![
            float(fraction),
            Value::Int(i64::from(exponent)),
        ]))
    }),
    native("modf", 0, |meter, input, _| {
        let (fraction, whole) = libm::modf(number(&input)?);
        meter.nested(Value::array(vec![float(fraction), float(whole)]))
    }),
    of_two!("pow", libm::pow),
    of_two!("atan2", libm::atan2),
    of_two!("copysign", libm::copysign),
    of_two!("drem", libm::remainder),
    of_two!("remainder", libm::remainder),
    of_two!("fdim", libm::fdim),
    of_two!("fmax", libm::fmax),
    of_two!("fmin", libm::fmin),
    of_two!("fmod", libm::fmod),
    of_two!("hypot", libm::hypot),
    of_two!("ldexp", |x, by: f64| libm::ldexp(x, by as i32)),
    of_two!("scalb", |x, by: f64| x * libm::exp2(by)),
    of_two!("scalbln", |x, by: f64| libm::scalbn(x, by as i32)),
    of_two!("nextafter", libm::nextafter),
    of_two!("nexttoward", libm::nextafter),
    of_two!("jn", |order: f64, x| libm::jn(
        order.clamp(-1000.0, 1000.0) as i32,
        x
    )),
    of_two!("yn", |order: f64, x| libm::yn(
        order.clamp(-1000.0, 1000.0) as i32,
        x
    )),
    native("fma", 3, |_, _, args| {
        Ok(float(libm::fma(
            number(&args[0])?,
            number(&args[1])?,
            number(&args[2])?,
        )))
    }),
];

fn rounded(input: Value, round: fn(f64) -> f64) -> Result<Value, Stop> {
    match input {
        Value::Int(_) => Ok(input),
        other => Ok(float(round(number(&other)?))),
    }
}

fn logb(x: f64) -> f64 {
    match x {
        0.0 => f64::NEG_INFINITY,
        x if x.is_infinite() => f64::INFINITY,
        x if x.is_nan() => x,
        x => f64::from(libm::ilogb(x)),
    }
}

fn significand(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        x
    } else {
        libm::scalbn(x, -libm::ilogb(x))
    }
}
