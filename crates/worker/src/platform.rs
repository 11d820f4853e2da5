//! The Workers runtime, as far as it is used: SQL storage, transactions and alarms of objects, D1, time and randomness. What another host of
//! Workers lacks is bridged here.

mod incoming;

use std::{cell::OnceCell, ops::ControlFlow, rc::Rc, time::Duration};

use engage_app::placement::{self, Jurisdiction, Placements};
use engage_domain::{FirmId, Kind, Timestamp};
use engage_index::Statement;
use engage_journal::{Error, Row, Sql, Value, sql::Visit};
use js_sys::{Array, ArrayBuffer, JSON, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{
    D1Database, D1PreparedStatement, D1Result, Delay, Env, Method, Request, RequestInit, Response, State, Stub,
    wasm_bindgen_futures::JsFuture, web_sys,
};

pub(crate) use self::incoming::incoming;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectStorage`. Bound here because the library has no `transactionSync`, and calls that throw without catching.
    #[derive(Clone)]
    type Storage;

    #[wasm_bindgen(method, getter)]
    fn sql(this: &Storage) -> SqlStorage;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(this: &Storage, work: &mut dyn FnMut() -> Result<(), JsValue>) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    fn set_alarm(this: &Storage, at: f64) -> Result<JsValue, JsValue>;

    #[derive(Clone)]
    type SqlStorage;

    #[wasm_bindgen(method, catch, variadic)]
    fn exec(this: &SqlStorage, text: &str, params: &Array) -> Result<Cursor, JsValue>;

    type Cursor;

    #[wasm_bindgen(method, catch)]
    fn raw(this: &Cursor) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, js_name = rowsWritten)]
    fn rows_written(this: &Cursor) -> f64;

    /// `DurableObjectNamespace`, of which the library knows no jurisdictions.
    type Namespace;

    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Namespace, jurisdiction: &str) -> Result<JsValue, JsValue>;

    /// Everything that can be iterated over, in one step.
    #[wasm_bindgen(catch, js_namespace = Array, js_name = from)]
    fn collect(iterable: &JsValue) -> Result<Array, JsValue>;
}

/// The storage of one object.
#[derive(Clone)]
pub(crate) struct ObjectStorage {
    storage: Storage,
    sql: SqlStorage,
}

impl ObjectStorage {
    pub(crate) fn of(state: &State) -> Self {
        let storage: Storage = state.as_raw().storage().map(JsValue::from).unwrap_or_default().unchecked_into();
        Self { sql: storage.sql(), storage }
    }

    /// Does `work` in a transaction: all of it stays, or, when it gives an error, nothing.
    pub(crate) fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let (mut work, mut inner, mut done) = (Some(work), self.clone(), None);
        let ended = self.storage.transaction_sync(&mut || {
            let result = work.take().map(|work| work(&mut inner));
            let failed = matches!(result, Some(Err(_)));
            done = result;
            if failed { Err(JsValue::from_str("rolled back")) } else { Ok(()) }
        });
        match (done, ended) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(storage_error("commit", &error)),
            (None, Ok(())) => Err(Error::Corrupt("a transaction did nothing".into())),
        }
    }

    /// Has the object woken at a time, instead of any other that was set. Part of whatever is written with it.
    pub(crate) fn set_alarm(&self, at: Timestamp) -> Result<(), Error> {
        self.storage.set_alarm(at.as_millis() as f64).map(drop).map_err(|error| storage_error("set an alarm", &error))
    }

    fn exec(&self, text: &str, params: &[Value<'_>]) -> Result<Cursor, Error> {
        let bound: Array = params.iter().map(|value| to_js(*value)).collect();
        self.sql.exec(text, &bound).map_err(|error| storage_error("run a statement", &error))
    }
}

impl Sql for ObjectStorage {
    fn execute(&mut self, text: &str, params: &[Value<'_>]) -> Result<usize, Error> {
        let cursor = self.exec(text, params)?;
        let written = cursor.rows_written();
        if written <= 1.0 {
            return Ok(written as usize);
        }
        // What is written counts entries of indexes too.
        let changes = engage_journal::sql::first(self, "SELECT changes()", &[], |row| row.integer(0))?;
        Ok(usize::try_from(changes.unwrap_or(0)).unwrap_or(0))
    }

    fn query(
        &mut self,
        text: &str,
        params: &[Value<'_>],
        visit: &mut dyn FnMut(&dyn Row) -> Visit,
    ) -> Result<(), Error> {
        let rows = self.exec(text, params)?.raw().and_then(|rows| collect(&rows));
        for row in rows.map_err(|error| storage_error("read rows", &error))?.iter() {
            if visit(&Fields::of(&row)?)? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn script(&mut self, text: &str) -> Result<(), Error> {
        self.exec(text, &[]).map(drop)
    }
}

/// A value of a row.
enum Field {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// A row that came from JavaScript.
struct Fields(Vec<Field>);

/// Integers beyond cannot be told from their neighbours.
const SAFE: f64 = 9_007_199_254_740_991.0;

impl Fields {
    fn of(row: &JsValue) -> Result<Self, Error> {
        Array::from(row).iter().map(Field::of).collect::<Result<_, _>>().map(Self)
    }
}

impl Field {
    fn of(value: JsValue) -> Result<Self, Error> {
        if value.is_null() || value.is_undefined() {
            return Ok(Self::Null);
        }
        if let Some(number) = value.as_f64() {
            let whole = number.fract() == 0.0 && number.abs() <= SAFE;
            return Ok(if whole { Self::Integer(number as i64) } else { Self::Real(number) });
        }
        if let Some(text) = value.as_string() {
            return Ok(Self::Text(text));
        }
        match value.dyn_into::<ArrayBuffer>() {
            Ok(bytes) => Ok(Self::Blob(Uint8Array::new(&bytes).to_vec())),
            Err(value) if value.is_array() => Ok(Self::Blob(Uint8Array::new(&value).to_vec())),
            Err(_) => Err(Error::Corrupt("a row holds a value of a kind that SQLite does not have".into())),
        }
    }
}

impl Row for Fields {
    fn value(&self, at: usize) -> Result<Value<'_>, Error> {
        match self.0.get(at) {
            None => Err(Error::Corrupt(format!("a row has no column {at}"))),
            Some(Field::Null) => Ok(Value::Null),
            Some(Field::Integer(integer)) => Ok(Value::Integer(*integer)),
            Some(Field::Real(real)) => Ok(Value::Real(*real)),
            Some(Field::Text(text)) => Ok(Value::Text(text)),
            Some(Field::Blob(bytes)) => Ok(Value::Blob(bytes)),
        }
    }
}

fn to_js(value: Value<'_>) -> JsValue {
    match value {
        Value::Null => JsValue::NULL,
        // Within 2^53, by the port's contract.
        Value::Integer(integer) => JsValue::from_f64(integer as f64),
        Value::Real(real) => JsValue::from_f64(real),
        Value::Text(text) => JsValue::from_str(text),
        Value::Blob(bytes) => Uint8Array::from(bytes).into(),
    }
}

fn storage_error(operation: &str, error: &JsValue) -> Error {
    let message = Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|message| message.as_string());
    let message = message.or_else(|| error.as_string()).unwrap_or_else(|| "an exception without a message".into());
    // The first line: others hold a stack.
    let message = message.lines().next().unwrap_or_default().to_owned();
    Error::Storage { operation: operation.into(), message, transient: true, source: None }
}

/// Where this deployment keeps its firms.
struct Placed {
    firms: Placements,
    /// Whether the runtime holds objects to a jurisdiction. `workerd` by itself knows none, so there it is switched off, by name: nothing else
    /// may ever lead to an object's being made somewhere else.
    holds: bool,
}

thread_local! {
    /// As it was read, once an isolate: a deployment changes none of it without making new ones.
    static PLACED: OnceCell<Rc<Placed>> = const { OnceCell::new() };
}

fn placed(env: &Env) -> Result<Rc<Placed>, Error> {
    if let Some(placed) = PLACED.with(|placed| placed.get().cloned()) {
        return Ok(placed);
    }
    let var = |name: &str| Reflect::get(env, &JsValue::from_str(name)).unwrap_or_default();
    let firms = var("ENGAGE_PLACEMENT");
    let firms = match firms.as_string() {
        Some(text) => text,
        None if firms.is_undefined() => "{}".into(),
        None => {
            JSON::stringify(&firms).map(String::from).map_err(|error| storage_error("read ENGAGE_PLACEMENT", &error))?
        }
    };
    let firms = serde_json::from_str(&firms).map_err(|error| Error::Corrupt(format!("ENGAGE_PLACEMENT: {error}")))?;
    let holds = var("ENGAGE_JURISDICTIONS").as_string().as_deref() != Some("recorded");
    let read = Rc::new(Placed { firms, holds });
    PLACED.with(|placed| Ok(Rc::clone(placed.get_or_init(|| read))))
}

/// The jurisdiction that the runtime holds a firm's objects to.
pub(crate) fn held_within(env: &Env, firm: &FirmId) -> Option<Jurisdiction> {
    placed(env).ok().filter(|placed| placed.holds)?.firms.get(firm)?.jurisdiction
}

/// The object of a firm that is called `name`, where the firm is kept.
fn object(env: &Env, binding: &str, firm: &FirmId, name: &str) -> Result<Stub, Error> {
    let placed = placed(env)?;
    let placement = placed.firms.get(firm).copied().unwrap_or_default();
    let found = || {
        let mut namespace = env.durable_object(binding)?;
        if let Some(jurisdiction) = placement.jurisdiction.filter(|_| placed.holds) {
            let everywhere: &Namespace = namespace.as_ref().unchecked_ref();
            namespace = everywhere.jurisdiction(jurisdiction.as_str())?.unchecked_into();
        }
        match placement.location {
            Some(location) => namespace.get_by_name_with_location_hint(name, location.as_str()),
            None => namespace.get_by_name(name),
        }
    };
    found().map_err(|error: worker::Error| worker_error("address an object", &error))
}

/// Sends a text to the object of a firm called `name`; gives its answer.
pub(crate) async fn send(env: &Env, kind: Kind, firm: &FirmId, name: &str, text: String) -> Result<String, Error> {
    let binding = match kind {
        Kind::Conversation => "CONVERSATION",
        Kind::User => "USER",
        Kind::Firm => "FIRM",
    };
    let stub = object(env, binding, firm, name)?;
    let sent = async {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(JsValue::from_str(&text)));
        let answer = stub.fetch_with_request(Request::new_with_init("https://object/", &init)?).await?;
        whole_text(answer).await
    };
    sent.await.map_err(|error| worker_error("reach an object", &error))
}

/// The text of an answer in one step: the library takes it from a stream, chunk by chunk, which costs more than the rest of the way to an
/// object and back.
async fn whole_text(answer: Response) -> worker::Result<String> {
    let answer: web_sys::Response = answer.into();
    let text = JsFuture::from(answer.text()?).await?;
    text.as_string().ok_or_else(|| "an answer that is no text".into())
}

/// A firm's index.
pub(crate) struct Index(D1Database);

impl Index {
    /// The database bound for a firm.
    pub(crate) fn of(env: &Env, firm: &FirmId) -> Result<Self, Error> {
        let binding = placement::binding(firm);
        env.d1(&binding).map(Self).map_err(|_| Error::Storage {
            operation: "open the index".into(),
            message: format!("no D1 database is bound as {binding}"),
            transient: true,
            source: None,
        })
    }

    fn prepare(&self, statement: &Statement) -> Result<D1PreparedStatement, Error> {
        let params: Vec<_> = statement.values().into_iter().map(to_js).collect();
        self.0.prepare(&*statement.sql).bind(&params).map_err(|error| worker_error("prepare a statement", &error))
    }

    /// The rows of one statement.
    pub(crate) async fn rows<T>(
        &self,
        statement: &Statement,
        mut decode: impl FnMut(&dyn Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let rows = self.prepare(statement)?.raw_js_value().await;
        let rows = rows.map_err(|error| worker_error("ask the index", &error))?;
        rows.iter().map(|row| decode(&Fields::of(row)?)).collect()
    }

    /// Runs statements in one transaction: all of them, or, when it gives an error, none.
    pub(crate) async fn batch(&self, statements: &[Statement]) -> Result<(), Error> {
        self.run(statements).await.map(drop)
    }

    /// As [`Index::batch`]; gives whether the last statement changed a row.
    pub(crate) async fn batch_ending(&self, statements: &[Statement]) -> Result<bool, Error> {
        let results = self.run(statements).await?;
        let meta = results.last().and_then(|result| result.meta().ok().flatten());
        Ok(meta.is_some_and(|meta| meta.changes.is_some_and(|changes| changes > 0)))
    }

    async fn run(&self, statements: &[Statement]) -> Result<Vec<D1Result>, Error> {
        let prepared = statements.iter().map(|statement| self.prepare(statement)).collect::<Result<Vec<_>, _>>()?;
        self.0.batch(prepared).await.map_err(|error| worker_error("write the index", &error))
    }
}

fn worker_error(operation: &str, error: &worker::Error) -> Error {
    let message = match error {
        worker::Error::D1(error) => error.cause(),
        error => error.to_string(),
    };
    // The first line: others hold a stack.
    let message = message.lines().next().unwrap_or_default().to_owned();
    Error::Storage { operation: operation.into(), message, transient: true, source: None }
}

/// The time. Within a request it stands still between two answers from outside.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

/// Fresh random bytes.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that secrets take their randomness from")]
    getrandom::fill(&mut bytes).expect("the runtime has random bytes; without them nothing here is safe");
    bytes
}

/// 128 random bits.
pub(crate) fn random_bits() -> u128 {
    let mut bits = [0; 16];
    bits.copy_from_slice(&random()[..16]);
    u128::from_le_bytes(bits)
}

/// Waits.
pub(crate) async fn sleep(ms: u64) {
    Delay::from(Duration::from_millis(ms)).await;
}

/// Writes a line into the log.
pub(crate) fn log(what: &str, error: &Error) {
    worker::console_error!("{what}: {}", told(error));
}

/// An error with its causes.
pub(crate) fn told(error: &Error) -> String {
    let (mut text, mut source) = (error.to_string(), std::error::Error::source(error));
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Takes away everything that an object holds, and its alarm.
pub(crate) async fn delete_all(state: &State) -> Result<(), Error> {
    let wrong = |error: worker::Error| Error::Storage {
        operation: "take away what is stored".into(),
        message: error.to_string(),
        transient: true,
        source: None,
    };
    state.storage().delete_alarm().await.map_err(wrong)?;
    state.storage().delete_all().await.map_err(wrong)
}
