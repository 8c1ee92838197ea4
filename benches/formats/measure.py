"""Formats side by side: how long a program of another agency waits for the biggest norm.

    measure.py ADDRESS PEER_ADDRESSES TOKEN SOCKET_DIRECTORY PSQL REPETITIONS

    Flight      into a pyarrow Table, endpoints in parallel     against  psql \\copy … to stdout csv;  ADBC;  connectorx
    CSV         DownloadDecrees, drained, SHA-256 checked       against  psql \\copy … to stdout csv
    Parquet     DownloadDecrees, drained, SHA-256 checked       against  pyarrow writing what ADBC reads (zstd)
    export      ExportDecrees, drained as bytes                 against  the same of both servers of peer.py (grpc.aio, asyncpg)

ADBC and connectorx read into a Table. Every result is checked before it is timed: rows, and the sum of what is paid; of the two
exports every row and all totals. All take turns; what counts is the median of the ratios of the same turn. Prints a line for
each; a goal that is missed fails the run.
"""

import io
import statistics
import sys
import time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from database import adbc, connectorx, copy, pyarrow_parquet
from scene import norm, paid, repetitions, rows
from service import check_exports, csv, export, fly, grpc_aio, grpc_aio_tuned, parquet


def check(table):
    assert table.num_rows == rows, (table.num_rows, rows)
    assert Decimal(pc.sum(table["importi_erogati"].cast(pa.decimal128(38, 2))).as_py()) == paid


check(fly())
check(pq.read_table(io.BytesIO(parquet().getvalue())))
check(pq.read_table(io.BytesIO(pyarrow_parquet().getvalue())))
check(pyarrow.csv.read_csv(io.BytesIO(csv().getvalue())))
assert adbc().num_rows == rows
# It gives numeric as decimal128(38, 10): the cast of the check is exact, or it would fail.
check(connectorx())
check_exports()

times = {f: [] for f in [copy, fly, adbc, connectorx, csv, parquet, pyarrow_parquet, export, grpc_aio, grpc_aio_tuned]}
for turn in range(repetitions + 1):
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
    (fly, copy, 5), (fly, adbc, 10), (fly, connectorx, 7), (csv, copy, 1), (parquet, pyarrow_parquet, 1),
    (export, grpc_aio, 20), (export, grpc_aio_tuned, 20),
]:
    ratio = statistics.median(p / o for o, p in zip(times[ours], times[peer]))
    missed |= ratio < goal
    word = "holds " if ratio >= goal else "MISSED"
    print(f"{word} {ours.__name__} against {peer.__name__}: {ratio:.2f} (goal: at least {goal:.2f})")
sys.exit(missed)
