//! It was another kind of request: routed again, promised again, both kept in the history.

use catalog::{Priority, RouteQuery, Visibility};
use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Moment, Recorded};
use crate::hub::Requests;
use crate::intake::freeze;
use crate::model::{FrozenRouting, Request, RequestId};
use crate::status::Step;

impl Requests {
    /// Makes the request one of `service_code`. It is routed anew and promised anew from the day it was asked for; the
    /// old service, department and date stay in its history.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed. A closed request keeps its service.
    pub async fn change_service(&self, j: &Jurisdiction, id: RequestId, act: Act, service_code: &str) -> Result<Request, ChangeError> {
        let code = service_code.to_owned();
        self.change(j, id, act, move |request, moment| {
            // Only what is open is worked on, so only that can go elsewhere.
            request.status.after(Step::Close)?;
            let before = json!({ "service": request.service_code, "department": request.department, "due_at": request.due_at });
            let service = moment.catalog.service(&code).filter(|s| s.active && s.visibility != Visibility::InformationOnly);
            let service = service.ok_or_else(|| ChangeError::problem("service_code", format!("{code:?} is not a service that takes requests")))?;
            request.service_code.clone_from(&service.code);
            route_again(request, moment);
            let promise = moment.catalog.promise(service, priority(request), request.requested_at);
            request.due_at = promise.as_ref().map(|p| p.due_at);
            request.promise = promise.map(freeze);
            let body = json!({ "before": before, "service": request.service_code, "department": request.department, "due_at": request.due_at });
            Ok(Recorded::public("request.service-changed", body, None))
        })
        .await
    }
}

fn priority(request: &Request) -> Priority {
    Priority::parse(&request.priority).unwrap_or(Priority::Normal)
}

/// Routes a request by the rules that were in force when it was asked for.
pub(crate) fn route_again(request: &mut Request, moment: &Moment) {
    let Some(service) = moment.catalog.service(&request.service_code) else { return };
    let areas: Vec<(String, String)> = request.areas.iter().map(|(layer, area)| (layer.clone(), area.name.clone())).collect();
    let answers: Vec<(String, Vec<String>)> = request.answers.clone().into_iter().collect();
    let query =
        RouteQuery { service, areas: &areas, answers: &answers, channel: request.channel.code(), priority: priority(request), at: request.requested_at };
    let routed = moment.catalog.route(&query);
    if routed.department != request.department || routed.work_group != request.work_group {
        request.assignee = None;
    }
    request.department = routed.department;
    request.work_group = routed.work_group;
    request.routing = Some(FrozenRouting { rule: routed.rule, version: routed.version, why: routed.why });
}
