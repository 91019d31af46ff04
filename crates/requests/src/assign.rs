//! Giving a request to a department, a work group or a person.

use serde_json::json;
use staff::Jurisdiction;

use crate::change::{Act, ChangeError, Recorded};
use crate::hub::Requests;
use crate::model::{Request, RequestId};
use crate::status::Step;

/// Who is to have a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The department's code.
    pub department: String,
    /// The team's code in it.
    pub work_group: Option<String>,
    /// The person.
    pub assignee: Option<String>,
}

impl Requests {
    /// Gives the request to `to`. The department and the team must be in the catalog.
    ///
    /// # Errors
    /// [`ChangeError`]; then nothing changed.
    pub async fn assign(&self, j: &Jurisdiction, id: RequestId, act: Act, to: Assignment) -> Result<Request, ChangeError> {
        self.change(j, id, act, move |request, moment| {
            let status = request.status.after(Step::Assign)?;
            let department = moment.catalog.departments.iter().find(|d| d.code == to.department);
            let department = department.ok_or_else(|| ChangeError::problem("department", format!("{:?} is not a department of this city", to.department)))?;
            if let Some(group) = &to.work_group
                && !department.work_groups.iter().any(|g| g.code == *group)
            {
                return Err(ChangeError::problem("work_group", format!("{group:?} is not a work group of {}", department.name)));
            }
            let body = json!({ "department": to.department, "work_group": to.work_group, "assigned": to.assignee.is_some(), "before": request.department });
            request.status = status;
            request.department = Some(to.department);
            request.work_group = to.work_group;
            request.assignee = to.assignee;
            Ok(Recorded::public("request.assigned", body, None))
        })
        .await
    }
}
