//! The functions there are: their names, the types they take and give, what runs them and what they cost.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::eval::{Arguments, Fault};
use super::functions as run;
use super::named_format::NamedFormat;
use super::types::Type;
use super::value::Value;

/// What runs a function.
pub(super) type Run = for<'a> fn(&Arguments<'a, '_>) -> Result<Value<'a>, Fault>;

/// A function with all its overloads.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) overloads: Vec<Overload>,
    pub(super) run: Run,
    pub(super) charge: Charge,
}

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    /// Called on its first argument.
    pub(super) member: bool,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
    /// How many types it leaves open.
    pub(super) open: u32,
}

impl Overload {
    /// True unless a scalar is not of the type that was declared for it: declarations of objects may be wrong.
    pub(super) fn takes(&self, values: &[Value<'_>]) -> bool {
        self.parameters.iter().zip(values).all(|(parameter, value)| match parameter {
            Type::Bool => matches!(value, Value::Bool(_)),
            Type::Int => matches!(value, Value::Int(_)),
            Type::Uint => matches!(value, Value::Uint(_)),
            Type::Double => matches!(value, Value::Double(_)),
            Type::String => matches!(value, Value::String(_)),
            Type::Timestamp => matches!(value, Value::Timestamp(_)),
            Type::Duration => matches!(value, Value::Duration(_)),
            _ => true,
        })
    }
}

/// How a call is charged. Where it says "known", only if the types say which overload runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charge {
    /// 1
    One,
    /// All of the first argument.
    Traversal,
    /// The first argument, in tenths, so many times.
    First(u64),
    /// The second argument.
    Second,
    /// The first argument, where it is known that a text or bytes are converted.
    Conversion,
    /// Text times pattern, always.
    Pattern,
    /// Text times text.
    Contains,
    /// The result, twice.
    Result,
    /// Both texts or bytes, where they are known.
    Sum,
    /// The smaller text, where they are known.
    Smaller,
    /// The list, where it is known.
    InList,
    /// 1 for a network, else the text.
    Ip,
    /// Network and address.
    ContainsIp,
    /// Network and network.
    ContainsNetwork,
    /// The format's pattern times the text.
    Format,
    /// The items of the result.
    ListResult,
    /// The items of the argument by depth.
    Flatten,
    /// All items of one list with all of the other, so many times.
    Sets(u64),
    /// All items with all items, of the first or the second argument, where known.
    Square(usize),
}

/// Name, ways to call it, what runs it, what it costs.
type Row = (&'static str, &'static [&'static str], Run, Charge);

/// Looks a function up.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    static FUNCTIONS: LazyLock<HashMap<&'static str, Function>> = LazyLock::new(|| {
        let rows = OPERATORS.iter().chain(STANDARD).chain(STRINGS).chain(LISTS).chain(KUBERNETES);
        rows.map(|row| (row.0, read(row))).chain(formats()).collect()
    });
    FUNCTIONS.get(name)
}

fn formats() -> impl Iterator<Item = (&'static str, Function)> {
    static NAMES: LazyLock<Vec<String>> =
        LazyLock::new(|| NamedFormat::functions().map(|name| format!("format.{name}")).collect());
    NAMES.iter().map(|name| {
        let result = Type::Named("kubernetes.NamedFormat");
        let overload = Overload { member: false, parameters: Vec::new(), result, open: 0 };
        let function = Function { name, overloads: vec![overload], run: run::never, charge: Charge::One };
        (name.as_str(), function)
    })
}

fn read(row: &Row) -> Function {
    let overloads = row.1.iter().flat_map(|signature| expand(signature)).map(|signature| overload(&signature));
    Function { name: row.0, overloads: overloads.collect(), run: row.2, charge: row.3 }
}

/// `*` stands for each type that has an order, `#` for each that has a sum.
fn expand(signature: &str) -> Vec<String> {
    const ORDERED: [&str; 8] = ["int", "uint", "double", "bool", "duration", "timestamp", "string", "bytes"];
    const SUMMED: [&str; 4] = ["int", "uint", "double", "duration"];
    let with = |sign: char, types: &[&str]| types.iter().map(|of| signature.replace(sign, of)).collect();
    if signature.contains('*') {
        with('*', &ORDERED)
    } else if signature.contains('#') {
        with('#', &SUMMED)
    } else {
        vec![signature.to_owned()]
    }
}

fn overload(signature: &str) -> Overload {
    let mut reader = Reader { rest: signature };
    let mut parameters = Vec::new();
    let member = !signature.starts_with('(');
    if member {
        parameters.push(reader.read_type());
        reader.skip('.');
    }
    reader.skip('(');
    while !reader.rest.starts_with(')') {
        parameters.push(reader.read_type());
        reader.skip(',');
    }
    reader.skip(')');
    let result = reader.read_type();
    let is_open = |name: &str| signature.split(|sign: char| !sign.is_alphanumeric()).any(|word| word == name);
    let open = u32::from(is_open("A")) + u32::from(is_open("B"));
    Overload { member, parameters, result, open }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip(&mut self, sign: char) {
        self.rest = self.rest.strip_prefix(sign).unwrap_or(self.rest).trim_start();
    }

    fn read_type(&mut self) -> Type {
        let end = self.rest.find(|sign: char| !sign.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let inner = |reader: &mut Self| {
            reader.skip('(');
            let inner = reader.read_type();
            reader.skip(',');
            inner
        };
        match name {
            "A" => Type::Parameter(0),
            "B" => Type::Parameter(1),
            "bool" => Type::Bool,
            "int" => Type::Int,
            "uint" => Type::Uint,
            "double" => Type::Double,
            "string" => Type::String,
            "bytes" => Type::Bytes,
            "duration" => Type::Duration,
            "timestamp" => Type::Timestamp,
            "list" => {
                let element = inner(self);
                self.skip(')');
                Type::list(element)
            }
            "optional" => {
                let value = inner(self);
                self.skip(')');
                Type::optional(value)
            }
            "map" => {
                let (key, value) = (inner(self), self.read_type());
                self.skip(')');
                Type::map(key, value)
            }
            "type" => {
                let of = inner(self);
                self.skip(')');
                Type::Type(Some(Arc::new(of)))
            }
            "Authz" => Type::Named("kubernetes.authorization.Authorizer"),
            "URL" => Type::Named("kubernetes.URL"),
            "IP" => Type::Named("net.IP"),
            "CIDR" => Type::Named("net.CIDR"),
            "Quantity" => Type::Named("kubernetes.Quantity"),
            "Semver" => Type::Named("kubernetes.Semver"),
            "Format" => Type::Named("kubernetes.NamedFormat"),
            _ => Type::Dyn,
        }
    }
}

const COMPARED: &[&str] = &[
    "(bool,bool)bool",
    "(int,int)bool",
    "(int,double)bool",
    "(int,uint)bool",
    "(uint,uint)bool",
    "(uint,double)bool",
    "(uint,int)bool",
    "(double,double)bool",
    "(double,int)bool",
    "(double,uint)bool",
    "(string,string)bool",
    "(bytes,bytes)bool",
    "(timestamp,timestamp)bool",
    "(duration,duration)bool",
];

#[rustfmt::skip]
const OPERATORS: &[Row] = &[
    ("_?_:_", &["(bool,A,A)A"], run::never, Charge::One),
    ("_&&_", &["(bool,bool)bool"], run::never, Charge::One),
    ("_||_", &["(bool,bool)bool"], run::never, Charge::One),
    ("!_", &["(bool)bool"], run::not, Charge::One),
    ("@not_strictly_false", &["(bool)bool"], run::never, Charge::One),
    ("_==_", &["(A,A)bool"], run::never, Charge::One),
    ("_!=_", &["(A,A)bool"], run::never, Charge::One),
    ("_+_", &["(bytes,bytes)bytes", "(double,double)double", "(duration,duration)duration", "(duration,timestamp)timestamp",
        "(timestamp,duration)timestamp", "(int,int)int", "(list(A),list(A))list(A)", "(string,string)string", "(uint,uint)uint"], run::add, Charge::Sum),
    ("_-_", &["(double,double)double", "(duration,duration)duration", "(int,int)int", "(timestamp,duration)timestamp",
        "(timestamp,timestamp)duration", "(uint,uint)uint"], run::subtract, Charge::One),
    ("_*_", &["(double,double)double", "(int,int)int", "(uint,uint)uint"], run::multiply, Charge::One),
    ("_/_", &["(double,double)double", "(int,int)int", "(uint,uint)uint"], run::divide, Charge::One),
    ("_%_", &["(int,int)int", "(uint,uint)uint"], run::remainder, Charge::One),
    ("-_", &["(double)double", "(int)int"], run::negate, Charge::One),
    ("_<_", COMPARED, run::less, Charge::Smaller),
    ("_<=_", COMPARED, run::less_or_equal, Charge::Smaller),
    ("_>_", COMPARED, run::greater, Charge::Smaller),
    ("_>=_", COMPARED, run::greater_or_equal, Charge::Smaller),
    ("_[_]", &["(list(A),int)A", "(map(A,B),A)B", "(optional(list(A)),int)optional(A)", "(optional(map(A,B)),A)optional(B)"], run::never, Charge::One),
    ("_[?_]", &["(list(A),int)optional(A)", "(optional(list(A)),int)optional(A)", "(map(A,B),A)optional(B)",
        "(optional(map(A,B)),A)optional(B)"], run::never, Charge::One),
    ("@in", &["(A,list(A))bool", "(A,map(A,B))bool"], run::contained, Charge::InList),
    ("cel.@mapInsert", &["(map(A,B),A,B)map(A,B)", "(map(A,B),map(A,B))map(A,B)"], run::map_insert, Charge::One),
];

#[rustfmt::skip]
const STANDARD: &[Row] = &[
    ("size", &["(bytes)int", "bytes.()int", "(list(A))int", "list(A).()int", "(map(A,B))int", "map(A,B).()int", "(string)int", "string.()int"], run::size, Charge::One),
    ("type", &["(A)type(A)"], run::type_of, Charge::One),
    ("dyn", &["(A)dyn"], run::same, Charge::One),
    ("bool", &["(bool)bool", "(string)bool"], run::to_bool, Charge::One),
    ("bytes", &["(bytes)bytes", "(string)bytes"], run::to_bytes, Charge::Conversion),
    ("double", &["(double)double", "(int)double", "(string)double", "(uint)double"], run::to_double, Charge::One),
    ("duration", &["(duration)duration", "(string)duration"], run::to_duration, Charge::One),
    ("int", &["(int)int", "(double)int", "(duration)int", "(string)int", "(timestamp)int", "(uint)int"], run::to_int, Charge::One),
    ("string", &["(string)string", "(bool)string", "(bytes)string", "(double)string", "(duration)string", "(int)string",
        "(timestamp)string", "(uint)string", "(IP)string", "(CIDR)string"], run::to_string, Charge::Conversion),
    ("timestamp", &["(timestamp)timestamp", "(int)timestamp", "(string)timestamp"], run::to_timestamp, Charge::One),
    ("uint", &["(uint)uint", "(double)uint", "(int)uint", "(string)uint"], run::to_uint, Charge::One),
    ("contains", &["string.(string)bool"], run::contains, Charge::Contains),
    ("endsWith", &["string.(string)bool"], run::ends_with, Charge::Second),
    ("startsWith", &["string.(string)bool"], run::starts_with, Charge::Second),
    ("matches", &["(string,string)bool", "string.(string)bool"], run::matches, Charge::Pattern),
    ("getFullYear", &["timestamp.()int", "timestamp.(string)int"], run::full_year, Charge::One),
    ("getMonth", &["timestamp.()int", "timestamp.(string)int"], run::month, Charge::One),
    ("getDayOfYear", &["timestamp.()int", "timestamp.(string)int"], run::day_of_year, Charge::One),
    ("getDayOfMonth", &["timestamp.()int", "timestamp.(string)int"], run::day_of_month, Charge::One),
    ("getDate", &["timestamp.()int", "timestamp.(string)int"], run::date, Charge::One),
    ("getDayOfWeek", &["timestamp.()int", "timestamp.(string)int"], run::day_of_week, Charge::One),
    ("getHours", &["timestamp.()int", "timestamp.(string)int", "duration.()int"], run::hours, Charge::One),
    ("getMinutes", &["timestamp.()int", "timestamp.(string)int", "duration.()int"], run::minutes, Charge::One),
    ("getSeconds", &["timestamp.()int", "timestamp.(string)int", "duration.()int"], run::seconds, Charge::One),
    ("getMilliseconds", &["timestamp.()int", "timestamp.(string)int", "duration.()int"], run::milliseconds, Charge::One),
    ("optional.of", &["(A)optional(A)"], run::optional_of, Charge::One),
    ("optional.ofNonZeroValue", &["(A)optional(A)"], run::optional_of_non_zero, Charge::One),
    ("optional.none", &["()optional(A)"], run::optional_none, Charge::One),
    ("value", &["optional(A).()A"], run::optional_value, Charge::One),
    ("hasValue", &["optional(A).()bool"], run::optional_has_value, Charge::One),
    ("or", &["optional(A).(optional(A))optional(A)"], run::never, Charge::One),
    ("orValue", &["optional(A).(A)A"], run::never, Charge::One),
    ("optional.unwrap", &["(list(optional(A)))list(A)"], run::unwrap_all, Charge::One),
    ("unwrapOpt", &["list(optional(A)).()list(A)"], run::unwrap_all, Charge::One),
    ("first", &["list(A).()optional(A)"], run::first, Charge::One),
    ("last", &["list(A).()optional(A)"], run::last, Charge::One),
];

#[rustfmt::skip]
const STRINGS: &[Row] = &[
    ("charAt", &["string.(int)string"], run::char_at, Charge::One),
    ("indexOf", &["list(A).(A)int", "string.(string)int", "string.(string,int)int"], run::index_of, Charge::Traversal),
    ("lastIndexOf", &["list(A).(A)int", "string.(string)int", "string.(string,int)int"], run::last_index_of, Charge::Traversal),
    ("lowerAscii", &["string.()string"], run::lower_ascii, Charge::First(1)),
    ("upperAscii", &["string.()string"], run::upper_ascii, Charge::First(1)),
    ("replace", &["string.(string,string)string", "string.(string,string,int)string"], run::replace, Charge::First(2)),
    ("split", &["string.(string)list(string)", "string.(string,int)list(string)"], run::split, Charge::First(2)),
    ("substring", &["string.(int)string", "string.(int,int)string"], run::substring, Charge::First(1)),
    ("trim", &["string.()string"], run::trim, Charge::First(1)),
    ("format", &["string.(list(dyn))string"], run::format, Charge::First(1)),
    ("strings.quote", &["(string)string"], run::quote, Charge::First(1)),
    ("join", &["list(string).()string", "list(string).(string)string"], run::join, Charge::Result),
    ("find", &["string.(string)string"], run::find, Charge::Pattern),
    ("findAll", &["string.(string)list(string)", "string.(string,int)list(string)"], run::find_all, Charge::Pattern),
];

#[rustfmt::skip]
const LISTS: &[Row] = &[
    ("isSorted", &["list(*).()bool"], run::is_sorted, Charge::Traversal),
    ("sum", &["list(#).()#"], run::sum, Charge::Traversal),
    ("max", &["list(*).()*"], run::max, Charge::Traversal),
    ("min", &["list(*).()*"], run::min, Charge::Traversal),
    ("slice", &["list(A).(int,int)list(A)"], run::slice, Charge::ListResult),
    ("flatten", &["list(list(A)).()list(A)", "list(dyn).(int)list(dyn)"], run::flatten, Charge::Flatten),
    ("sort", &["list(*).()list(*)"], run::sort, Charge::Square(0)),
    ("@sortByAssociatedKeys", &["list(A).(list(*))list(A)"], run::sort_by_keys, Charge::Square(1)),
    ("lists.range", &["(int)list(int)"], run::range, Charge::ListResult),
    ("reverse", &["list(A).()list(A)"], run::reverse, Charge::ListResult),
    ("distinct", &["list(A).()list(A)"], run::distinct, Charge::Square(0)),
    ("sets.contains", &["(list(A),list(A))bool"], run::sets_contains, Charge::Sets(1)),
    ("sets.equivalent", &["(list(A),list(A))bool"], run::sets_equivalent, Charge::Sets(2)),
    ("sets.intersects", &["(list(A),list(A))bool"], run::sets_intersects, Charge::Sets(1)),
];

#[rustfmt::skip]
const KUBERNETES: &[Row] = &[
    ("url", &["(string)URL"], run::url, Charge::First(1)),
    ("isURL", &["(string)bool"], run::is_url, Charge::One),
    ("getScheme", &["URL.()string"], run::url_scheme, Charge::One),
    ("getHost", &["URL.()string"], run::url_host, Charge::One),
    ("getHostname", &["URL.()string"], run::url_hostname, Charge::One),
    ("getPort", &["URL.()string"], run::url_port, Charge::One),
    ("getEscapedPath", &["URL.()string"], run::url_path, Charge::One),
    ("getQuery", &["URL.()map(string,list(string))"], run::url_query, Charge::One),
    ("ip", &["(string)IP", "CIDR.()IP"], run::ip, Charge::Ip),
    ("isIP", &["(string)bool"], run::is_ip, Charge::First(1)),
    ("ip.isCanonical", &["(string)bool"], run::is_canonical, Charge::First(2)),
    ("family", &["IP.()int"], run::ip_family, Charge::One),
    ("isUnspecified", &["IP.()bool"], run::ip_is_unspecified, Charge::One),
    ("isLoopback", &["IP.()bool"], run::ip_is_loopback, Charge::One),
    ("isLinkLocalMulticast", &["IP.()bool"], run::ip_is_link_local_multicast, Charge::One),
    ("isLinkLocalUnicast", &["IP.()bool"], run::ip_is_link_local, Charge::One),
    ("isGlobalUnicast", &["IP.()bool"], run::ip_is_global, Charge::One),
    ("cidr", &["(string)CIDR"], run::cidr, Charge::First(1)),
    ("isCIDR", &["(string)bool"], run::is_cidr, Charge::First(1)),
    ("containsIP", &["CIDR.(string)bool", "CIDR.(IP)bool"], run::contains_ip, Charge::ContainsIp),
    ("containsCIDR", &["CIDR.(string)bool", "CIDR.(CIDR)bool"], run::contains_cidr, Charge::ContainsNetwork),
    ("prefixLength", &["CIDR.()int"], run::prefix_length, Charge::One),
    ("masked", &["CIDR.()CIDR"], run::masked, Charge::One),
    ("quantity", &["(string)Quantity"], run::quantity, Charge::First(1)),
    ("isQuantity", &["(string)bool"], run::is_quantity, Charge::First(1)),
    ("sign", &["(Quantity)int"], run::sign, Charge::One),
    ("isGreaterThan", &["Quantity.(Quantity)bool", "Semver.(Semver)bool"], run::is_greater_than, Charge::One),
    ("isLessThan", &["Quantity.(Quantity)bool", "Semver.(Semver)bool"], run::is_less_than, Charge::One),
    ("compareTo", &["Quantity.(Quantity)int", "Semver.(Semver)int"], run::compare_to, Charge::One),
    ("asApproximateFloat", &["Quantity.()double"], run::as_float, Charge::One),
    ("asInteger", &["Quantity.()int"], run::as_integer, Charge::One),
    ("isInteger", &["Quantity.()bool"], run::is_integer, Charge::One),
    ("add", &["Quantity.(Quantity)Quantity", "Quantity.(int)Quantity"], run::quantity_add, Charge::One),
    ("sub", &["Quantity.(Quantity)Quantity", "Quantity.(int)Quantity"], run::quantity_sub, Charge::One),
    ("semver", &["(string)Semver", "(string,bool)Semver"], run::semver, Charge::First(1)),
    ("isSemver", &["(string)bool", "(string,bool)bool"], run::is_semver, Charge::First(1)),
    ("major", &["Semver.()int"], run::major, Charge::One),
    ("minor", &["Semver.()int"], run::minor, Charge::One),
    ("patch", &["Semver.()int"], run::patch, Charge::One),
    // There is no authorizer here, but its functions are names that are known.
    ("path", &["Authz.(string)Authz"], run::never, Charge::One),
    ("group", &["Authz.(string)Authz"], run::never, Charge::One),
    ("serviceAccount", &["Authz.(string,string)Authz"], run::never, Charge::One),
    ("resource", &["Authz.(string)Authz"], run::never, Charge::One),
    ("subresource", &["Authz.(string)Authz"], run::never, Charge::One),
    ("namespace", &["Authz.(string)Authz"], run::never, Charge::One),
    ("name", &["Authz.(string)Authz"], run::never, Charge::One),
    ("check", &["Authz.(string)Authz"], run::never, Charge::One),
    ("fieldSelector", &["Authz.(string)Authz"], run::never, Charge::One),
    ("labelSelector", &["Authz.(string)Authz"], run::never, Charge::One),
    ("allowed", &["Authz.()bool"], run::never, Charge::One),
    ("reason", &["Authz.()string"], run::never, Charge::One),
    ("errored", &["Authz.()bool"], run::never, Charge::One),
    ("error", &["Authz.()string"], run::never, Charge::One),
    ("validate", &["Format.(string)optional(list(string))"], run::validate, Charge::Format),
    ("format.named", &["(string)optional(Format)"], run::format_named, Charge::One),
];
