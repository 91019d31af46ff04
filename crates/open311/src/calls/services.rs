//! `services` and `services/{code}`: what can be asked for, and the questions that go with it.

use catalog::{Question, Service, Visibility};

use super::Call;
use crate::document::Document;
use crate::refusal::Refusal;
use crate::wire;

/// The services that the public may ask for now.
pub(crate) async fn list(call: &Call<'_>) -> Result<Document, Refusal> {
    let jurisdiction = call.desk.jurisdiction(&call.fields).await?;
    let catalog = call.desk.catalog(&jurisdiction).await?;
    let language = call.fields.get("locale")?.unwrap_or(&catalog.language);
    let entry = |service: &Service| wire::Service {
        service_code: service.code.clone(),
        service_name: service.name_in(language).to_owned(),
        description: service.description_in(language).to_owned(),
        metadata: !service.questions.is_empty(),
        kind: service.kind.as_str(),
        keywords: service.keywords().into_iter().map(plain_word).filter(|word| !word.is_empty() && !ACTED_ON.contains(&word.as_str())).collect(),
        group: service.group.clone(),
    };
    Ok(wire::services(catalog.services.iter().filter(|service| service.is_offered()).map(entry).collect()))
}

/// Words in the list that make FixMyStreet hide a service, or its reports; here they are only words.
const ACTED_ON: &[&str] = &["private", "inactive", "staff", "waste_only"];

/// A keyword as the list can hold it: commas part the words.
fn plain_word(word: &str) -> String {
    word.replace(',', " ").trim().to_owned()
}

/// The questions of a service. Services that are no longer offered, and imported ones, answer too: old requests name them.
pub(crate) async fn definition(call: &Call<'_>) -> Result<Document, Refusal> {
    let jurisdiction = call.desk.jurisdiction(&call.fields).await?;
    let catalog = call.desk.catalog(&jurisdiction).await?;
    let language = call.fields.get("locale")?.unwrap_or(&catalog.language);
    let service = catalog.service(call.address.last()).filter(|service| service.visibility != Visibility::StaffOnly);
    let service = service.ok_or_else(|| Refusal::NotFound("service_code was not found.".to_owned()))?;
    let attributes = service.questions.iter().zip(1..).map(|(question, order)| attribute(service, question, order, language));
    Ok(wire::service_definition(service.code.clone(), attributes.collect()))
}

fn attribute(service: &Service, question: &Question, order: u32, language: &str) -> wire::Attribute {
    let value = |choice: &catalog::Choice| (choice.key.clone(), question.value_name(&choice.key, language).to_owned());
    let hint = question.languages.get(language).and_then(|text| text.hint.clone()).or_else(|| question.hint.clone());
    wire::Attribute {
        variable: question.variable,
        code: question.code.clone(),
        datatype: question.datatype.as_str(),
        // What only shows a text cannot be answered; and a client of the standard does not know conditions, so a question
        // that is asked only sometimes must not hold up the others.
        required: question.required && question.variable && question.ask_when.is_none(),
        datatype_description: hint.or_else(|| condition(service, question, language)),
        order,
        description: question.ask_in(language).to_owned(),
        values: question.datatype.is_list().then(|| question.values.iter().map(value).collect()),
    }
}

/// When a question is asked, in words, for those who see all questions at once.
fn condition(service: &Service, question: &Question, language: &str) -> Option<String> {
    let when = question.ask_when.as_ref()?;
    let earlier = service.question(&when.question)?;
    let answers: Vec<&str> = when.is.iter().map(|key| earlier.value_name(key, language)).collect();
    Some(format!("{}: {}", earlier.ask_in(language), answers.join(", ")))
}
