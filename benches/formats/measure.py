"""Formats side by side: how long a program of another agency waits for the biggest norm.

    measure.py ADDRESS TOKEN SOCKET_DIRECTORY PSQL REPETITIONS

    Flight      into a pyarrow Table, endpoints in parallel     against  psql \\copy … to stdout csv;  ADBC into a Table
    CSV         DownloadDecrees, drained, SHA-256 checked       against  psql \\copy … to stdout csv
    Parquet     DownloadDecrees, drained, SHA-256 checked       against  pyarrow writing what ADBC reads (zstd)

Every result is checked before it is timed: rows, and the sum of what is paid. All take turns; what counts is the median of the
ratios of the same turn. Prints a line for each; a goal that is missed fails the run.
"""

import hashlib
import io
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import adbc_driver_postgresql.dbapi
import grpc
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.flight as flight
import pyarrow.parquet as pq

from inps.omnia.monitoraggio.v1 import decree_service_pb2, decree_service_pb2_grpc, file_pb2

address, token, sockets, psql, repetitions = sys.argv[1:]
DATABASE = "omnia"
ROLE = "omnia_servizio"


def sql(query):
    target = f"host={sockets} user={ROLE} dbname={DATABASE} sslmode=disable"
    return [psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", target, "-c", query]


norm, rows, paid = (
    subprocess.run(
        sql("select normativa, count(*), sum(importi_erogati) from dettaglio_decreto group by 1 order by 2 desc limit 1"),
        check=True, capture_output=True, text=True,
    )
    .stdout.strip()
    .split("|")
)
rows, paid = int(rows), Decimal(paid)
SELECT = (
    "select prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al, cf_azienda, "
    "matricola_azienda, ore_decretate, importi_autorizzati, importi_erogati from dettaglio_decreto "
    f"where normativa = '{norm}' and dal_rilevazione <= 1 and al_rilevazione >= 1 order by data_decreto, numero_decreto, id"
)


def copy():
    command = sql(f"\\copy ({SELECT}) to stdout with (format csv)")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def adbc():
    uri = f"postgresql:///{DATABASE}?host={sockets}&user={ROLE}&sslmode=disable"
    with adbc_driver_postgresql.dbapi.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(SELECT)
        return cursor.fetch_arrow_table()


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


windows = [("grpc.http2.lookahead_bytes", 8 << 20), ("grpc.max_receive_message_length", 16 << 20)]
headers = [(b"authorization", f"Bearer {token}".encode())]
options = flight.FlightCallOptions(headers=headers)
arrow = flight.connect(f"grpc://{address}", generic_options=windows)
stub = decree_service_pb2_grpc.DecreeServiceStub(grpc.insecure_channel(address, options=windows))


def fly():
    command = json.dumps({"normativa": norm})
    info = arrow.get_flight_info(flight.FlightDescriptor.for_command(command), options)
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(lambda e: arrow.do_get(e.ticket, options).read_all(), info.endpoints))
    return pa.concat_tables(parts)


def download(formato):
    request = decree_service_pb2.DownloadDecreesRequest(normativa=norm, formato=formato)
    sha, file = hashlib.sha256(), io.BytesIO()
    for part in stub.DownloadDecrees(request, metadata=[("authorization", f"Bearer {token}")]):
        if part.WhichOneof("parte") == "pezzo":
            sha.update(part.pezzo.contenuto)
            file.write(part.pezzo.contenuto)
    assert part.chiusura.sha256 == sha.hexdigest(), "the file is not what its end says"
    assert part.chiusura.totali.righe == rows and Decimal(part.chiusura.totali.importi_erogati) == paid
    return file


def csv():
    return download(file_pb2.FORMATO_FILE_CSV)


def parquet():
    return download(file_pb2.FORMATO_FILE_PARQUET)


def check(table):
    assert table.num_rows == rows, (table.num_rows, rows)
    assert Decimal(pc.sum(table["importi_erogati"].cast(pa.decimal128(38, 2))).as_py()) == paid


check(fly())
check(pq.read_table(io.BytesIO(parquet().getvalue())))
check(pq.read_table(io.BytesIO(pyarrow_parquet().getvalue())))
check(pyarrow.csv.read_csv(io.BytesIO(csv().getvalue())))
assert adbc().num_rows == rows

times = {f: [] for f in [copy, fly, adbc, csv, parquet, pyarrow_parquet]}
for turn in range(int(repetitions) + 1):
    for run in list(times) if turn % 2 else reversed(list(times)):
        begin = time.perf_counter()
        run()
        # The first one warmed up.
        if turn:
            times[run].append(time.perf_counter() - begin)

print(f"{rows} rows of {norm}, medians of {repetitions} turns")
for run, taken in times.items():
    print(f"       {run.__name__}: {rows / statistics.median(taken):,.0f} rows/s")
missed = False
for ours, peer, goal in [
    (fly, copy, 5), (fly, adbc, 10), (csv, copy, 1), (parquet, pyarrow_parquet, 1),
]:
    ratio = statistics.median(p / o for o, p in zip(times[ours], times[peer]))
    missed |= ratio < goal
    word = "holds " if ratio >= goal else "MISSED"
    print(f"{word} {ours.__name__} against {peer.__name__}: {ratio:.2f} (goal: at least {goal:.2f})")
sys.exit(missed)
