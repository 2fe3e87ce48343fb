//! What the API server refuses of the parts of an XRD that Crossplane copies into the CRDs, schemas aside.

use plat_resource::Value;

use super::fields::{COLUMN, CONVERSION, Field, SCALE, Written};
use super::keywords::{report_fields, report_texts};
use crate::cursor::{Cursor, Findings, kind_of};

const MAX_WARNING_LENGTH: usize = 256;

/// Reports them, each at its place.
pub(crate) fn check_parts(root: &Cursor<'_>, spec: &Cursor<'_>, findings: &mut Findings<'_>) {
    for metadata in [root.get("metadata"), spec.get("metadata")].iter().flatten() {
        for key in ["labels", "annotations"] {
            findings.optional_object(metadata, key).iter().for_each(|texts| check_values(texts, findings));
        }
    }
    for names in ["names", "claimNames"] {
        if let Some(categories) = spec.get(names).and_then(|names| names.get("categories")) {
            report_texts(&categories, findings);
        }
    }
    if let Some(conversion) = spec.get("conversion") {
        check_conversion(&conversion, root.text("apiVersion"), findings);
    }
    for version in spec.get("versions").iter().flat_map(Cursor::items).filter(|version| version.value().is_object()) {
        check_version(&version, findings);
    }
}

fn check_version(version: &Cursor<'_>, findings: &mut Findings<'_>) {
    for flag in ["served", "referenceable"] {
        require(version, flag, findings);
    }
    for column in findings.optional_list(version, "additionalPrinterColumns").iter().flat_map(Cursor::items) {
        check_fields(&column, COLUMN, findings);
    }
    if let Some(subresources) = findings.optional_object(version, "subresources") {
        findings.unknown_fields(&subresources, &["scale"]);
        if let Some(scale) = subresources.get("scale") {
            check_fields(&scale, SCALE, findings);
        }
    }
    check_warning(version, findings);
}

fn check_warning(version: &Cursor<'_>, findings: &mut Findings<'_>) {
    let Some((at, text)) = version.get("deprecationWarning").zip(version.text("deprecationWarning")) else { return };
    if version.value().get("deprecated").and_then(Value::as_bool) != Some(true) {
        findings.error(&at, "can only be set for a deprecated version").hint =
            Some("set deprecated: true on this version, or remove the warning".to_owned());
    } else if text.is_empty() {
        findings.error(&at, "must not be empty").hint =
            Some("remove it: the API server has words of its own".to_owned());
    } else if text.chars().count() > MAX_WARNING_LENGTH {
        findings.error(&at, format!("is longer than {MAX_WARNING_LENGTH} characters"));
    }
}

/// Labels or annotations: a null reads as an empty text.
fn check_values(texts: &Cursor<'_>, findings: &mut Findings<'_>) {
    for value in texts.fields().iter().filter(|value| !(value.value().is_string() || value.value().is_null())) {
        findings.error(value, format!("is {}, must be a string", kind_of(value.value()))).hint =
            Some("put it in quotes".to_owned());
    }
}

fn check_conversion(conversion: &Cursor<'_>, api_version: Option<&str>, findings: &mut Findings<'_>) {
    check_fields(conversion, CONVERSION, findings);
    let Some(strategy) = conversion.text("strategy") else { return };
    let may_be_none = api_version.is_some_and(|version| !version.ends_with("/v1"));
    let webhook = match (strategy, conversion.get("webhook")) {
        ("Webhook", Some(webhook)) => webhook,
        ("None", None) if may_be_none => return,
        _ => {
            let cause = "must be strategy Webhook with a webhook";
            findings.error(conversion, cause).hint =
                Some("remove conversion: without it objects are the same in every version".to_owned());
            return;
        }
    };
    if !webhook.value().is_object() {
        return;
    }
    require(&webhook, "conversionReviewVersions", findings);
    let client = webhook.get("clientConfig");
    let service = client.as_ref().and_then(|client| client.get("service"));
    for field in ["name", "namespace"] {
        service.iter().filter(|service| service.value().is_object()).for_each(|each| require(each, field, findings));
    }
    let Some((bundle, text)) = client.and_then(|client| Some((client.get("caBundle")?, client.text("caBundle")?)))
    else {
        return;
    };
    if !is_base64(text) {
        findings.error(&bundle, "is not text in base64");
    }
}

fn check_fields(object: &Cursor<'_>, fields: &[Field], findings: &mut Findings<'_>) {
    report_fields(object, fields, findings);
    if object.value().is_object() {
        for (name, ..) in fields.iter().filter(|(_, _, written)| *written == Written::Always) {
            require(object, name, findings);
        }
    }
}

fn require(object: &Cursor<'_>, key: &str, findings: &mut Findings<'_>) {
    if object.get(key).is_none() {
        findings.error(&object.at_path(object.path().key(key)), "is required and is missing");
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(digits.len());
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !digits.is_empty() && text.len().is_multiple_of(4) && padding <= 2 && digits.as_bytes().iter().all(is_digit)
}
