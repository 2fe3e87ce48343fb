//! Asks the API server what would become of objects, by dry-runs.

use plat_cluster::api_server::{Apply, ClusterError, Request};
use plat_plan::{Answer, Foretold, Question, Writing};
use plat_resource::Value;

use super::{Cluster, described};

/// The answers to all questions; `done` is told how many came.
pub(crate) fn foretell(
    cluster: &Cluster,
    questions: Vec<Question>,
    done: &mut dyn FnMut(usize),
) -> Result<Foretold, ClusterError> {
    let mut foretold = Foretold::default();
    let (mut asked, mut requests) = (Vec::new(), Vec::new());
    for question in questions {
        if let Some(path) = cluster.path(&question.key)? {
            requests.push(request(&path, &question));
            asked.push(question.key);
        } else {
            let reason = format!("the cluster does not serve {}", question.key.kind);
            foretold.note(question.key, Answer::Unasked(reason));
        }
    }
    let answers = cluster.send_all(&requests, done);
    for (key, answer) in asked.into_iter().zip(answers) {
        foretold.note(key, heard(answer)?);
    }
    Ok(foretold)
}

fn request(path: &str, question: &Question) -> Request {
    let how = |force| Apply { manager: &question.manager, force, is_dry_run: true };
    let what = described(&question.key);
    match &question.writing {
        Writing::Apply { object, force } => Request::apply(path, object.clone(), how(*force), what),
        Writing::Merge(change) => Request::merge(path, change.clone(), how(false), what),
    }
}

/// A refusal is an answer; no answer at all ends the run.
fn heard(answer: Result<Value, ClusterError>) -> Result<Answer, ClusterError> {
    let error = match answer {
        Ok(object) => return Ok(Answer::After(object)),
        Err(error) => error,
    };
    let Some((code, message)) = error.refusal() else { return Err(error) };
    let says_nothing = match code {
        // A lack of permission, unless it is a webhook's denial.
        403 => !message.contains("admission webhook"),
        // The Namespace may be a part of what is planned. A webhook that cannot be called is no refusal.
        404 | 429 | 500.. => true,
        // A webhook that has side effects.
        400 => message.contains("dry run"),
        _ => false,
    };
    let message = message.to_owned();
    Ok(if says_nothing { Answer::Unasked(message) } else { Answer::Refused(message) })
}
