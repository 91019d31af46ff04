//! A map laid over one file: the map's expressions with the places of their columns, and what is missing.

use crate::map::{Bound, Columns, Expression, Header, Map};

/// The columns of one file as its map reads them.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub header: Header,
    pub number: Bound,
    pub requested: Bound,
    pub status: Bound,
    pub closed: Bound,
    pub updated: Bound,
    pub due: Bound,
    pub promised: Bound,
    pub channel: Bound,
    pub priority: Bound,
    pub department: Bound,
    pub work_group: Bound,
    pub address: Bound,
    pub address_id: Bound,
    pub zip: Bound,
    pub lat: Bound,
    pub lon: Bound,
    pub place_note: Bound,
    pub description: Bound,
    pub explanation: Bound,
    pub parent: Bound,
    pub duplicate: Bound,
    pub past_estimate: Bound,
    pub service_name: Vec<Bound>,
    pub service_code: Bound,
    pub service_group: Bound,
    pub outcomes: Vec<Bound>,
    pub elsewhere: Vec<Bound>,
    pub areas: Vec<Bound>,
    pub keep: Vec<(String, Bound)>,
}

impl Layout {
    /// Finds the map's columns in `header`.
    ///
    /// # Errors
    /// Names the columns that the map cannot do without and the file does not have.
    pub fn new(map: &Map, header: Header) -> Result<Self, String> {
        let Columns {
            number,
            requested,
            status,
            closed,
            updated,
            due,
            promised,
            channel,
            priority,
            department,
            work_group,
            address,
            address_id,
            zip,
            lat,
            lon,
            place_note,
            description,
            explanation,
            parent,
            duplicate,
            past_estimate,
        } = &map.columns;
        let mut missing = Vec::new();
        let mut needed = |field: &str, expression: &Expression| {
            let bound = expression.bind(&header);
            if bound.is_empty() {
                missing.push(format!("{field} ({})", expression.in_words()));
            }
            bound
        };
        let layout = Self {
            number: needed("number", number),
            requested: needed("requested", requested),
            status: needed("status", status),
            service_name: map.service.name.iter().enumerate().map(|(nth, part)| if nth == 0 { needed("service", part) } else { part.bind(&header) }).collect(),
            closed: closed.bind(&header),
            updated: updated.bind(&header),
            due: due.bind(&header),
            promised: promised.bind(&header),
            channel: channel.bind(&header),
            priority: priority.bind(&header),
            department: department.bind(&header),
            work_group: work_group.bind(&header),
            address: address.bind(&header),
            address_id: address_id.bind(&header),
            zip: zip.bind(&header),
            lat: lat.bind(&header),
            lon: lon.bind(&header),
            place_note: place_note.bind(&header),
            description: description.bind(&header),
            explanation: explanation.bind(&header),
            parent: parent.bind(&header),
            duplicate: duplicate.bind(&header),
            past_estimate: past_estimate.bind(&header),
            service_code: map.service.code.bind(&header),
            service_group: map.service.group.bind(&header),
            outcomes: map.outcomes.iter().map(|rule| rule.column.bind(&header)).collect(),
            elsewhere: map.place.elsewhere.iter().map(|rule| rule.column.bind(&header)).collect(),
            areas: map.areas.iter().map(|rule| rule.column.bind(&header)).collect(),
            keep: map.keep.iter().map(|(key, column)| (key.clone(), column.bind(&header))).filter(|(_, bound)| !bound.is_empty()).collect(),
            header,
        };
        if missing.is_empty() {
            return Ok(layout);
        }
        let (mut has, names) = (layout.header.names().join(", "), layout.header.names().len());
        if has.len() > 1_000 {
            has = has.chars().take(1_000).collect::<String>() + "…";
        }
        let hint = if names == 1 && has.contains([';', '\t', '|']) { "; the fields must be parted by commas" } else { "" };
        Err(format!("the file has no column for {}; its columns are: {has}{hint}", missing.join("; ")))
    }
}
