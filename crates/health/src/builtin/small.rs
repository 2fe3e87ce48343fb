//! Kinds whose rule is a few lines: Service, PersistentVolumeClaim, Ingress, Job, APIService, and Argo's Workflow.

use plat_resource::Value;

use crate::fields::{condition, conditions, list, text};
use crate::{Health, Status};

/// Whether a load balancer has an address.
fn has_address(object: &Value) -> bool {
    !list(object, &["status", "loadBalancer", "ingress"]).is_empty()
}

pub(super) fn service(object: &Value) -> Health {
    let waits = text(object, &["spec", "type"]) == "LoadBalancer" && !has_address(object);
    Health::new(if waits { Status::Progressing } else { Status::Healthy }, "")
}

pub(super) fn ingress(object: &Value) -> Health {
    Health::new(if has_address(object) { Status::Healthy } else { Status::Progressing }, "")
}

pub(super) fn volume_claim(object: &Value) -> Health {
    let status = match text(object, &["status", "phase"]) {
        "Lost" => Status::Degraded,
        "Pending" => Status::Progressing,
        "Bound" => Status::Healthy,
        _ => Status::Unknown,
    };
    Health::new(status, "")
}

/// Argo CD looks at which conditions there are, not whether they hold; only of Suspended it wants that, too.
pub(super) fn job(object: &Value) -> Health {
    let (mut failure, mut ended, mut is_suspended) = (None, None, false);
    for condition in conditions(object) {
        match condition.kind() {
            "Failed" => failure = Some(condition.message()),
            "Complete" => ended = Some(condition.message()),
            "Suspended" => {
                ended = Some(condition.message());
                is_suspended |= condition.is_true();
            }
            _ => {}
        }
    }
    match (failure, ended) {
        (None, None) => Health::progressing(""),
        (Some(failure), _) => Health::degraded(failure),
        // Its message is that of a failure, which there is none of.
        (None, Some(_)) if is_suspended => Health::suspended(""),
        (None, Some(message)) => Health::healthy(message),
    }
}

pub(super) fn api_service(object: &Value) -> Health {
    let Some(available) = condition(object, "Available") else {
        return Health::progressing("Waiting to be processed");
    };
    let status = if available.is_true() { Status::Healthy } else { Status::Progressing };
    Health::new(status, format!("{}: {}", available.reason(), available.message()))
}

pub(super) fn workflow(object: &Value) -> Health {
    let status = match text(object, &["status", "phase"]) {
        "" | "Pending" | "Running" => Status::Progressing,
        "Succeeded" => Status::Healthy,
        "Failed" | "Error" => Status::Degraded,
        _ => Status::Unknown,
    };
    Health::new(status, text(object, &["status", "message"]))
}
