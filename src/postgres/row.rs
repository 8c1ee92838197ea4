//! Rows read into structs.

/// Reads each field of a struct from the column of its name.
///
/// As the derive of sqlx does, which builds sqlx, its TLS included, a second time for the compiler.
macro_rules! from_row {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl sqlx::FromRow<'_, sqlx::postgres::PgRow> for $type {
            fn from_row(row: &sqlx::postgres::PgRow) -> sqlx::Result<Self> {
                use sqlx::Row as _;
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}

pub(crate) use from_row;
