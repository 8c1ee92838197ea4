"""The detail over Arrow Flight, as another agency would read it: pyarrow, pandas, polars.

    flight.py ADDRESS TOKEN_FULL TOKEN_RESTRICTED

Plans a flight, reads its endpoints at the same time into one Table, checks that none of the streams is broken and that the
sums are those that were announced, to the cent; resumes one; is refused a filter. Exits with 1 at the first thing that is
not as the contract says.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as flight

NORMATIVA = "DL109-2018-ART44"
AMOUNTS = ["ore_decretate", "importi_autorizzati", "importi_erogati"]


def check(condition, what):
    if not condition:
        sys.exit(f"interop (flight): {what}")
    print(f"ok  {what}")


def read(client, ticket, options):
    """One stream: its batches, the tickets after each, its closing totals."""
    batches, resume, closing = [], [], None
    reader = client.do_get(ticket, options)
    for chunk in reader:
        told = json.loads(chunk.app_metadata.to_pybytes())
        if "chiusura" in told:
            closing = told["chiusura"]
        else:
            batches.append(chunk.data)
            resume.append(flight.Ticket(told["ripresa"]))
    if closing is None:
        sys.exit("interop (flight): a stream without chiusura is broken")
    return pa.Table.from_batches(batches, reader.schema), resume, closing


def sums(table):
    return [pc.sum(table[name]).as_py() or Decimal("0.00") for name in AMOUNTS]


def totals(told):
    return int(told["righe"]), [Decimal(told[name]) for name in AMOUNTS]


def main(address, full, restricted):
    client = flight.connect(f"grpc://{address}")

    def caller(token):
        return flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])

    options = caller(full)
    listed = [json.loads(info.descriptor.command) for info in client.list_flights(b"", options)]
    check(NORMATIVA in [command["normativa"] for command in listed], f"ListFlights names {len(listed)} norms")

    command = json.dumps({"normativa": NORMATIVA})
    descriptor = flight.FlightDescriptor.for_command(command)
    info = client.get_flight_info(descriptor, options)
    rows, expected = totals(json.loads(info.app_metadata)["totali"])
    check(rows == info.total_records, f"GetFlightInfo counts {rows} rows in {len(info.endpoints)} endpoints")
    check(len(info.endpoints) > 1, "there are several endpoints")
    early = client.get_schema(descriptor, options).schema
    check(early.equals(info.schema, check_metadata=False), "GetSchema has the columns of the flight")

    with ThreadPoolExecutor(len(info.endpoints)) as pool:
        parts = list(pool.map(lambda endpoint: read(client, endpoint.ticket, options), info.endpoints))
    table = pa.concat_tables(part for part, _, _ in parts)
    check(table.schema.equals(info.schema, check_metadata=True), "all streams have the schema that was planned")
    check(table.schema.field("importi_erogati").type == pa.decimal128(18, 2), "amounts are decimal128(18, 2)")
    check(table.schema.field("validita_dal").type == pa.date32(), "days are date32")
    check(pa.types.is_dictionary(table.schema.field("prestazione").type), "codes are dictionaries")
    metadata = table.schema.metadata
    check(int(metadata[b"totali.righe"]) == rows, "the schema's metadata have the control totals")
    check(table.schema.field("ore_decretate").metadata[b"unita"] == b"h", "and the units of the columns")
    closed = [totals(closing) for _, _, closing in parts]
    check(sum(n for n, _ in closed) == table.num_rows == rows, "the endpoints together have every row once")
    check([sum(column) for column in zip(*(t for _, t in closed))] == expected, "their closing totals add up")
    check(sums(table) == expected, "pyarrow: the sums are those announced, to the cent")
    days = table["data_decreto"].combine_chunks()
    check(pc.all(pc.less_equal(days[:-1], days[1:])).as_py(), "endpoints in order are the reading order")

    frame = table.to_pandas()
    check([frame[name].sum() for name in AMOUNTS] == expected, "pandas: likewise")
    lazy = polars.from_arrow(table)
    check([Decimal(lazy[name].sum()) for name in AMOUNTS] == expected, "polars: likewise")
    by_code = dict(lazy.group_by("codifica_sistema_unico").len().iter_rows())
    counted = pc.value_counts(table["codifica_sistema_unico"].cast(pa.string())).to_pylist()
    counted = {pair["values"]: pair["counts"] for pair in counted}
    check({str(code): rows for code, rows in by_code.items()} == counted, "polars: grouped by a dictionary")

    first, resume, closing = parts[0]
    after = first.to_batches()[0].num_rows
    rest, _, told = read(client, resume[0], options)
    check(rest.to_pylist() == first.slice(after).to_pylist(), "a stream resumes after a batch")
    check(totals(told) == (rest.num_rows, sums(rest)), "and closes with the totals of what it sent")

    other = caller(restricted)
    masked, _, _ = read(client, client.get_flight_info(descriptor, other).endpoints[0].ticket, other)
    persons = masked.filter(pc.equal(pc.utf8_length(masked["cf_azienda"]), 16))
    check(pc.unique(persons["cf_azienda"]).to_pylist() == ["*" * 16], "natural persons are masked for who may not see them")
    try:
        filtered = json.dumps({"normativa": NORMATIVA, "filtro": {"cf_azienda": "00743110157"}})
        client.get_flight_info(flight.FlightDescriptor.for_command(filtered), other)
        check(False, "a filter that the profile may not use is refused")
    except flight.FlightUnauthorizedError as error:
        check("may not use these filters" in str(error), "a filter that the profile may not use is refused")
    try:
        client.do_get(resume[0], other).read_all()
        check(False, "a ticket of another caller is refused")
    except pa.ArrowInvalid:
        check(True, "a ticket of another caller is refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
