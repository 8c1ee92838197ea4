"""Where the measures look: what run.sh says, the biggest norm, what it adds up to, and the SELECT that reads it."""

import subprocess
import sys
from decimal import Decimal

address, peer_addresses, token, sockets, psql, repetitions = sys.argv[1:]
repetitions = int(repetitions)
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
