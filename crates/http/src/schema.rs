//! How values of the domain look in the OpenAPI document. The words of an enumeration come from the domain itself, so that the
//! document cannot lag behind.

use engage_app::{analytics::Reach, operations::Replayed};
use engage_domain::{
    Kind, Outcome, Role, Timestamp,
    conversation::{AssignmentStatus, Author, ConflictStatus, GoalPriority, Phase, Priority, Status},
    firm::FirmStatus,
    registry::{
        ConflictState, ConflictType, IdentifierSort, MatchType, PartyKind, PartyRole, Reason, Relation, Resolution,
        Side,
    },
    user::UserStatus,
};
use engage_index::{conflicts::Standing, conversations::Sort, page::Direction, search::Field};
use utoipa::openapi::{
    Array, ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, RefOr, Schema,
    schema::{KnownFormat, SchemaFormat, SchemaType, Type},
};

fn one_of(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

macro_rules! words {
    ($($name:ident = $type:ty;)+) => {
        $(pub(crate) fn $name() -> Object {
            one_of(<$type>::ALL.iter().map(|word| word.as_str()))
        })+
    };
}

words! {
    status = Status;
    phase = Phase;
    conflict_status = ConflictStatus;
    goal_priority = GoalPriority;
    priority = Priority;
    assignment_status = AssignmentStatus;
    author = Author;
    outcome = Outcome;
    user_status = UserStatus;
    sort = Sort;
    direction = Direction;
    reach = Reach;
    search_field = Field;
    party_role = PartyRole;
    party_kind = PartyKind;
    identifier_sort = IdentifierSort;
    side = Side;
    relation = Relation;
    match_type = MatchType;
    reason = Reason;
    conflict_type = ConflictType;
    conflict_state = ConflictState;
    resolution = Resolution;
    standing = Standing;
}

/// What sorts of identifier two parties share.
pub(crate) fn identifier_sorts() -> Array {
    ArrayBuilder::new().items(identifier_sort()).build()
}

/// What a conflict can be set to; the other states follow from a resolution.
pub(crate) fn settable_conflict_state() -> Object {
    one_of([ConflictState::Reviewing, ConflictState::Detected].map(ConflictState::as_str))
}

/// The kinds of object.
pub(crate) fn kind() -> Object {
    one_of(Kind::ALL.iter().map(|kind| kind.as_str()))
}

/// What came of another try to take an object in.
pub(crate) fn replayed() -> Object {
    one_of(Replayed::ALL.iter().map(Replayed::as_str))
}

/// The roles that a user can hold.
pub(crate) fn role() -> Object {
    one_of(Role::ASSIGNABLE.iter().map(|role| role.as_str()))
}

pub(crate) fn firm_status() -> Object {
    one_of([FirmStatus::Active.as_str(), FirmStatus::Suspended.as_str()])
}

/// What an assignment can be set to; `reassigned` comes of itself.
pub(crate) fn settable_assignment_status() -> Object {
    let settable = [AssignmentStatus::Pending, AssignmentStatus::Active, AssignmentStatus::Completed];
    one_of(settable.map(AssignmentStatus::as_str))
}

/// An id of 26 characters.
pub(crate) fn ulid() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))
        .examples(["01ARZ3NDEKTSV4RRFFQ69G5FAV"])
        .build()
}

pub(crate) fn firm() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[a-z0-9](-?[a-z0-9])*$"))
        .max_length(Some(engage_domain::id::FIRM_ID_MAX))
        .build()
}

pub(crate) fn version() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build()
}

/// An instant; what comes out is UTC with milliseconds.
pub(crate) fn time() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples([Timestamp::from_millis(1_795_395_600_000).to_string()])
        .build()
}

/// A day.
pub(crate) fn date() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .examples(["2026-11-23"])
        .build()
}

pub(crate) fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

macro_rules! nullable {
    ($($name:ident = $inner:ident;)+) => {
        $(pub(crate) fn $name() -> RefOr<Schema> {
            let null = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)).build();
            RefOr::T(Schema::OneOf(OneOfBuilder::new().item($inner()).item(null).build()))
        })+
    };
}

nullable! {
    maybe_ulid = ulid;
    maybe_time = time;
    maybe_text = text;
    maybe_conflict_status = conflict_status;
    maybe_side = side;
    maybe_relation = relation;
    maybe_conflict_type = conflict_type;
    maybe_resolution = resolution;
}
