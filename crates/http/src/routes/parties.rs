//! The parties that a firm knows: of a conversation, and of none.

use axum::{
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::{
    Runtime,
    registry::{ImportedParty, Registered},
};
use engage_domain::{
    ConversationId, PartyId,
    registry::{Identifier, IdentifierSort, Party, PartyKind, PartyRole, Related, Relation},
    text::Private,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    answer,
    caller::Signed,
    document::{IdPath, Problems, WriteHeaders},
    input::Input,
    page::{limit, linked},
    params::{CONSISTENCY, Id, Params},
    problem::Problem,
    schema,
    server::Shared,
    views::{
        Audience,
        conversation::ConversationView,
        party::{
            ImportAnswer, ImportedView, NamedAllAnswer, NamedAnswer, PartiesAnswer, PartyAnswer, PartyCursor,
            ScreenedView,
        },
    },
};

/// Longest import in bytes: two hundred parties with all their names.
const IMPORT_MAX: usize = 8 * 1024 * 1024;

/// The import, with its own limit on the body.
pub(super) fn import_api<R: Runtime>() -> OpenApiRouter<Shared<R>> {
    use crate::routes::parties;
    OpenApiRouter::new().routes(handlers!(R: parties::import)).layer(DefaultBodyLimit::max(IMPORT_MAX))
}

/// A body that describes a party; the role is the one field in which such bodies differ.
macro_rules! party_body {
    ($(#[$doc:meta])* $name:ident as $schema:ident { $(#[$role_doc:meta])* role: $role:ty as $words:ident }) => {
        $(#[$doc])*
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields, rename_all = "camelCase")]
        #[schema(as = $schema)]
        pub(crate) struct $name {
            $(#[$role_doc])*
            #[schema(schema_with = schema::$words)]
            role: $role,
            /// Its name: 1 to 400 bytes.
            #[schema(value_type = String, min_length = 1, max_length = 400)]
            name: Private,
            /// What it is; guessed from the name where it matters.
            #[schema(schema_with = schema::party_kind, required = false)]
            kind: Option<PartyKind>,
            /// Its other names: aliases, trade names, former names; at most 20.
            #[serde(default)]
            #[schema(value_type = Vec<String>)]
            aliases: Vec<Private>,
            /// What identifies it beside its names; at most 20.
            #[serde(default)]
            identifiers: Vec<IdentifierBody>,
            /// The party to which a related entity belongs; it then stands on that party's side.
            #[schema(schema_with = schema::maybe_ulid, required = false)]
            related_to: Option<PartyId>,
            /// What it is to that party.
            #[schema(schema_with = schema::maybe_relation, required = false)]
            relation: Option<Relation>,
            /// The matter to which it belongs, in the firm's words.
            #[schema(value_type = Option<String>, max_length = 200)]
            matter: Option<Private>,
            /// What it is called in the system that it comes from.
            #[schema(value_type = Option<String>, max_length = 254)]
            external_id: Option<Private>,
        }

        impl $name {
            /// The party, in this role.
            fn party(self, role: PartyRole) -> Result<Party, Problem> {
                let Self { role: _, name, kind, aliases, identifiers, related_to, relation, matter, external_id } = self;
                if relation.is_some() && related_to.is_none() {
                    return Err(Problem::invalid("relation", "goes only with relatedTo"));
                }
                let identifier = |IdentifierBody { r#type, value }| Identifier { sort: r#type, value };
                Ok(Party {
                    role,
                    kind: kind.unwrap_or_default(),
                    name,
                    aliases,
                    identifiers: identifiers.into_iter().map(identifier).collect(),
                    conversation: None,
                    related: related_to.map(|to| Related { to, relation: relation.unwrap_or_default() }),
                    matter,
                    external_id,
                })
            }
        }
    };
}

party_body! {
    /// A party.
    PartyBody as NewParty {
        /// In which role it appears.
        role: PartyRole as party_role
    }
}

party_body! {
    /// A name to check.
    CheckBody as NewCheck {
        /// In which role it would appear; without one it is held against both sides.
        role: Option<PartyRole> as party_role
    }
}

/// What identifies a party beside its names.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewIdentifier)]
pub(crate) struct IdentifierBody {
    #[schema(schema_with = schema::identifier_sort)]
    r#type: IdentifierSort,
    #[schema(value_type = String, max_length = 254)]
    value: Private,
}

impl PartyBody {
    fn into_party(self) -> Result<Party, Problem> {
        let role = self.role;
        self.party(role)
    }
}

impl CheckBody {
    /// The party to check. One that may be anybody is a related entity of nobody named.
    pub(crate) fn into_party(self) -> Result<Party, Problem> {
        let role = self.role.unwrap_or(PartyRole::RelatedEntity);
        self.party(role)
    }
}

/// Several parties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewParties)]
pub(crate) struct PartiesBody {
    /// At most 200.
    parties: Vec<PartyBody>,
}

impl PartiesBody {
    fn into_parties(self) -> Result<Vec<Party>, Problem> {
        let party = |(at, body): (usize, PartyBody)| {
            body.into_party().map_err(|problem| {
                let field = problem.field.as_deref().map(|field| format!("parties[{at}].{field}").into());
                Problem { field, ..problem }
            })
        };
        self.parties.into_iter().enumerate().map(party).collect()
    }
}

const fn status_of(registered: &Registered) -> StatusCode {
    if registered.created { StatusCode::CREATED } else { StatusCode::OK }
}

/// Screens a party of a conversation and registers it, in one step that no other can come between. Naming a party again adds what more is
/// known of it, takes nothing away, and answers with 200. The conversation's `conflictStatus` follows, and its phase where the check is
/// what it waits for.
#[utoipa::path(post, path = "/api/v1/firm/conversations/{id}/parties", tag = "conflicts", params(IdPath, WriteHeaders),
    request_body = PartyBody, responses((status = 201, body = NamedAnswer), (status = 200, body = NamedAnswer), Problems))]
pub(crate) async fn name<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<PartyBody>,
) -> Result<Response, Problem> {
    let (registered, conversation) =
        server.engage.register_parties(&caller, id, &write, vec![body.into_party()?]).await?;
    let registered = &registered[0];
    let body = NamedAnswer {
        screened: ScreenedView::new(&registered.party),
        conversation: ConversationView::new(&caller.firm, conversation.id, &conversation.state, Audience::of(&caller)),
    };
    let version = conversation.state.version;
    let response = answer::written(status_of(registered), &conversation, version, &body);
    Ok(answer::located(response, &format!("/api/v1/firm/parties/{}", registered.party.id)))
}

/// Screens several parties of a conversation and registers them, in their order. None is taken away: a name that was run stays known.
#[utoipa::path(put, path = "/api/v1/firm/conversations/{id}/parties", tag = "conflicts", params(IdPath, WriteHeaders),
    request_body = PartiesBody, responses((status = 200, body = NamedAllAnswer), Problems))]
pub(crate) async fn name_all<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
    Input { body, write }: Input<PartiesBody>,
) -> Result<Response, Problem> {
    let (registered, conversation) = server.engage.register_parties(&caller, id, &write, body.into_parties()?).await?;
    let body = NamedAllAnswer {
        results: registered.iter().map(|registered| ScreenedView::new(&registered.party)).collect(),
        conversation: ConversationView::new(&caller.firm, conversation.id, &conversation.state, Audience::of(&caller)),
    };
    Ok(answer::written(StatusCode::OK, &conversation, conversation.state.version, &body))
}

/// The parties of a conversation, in the order in which they were named, each with what its latest screening came to. Leaves an access
/// entry.
#[utoipa::path(get, path = "/api/v1/firm/conversations/{id}/parties", tag = "conflicts", params(IdPath),
    responses((status = 200, body = PartiesAnswer), Problems))]
pub(crate) async fn of_conversation<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<ConversationId>,
) -> Result<Response, Problem> {
    let parties = server.engage.parties_of(&caller, id).await?;
    let body = PartiesAnswer {
        parties: parties.iter().map(ScreenedView::new).collect(),
        page: PartyCursor { next: None },
        source: "object",
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Screens a party that belongs to no conversation, such as a former client, and registers it. Conflicts with conversations are recorded.
#[utoipa::path(post, path = "/api/v1/firm/parties", tag = "conflicts", params(WriteHeaders), request_body = PartyBody,
    responses((status = 201, body = PartyAnswer), (status = 200, body = PartyAnswer), Problems))]
pub(crate) async fn register<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, write }: Input<PartyBody>,
) -> Result<Response, Problem> {
    let registered = server.engage.register_party(&caller, &write, body.into_party()?).await?;
    let body = PartyAnswer { screened: ScreenedView::new(&registered.party), source: "object" };
    let mut response = answer::json(status_of(&registered), &body);
    answer::insert(&mut response, CONSISTENCY, &format!("firm/{}@{}", caller.firm, registered.version));
    Ok(answer::located(response, &format!("/api/v1/firm/parties/{}", registered.party.id)))
}

/// A party, with what its latest screening came to. Leaves an access entry.
#[utoipa::path(get, path = "/api/v1/firm/parties/{id}", tag = "conflicts", params(IdPath),
    responses((status = 200, body = PartyAnswer), Problems))]
pub(crate) async fn detail<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Id(id): Id<PartyId>,
) -> Result<Response, Problem> {
    let party = server.engage.party(&caller, id).await?;
    let body = PartyAnswer { screened: ScreenedView::new(&party), source: "object" };
    Ok(answer::json(StatusCode::OK, &body))
}

/// Which page of the parties.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartiesQuery {
    /// In this role alone.
    #[param(schema_with = schema::party_role)]
    role: Option<PartyRole>,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most parties of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// The parties that the firm knows, the latest registered first. To look for a name, check it (`POST /api/v1/firm/conflicts/check`).
#[utoipa::path(get, path = "/api/v1/firm/parties", tag = "conflicts", params(PartiesQuery),
    responses((status = 200, body = PartiesAnswer), Problems))]
pub(crate) async fn list<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    uri: Uri,
    Params(PartiesQuery { role, cursor, limit: most }): Params<PartiesQuery>,
) -> Result<Response, Problem> {
    let before = cursor.map(|cursor| before(&cursor)).transpose()?;
    let limit = limit(most)?.get();
    // One more than the page has, whose presence says that there is a next one.
    let mut kept = server.engage.list_parties(&caller, before, role, limit + 1).await?;
    let more = kept.len() > limit as usize;
    kept.truncate(limit as usize);
    let next = kept.last().filter(|_| more).map(|last| last.number.to_string());
    let body = PartiesAnswer {
        parties: kept.iter().map(|kept| ScreenedView::new(&kept.record)).collect(),
        page: PartyCursor { next: next.clone() },
        source: "object",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}

/// The number of the party before which a page begins.
fn before(cursor: &str) -> Result<i64, Problem> {
    let digits = !cursor.is_empty() && cursor.bytes().all(|b| b.is_ascii_digit());
    let number = cursor.parse().ok().filter(|number| digits && *number < 1 << 53);
    number.ok_or_else(|| Problem::invalid("cursor", "was not given by this list"))
}

/// Registers what the firm knew before: parties of no conversation, such as an old client list. Each is screened on its own; one that is
/// refused does not stop the rest; importing the same again changes nothing.
#[utoipa::path(post, path = "/api/v1/firm/imports/parties", tag = "conflicts", request_body = PartiesBody,
    responses((status = 200, body = ImportAnswer), Problems))]
pub(crate) async fn import<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Input { body, .. }: Input<PartiesBody>,
) -> Result<Response, Problem> {
    let imported = server.engage.import_parties(&caller, body.into_parties()?).await?;
    let imported: Vec<_> = imported
        .into_iter()
        .map(|imported| match imported {
            ImportedParty::Registered(registered) => Ok(registered),
            ImportedParty::Refused(error) => Err(Problem::from(error)),
        })
        .collect();
    let results = imported.iter().map(ImportedView::new).collect();
    Ok(answer::json(StatusCode::OK, &ImportAnswer { results }))
}
