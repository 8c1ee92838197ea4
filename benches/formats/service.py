"""The norm read from the service."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import grpc
import pyarrow as pa
import pyarrow.flight as flight

from inps.omnia.monitoraggio.v1 import decree_service_pb2, decree_service_pb2_grpc, file_pb2
from scene import address, norm, paid, rows, token

windows = [("grpc.http2.lookahead_bytes", 8 << 20), ("grpc.max_receive_message_length", 16 << 20)]
metadata = [("authorization", f"Bearer {token}")]
options = flight.FlightCallOptions(headers=[(name.encode(), value.encode()) for name, value in metadata])
arrow = flight.connect(f"grpc://{address}", generic_options=windows)
stub = decree_service_pb2_grpc.DecreeServiceStub(grpc.insecure_channel(address, options=windows))


def fly():
    command = json.dumps({"normativa": norm})
    info = arrow.get_flight_info(flight.FlightDescriptor.for_command(command), options)
    with ThreadPoolExecutor() as pool:
        parts = list(pool.map(lambda e: arrow.do_get(e.ticket, options).read_all(), info.endpoints))
    return pa.concat_tables(parts)


def check_totals(totali):
    assert totali.righe == rows and Decimal(totali.importi_erogati) == paid


def download(formato):
    request = decree_service_pb2.DownloadDecreesRequest(normativa=norm, formato=formato)
    sha, file = hashlib.sha256(), io.BytesIO()
    for part in stub.DownloadDecrees(request, metadata=metadata):
        if part.WhichOneof("parte") == "pezzo":
            sha.update(part.pezzo.contenuto)
            file.write(part.pezzo.contenuto)
    assert part.chiusura.sha256 == sha.hexdigest(), "the file is not what its end says"
    check_totals(part.chiusura.totali)
    return file


def csv():
    return download(file_pb2.FORMATO_FILE_CSV)


def parquet():
    return download(file_pb2.FORMATO_FILE_PARQUET)
