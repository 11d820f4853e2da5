//! How SQLite answers each query: no page is ever sorted, and no table is ever read without an index.

use engage_domain::{
    ConflictId, Kind, Outcome, Role,
    conversation::{AssignmentStatus, ConflictStatus, Phase, Priority, Status},
    registry::{ConflictType, MatchType},
    user::UserStatus,
};
use engage_index::{
    ConversationList, Cursor, IndexRow, Limit, Query, Range, Statement, Table,
    analytics::{Attention, Means, PracticeAreaSpans, PracticeAreas, Progress, Workload},
    assignments::{AssignmentFilters, AssignmentList, AssignmentPlace},
    audit::{AuditFilters, AuditList, AuditPlace, AuditedResource},
    conflicts::{ConflictFilters, ConflictList, ConflictPlace, Standing},
    conversations::{DeletedConversations, Filters, Order, Sort},
    page::Direction,
    projection,
    reconciliation::{PrintOf, WrongCounts},
    reports::AccessesOfDay,
    scan::{Count, Key, VersionOf, Walk},
    search::{Search, Words, erase},
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
        for bits in 0..8u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let role = has(0).then_some(Role::Attorney);
            let status = has(1).then_some(UserStatus::Active);
            let users = UserList { firm: firm.clone(), role, status, after: has(2).then(|| user(1)), limit };
            check(db, &users.statement(), if has(2) { "userId>?" } else { "firmId=?" });
        }
        check(db, &UserByEmail { firm: firm.clone(), email: "a@b.c".into() }.statement(), "email=?");
        check(db, &UserById { firm: firm.clone(), user: user(1) }.statement(), "userId=?");
        let mut deleted = DeletedConversations { firm: firm.clone(), before: at(0), after: None, limit };
        check(db, &deleted.statement(), "idx_firm_deleted (firmId=?");
        deleted.after = Some(session(1));
        check(db, &deleted.statement(), "idx_firm_deleted (firmId=? AND sessionId>?");
        let counts = db.plan(&WrongCounts { firm: firm.clone(), after: "".into(), limit: 9 }.statement());
        assert_eq!(fault(&counts), None, "{counts:#?}");
        let counted = |index| counts.iter().any(|line| line.contains(&format!("COVERING INDEX {index} ")));
        assert!(counted("idx_firm_owner") && counted("idx_firm_assigned"), "{counts:#?}");
        check(db, &SyncFailures { after: 7, limit }.statement(), "rowid>?");
        check(db, &SyncFailureById { id: 7 }.statement(), "rowid=?");
        for kind in Kind::ALL {
            let object = ObjectKey { kind, name: "x".into() };
            let version = VersionOf { firm: firm.clone(), object };
            if kind == Kind::Firm {
                let plan = db.plan(&version.statement());
                assert_eq!(fault(&plan), None, "{plan:#?}");
                assert!(plan[0].contains("idx_firm_audit_own (firmId=?)"), "{plan:#?}");
                assert!(plan.iter().any(|line| line.contains("sync_failure") && line.contains("(kind=? AND name=?)")));
            } else {
                check(db, &version.statement(), "firmId=?");
            }
        }
        for table in Table::ALL {
            check(db, &Count { table, firm: firm.clone() }.statement(), "firmId=?");
            let key = Key("x".into(), "y".into());
            check(db, &PrintOf { table, firm: firm.clone(), key }.statement(), &format!("{}=?", table.key()[0]));
            let mut walk = Walk { table, firm: firm.clone(), after: None, limit: 9 };
            check(db, &walk.statement(), if table == Table::Passage { "idx_firm_passage" } else { "PRIMARY KEY" });
            walk.after = Some(Key("x".into(), "y".into()));
            check(db, &walk.statement(), if table == Table::Assignment { "(sessionId,assignedTo)>" } else { "Id>?" });
        }
    }
}

#[test]
fn attention_is_two_walks_that_are_never_sorted() {
    let mut row = conversation(1);
    for db in &mut databases() {
        // The place behind which the page begins: none, among the idle ones, at the bound, among the unassigned that are not idle.
        for last in [None, Some(at(3)), Some(at(5)), Some(at(9))] {
            let after = last.map(|last| {
                row.last_activity = last;
                Cursor::behind(Attention::ORDER, &row)
            });
            let list = Attention { firm: firm(), idle_before: at(5), after, limit: Limit::default() };
            let plan = db.plan(&list.statement());
            assert_eq!(fault(&plan), None, "{plan:#?}");
            let walks: Vec<_> =
                plan.iter().filter(|line| line.starts_with("SEARCH conversation_index")).map(String::as_str).collect();
            let behind = "(lastActivity,sessionId)>(?,?)";
            let idle = match last {
                None => "lastActivity<?".to_owned(),
                Some(_) => format!("{behind} AND lastActivity<?"),
            };
            let unassigned = if last.is_some_and(|last| last >= at(5)) { behind } else { "lastActivity>?" };
            assert_eq!(
                walks,
                [
                    format!("SEARCH conversation_index USING INDEX idx_firm_status (firmId=? AND status=? AND {idle})"),
                    format!(
                        "SEARCH conversation_index USING INDEX idx_firm_active_assigned (firmId=? AND assignedTo=? AND {unassigned})"
                    ),
                ],
                "{plan:#?}"
            );
        }
    }
}

#[test]
fn a_search_looks_words_up_and_reaches_everything_else_by_its_key() {
    let words = Words::parse("late \"monthly rent\" evict*").unwrap();
    for db in &mut databases() {
        for owner in [None, Some(user(1))] {
            let search = Search { firm: firm(), words: words.clone(), owner, after: None, limit: Limit::default() };
            let plan = db.plan(&search.statement());
            let looks = |what: &str| plan.iter().filter(|line| line.contains(what)).count();
            // By the words, from the newest passage on.
            assert_eq!(looks("SCAN passage_text VIRTUAL TABLE INDEX 192:M4"), 3, "{plan:#?}");
            assert_eq!(looks("SEARCH p USING INTEGER PRIMARY KEY (rowid=?)"), 1, "{plan:#?}");
            assert_eq!(looks("SEARCH c USING PRIMARY KEY (firmId=? AND sessionId=?)"), 1, "{plan:#?}");
            let erased = db.plan(&erase(&firm(), session(1)));
            assert!(erased.iter().any(|line| line.contains("idx_firm_audit_resource (firmId=? AND resourceType=? AND resourceId=?)")), "{erased:#?}");
            assert!(
                erased.iter().any(|line| line.contains("idx_firm_passage (firmId=? AND passageId=?)")),
                "{erased:#?}"
            );
            let finds = db.plan(&search.finds(&[]).statement());
            assert!(
                finds.iter().any(|line| line.starts_with("SCAN passage_text VIRTUAL TABLE INDEX 0:=M4")),
                "{finds:#?}"
            );
        }
    }
}

#[test]
fn reports_read_indexes_alone_and_sort_only_what_they_have_added_up() {
    let firm = firm();
    let bounds = [at(0), at(5), at(9)];
    for db in &mut databases() {
        for (statement, walks) in [
            (
                Workload { firm: firm.clone(), now: at(0) }.statement(),
                &["idx_firm_active_assigned (firmId=? AND assignedTo>?)", "idx_firm_assignee (firmId=?)"][..],
            ),
            (
                PracticeAreas { firm: firm.clone(), since: Some(at(0)) }.statement(),
                &[
                    "idx_firm_area_created (firmId=? AND practiceArea>?)",
                    "idx_firm_area_created (firmId=? AND practiceArea=? AND createdAt>?)",
                ],
            ),
            (
                PracticeAreas { firm: firm.clone(), since: None }.statement(),
                &["idx_firm_area_created (firmId=? AND practiceArea=?)"],
            ),
            (
                PracticeAreaSpans { firm: firm.clone(), bounds: bounds.to_vec() }.statement(),
                &[
                    "idx_firm_area_created (firmId=? AND practiceArea>?)",
                    "idx_firm_area_created (firmId=? AND practiceArea=? AND createdAt>? AND createdAt<?)",
                ],
            ),
            (
                Progress { firm: firm.clone(), bounds: bounds.to_vec() }.statement(),
                &["idx_firm_progress (firmId=? AND status=? AND phase=? AND createdAt>? AND createdAt<?)"],
            ),
            (
                Means { firm: firm.clone(), bounds }.statement(),
                &["idx_firm_area_created (firmId=? AND practiceArea=? AND createdAt>? AND createdAt<?)"],
            ),
        ] {
            let plan = db.plan(&statement);
            for walk in walks {
                let covering = format!("USING COVERING INDEX {walk}");
                assert!(plan.iter().any(|line| line.contains(&covering)), "{}\n{plan:#?}", statement.sql);
            }
            // A person and what was added up for them: few, and read without an index of the file.
            let sorts = plan.iter().filter(|line| line.contains("TEMP B-TREE")).count();
            assert!(sorts == 0 || (sorts == 1 && plan.last().unwrap() == "USE TEMP B-TREE FOR ORDER BY"), "{plan:#?}");
            let tables = ["_index", " c "];
            let read = |line: &&String| tables.iter().any(|table| line.contains(table));
            assert!(plan.iter().filter(read).all(|line| line.starts_with("SEARCH")), "{plan:#?}");
        }
    }
}

/// Checks the plan of a list that looks up other rows by their key: nothing is sorted, and every walk is along `index`, bounded by `bound`.
fn check_joined(db: &mut Db, statement: &Statement, table: &str, walked: &str) {
    let plan = db.plan(statement);
    assert_eq!(fault(&plan), None, "{}\n{plan:#?}", statement.sql);
    // D1's limits: values bound, and selects that a compound has.
    assert!(statement.params.len() <= 100 && statement.sql.matches(" UNION ALL ").count() < 5);
    let mut walks = 0;
    for line in plan.iter().filter(|line| line.starts_with("SEARCH")) {
        if line.starts_with(&format!("SEARCH {table} ")) {
            walks += 1;
            assert!(line.contains(walked), "{}\n{plan:#?}\nwithout {walked}", statement.sql);
        } else {
            assert!(line.contains("USING PRIMARY KEY (firmId=? AND "), "{plan:#?}");
        }
    }
    assert!(walks > 0, "{plan:#?}");
}

#[test]
fn no_page_of_assignments_is_sorted_whatever_its_filters_and_place() {
    for db in &mut databases() {
        for bits in 0..16u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            for status in [None, Some(AssignmentStatus::Active), Some(AssignmentStatus::Completed)] {
                let overdue = has(2) && status != Some(AssignmentStatus::Completed);
                let filters = AssignmentFilters {
                    assigned_to: has(0).then(|| user(1)),
                    status,
                    priority: has(1).then_some(Priority::High),
                    overdue_at: overdue.then(|| at(0)),
                };
                let (limit, after) = (Limit::default(), has(3).then_some((session(1), user(1))));
                let mut list = AssignmentList { firm: firm(), filters, after: None, limit };
                list.after = after.map(|last| AssignmentPlace { due: Some(at(-5)), last: Some(last) });
                let active = status == Some(AssignmentStatus::Active) || overdue;
                let walk = match (has(0), has(1)) {
                    (true, _) => "idx_firm_assignee (firmId=? AND assignedTo=? AND status=?",
                    (false, _) if overdue => "idx_firm_overdue (firmId=?",
                    (false, false) if active => "idx_firm_overdue (firmId=?",
                    (false, _) => "idx_firm_priority (firmId=? AND priority=?",
                };
                let place = if after.is_some() { "(dueDate,sessionId,assignedTo)>(?,?,?)" } else { "dueDate" };
                // A person's assignments are equal in the column that the place ends with, so the bound names the two before it.
                let place = if has(0) && after.is_some() { "(dueDate,sessionId" } else { place };
                check_joined(db, &list.statement(), "a", walk);
                check_joined(db, &list.statement(), "a", place);
                if let Some(mut rest) = list.undated(0) {
                    check_joined(db, &rest.statement(), "a", &format!("{walk} AND dueDate=?"));
                    rest.after = Some(AssignmentPlace { due: None, last: Some((session(1), user(1))) });
                    check_joined(db, &rest.statement(), "a", "sessionId");
                }
            }
        }
    }
}

#[test]
fn no_page_of_conflicts_is_sorted_whatever_its_filters_and_place() {
    let conflict = ConflictId::from_ulid(ulid::Ulid(5));
    for db in &mut databases() {
        for bits in 0..64u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            for status in Standing::ALL.into_iter().map(Some).chain([None]) {
                let filters = ConflictFilters {
                    status,
                    conflict_type: has(0).then_some(ConflictType::Matter),
                    match_type: has(1).then_some(MatchType::Alias),
                    conversation: has(2).then(|| session(1)),
                    detected: Range::new(has(3).then(|| at(0)), has(4).then(|| at(9))).unwrap(),
                };
                let after = has(5).then(|| ConflictPlace(at(5), conflict));
                let list = ConflictList { firm: firm(), filters, after, limit: Limit::default() };
                let walks = match (has(2), status) {
                    (true, _) => &[
                        "idx_firm_conflict_session (firmId=? AND sessionId=?",
                        "idx_firm_conflict_other (firmId=? AND otherSessionId=?",
                    ][..],
                    (false, None) => &["idx_firm_conflict_detected (firmId=?"],
                    (false, Some(Standing::Open)) => &["idx_firm_unresolved (firmId=?"],
                    (false, Some(Standing::In(_))) => &["idx_firm_conflicts (firmId=? AND status=?"],
                };
                let statement = list.statement();
                let plan = db.plan(&statement);
                assert_eq!(fault(&plan), None, "{}\n{plan:#?}", statement.sql);
                let searches: Vec<_> = plan.iter().filter(|line| line.starts_with("SEARCH")).collect();
                assert_eq!(searches.len(), walks.len(), "{plan:#?}");
                for walk in walks {
                    let line = searches.iter().find(|line| line.contains(walk));
                    let line = line.unwrap_or_else(|| panic!("{}\n{plan:#?}\nwithout {walk}", statement.sql));
                    assert!(!has(5) || line.contains("(detectedAt,conflictId)<(?,?)"), "{line}");
                    assert!(!has(3) || line.contains("detectedAt>?"), "{line}");
                }
            }
        }
    }
}

#[test]
fn no_page_of_the_audit_trail_is_sorted_whatever_its_filters_and_place() {
    for db in &mut databases() {
        for bits in 0..256u32 {
            let has = |bit: u32| bits & (1 << bit) != 0;
            let direction = Direction::ALL[usize::from(has(0))];
            let span = Range::new(has(1).then(|| at(0)), has(2).then(|| at(9))).unwrap();
            let resource = has(3).then(|| AuditedResource { kind: "user".into(), id: has(4).then(|| "x".into()) });
            // With a resource that has an id, or without any.
            let filters = AuditFilters {
                user: has(5).then(|| user(1)),
                action: has(6).then(|| "x".into()),
                resource,
                outcome: has(4).then_some(Outcome::Blocked),
                span,
            };
            let after = has(7).then(|| AuditPlace(at(5), ulid(5)));
            let list = AuditList { firm: firm(), filters, direction, after, limit: Limit::default() };
            let (walk, place) = match (has(3) && has(4), has(5), has(6)) {
                (false, false, _) if has(4) => {
                    ("idx_firm_audit_refused (firmId=? AND outcome=?", "(timestamp,auditId)")
                }
                (true, _, _) => ("idx_firm_audit_resource (firmId=? AND resourceType=? AND resourceId=?", "auditId"),
                (false, true, _) => ("idx_firm_audit_user (firmId=? AND userId=?", "(timestamp,auditId)"),
                (false, false, true) => ("idx_firm_audit_action (firmId=? AND action=?", "(timestamp,auditId)"),
                (false, false, false) => ("idx_firm_audit_time (firmId=?", "(timestamp,auditId)"),
            };
            check_joined(db, &list.statement(), "a", walk);
            check_joined(db, &list.statement(), "a", if after.is_some() { place } else { walk });
        }
    }
}

#[test]
fn a_day_of_accesses_reads_no_more_than_the_days_accesses() {
    for db in &mut databases() {
        let mut day =
            AccessesOfDay { firm: firm(), user: None, from: at(0), to: at(9), after: None, limit: Limit::default() };
        let mut search = |day: &AccessesOfDay| {
            let plan = db.plan(&day.statement());
            assert!(!plan.iter().any(|line| line.starts_with("SCAN a") || line.starts_with("SCAN u")), "{plan:#?}");
            plan.into_iter().find(|line| line.starts_with("SEARCH a ")).unwrap()
        };
        let all = search(&day);
        assert!(all.contains("idx_firm_audit_action (firmId=? AND action=? AND timestamp>? AND timestamp<?)"), "{all}");
        day.user = Some(user(1));
        let one = search(&day);
        assert!(one.contains("idx_firm_audit_user (firmId=? AND userId=? AND timestamp>? AND timestamp<?)"), "{one}");
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
