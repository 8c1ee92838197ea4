//! The least that the serving role needs: listed whole, from the catalogue of Postgres, as a text to review.

use expect_test::expect_file;
use sqlx::{AssertSqlSafe, PgPool};

use crate::test_bench;

/// One line for each thing that the role may do in this database, by whatever way it came to it (a grant, PUBLIC, another role).
const PRIVILEGES: &str = "
with relazioni as (
    select c.oid, c.relname::text as nome, c.relkind as tipo
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
)
select 'role: ' || string_agg(attributo, ', ' order by attributo) from (
    select unnest(array[
        case when rolsuper then 'SUPERUSER' end, case when rolcreatedb then 'CREATEDB' end,
        case when rolcreaterole then 'CREATEROLE' end, case when rolreplication then 'REPLICATION' end,
        case when rolbypassrls then 'BYPASSRLS' end]) as attributo
    from pg_roles where rolname = 'omnia_servizio') a where attributo is not null
having count(*) > 0
union all
select 'member of ' || r.rolname from pg_roles r
where r.rolname not in ('omnia_servizio') and pg_has_role('omnia_servizio', r.oid, 'member')
union all
select 'owns ' || nome from relazioni join pg_class c using (oid)
where pg_get_userbyid(c.relowner) = 'omnia_servizio'
union all
select 'schema ' || nspname || ': ' || p from pg_namespace, unnest(array['CREATE', 'USAGE']) p
where nspname !~ '^pg_' and nspname <> 'information_schema' and has_schema_privilege('omnia_servizio', oid, p)
union all
select 'database: ' || p from unnest(array['CREATE', 'TEMPORARY']) p
where has_database_privilege('omnia_servizio', current_database(), p)
union all
select nome || ': ' || p from relazioni,
    unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
where tipo <> 'S' and has_table_privilege('omnia_servizio', oid, p)
union all
select nome || '.' || attname || ': ' || p from relazioni join pg_attribute on attrelid = oid,
    unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
where tipo <> 'S' and attnum > 0 and not attisdropped
  and has_column_privilege('omnia_servizio', oid, attnum, p) and not has_table_privilege('omnia_servizio', oid, p)
union all
select 'sequence ' || nome || ': ' || p from relazioni, unnest(array['USAGE', 'SELECT', 'UPDATE']) p
-- Only of a sequence: the planner may ask it of any row first.
where case when tipo = 'S' then has_sequence_privilege('omnia_servizio', oid, p) else false end
union all
select 'function ' || p.oid::regprocedure || case when prosecdef then ' (as its owner)' else '' end
from pg_proc p where pronamespace = 'public'::regnamespace and has_function_privilege('omnia_servizio', p.oid, 'EXECUTE')
union all
select 'function ' || p.oid::regprocedure from pg_proc p
where pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('omnia_servizio', p.oid, 'EXECUTE')
  and (proname ~ '^lo_' or proname in ('loread', 'lowrite', 'pg_logical_emit_message'))
order by 1";

async fn privileges(owner: &PgPool) -> String {
    let lines: Vec<String> = sqlx::query_scalar(PRIVILEGES)
        .fetch_all(owner)
        .await
        .unwrap();
    lines.join("\n") + "\n"
}

/// Anything more is a change of that file. To accept one: `UPDATE_EXPECT=1 cargo test --test it privileges`.
#[tokio::test]
async fn the_serving_role_may_do_this_and_nothing_more() {
    let db = test_bench::database().await;
    expect_file!["../privileges.txt"].assert_eq(&privileges(&db.owner).await);
}

/// The list sees what is given: a test that could not fail would prove nothing.
#[tokio::test]
async fn the_list_sees_every_kind_of_privilege() {
    let db = test_bench::database().await;
    let before = privileges(&db.owner).await;
    for (statement, line) in [
        (
            "grant delete on normativa to omnia_servizio",
            "normativa: DELETE",
        ),
        (
            "grant update (descrizione) on normativa to public",
            "normativa.descrizione: UPDATE",
        ),
        (
            "grant create on schema public to omnia_servizio",
            "schema public: CREATE",
        ),
        (
            "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$",
            "database: TEMPORARY",
        ),
        (
            "create sequence prova_s; grant usage on sequence prova_s to public",
            "sequence prova_s: USAGE",
        ),
        (
            "create function prova_f() returns int language sql security definer as 'select 1'",
            "function prova_f() (as its owner)",
        ),
        (
            "create table prova_t (); alter table prova_t owner to omnia_servizio",
            "owns prova_t",
        ),
        (
            "grant execute on function lo_creat(integer) to public",
            "function lo_creat(integer)",
        ),
    ] {
        sqlx::raw_sql(statement).execute(&db.owner).await.unwrap();
        let after = privileges(&db.owner).await;
        assert!(after.lines().any(|l| l == line), "{statement}: {after}");
        assert!(!before.lines().any(|l| l == line), "{line}");
    }
}

/// What the catalogue says is what happens: whatever is not in the list fails, the session's own settings lifted.
#[tokio::test]
async fn what_is_not_listed_is_refused() {
    let db = test_bench::database().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&db.owner)
    .await
    .unwrap();
    assert!(tables.len() >= 10, "{tables:?}");
    let mut connection = db.serving.acquire().await.unwrap();
    sqlx::raw_sql("set default_transaction_read_only = off")
        .execute(&mut *connection)
        .await
        .unwrap();
    let mut statements: Vec<String> = [
        "create table prova ()",
        "create schema prova",
        "create temporary table prova ()",
        "select record from audit_registro",
        "select record from audit_record",
        "select rpc from audit_chiamata",
        "create role prova",
        "set role omnia",
        "alter role omnia_servizio createrole",
        "copy normativa to program 'cat'",
        "select pg_read_file('/etc/passwd')",
        "update audit_registro set record = ''",
        "update audit_catena set istanza = ''",
        "update audit_ancora set ancora = ''",
        "insert into audit_potatura values (1, now(), '', 0)",
        "select lo_creat(-1)",
        "select lo_create(0)",
        "select lo_from_bytea(0, '\\x00')",
        "select lo_import('/etc/hostname')",
        "select lo_put(1, 0, '\\x00')",
        "select lowrite(0, '\\x00')",
        "select lo_unlink(1)",
        "select pg_logical_emit_message(false, 'x', 'x')",
    ]
    .map(str::to_owned)
    .into();
    for table in tables {
        statements.push(format!("delete from {table}"));
        statements.push(format!("truncate {table}"));
        statements.push(format!("drop table {table}"));
        statements.push(format!("alter table {table} disable trigger all"));
    }
    for statement in statements {
        let error = sqlx::raw_sql(AssertSqlSafe(statement.clone()))
            .execute(&mut *connection)
            .await
            .unwrap_err();
        let code = error.into_database_error().unwrap();
        assert_eq!(code.code().as_deref(), Some("42501"), "{statement}");
    }
}
