//! How SQLite answers each query: no page is ever sorted, and no table is ever read without an index.

use engage_domain::{
    Kind, Role,
    conversation::{AssignmentStatus, ConflictStatus, Phase, Priority, Status},
    user::UserStatus,
};
use engage_index::{
    ConversationList, Cursor, IndexRow, Limit, Query, Range, Statement, Table,
    assignments::{AssignmentList, AssignmentPlace, OverdueAssignments},
    audit::{AuditByTime, AuditOfResource},
    conversations::{Filters, Order, Sort},
    page::Direction,
    projection,
    reconciliations::Reconciliations,
    scan::{Count, Key, UserCounts, VersionOf, Walk},
    sync_failure::{SyncFailureById, SyncFailures},
    users::{UserByEmail, UserById, UserList},
};
use engage_journal::{ObjectKey, Sql};

use crate::{
    db::Db,
    sample::{at, conversation, firm, session, user},
};

/// What is wrong with a plan, if anything.
fn fault(plan: &[String]) -> Option<&'static str> {
    if plan.iter().any(|line| line.contains("TEMP B-TREE")) {
        Some("sorts")
    } else if plan.iter().any(|line| line.starts_with("SCAN")) {
        Some("reads a whole table")
    } else {
        None
    }
}

/// Checks a plan; with `walked`, that the walk is bounded by these columns beside the firm.
fn check(db: &mut Db, statement: &Statement, walked: &str) {
    let plan = db.plan(statement);
    assert_eq!(fault(&plan), None, "{}\n{plan:#?}", statement.sql);
    assert_eq!(plan.len(), 1, "{}\n{plan:#?}", statement.sql);
    assert!(plan[0].contains(walked), "{}\n{plan:#?}\nwithout {walked}", statement.sql);
}

/// An empty index, and one that SQLite has gathered statistics on, by which it may plan otherwise.
fn databases() -> [Db; 2] {
    let mut analysed = Db::new();
    for n in 0..300 {
        let mut row = conversation(n);
        row.status = Status::ALL[n as usize % 3];
        row.assigned_to = (n % 7 == 0).then(|| user(n % 5));
        row.user_id = (n % 11 == 0).then(|| user(n));
        analysed.run(&row.to_statement());
        analysed.run(&projection::user_row(&firm(), user(n), &engage_domain::User::default()).to_statement());
        let insert = format!(
            "INSERT INTO case_assignment_index (firmId, sessionId, assignedTo, assignedAt, status, priority, version)
               VALUES ('acme', '{}', '{}', 't', 'active', 'normal', 1);
             INSERT INTO audit_log_index (firmId, auditId, action, resourceType, resourceId, timestamp, outcome, details, seq, version)
               VALUES ('acme', '{n:03}', 'x', 'conversation', '{}', 't{n:03}', 'success', '{{}}', {n}, 1);
             INSERT INTO conflict_detection_index (firmId, conflictId, status, version) VALUES ('acme', '{n}', 'detected', 1);",
            session(n),
            user(n % 5),
            session(n % 10),
        );
        analysed.script(&insert).unwrap();
    }
    analysed.script("ANALYZE").unwrap();
    [Db::new(), analysed]
}

/// Every set of equality filters.
fn filter_sets() -> impl Iterator<Item = Filters> {
    (0..64u32).map(|bits| {
        let has = |bit: u32| bits & (1 << bit) != 0;
        Filters {
            owner: has(0).then(|| user(1)),
            assigned_to: has(1).then(|| user(2)),
            practice_area: has(2).then(|| "family_law".parse().unwrap()),
            conflict_status: has(3).then_some(ConflictStatus::Clear),
            phase: has(4).then_some(Phase::Secured),
            status: has(5).then_some(Status::Active),
            created: Range::ALL,
            activity: Range::ALL,
        }
    })
}

/// The index that a list has to walk, and the columns of the walk.
fn expected(filters: &Filters, sort: Sort) -> (&'static str, &'static str, &'static str) {
    match sort {
        Sort::CreatedAt => ("idx_firm_created", "", "createdAt"),
        Sort::ClientName => ("idx_firm_client_name", "", "clientSort"),
        Sort::DataQualityScore => ("idx_firm_data_quality", "", "dataQualityScore"),
        Sort::LastActivity => {
            let (index, equal) = if filters.owner.is_some() {
                ("idx_firm_owner", " AND userId=?")
            } else if filters.assigned_to.is_some() {
                ("idx_firm_assigned", " AND assignedTo=?")
            } else if filters.practice_area.is_some() {
                ("idx_firm_practice_area", " AND practiceArea=?")
            } else if filters.conflict_status.is_some() {
                ("idx_firm_conflict_status", " AND conflictStatus=?")
            } else if filters.phase.is_some() {
                ("idx_firm_phase", " AND phase=?")
            } else if filters.status.is_some() {
                ("idx_firm_status", " AND status=?")
            } else {
                ("idx_firm_activity", "")
            };
            (index, equal, "lastActivity")
        }
    }
}

#[test]
fn correction_11_no_page_of_conversations_is_sorted_whatever_its_filters_order_and_place() {
    let ranges = [(None, None), (Some(at(-9)), None), (None, Some(at(9))), (Some(at(-9)), Some(at(9)))]
        .map(|(from, to)| Range::new(from, to).unwrap());
    let mut row = conversation(1);
    row.client_sort = "ann".into();
    for db in &mut databases() {
        for filters in filter_sets() {
            for (sort, direction) in Sort::ALL.into_iter().flat_map(|sort| Direction::ALL.map(|way| (sort, way))) {
                let order = Order { sort, direction };
                let (index, equal, column) = expected(&filters, sort);
                // Every combination of ranges without other filters and with all; with the rest, one is as good as another.
                let simple = filters.status.is_some() == filters.owner.is_some();
                for (created, activity) in ranges.iter().flat_map(|one| ranges.map(|other| (*one, other))) {
                    if !simple && (created, activity) != (ranges[0], ranges[0]) {
                        continue;
                    }
                    let filters = Filters { created, activity, ..filters.clone() };
                    let mut list =
                        ConversationList { firm: firm(), filters, order, after: None, limit: Limit::default() };
                    let walk = format!("USING INDEX {index} (firmId=?{equal}");
                    check(db, &list.statement(), &walk);
                    list.after = Some(Cursor::behind(order, &row));
                    let behind = if direction == Direction::Asc { '>' } else { '<' };
                    let statement = list.statement();
                    check(db, &statement, &walk);
                    check(db, &statement, &format!("({column},sessionId){behind}(?,?)"));
                }
            }
        }
    }
}

#[test]
fn no_other_list_is_sorted_either() {
    let limit = Limit::default();
    let firm = firm();
    for db in &mut databases() {
        for bits in 0..16u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let role = has(0).then_some(Role::Attorney);
            let status = has(1).then_some(UserStatus::Active);
            let users = UserList { firm: firm.clone(), role, status, after: has(2).then(|| user(1)), limit };
            check(db, &users.statement(), if has(2) { "userId>?" } else { "firmId=?" });

            let (status, priority) = (has(0).then_some(AssignmentStatus::Active), has(1).then_some(Priority::High));
            let place =
                AssignmentPlace { status: AssignmentStatus::Active, session_id: session(1), assigned_to: user(1) };
            let after = has(2).then_some(place);
            let assigned_to = has(3).then(|| user(1));
            let list = AssignmentList { firm: firm.clone(), assigned_to, status, priority, after, limit };
            check(
                db,
                &list.statement(),
                if has(3) { "idx_firm_assignee (firmId=? AND assignedTo=?" } else { "PRIMARY KEY" },
            );

            let span = Range::new(has(0).then(|| at(0)), has(1).then(|| at(9))).unwrap();
            let direction = Direction::ALL[usize::from(has(3))];
            let after = has(2).then(|| (at(5), ulid(5)));
            let audit = AuditByTime { firm: firm.clone(), span, direction, after, limit };
            check(db, &audit.statement(), if has(2) { "(timestamp,auditId)" } else { "idx_firm_audit_time" });
            let audit = AuditOfResource {
                firm: firm.clone(),
                resource_type: "conversation".into(),
                resource_id: "x".into(),
                direction,
                after: has(2).then(|| ulid(5)),
                limit,
            };
            let walked = if has(2) { "resourceType=? AND resourceId=? AND auditId" } else { "resourceId=?" };
            check(db, &audit.statement(), walked);
        }
        let mut overdue = OverdueAssignments { firm: firm.clone(), now: at(0), after: None, limit };
        check(db, &overdue.statement(), "dueDate<?");
        overdue.after = Some((at(-9), session(1), user(1)));
        check(db, &overdue.statement(), "idx_firm_overdue (firmId=? AND");
        check(db, &UserByEmail { firm: firm.clone(), email: "a@b.c".into() }.statement(), "email=?");
        check(db, &UserById { firm: firm.clone(), user: user(1) }.statement(), "userId=?");
        let mut reconciliations = Reconciliations { firm: firm.clone(), after: None, limit };
        check(db, &reconciliations.statement(), "idx_firm_audit_action (firmId=? AND action=?");
        reconciliations.after = Some((at(-9), ulid(5)));
        check(db, &reconciliations.statement(), "action=? AND (timestamp,auditId)<");
        check(db, &SyncFailures { after: 7, limit }.statement(), "rowid>?");
        check(db, &SyncFailureById { id: 7 }.statement(), "rowid=?");
        check(db, &UserCounts { firm: firm.clone(), after: None, limit: 9 }.statement(), "userId>?");
        for kind in Kind::ALL {
            let object = ObjectKey { kind, name: "x".into() };
            check(db, &VersionOf { firm: firm.clone(), object }.statement(), "firmId=?");
        }
        for table in Table::ALL {
            check(db, &Count { table, firm: firm.clone() }.statement(), "firmId=?");
            let mut walk = Walk { table, firm: firm.clone(), after: None, limit: 9 };
            check(db, &walk.statement(), "PRIMARY KEY");
            walk.after = Some(Key("x".into(), "y".into()));
            check(db, &walk.statement(), if table == Table::Assignment { "(sessionId,assignedTo)>" } else { "Id>?" });
        }
    }
}

fn ulid(n: u128) -> engage_domain::EntryId {
    engage_domain::EntryId::from_ulid(ulid::Ulid(n))
}

#[test]
fn the_checker_finds_a_sort_and_a_scan() {
    let mut db = Db::new();
    let mut fault_of = |sql: &'static str| fault(&db.plan(&Statement::new(sql, vec![])));
    let sorted = "SELECT * FROM conversation_index WHERE firmId = 'a' AND isDeleted = 0 AND status = 'active' ORDER BY clientName";
    assert_eq!(fault_of(sorted), Some("sorts"));
    assert_eq!(fault_of("SELECT * FROM conversation_index WHERE clientName = 'a'"), Some("reads a whole table"));
}
