use super::{
    Arguments, collection, encoding, file, format, hash, json, network, number, pattern, select, set, string,
    types, yaml, zip,
};
use crate::expression::Fault;
use wharf_core::Value;

/// A function of expressions.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// The fewest arguments it takes.
    minimum: usize,
    /// The most, if there is a limit.
    maximum: Option<usize>,
    pub(crate) body: Body,
}

/// How a function is evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// From its arguments.
    Eager(Needs, fn(&Arguments<'_, '_>) -> Result<Value, Fault>),
    /// The first argument that can be evaluated.
    Try,
    /// Whether the argument can be evaluated.
    Can,
}

/// What a function must know before it can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// All of its arguments; one unknown anywhere makes the result unknown, one secret makes it a secret.
    AllKnown,
    /// That its arguments are lists or mappings, not what is in them; unknowns and secrets inside pass through.
    ShapeKnown,
    /// Nothing: it copes with unknown arguments itself.
    Nothing,
}

use Needs::{AllKnown, Nothing, ShapeKnown};

const fn function(
    name: &'static str,
    minimum: usize,
    maximum: Option<usize>,
    needs: Needs,
    run: fn(&Arguments<'_, '_>) -> Result<Value, Fault>,
) -> Function {
    Function { name, minimum, maximum, body: Body::Eager(needs, run) }
}

static FUNCTIONS: &[Function] = &[
    function("abs", 1, Some(1), AllKnown, number::abs),
    function("base64decode", 1, Some(1), AllKnown, encoding::base64decode),
    function("base64encode", 1, Some(1), AllKnown, encoding::base64encode),
    Function { name: "can", minimum: 1, maximum: Some(1), body: Body::Can },
    function("ceil", 1, Some(1), AllKnown, number::ceil),
    function("chomp", 1, Some(1), AllKnown, string::chomp),
    function("cidrhost", 2, Some(2), AllKnown, network::cidrhost),
    function("cidrnetmask", 1, Some(1), AllKnown, network::cidrnetmask),
    function("cidrsubnet", 3, Some(3), AllKnown, network::cidrsubnet),
    function("cidrsubnets", 1, None, AllKnown, network::cidrsubnets),
    function("coalesce", 1, None, Nothing, select::coalesce),
    function("coalescelist", 1, None, ShapeKnown, select::coalescelist),
    function("compact", 1, Some(1), AllKnown, collection::compact),
    function("concat", 0, None, ShapeKnown, collection::concat),
    function("contains", 2, Some(2), ShapeKnown, select::contains),
    function("distinct", 1, Some(1), AllKnown, collection::distinct),
    function("element", 2, Some(2), ShapeKnown, select::element),
    function("endswith", 2, Some(2), AllKnown, string::endswith),
    function("file", 1, Some(1), AllKnown, file::file),
    function("filebase64", 1, Some(1), AllKnown, file::filebase64),
    function("filebase64sha256", 1, Some(1), AllKnown, file::filebase64sha256),
    function("filemd5", 1, Some(1), AllKnown, file::filemd5),
    function("filesha256", 1, Some(1), AllKnown, file::filesha256),
    function("flatten", 1, Some(1), ShapeKnown, collection::flatten),
    function("floor", 1, Some(1), AllKnown, number::floor),
    function("format", 1, None, AllKnown, format::format),
    function("formatlist", 1, None, AllKnown, format::formatlist),
    function("indent", 2, Some(2), AllKnown, string::indent),
    function("index", 2, Some(2), AllKnown, select::index),
    function("join", 2, None, AllKnown, string::join),
    function("jsondecode", 1, Some(1), AllKnown, json::jsondecode),
    function("jsonencode", 1, Some(1), Nothing, json::jsonencode),
    function("keys", 1, Some(1), ShapeKnown, collection::keys),
    function("length", 1, Some(1), ShapeKnown, collection::length),
    function("lookup", 2, Some(3), ShapeKnown, select::lookup),
    function("lower", 1, Some(1), AllKnown, string::lower),
    function("max", 1, None, AllKnown, number::max),
    function("md5", 1, Some(1), AllKnown, hash::md5),
    function("merge", 0, None, ShapeKnown, collection::merge),
    function("min", 1, None, AllKnown, number::min),
    function("nonsensitive", 1, Some(1), Nothing, types::nonsensitive),
    function("one", 1, Some(1), ShapeKnown, select::one),
    function("parseint", 2, Some(2), AllKnown, number::parseint),
    function("pow", 2, Some(2), AllKnown, number::pow),
    function("range", 1, Some(3), AllKnown, number::range),
    function("regex", 2, Some(2), AllKnown, pattern::regex),
    function("regexall", 2, Some(2), AllKnown, pattern::regexall),
    function("replace", 3, Some(3), AllKnown, pattern::replace),
    function("reverse", 1, Some(1), ShapeKnown, collection::reverse),
    function("sensitive", 1, Some(1), Nothing, types::sensitive),
    function("setintersection", 1, None, AllKnown, set::setintersection),
    function("setproduct", 1, None, AllKnown, set::setproduct),
    function("setsubtract", 2, Some(2), AllKnown, set::setsubtract),
    function("setunion", 1, None, AllKnown, set::setunion),
    function("sha256", 1, Some(1), AllKnown, hash::sha256),
    function("base64sha256", 1, Some(1), AllKnown, hash::base64sha256),
    function("signum", 1, Some(1), AllKnown, number::signum),
    function("slice", 3, Some(3), ShapeKnown, collection::slice),
    function("sort", 1, Some(1), AllKnown, collection::sort),
    function("split", 2, Some(2), AllKnown, string::split),
    function("startswith", 2, Some(2), AllKnown, string::startswith),
    function("strcontains", 2, Some(2), AllKnown, string::strcontains),
    function("strrev", 1, Some(1), AllKnown, string::strrev),
    function("substr", 3, Some(3), AllKnown, string::substr),
    function("sum", 1, Some(1), AllKnown, number::sum),
    function("templatefile", 2, Some(2), ShapeKnown, file::templatefile),
    function("title", 1, Some(1), AllKnown, string::title),
    function("tobool", 1, Some(1), AllKnown, types::tobool),
    function("tolist", 1, Some(1), ShapeKnown, types::tolist),
    function("tomap", 1, Some(1), ShapeKnown, types::tomap),
    function("tonumber", 1, Some(1), AllKnown, types::tonumber),
    function("toset", 1, Some(1), AllKnown, types::toset),
    function("tostring", 1, Some(1), AllKnown, types::tostring),
    function("trim", 2, Some(2), AllKnown, string::trim),
    function("trimprefix", 2, Some(2), AllKnown, string::trimprefix),
    function("trimspace", 1, Some(1), AllKnown, string::trimspace),
    function("trimsuffix", 2, Some(2), AllKnown, string::trimsuffix),
    Function { name: "try", minimum: 1, maximum: None, body: Body::Try },
    function("upper", 1, Some(1), AllKnown, string::upper),
    function("urlencode", 1, Some(1), AllKnown, encoding::urlencode),
    function("values", 1, Some(1), ShapeKnown, collection::values),
    function("yamldecode", 1, Some(1), AllKnown, yaml::yamldecode),
    function("yamlencode", 1, Some(1), AllKnown, yaml::yamlencode),
    function("zip_base64", 1, Some(1), AllKnown, zip::zip_base64),
    function("zipmap", 2, Some(2), ShapeKnown, collection::zipmap),
];

/// The function of a name.
///
/// # Errors
/// There is none; says which one may be meant, or why Terraform's is left out.
pub(crate) fn find(name: &str) -> Result<&'static Function, Fault> {
    if let Some(function) = FUNCTIONS.iter().find(|function| function.name == name) {
        return Ok(function);
    }
    let fault = Fault::new(format!("unknown function `{name}`"));
    Err(match name {
        "timestamp" | "plantimestamp" | "uuid" | "bcrypt" => {
            Fault::new(format!("`{name}` gives another result on every run"))
                .help("plans must be reproducible: pass the value in as a variable")
        }
        "env" | "getenv" => fault.help("use a variable: WHARF_VAR_<name> in the environment sets it"),
        "base64gzip" | "rsadecrypt" | "formatdate" | "timeadd" | "fileset" | "fileexists" | "abspath" => {
            fault.help("Terraform has it, wharf does not")
        }
        _ => fault.suggest(name, FUNCTIONS.iter().map(|function| function.name)),
    })
}

impl Function {
    /// Refuses a wrong number of arguments.
    pub(crate) fn check_count(&self, count: usize) -> Result<(), Fault> {
        if count >= self.minimum && self.maximum.is_none_or(|maximum| count <= maximum) {
            return Ok(());
        }
        let plural = |n: usize| if n == 1 { format!("{n} argument") } else { format!("{n} arguments") };
        let takes = match self.maximum {
            Some(maximum) if maximum == self.minimum => plural(maximum),
            Some(maximum) => format!("{} to {}", self.minimum, plural(maximum)),
            None => format!("at least {}", plural(self.minimum)),
        };
        Err(Fault::new(format!("`{}` takes {takes}, not {count}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let names: std::collections::BTreeSet<&str> =
            FUNCTIONS.iter().map(|function| function.name).collect();
        assert_eq!(names.len(), FUNCTIONS.len());
    }

    #[test]
    fn a_wrong_name_is_answered() {
        let help = |name| find(name).expect_err("unknown").help;
        assert_eq!(help("jsonencod"), ["did you mean `jsonencode`?"]);
        assert_eq!(help("uuid"), ["plans must be reproducible: pass the value in as a variable"]);
    }
}
