"""Both reports as files, opened by the software that people open them with.

    files.py ADDRESS TOKEN_FULL TOKEN_MASKED DIRECTORY

Downloads the report and the detail in every format, breaks a download off and resumes it, and has LibreOffice, pandas,
polars, pyarrow, DuckDB and openpyxl read the files. Their sums must be those of CountDecrees, to the cent. Exits with 1 at
the first thing that is not as the contract says.
"""

import csv
import datetime
import hashlib
import io
import pathlib
import subprocess
import sys
import zipfile
from decimal import Decimal

import duckdb
import grpc
import openpyxl
import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from inps.omnia.monitoraggio.v1 import (
    decree_service_pb2,
    decree_service_pb2_grpc,
    file_pb2,
    report_service_pb2,
    report_service_pb2_grpc,
)

NORMATIVA = "DL109-2018-ART44"
FIGURES = ["ore_decretate", "importi_autorizzati", "importi_erogati"]
DAYS = ["data_decreto", "validita_dal", "validita_al"]
CODES = ["cf_azienda", "matricola_azienda"]
ZERO = Decimal("0.00")


def check(condition, what):
    if not condition:
        sys.exit(f"interop (files): {what}")
    print(f"ok  {what}")


def drain(stream, offset=0, stop_after=None):
    """Header, bytes, closing message. A stream without a chiusura is broken; with stop_after it is broken off."""
    header, content, closing = None, b"", None
    for message in stream:
        part = message.WhichOneof("parte")
        if part == "intestazione":
            header = message.intestazione
        elif part == "pezzo":
            if message.pezzo.offset != offset + len(content):
                sys.exit("interop (files): a gap between two pieces")
            content += message.pezzo.contenuto
            if stop_after is not None and len(content) >= stop_after:
                stream.cancel()
                return header, content, None
        else:
            closing = message.chiusura
    if closing is None:
        sys.exit("interop (files): a stream without a chiusura")
    return header, content, closing


def whole(stream, what):
    header, content, closing = drain(stream)
    right = len(content) == closing.dimensione and hashlib.sha256(content).hexdigest() == closing.sha256
    check(right, f"{what}: {header.nome}, {len(content)} bytes, SHA-256 as announced")
    return header, content, closing


def control(totali):
    return (totali.righe, *(Decimal(getattr(totali, name)) for name in FIGURES))


def soffice(directory, xlsx):
    """Every sheet as CSV, as LibreOffice understands the workbook; amounts with all their decimals."""
    profile = f"-env:UserInstallation=file://{directory}/profile"
    # Comma, double quote, UTF-8, from line 1, no column formats, English, no quotes for all, numbers as stored, all sheets.
    options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,false,false,false,false,-1"
    subprocess.run(
        ["soffice", profile, "--headless", "--convert-to", options, "--outdir", directory, xlsx],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
    )
    stem = pathlib.Path(xlsx).stem
    return {path.stem[len(stem) + 1:]: path for path in pathlib.Path(directory).glob(f"{stem}-*.csv")}


def main():
    address, full, masked, directory = sys.argv[1:]
    directory = pathlib.Path(directory)
    channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", 8 << 20)])
    decrees = decree_service_pb2_grpc.DecreeServiceStub(channel)
    reports = report_service_pb2_grpc.ReportServiceStub(channel)
    metadata = [("authorization", f"Bearer {full}")]

    count = decrees.CountDecrees(
        decree_service_pb2.CountDecreesRequest(normativa=NORMATIVA), metadata=metadata, timeout=60
    )
    expected, rilevazione = control(count.totali), count.rilevazione.numero

    def download(formato, offset=0):
        request = decree_service_pb2.DownloadDecreesRequest(
            normativa=NORMATIVA, rilevazione=rilevazione, formato=formato, offset=offset
        )
        return decrees.DownloadDecrees(request, metadata=metadata, timeout=120)

    paths, contents = {}, {}
    for name in ["CSV", "CSV_EXCEL", "XLSX", "PARQUET"]:
        formato = file_pb2.FormatoFile.Value(f"FORMATO_FILE_{name}")
        header, content, closing = whole(download(formato), name)
        check(control(closing.totali) == expected, f"{name}: the totals of CountDecrees")
        _, begun, _ = drain(download(formato), stop_after=1)
        # A client that has lost the end of what came.
        begun = begun[: len(begun) * 2 // 3]
        _, rest, again = drain(download(formato, len(begun)), offset=len(begun))
        check(begun + rest == content and again == closing, f"{name}: broken off at {len(begun)} bytes and resumed: the same file")
        paths[name] = str(directory / f"{name.lower()}-{header.nome}")
        contents[name] = content
        pathlib.Path(paths[name]).write_bytes(content)

    def same(what, rows, figures):
        check((rows, *figures) == expected, f"{what}: rows and sums to the cent")

    # CSV
    table = list(csv.DictReader(io.StringIO(contents["CSV"].decode(), newline="")))
    same("CSV by Python's csv", len(table), [sum((Decimal(row[f]) for row in table), ZERO) for f in FIGURES])
    texts = dict.fromkeys(["numero_decreto", *CODES], str)
    frame = pandas.read_csv(paths["CSV"], dtype=texts | dict.fromkeys(FIGURES, str), parse_dates=DAYS)
    same("CSV by pandas", len(frame), [sum(map(Decimal, frame[f]), ZERO) for f in FIGURES])
    check(all(frame[d].dtype.kind == "M" for d in DAYS), "CSV by pandas: days are days")
    decimals = dict.fromkeys(FIGURES, pyarrow.decimal128(18, 2))
    arrow = pyarrow.csv.read_csv(
        paths["CSV"],
        convert_options=pyarrow.csv.ConvertOptions(column_types=decimals | dict.fromkeys(texts, pyarrow.string())),
    )
    same("CSV by pyarrow", arrow.num_rows, [pyarrow.compute.sum(arrow[f]).as_py() for f in FIGURES])
    sums = ", ".join(f"sum({f}::decimal(18,2))" for f in FIGURES)
    row = duckdb.sql(f"select count(*), {sums} from read_csv('{paths['CSV']}', all_varchar = true)").fetchall()[0]
    same("CSV by DuckDB", row[0], row[1:])
    frame = polars.read_csv(paths["CSV"], infer_schema=False)
    same("CSV by polars", len(frame), [sum(map(Decimal, frame[f]), ZERO) for f in FIGURES])

    # CSV for Italian Excel
    check(contents["CSV_EXCEL"].startswith(b"\xef\xbb\xbf"), "CSV for Excel: the byte order mark")
    frame = pandas.read_csv(paths["CSV_EXCEL"], sep=";", decimal=",", dtype=texts, encoding="utf-8-sig")
    cents = [Decimal(int((frame[f] * 100).round().astype("int64").sum())) / 100 for f in FIGURES]
    same("CSV for Excel by pandas", len(frame), cents)

    # Parquet
    file = pyarrow.parquet.ParquetFile(paths["PARQUET"])
    schema = file.schema_arrow
    check(
        all(schema.field(f).type == pyarrow.decimal128(18, 2) for f in FIGURES)
        and all(schema.field(d).type == pyarrow.date32() for d in DAYS),
        "Parquet by pyarrow: DECIMAL(18, 2) and DATE",
    )
    columns = [file.metadata.row_group(0).column(i) for i in range(file.metadata.num_columns)]
    check(
        all(c.compression == "ZSTD" and c.is_stats_set and c.statistics.has_min_max for c in columns),
        "Parquet by pyarrow: zstd, and statistics of every column",
    )
    arrow = file.read()
    same("Parquet by pyarrow", arrow.num_rows, [pyarrow.compute.sum(arrow[f]).as_py() for f in FIGURES])
    about = {k.decode(): v.decode() for k, v in file.metadata.metadata.items()}
    check(
        about["omnia.rilevazione.numero"] == str(rilevazione)
        and about["omnia.selezione.normativa"] == NORMATIVA
        and about["omnia.totali.importi_erogati"] == str(expected[3]),
        "Parquet by pyarrow: the metadata say what it is",
    )
    frame = pandas.read_parquet(paths["PARQUET"])
    same("Parquet by pandas", len(frame), [frame[f].sum() for f in FIGURES])
    frame = polars.read_parquet(paths["PARQUET"])
    same("Parquet by polars", len(frame), [frame[f].sum() for f in FIGURES])
    sums = ", ".join(f"sum({f})" for f in FIGURES)
    row = duckdb.sql(f"select count(*), {sums} from '{paths['PARQUET']}'").fetchall()[0]
    same("Parquet by DuckDB", row[0], row[1:])

    # XLSX
    sheets = soffice(directory, paths["XLSX"])
    check(sorted(sheets) == ["Informazioni", "decreti"], "XLSX by LibreOffice: two sheets")
    with open(sheets["decreti"], newline="", encoding="utf-8") as text:
        table = list(csv.DictReader(text))
    same("XLSX by LibreOffice", len(table), [sum((Decimal(row[f]) for row in table), ZERO) for f in FIGURES])
    book = openpyxl.load_workbook(paths["XLSX"])
    sheet = book["decreti"]
    check(
        sheet.freeze_panes == "A2" and sheet.auto_filter.ref == f"A1:K{expected[0] + 1}" and sheet["A1"].font.bold,
        "XLSX by openpyxl: frozen row, autofilter, bold header",
    )
    names = [cell.value for cell in sheet[1]]
    first = dict(zip(names, sheet[2]))
    check(
        all(isinstance(first[d].value, datetime.datetime) and first[d].is_date for d in DAYS)
        and all(first[f].data_type == "n" and first[f].number_format == "#,##0.00" for f in FIGURES)
        and all(first[c].data_type in ("s", "inlineStr") for c in CODES),
        "XLSX by openpyxl: real days, real numbers, codes as texts",
    )
    about = {row[0].value: row[1].value for row in book["Informazioni"].iter_rows(max_col=2) if row[0].value}
    check(
        about["normativa"] == NORMATIVA and about["numero"] == str(rilevazione) and about["righe"] == expected[0],
        "XLSX by openpyxl: Informazioni has selection, rilevazione and totals",
    )
    frame = polars.read_excel(paths["XLSX"], sheet_name="decreti", infer_schema_length=0)
    same("XLSX by polars", len(frame), [sum((Decimal(v).quantize(ZERO) for v in frame[f]), ZERO) for f in FIGURES])
    frame = pandas.read_excel(paths["XLSX"], sheet_name="decreti", dtype=dict.fromkeys(CODES, str))
    cents = [Decimal(int((frame[f] * 100).round().astype("int64").sum())) / 100 for f in FIGURES]
    same("XLSX by pandas", len(frame), cents)
    check(zipfile.ZipFile(paths["XLSX"]).testzip() is None, "XLSX: the checksums of its parts")

    # What is masked is masked in a file too.
    request = decree_service_pb2.DownloadDecreesRequest(normativa=NORMATIVA, formato=file_pb2.FORMATO_FILE_PARQUET)
    _, content, _ = whole(
        decrees.DownloadDecrees(request, metadata=[("authorization", f"Bearer {masked}")], timeout=120), "masked"
    )
    codes = pyarrow.parquet.read_table(pyarrow.BufferReader(content))["cf_azienda"].to_pylist()
    check({len(c) for c in codes} == {11, 16} and {c for c in codes if len(c) == 16} == {"*" * 16}, "natural persons are masked")

    # The report
    answer = reports.GetReportSintetico(report_service_pb2.GetReportSinteticoRequest(), metadata=metadata, timeout=60)
    for name in ["CSV", "CSV_EXCEL", "XLSX", "PARQUET"]:
        request = report_service_pb2.DownloadReportSinteticoRequest(
            formato=file_pb2.FormatoFile.Value(f"FORMATO_FILE_{name}")
        )
        header, content, closing = whole(
            reports.DownloadReportSintetico(request, metadata=metadata, timeout=60), f"report, {name}"
        )
        check(closing.righe == len(answer.voci) and closing.totale == answer.totale, f"report, {name}: the totals")
        pathlib.Path(directory / header.nome).write_bytes(content)
        if name == "PARQUET":
            table = pyarrow.parquet.read_table(pyarrow.BufferReader(content))
            erogati = pyarrow.compute.sum(table["importi_erogati"]).as_py()
            residui = pyarrow.compute.sum(table["residuo_autorizzato"]).as_py()
            check(
                erogati == Decimal(answer.totale.importi_erogati)
                and residui == Decimal(answer.totale.residuo_autorizzato),
                "report by pyarrow: the sums of its columns are its totals",
            )
        if name == "XLSX":
            sheet = openpyxl.load_workbook(io.BytesIO(content))["report"]
            values = [cell.value for cell in sheet["F"][1:] if cell.value is not None]
            check(all(isinstance(v, (int, float)) for v in values) and min(values) < 0, "report by openpyxl: negative residui are numbers")


main()
