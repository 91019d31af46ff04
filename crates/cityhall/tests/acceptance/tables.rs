//! What the migrations say about tables, against what the engines made of it: backups rest on this.

use sea_orm::FromQueryResult;

#[derive(FromQueryResult)]
struct Named {
    name: String,
}

testkit::both! {
    async fn tables_are_as_the_migrations_say(t: &TestDb) {
        t.migrate(&cityhall::migrations()).await;
        let tables = cityhall::archive::tables(&cityhall::migrations()).unwrap();
        assert_eq!(cityhall::archive::differences(t.db.read(), &tables).await.unwrap(), [""; 0]);
        let (tables_sql, columns_sql) = match t.db.engine() {
            db::Engine::Sqlite => ("SELECT name FROM sqlite_master WHERE type = 'table'", "SELECT name FROM pragma_table_info($1) ORDER BY cid"),
            db::Engine::Postgres => (
                "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'",
                "SELECT column_name::text AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position",
            ),
        };
        let there: Vec<Named> = db::all(t.db.read(), tables_sql, []).await.unwrap();
        let mut there: Vec<String> = there.into_iter().map(|row| row.name).filter(|name| !["migrations", "commit_clock"].contains(&name.as_str())).collect();
        let mut ours: Vec<String> = tables.iter().map(|table| table.name.clone()).collect();
        there.sort();
        ours.sort();
        assert_eq!(there, ours, "a backup holds every table");
        for table in &tables {
            let columns: Vec<Named> = db::all(t.db.read(), columns_sql, [table.name.as_str().into()]).await.unwrap();
            let ours: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(columns.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ours, "{}", table.name);
        }
    }
}
