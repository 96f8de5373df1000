#![allow(clippy::unwrap_used)]

use super::*;

/// Pins what each released file says. A red case means a released migration was edited: add a new one instead.
#[test]
fn released_migrations_never_change() {
    let released = [("0001_first", 8_387_194_819_040_707_848)];
    let found: Vec<_> = MIGRATIONS
        .iter()
        .map(|(name, sql)| (*name, checksum(sql)))
        .collect();
    assert_eq!(found, released);
}

#[test]
fn migrating_twice_changes_nothing() {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db).unwrap();
    let schema = |db: &Connection| -> Vec<(String, Option<String>)> {
        let mut statement = db
            .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    };
    let first = schema(&db);
    assert!(first.iter().any(|(name, _)| name == "journal"));
    migrate(&mut db).unwrap();
    assert_eq!(schema(&db), first);
    assert_eq!(check(&db).unwrap(), KNOWN);
}

#[test]
fn newer_foreign_and_edited_data_is_refused() {
    let mut db = Connection::open_in_memory().unwrap();
    migrate(&mut db).unwrap();

    db.pragma_update(None, "user_version", KNOWN + 1).unwrap();
    assert!(matches!(migrate(&mut db), Err(MigrateError::Newer { found }) if found == KNOWN + 1));
    db.pragma_update(None, "user_version", KNOWN).unwrap();

    db.execute("UPDATE migration SET checksum = checksum + 1", [])
        .unwrap();
    assert!(matches!(
        migrate(&mut db),
        Err(MigrateError::Differs { name: "0001_first" })
    ));
    db.execute("UPDATE migration SET checksum = checksum - 1", [])
        .unwrap();

    db.pragma_update(None, "application_id", 7).unwrap();
    assert!(matches!(
        migrate(&mut db),
        Err(MigrateError::Foreign { found: 7 })
    ));

    let other = Connection::open_in_memory().unwrap();
    other.execute_batch("CREATE TABLE note (text)").unwrap();
    assert!(matches!(
        check(&other),
        Err(MigrateError::Foreign { found: 0 })
    ));
}

#[test]
fn a_migration_that_breaks_off_leaves_nothing() {
    let mut db = Connection::open_in_memory().unwrap();
    // The last table of the file is already there: the file fails near its end.
    db.pragma_update(None, "application_id", APPLICATION_ID)
        .unwrap();
    db.execute_batch("CREATE TABLE audit (id)").unwrap();
    assert!(matches!(migrate(&mut db), Err(MigrateError::Sql(_))));
    let tables: i64 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}
