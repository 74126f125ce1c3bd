//! The values of a complete project as Compose keeps them: durations, sizes, words, numbers.
//!
//! What `docker compose config` prints is this. Facts from compose-go `types/`.

use super::{
    Kind, Problem,
    schema::{Bind, Rest, Shape, tables},
    units,
    value::{Data, Field, Place, Scalar, Value},
};
use compose_syntax::{Decimal, Resolved, order};

/// The project without what says nothing: `false`, `0`, an empty list, unless that is meant.
pub(super) fn bind(root: &Value, problems: &mut Vec<Problem>) -> Value {
    let mut binder = Binder {
        problems,
        name: String::new(),
    };
    binder
        .value(root, &tables::PROJECT)
        .unwrap_or_else(|| Value::null(root.place))
}

struct Binder<'a> {
    problems: &'a mut Vec<Problem>,
    /// The key that is being read, for messages.
    name: String,
}

impl Binder<'_> {
    /// `None` where there is nothing to say.
    fn value(&mut self, value: &Value, shape: &Shape) -> Option<Value> {
        let place = value.place;
        let with = |data| Some(Value::new(place, data));
        match (shape.bind, &value.data) {
            (_, Data::Null) => None,
            (Bind::Command | Bind::Test, _) => self.command(value, shape.bind),
            (Bind::Hosts, _) => self.hosts(value),
            (Bind::Ssh, Data::Mapping(fields)) => {
                let key = |field: &Field| {
                    let path = field.value.scalar().map(Scalar::printed);
                    let text = match path.filter(|it| !it.is_empty()) {
                        Some(path) => format!("{}={path}", field.name),
                        None => field.name.clone(),
                    };
                    Value::string(field.key, &text)
                };
                with(Data::Sequence(fields.iter().map(key).collect()))
            }
            (Bind::Mapping | Bind::Environment, Data::Mapping(fields)) => {
                let keeps_missing = shape.bind == Bind::Environment;
                let pair = |field: &Field| Field {
                    value: match &field.value.data {
                        Data::Null if keeps_missing => Value::null(field.value.place),
                        Data::Scalar(scalar) => text_of(field.value.place, scalar),
                        _ => Value::string(field.value.place, ""),
                    },
                    ..field.clone()
                };
                let pairs: Vec<Field> = fields.iter().map(pair).collect();
                (!pairs.is_empty()).then(|| Value::new(place, Data::Mapping(pairs)))
            }
            (Bind::Texts, Data::Scalar(scalar)) => {
                with(Data::Sequence(vec![text_of(place, scalar)]))
            }
            (_, Data::Mapping(fields)) => self.mapping(place, fields, shape),
            (_, Data::Sequence(items)) => {
                let item = shape.item.unwrap_or(const { &tables::UNTOUCHED });
                let items: Vec<Value> = items
                    .iter()
                    .filter_map(|it| match it.data {
                        Data::Null => Some(it.clone()),
                        _ => self.item(it, item),
                    })
                    .collect();
                (!items.is_empty()).then(|| Value::new(place, Data::Sequence(items)))
            }
            (_, Data::Scalar(scalar)) => self.scalar(value, scalar, shape),
        }
    }

    /// An item is there even if it says nothing.
    fn item(&mut self, item: &Value, shape: &Shape) -> Option<Value> {
        let empty = match (&item.data, shape.bind) {
            (Data::Scalar(scalar), Bind::Plain) => Some(text_of(item.place, scalar)),
            (Data::Mapping(_), _) => Some(Value::new(item.place, Data::Mapping(Vec::new()))),
            _ => None,
        };
        self.value(item, shape).or(empty)
    }

    fn mapping(&mut self, place: Place, fields: &[Field], shape: &Shape) -> Option<Value> {
        let is_known = !shape.keys.is_empty();
        let mut res = Vec::new();
        // In the order of Compose's own types, then in that of the file.
        for (name, below) in shape.keys() {
            if let Some(field) = fields.iter().find(|field| field.name == name) {
                self.name.clear();
                self.name.push_str(name);
                let value = self.value(&field.value, below);
                res.extend(value.map(|value| Field {
                    value,
                    ..field.clone()
                }));
            }
        }
        for field in fields {
            if is_known && shape.key(&field.name).is_some() {
                continue;
            }
            let below = match shape.rest {
                _ if is_known => {
                    if field.name.starts_with("x-") {
                        res.push(field.clone());
                    }
                    continue;
                }
                Rest::Of(below) | Rest::Named(below) | Rest::Lower(below) => below,
                Rest::Any | Rest::Nothing | Rest::Extensions => {
                    res.push(field.clone());
                    continue;
                }
            };
            let place = field.value.place;
            let value = self
                .value(&field.value, below)
                .unwrap_or(match &field.value.data {
                    Data::Null => Value::null(place),
                    _ => Value::new(place, Data::Mapping(Vec::new())),
                });
            res.push(Field {
                value,
                ..field.clone()
            });
        }
        if !is_known {
            order::sort_by(&mut res, |a, b| a.name.cmp(&b.name));
        }
        (is_known || !res.is_empty()).then(|| Value::new(place, Data::Mapping(res)))
    }

    fn scalar(&mut self, value: &Value, scalar: &Scalar, shape: &Shape) -> Option<Value> {
        let place = value.place;
        if !scalar.known {
            return Some(value.clone());
        }
        let text = scalar.printed();
        let wrong = |this: &mut Self, wanted: &str| {
            let message = format!("`{}` must be {wanted}, and `{text}` is not", this.name);
            let problem = Problem::new(Kind::InvalidValue, place, message);
            this.problems.push(problem);
            None
        };
        let is_said = |is_zero: bool| shape.keeps_zero || !is_zero;
        let number = match scalar.resolved {
            Resolved::Int(number) => Some(number),
            Resolved::Float(number) if number.fract() == 0.0 => Some(number as i128),
            Resolved::String => text.parse::<i64>().ok().map(i128::from),
            _ => None,
        };
        match shape.bind {
            Bind::Flag => {
                let word = text.to_ascii_lowercase();
                let is = match word.as_str() {
                    "true" | "y" | "yes" | "on" => true,
                    "false" | "n" | "no" | "off" => false,
                    // What cannot be cast was said by the schema.
                    _ => return None,
                };
                is_said(!is).then(|| Value::boolean(place, is))
            }
            Bind::Whole => {
                let Some(number) = number else {
                    return wrong(self, "a whole number");
                };
                is_said(number == 0).then(|| Value::integer(place, number))
            }
            Bind::Count => {
                let number = match text.to_ascii_lowercase().as_str() {
                    "all" => Some(-1),
                    _ => number,
                };
                let Some(number) = number else {
                    return wrong(self, "`all` or a number");
                };
                is_said(number == 0).then(|| Value::integer(place, number))
            }
            Bind::Decimal => {
                let Some(number) = Decimal::parse(&text) else {
                    return wrong(self, "a number");
                };
                is_said(number.is_zero()).then(|| decimal(place, &number.in_32_bits()))
            }
            Bind::Duration => {
                let Some(duration) = units::duration(&text) else {
                    let none = wrong(self, "a duration such as `90s` or `1h30m`");
                    if let Some(last) = self.problems.last_mut() {
                        let is_written = scalar.pieces.is_empty();
                        let seconds = super::seconds(&text).filter(|_| is_written);
                        last.suggestion = seconds.map(super::Suggestion::Replace);
                    }
                    return none;
                };
                let printed = units::print_duration(duration);
                is_said(duration == 0).then(|| Value::string(place, &printed))
            }
            Bind::Bytes => {
                let Some(size) = number
                    .and_then(|it| i64::try_from(it).ok())
                    .or_else(|| units::bytes(&text))
                else {
                    return wrong(self, "a size such as `64m` or `1.5gb`");
                };
                is_said(size == 0).then(|| Value::string(place, &size.to_string()))
            }
            Bind::Mode => {
                let mode = match scalar.resolved {
                    Resolved::Int(number) => i64::try_from(number).ok(),
                    _ => i64::from_str_radix(&text, 8).ok(),
                };
                let Some(mode) = mode else {
                    return wrong(self, "a mode in octal digits");
                };
                Some(Value::string(place, &format!("0{mode:o}")))
            }
            _ => is_said(text.is_empty()).then(|| text_of(place, scalar)),
        }
    }

    fn command(&mut self, value: &Value, bind: Bind) -> Option<Value> {
        let place = value.place;
        let words = match &value.data {
            Data::Sequence(items) => items
                .iter()
                .filter_map(|it| Some(text_of(it.place, it.scalar()?)))
                .collect(),
            Data::Scalar(scalar) if bind == Bind::Test => {
                vec![Value::string(place, "CMD-SHELL"), text_of(place, scalar)]
            }
            Data::Scalar(scalar) if scalar.known => {
                let Some(words) = units::words(&scalar.text) else {
                    let message =
                        format!("`{}` has a quote or bracket that is not closed", self.name);
                    let problem = Problem::new(Kind::InvalidValue, place, message);
                    self.problems.push(problem);
                    return None;
                };
                let words = words.iter().map(|it| Value::string(place, it));
                words.collect()
            }
            _ => return Some(value.clone()),
        };
        Some(Value::new(place, Data::Sequence(words)))
    }

    /// Sorted lines of `name=address`; brackets around an address go.
    fn hosts(&mut self, value: &Value) -> Option<Value> {
        let mut lines = Vec::new();
        let list = super::canonical::hosts(value.clone());
        for item in list.items() {
            let Some(scalar) = item.scalar() else {
                continue;
            };
            if !scalar.known {
                lines.push(item.clone());
                continue;
            }
            let separator = match scalar.text.find('=') {
                Some(at) => Some(at),
                None => scalar.text.find(':'),
            };
            let parts = separator.and_then(|at| {
                let behind = scalar.text.get(at + 1..)?;
                Some((scalar.text.get(..at)?, behind))
            });
            let Some((name, addresses)) = parts else {
                let message = format!("`{}` has no address behind its name", scalar.text);
                let problem = Problem::new(Kind::InvalidValue, item.place, message);
                self.problems.push(problem);
                continue;
            };
            if name.is_empty() || name.contains([':', '=']) {
                let message = format!("`{name}` is no name of a host");
                let problem = Problem::new(Kind::InvalidValue, item.place, message);
                self.problems.push(problem);
                continue;
            }
            for address in addresses.split(',') {
                let bare = address
                    .strip_prefix('[')
                    .and_then(|it| it.strip_suffix(']'))
                    .filter(|it| !it.is_empty())
                    .unwrap_or(address);
                lines.push(Value::string(item.place, &format!("{name}={bare}")));
            }
        }
        order::sort_by(&mut lines, |a, b| a.text().cmp(&b.text()));
        (!lines.is_empty()).then(|| Value::new(value.place, Data::Sequence(lines)))
    }
}

fn decimal(place: Place, number: &Decimal) -> Value {
    let text = number.to_string();
    let scalar = Scalar {
        // A whole number is printed as one.
        resolved: text
            .parse()
            .map_or(Resolved::Float(number.value()), Resolved::Int),
        text,
        ..Scalar::default()
    };
    Value::new(place, Data::Scalar(scalar))
}

fn text_of(place: Place, scalar: &Scalar) -> Value {
    let scalar = Scalar {
        text: scalar.printed(),
        known: scalar.known,
        ..Scalar::default()
    };
    Value::new(place, Data::Scalar(scalar))
}
