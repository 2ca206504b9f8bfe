//! Functions that read files of the stack's directory.

use super::{Arguments, encoding, hash};
use crate::expression::{Evaluator, Fault, VariablesScope, parse_template};
use md5::Md5;
use sha2::{Digest, Sha256};
use wharf_core::Value;

type Result<T = Value> = std::result::Result<T, Fault>;

/// How deep template files may include each other.
const MAX_TEMPLATES: usize = 8;

pub(super) fn file(arguments: &Arguments<'_, '_>) -> Result {
    Ok(text(arguments)?.into())
}

pub(super) fn filebase64(arguments: &Arguments<'_, '_>) -> Result {
    Ok(encoding::encode(&bytes(arguments)?))
}

pub(super) fn filesha256(arguments: &Arguments<'_, '_>) -> Result {
    Ok(hash::hex(&Sha256::digest(bytes(arguments)?)))
}

pub(super) fn filebase64sha256(arguments: &Arguments<'_, '_>) -> Result {
    Ok(encoding::encode(&Sha256::digest(bytes(arguments)?)))
}

pub(super) fn filemd5(arguments: &Arguments<'_, '_>) -> Result {
    Ok(hash::hex(&Md5::digest(bytes(arguments)?)))
}

/// `templatefile(path, variables)`: an HCL template, with no names but the given ones.
pub(super) fn templatefile(arguments: &Arguments<'_, '_>) -> Result {
    let path = arguments.text(0)?.into_owned();
    let evaluator = arguments.evaluator;
    if evaluator.templates >= MAX_TEMPLATES {
        return Err(Fault::new(format!("template files include each other more than {MAX_TEMPLATES} deep")));
    }
    let variables = arguments.map(1)?;
    let template = text(arguments)?;
    let inside = |fault: Fault| {
        let line = fault
            .range
            .as_ref()
            .map(|range| template[..range.start.min(template.len())].matches('\n').count());
        let place = line.map_or_else(|| path.clone(), |line| format!("{path}:{}", line + 1));
        let outside = arguments.fault(0, format!("in {place}: {}", fault.message));
        Fault { help: fault.help, ..outside }
    };
    let parsed = parse_template(&template).map_err(inside)?;
    let scope = VariablesScope(variables);
    let inner = Evaluator { scope: &scope, templates: evaluator.templates + 1, ..*evaluator };
    inner.evaluate(&parsed).map_err(inside)
}

fn bytes(arguments: &Arguments<'_, '_>) -> Result<Vec<u8>> {
    let path = arguments.text(0)?;
    arguments.evaluator.files.read(&path).map_err(|message| arguments.fault(0, message))
}

fn text(arguments: &Arguments<'_, '_>) -> Result<String> {
    String::from_utf8(bytes(arguments)?).map_err(|_| {
        let path = arguments.text(0).unwrap_or_default();
        arguments.fault(0, format!("`{path}` is not UTF-8 text")).help("use `filebase64` for other files")
    })
}
