//! Departments and their work groups.

use db::{DbError, Tx};
use kernel::{Email, JurisdictionId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::{Department, WorkGroup};

/// A department as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub id: Uuid,
    pub department: Department,
    pub place: i32,
    pub active: bool,
}

#[derive(FromQueryResult)]
struct Row {
    code: String,
    id: Uuid,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    place: i32,
    active: bool,
}

#[derive(FromQueryResult)]
struct GroupRow {
    department: String,
    code: String,
    name: String,
    active: bool,
}

/// The departments of today with the work groups of today, in the order in which they are shown.
///
/// # Errors
/// When the engine fails.
pub async fn departments<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId) -> Result<Vec<Department>, DbError> {
    Ok(read(conn, jurisdiction, false).await?.into_iter().filter(|kept| kept.active).map(|kept| kept.department).collect())
}

/// Every department and work group there ever was: for the names that old requests carry.
///
/// # Errors
/// When the engine fails.
pub async fn departments_ever<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId) -> Result<Vec<Department>, DbError> {
    Ok(read(conn, jurisdiction, true).await?.into_iter().map(|kept| kept.department).collect())
}

/// All rows as they are, retired departments with the work groups they had last.
pub(crate) async fn kept(tx: &Tx, jurisdiction: JurisdictionId) -> Result<Vec<Kept>, DbError> {
    read(tx.conn(), jurisdiction, false).await
}

async fn read<C: ConnectionTrait>(conn: &C, jurisdiction: JurisdictionId, retired_groups: bool) -> Result<Vec<Kept>, DbError> {
    const DEPARTMENTS: &str = "SELECT code, id, name, email, phone, place, active FROM departments WHERE jurisdiction_id = $1 ORDER BY place, code";
    const GROUPS: &str = "SELECT department, code, name, active FROM work_groups WHERE jurisdiction_id = $1 ORDER BY department, place, code";
    let rows: Vec<Row> = db::all(conn, DEPARTMENTS, [jurisdiction.0.into()]).await?;
    let groups: Vec<GroupRow> = db::all(conn, GROUPS, [jurisdiction.0.into()]).await?;
    let mut out = Vec::with_capacity(rows.len());
    for Row { code, id, name, email, phone, place, active } in rows {
        let work_groups = groups
            .iter()
            .filter(|group| group.department == code && (group.active || retired_groups))
            .map(|group| WorkGroup { code: group.code.clone(), name: group.name.clone() })
            .collect();
        let email = email
            .map(|text| Email::parse(&text))
            .transpose()
            .map_err(|_| DbError::Engine(sea_orm::DbErr::Type(format!("the e-mail address of department {code:?}"))))?;
        out.push(Kept { id, department: Department { code, name, email, phone, work_groups }, place, active });
    }
    Ok(out)
}

/// Writes a department and its work groups as given; those it has no more are retired.
pub(crate) async fn save(tx: &Tx, jurisdiction: JurisdictionId, kept: &Kept) -> Result<(), DbError> {
    const DEPARTMENT: &str = "INSERT INTO departments (jurisdiction_id, code, id, name, email, phone, place, active) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (jurisdiction_id, code) DO UPDATE SET name = $4, email = $5, phone = $6, place = $7, active = $8";
    const RETIRE: &str = "UPDATE work_groups SET active = FALSE WHERE jurisdiction_id = $1 AND department = $2";
    const GROUP: &str = "INSERT INTO work_groups (jurisdiction_id, department, code, name, place, active) VALUES ($1, $2, $3, $4, $5, TRUE)
        ON CONFLICT (jurisdiction_id, department, code) DO UPDATE SET name = $4, place = $5, active = TRUE";
    let Kept { id, department, place, active } = kept;
    let Department { code, name, email, phone, work_groups } = department;
    let email = email.as_ref().map(|email| email.as_str().to_owned());
    let values = [
        jurisdiction.0.into(),
        code.as_str().into(),
        (*id).into(),
        name.as_str().into(),
        email.into(),
        phone.clone().into(),
        (*place).into(),
        (*active).into(),
    ];
    db::exec(tx.conn(), DEPARTMENT, values).await?;
    db::exec(tx.conn(), RETIRE, [jurisdiction.0.into(), code.as_str().into()]).await?;
    for (nth, group) in work_groups.iter().enumerate() {
        let place = i32::try_from(nth).unwrap_or(i32::MAX);
        db::exec(tx.conn(), GROUP, [jurisdiction.0.into(), code.as_str().into(), group.code.as_str().into(), group.name.as_str().into(), place.into()]).await?;
    }
    Ok(())
}

/// Takes a department out of use. Its work groups stay as they were, and are back with it.
pub(crate) async fn retire(tx: &Tx, jurisdiction: JurisdictionId, code: &str) -> Result<(), DbError> {
    db::exec(tx.conn(), "UPDATE departments SET active = FALSE WHERE jurisdiction_id = $1 AND code = $2", [jurisdiction.0.into(), code.into()]).await?;
    Ok(())
}
