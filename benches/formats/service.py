"""The norm read from the service, and its export from the peer with the same client."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import grpc
import pyarrow as pa
import pyarrow.flight as flight

from inps.omnia.monitoraggio.v1 import decree_service_pb2, decree_service_pb2_grpc, file_pb2
from scene import address, norm, paid, peer_addresses, rows, token

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


def export_of(server):
    """A call that answers with the bytes of the messages: a client that decodes them would be what is measured."""
    call = grpc.insecure_channel(server, options=windows).unary_stream(
        "/inps.omnia.monitoraggio.v1.DecreeService/ExportDecrees",
        request_serializer=decree_service_pb2.ExportDecreesRequest.SerializeToString,
        response_deserializer=None,
    )
    return lambda: call(decree_service_pb2.ExportDecreesRequest(normativa=norm), metadata=metadata)


ours = export_of(address)
peer, tuned_peer = map(export_of, peer_addresses.split(","))
decode = decree_service_pb2.ExportDecreesResponse.FromString


def drain(call):
    for message in call():
        pass
    check_totals(decode(message).chiusura.totali)


def export():
    drain(ours)


def grpc_aio():
    drain(peer)


def grpc_aio_tuned():
    drain(tuned_peer)


def parts(call):
    """The intestazione, every row, the chiusura. Not the resume_tokens: each server has its own."""
    for message in map(decode, call()):
        part = message.WhichOneof("parte")
        yield from message.lotto.decreti if part == "lotto" else [getattr(message, part)]


def check_exports():
    count = 0
    for mine, theirs, tuned in zip(parts(ours), parts(peer), parts(tuned_peer), strict=True):
        assert mine == theirs == tuned, (count, mine, theirs, tuned)
        count += 1
    assert count == rows + 2, (count, rows)
