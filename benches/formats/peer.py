"""DecreeService.ExportDecrees in Python: grpc.aio and asyncpg on uvloop, the peer of `omnia serve`.

    peer.py SOCKET_DIRECTORY

Prints two addresses. The first is of a server as one writes it: rows of a cursor, messages by their constructors, str() of what
asyncpg gives. The second is of the same server made as fast as it would go: days and amounts come as texts, so that asyncpg makes neither
dates nor Decimals of them; rows are built in the message that is sent, since a lotto made first would be copied into it; a page is read
while the one before is built. asyncio's own loop instead of uvloop, or no garbage collection, made no difference.

Same messages of the same contract, same database, same role, lotti of the same size. What both leave out makes them faster, not
slower: no access layer (tokens, grants, policy, quotas, audit log), no filters (a call with a filtro is refused), no look at
the catalogue, no deadline, no limit of exports at the same time, no details of errors.
"""

import asyncio
import base64
import contextlib
import sys
from decimal import Decimal
from operator import itemgetter

import asyncpg
import grpc
import uvloop

from inps.omnia.monitoraggio.v1 import decree_service_pb2 as pb
from inps.omnia.monitoraggio.v1 import decree_service_pb2_grpc

LOTTO = 4000
ORE, AUTORIZZATI, EROGATI, ID = 8, 9, 10, 11
COLUMNS = """
prestazione, codifica_sistema_unico, numero_decreto, data_decreto, validita_dal, validita_al, cf_azienda, matricola_azienda,
ore_decretate, importi_autorizzati, importi_erogati, id
"""
TEXTS = """
prestazione, codifica_sistema_unico, numero_decreto, data_decreto::text, validita_dal::text, validita_al::text,
cf_azienda, matricola_azienda, ore_decretate::text, importi_autorizzati::text, importi_erogati::text, id
"""
ROWS = """
select {columns}
from dettaglio_decreto d
where normativa = $1 and dal_rilevazione <= $2 and al_rilevazione >= $2 {after}
order by d.data_decreto, d.numero_decreto, d.id
"""
AFTER = "and (d.data_decreto, d.numero_decreto, d.id) > ($3::text::date, $4::text, $5::bigint)"
RILEVAZIONE = """
select numero, data_riferimento::text, caricata_il from rilevazione
where $1 in (0, numero) order by numero desc limit 1
"""


def to_token(rilevazione, last):
    key = f"{rilevazione} {last[3]} {last[ID]} {last[2]}"
    return base64.urlsafe_b64encode(key.encode()).decode()


def from_token(token):
    rilevazione, data, number, numero = base64.urlsafe_b64decode(token).decode().split(" ", 3)
    return int(rilevazione), (data, numero, int(number))


class Decrees(decree_service_pb2_grpc.DecreeServiceServicer):
    columns = COLUMNS

    def __init__(self, pool):
        self.pool = pool

    async def ExportDecrees(self, request, context):
        if request.HasField("filtro"):
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no filters here")
        rilevazione, after = request.rilevazione, ()
        if request.resume_token:
            try:
                rilevazione, after = from_token(request.resume_token)
            except ValueError:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not a resume_token of this server")
        # One snapshot for the whole export, and what a cursor needs.
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            found = await connection.fetchrow(RILEVAZIONE, rilevazione)
            if found is None:
                await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such rilevazione")
            first = pb.ExportDecreesResponse()
            header = first.intestazione.rilevazione
            header.numero, header.data_riferimento = found["numero"], found["data_riferimento"]
            header.caricata_il.FromDatetime(found["caricata_il"])
            await context.write(first)

            righe, ore, autorizzati, erogati = 0, Decimal("0.00"), Decimal("0.00"), Decimal("0.00")
            # asyncpg keeps the statement prepared, for each connection of the pool.
            query = ROWS.format(columns=self.columns, after=AFTER if after else "")
            cursor = await connection.cursor(query, request.normativa, header.numero, *after)
            async with contextlib.aclosing(self.pages(cursor)) as reading:
                async for rows in reading:
                    righe += len(rows)
                    ore = sum(map(Decimal, map(itemgetter(ORE), rows)), ore)
                    autorizzati = sum(map(Decimal, map(itemgetter(AUTORIZZATI), rows)), autorizzati)
                    erogati = sum(map(Decimal, map(itemgetter(EROGATI), rows)), erogati)
                    await context.write(self.message(rows, header.numero))

            last = pb.ExportDecreesResponse()
            totali = last.chiusura.totali
            totali.righe, totali.ore_decretate = righe, str(ore)
            totali.importi_autorizzati, totali.importi_erogati = str(autorizzati), str(erogati)
            await context.write(last)

    async def pages(self, cursor):
        while rows := await cursor.fetch(LOTTO):
            yield rows

    def message(self, rows, rilevazione):
        decreti = [
            pb.DettaglioDecreto(
                prestazione=row["prestazione"],
                codifica_sistema_unico=row["codifica_sistema_unico"],
                numero_decreto=row["numero_decreto"],
                data_decreto=str(row["data_decreto"]),
                validita_dal=str(row["validita_dal"]),
                validita_al=str(row["validita_al"]),
                cf_azienda=row["cf_azienda"],
                matricola_azienda=row["matricola_azienda"],
                ore_decretate=str(row["ore_decretate"]),
                importi_autorizzati=str(row["importi_autorizzati"]),
                importi_erogati=str(row["importi_erogati"]),
            )
            for row in rows
        ]
        lotto = pb.LottoExport(decreti=decreti, resume_token=to_token(rilevazione, rows[-1]))
        return pb.ExportDecreesResponse(lotto=lotto)


class Tuned(Decrees):
    columns = TEXTS

    async def pages(self, cursor):
        coming = asyncio.create_task(cursor.fetch(LOTTO))
        try:
            while rows := await coming:
                coming = asyncio.create_task(cursor.fetch(LOTTO))
                # Else Postgres would be asked only once the rows are built.
                await asyncio.sleep(0)
                yield rows
        finally:
            # A client that goes away leaves a page under way, and the connection can do nothing else meanwhile.
            coming.cancel()
            await asyncio.wait([coming])

    def message(self, rows, rilevazione):
        response = pb.ExportDecreesResponse()
        lotto = response.lotto
        lotto.resume_token = to_token(rilevazione, rows[-1])
        add = lotto.decreti.add
        for row in rows:
            d = add()
            (
                d.prestazione, d.codifica_sistema_unico, d.numero_decreto, d.data_decreto, d.validita_dal, d.validita_al,
                d.cf_azienda, d.matricola_azienda, d.ore_decretate, d.importi_autorizzati, d.importi_erogati, _,
            ) = row
        return response


async def main(sockets):
    async with asyncpg.create_pool(host=sockets, user="omnia_servizio", database="omnia", min_size=1) as pool:
        servers = [serve(Decrees(pool)), serve(Tuned(pool))]
        for server, port in servers:
            await server.start()
            print(f"127.0.0.1:{port}", flush=True)
        await asyncio.gather(*(server.wait_for_termination() for server, _ in servers))


def serve(decrees):
    server = grpc.aio.server()
    decree_service_pb2_grpc.add_DecreeServiceServicer_to_server(decrees, server)
    return server, server.add_insecure_port("127.0.0.1:0")


uvloop.run(main(*sys.argv[1:]))
