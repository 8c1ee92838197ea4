"""A client as another agency would write it: stubs generated from the protos, grpcio, google.rpc details.

    client.py ADDRESS TOKEN_FULL TOKEN_RESTRICTED

Asks for the report, follows "Accedi al dettaglio" to the decrees, exports them, resumes the export, checks that all
figures agree, and is refused a filter. Exits with 1 at the first thing that is not as the contract says.
"""

import sys
from decimal import Decimal

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from inps.omnia.monitoraggio.v1 import (
    access_service_pb2,
    access_service_pb2_grpc,
    decree_service_pb2,
    decree_service_pb2_grpc,
    error_reason_pb2,
    report_service_pb2,
    report_service_pb2_grpc,
)

NORMATIVA = "DL109-2018-ART44"


def check(condition, what):
    if not condition:
        sys.exit(f"interop (python): {what}")
    print(f"ok  {what}")


def euro(text):
    value = Decimal(text)
    if value.as_tuple().exponent != -2:
        sys.exit(f"interop (python): {text!r} has not two decimals")
    return value


def sums(decreti):
    return (
        len(decreti),
        sum((euro(d.importi_autorizzati) for d in decreti), Decimal("0.00")),
        sum((euro(d.importi_erogati) for d in decreti), Decimal("0.00")),
    )


def control(totali):
    return (totali.righe, euro(totali.importi_autorizzati), euro(totali.importi_erogati))


def export(decrees, metadata, **selection):
    """All rows, the resume tokens, the closing totals. A stream without a chiusura is broken."""
    rows, tokens, closing = [], [], None
    for message in decrees.ExportDecrees(
        decree_service_pb2.ExportDecreesRequest(**selection), metadata=metadata, timeout=120
    ):
        part = message.WhichOneof("parte")
        if part == "lotto":
            rows.extend(message.lotto.decreti)
            tokens.append((len(rows), message.lotto.resume_token))
        elif part == "chiusura":
            closing = message.chiusura.totali
    check(closing is not None, "the export ends with a chiusura")
    return rows, tokens, closing


def main(address, full, restricted):
    channel = grpc.insecure_channel(address)
    metadata = [("authorization", f"Bearer {full}")]
    access = access_service_pb2_grpc.AccessServiceStub(channel)
    report = report_service_pb2_grpc.ReportServiceStub(channel)
    decrees = decree_service_pb2_grpc.DecreeServiceStub(channel)

    mine = access.GetMyAccess(access_service_pb2.GetMyAccessRequest(), metadata=metadata, timeout=30)
    check(mine.profilo == "mlps-ammortizzatori", "GetMyAccess names the profile")

    answer = report.GetReportSintetico(
        report_service_pb2.GetReportSinteticoRequest(
            filtro=report_service_pb2.FiltroReport(normativa=[NORMATIVA])
        ),
        metadata=metadata,
        timeout=30,
    )
    check(answer.HasField("accesso_dettaglio"), "one norm and nothing else: accesso_dettaglio is present")
    authorised = sum(euro(v.importi_autorizzati) for v in answer.voci)
    paid = sum(euro(v.importi_erogati) for v in answer.voci)
    check(euro(answer.totale.importi_autorizzati) == authorised, "the totals row adds up")

    # The bytes of accesso_dettaglio are a request of DecreeService.
    request = decree_service_pb2.CountDecreesRequest.FromString(answer.accesso_dettaglio.SerializeToString())
    count = decrees.CountDecrees(request, metadata=metadata, timeout=30)
    check(control(count.totali)[1:] == (authorised, paid), "CountDecrees equals the report")

    pinned = {"normativa": request.normativa, "rilevazione": request.rilevazione}
    rows, tokens, closing = export(decrees, metadata, **pinned)
    check(sums(rows) == control(closing) == control(count.totali), f"ExportDecrees ({len(rows)} rows) equals both")

    seen, token = tokens[0]
    rest, _, _ = export(decrees, metadata, resume_token=token, **pinned)
    check(rest == rows[seen:], "an export resumes where a lotto ended")

    paged, page_token = [], ""
    while True:
        page = decrees.ListDecrees(
            decree_service_pb2.ListDecreesRequest(page_size=1000, page_token=page_token, **pinned),
            metadata=metadata,
            timeout=30,
        )
        paged.extend(page.decreti)
        page_token = page.next_page_token
        if not page_token:
            break
    check(paged == rows, "the pages of ListDecrees are the rows of ExportDecrees")

    try:
        decrees.ListDecrees(
            decree_service_pb2.ListDecreesRequest(
                normativa=NORMATIVA,
                filtro=decree_service_pb2.FiltroDecreti(matricola_azienda=rows[0].matricola_azienda),
            ),
            metadata=[("authorization", f"Bearer {restricted}")],
            timeout=30,
        )
        check(False, "a filter that the profile may not use is refused")
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.PERMISSION_DENIED, "a filter that the profile may not use is refused")
        info, localized = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
        for detail in rpc_status.from_call(error).details:
            detail.Unpack(info) or detail.Unpack(localized)
        check(info.reason in error_reason_pb2.ErrorReason.keys(), f"its reason is documented: {info.reason}")
        check(info.metadata["filtri"] == "matricola_azienda", "its metadata name the filter")
        check(localized.locale == "it-IT" and localized.message, f"its text for the end user: {localized.message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
