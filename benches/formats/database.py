"""The norm read from Postgres itself, over its socket, without the service."""

import io
import subprocess
from urllib.parse import quote

import adbc_driver_postgresql.dbapi
import connectorx as cx
import pyarrow as pa
import pyarrow.parquet as pq

from scene import DATABASE, ROLE, SELECT, sockets, sql


def copy():
    command = sql(f"\\copy ({SELECT}) to stdout with (format csv)")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def adbc():
    uri = f"postgresql:///{DATABASE}?host={sockets}&user={ROLE}&sslmode=disable"
    with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(SELECT)
        return cursor.fetch_arrow_table()


def connectorx():
    # A directory goes where the host does, escaped. In one partition: several would be several queries, and no order.
    uri = f"postgresql://{ROLE}@{quote(sockets, safe='')}/{DATABASE}"
    return cx.read_sql(uri, SELECT, return_type="arrow")


def pyarrow_parquet():
    # ADBC gives numeric(18,2) as text.
    table = adbc()
    for column in ["ore_decretate", "importi_autorizzati", "importi_erogati"]:
        at = table.schema.get_field_index(column)
        text = table[column].cast(pa.string())
        table = table.set_column(at, column, text.cast(pa.decimal128(18, 2)))
    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file
