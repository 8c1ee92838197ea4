"""What schemathesis must know of the service besides its documents. It is told to it by SCHEMATHESIS_HOOKS.

TOKEN: whose calls they are; without it nobody's. OWN_GRANT: the grant that TOKEN lives by. STEPS: the grant that each step is for, as JSON.
STATUSES: the file to write the answers to.
"""

import atexit
import collections
import functools
import itertools
import json
import os
import re

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.jsonschema import make_validator
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

TOKEN = os.environ.get("TOKEN")
OWN_GRANT = os.environ.get("OWN_GRANT")
STEPS = json.loads(os.environ.get("STEPS", "{}"))
KEYS = itertools.count()
STATUSES = collections.defaultdict(collections.Counter)

# What a request is refused for that fits the document, by the text of the refusal, and why the document does not say it.
NO_SCHEMA_SAYS = {
    "The data and the policy say what there is": {
        "deve essere composto da 1 a 64 lettere minuscole, cifre e trattini.",
        "deve essere un profilo previsto dalle regole di accesso.",
        "deve essere un'abilitazione attiva o sospesa dello stesso utente.",
        "deve essere una chiamata prevista: `DecreeService/ListDecrees`.",
        "deve essere una normativa in elenco.",
        "deve essere una prestazione in elenco.",
        "deve indicare normative presenti nel catalogo.",
        "deve indicare prestazioni presenti nel catalogo.",
    },
    "One field depends on another": {
        "deve essere al più dieci anni dopo l'inizio della validità.",
        "deve essere il primo mese di un passo.",
        "deve essere l'ultimo mese di un passo.",
        "deve essere un filtro della chiamata.",
        "deve essere una colonna della risposta della chiamata.",
        "deve essere vuoto se non è indicata una chiamata.",
        "deve essere vuoto se è indicato un profilo, che non ha un'abilitazione.",
        "deve indicare dei codici oppure che li comprende tutti, non entrambe le cose.",
        "deve indicare dei codici, oppure che li comprende tutti.",
        "non deve essere futura se un'altra abilitazione viene sostituita: nel frattempo l'utente ne resterebbe privo.",
        "non deve precedere `validita_dal`.",
        "non deve precedere l'inizio del periodo.",
        "non deve precedere l'inizio della finestra.",
        "non deve precedere l'inizio della validità.",
        "non deve precedere valida_dal.",
        "è obbligatorio se è indicato l'altro tra `chi` e `rpc`.",
        "è obbligatorio, a meno che non sia indicata politica_proposta.",
    },
    "The day says it": {
        "è già trascorsa: l'abilitazione non avrebbe effetto.",
    },
    "No pattern that every tool reads tells characters of control and of format, and a length in bytes": {
        "deve avere da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili né spazi alle estremità.",
        "deve avere da 1 a 500 caratteri, non solo spazi, senza caratteri di controllo o di formato.",
        "deve essere lungo da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili e senza spazi agli estremi.",
        "deve essere un numero di protocollo: da 1 a 100 caratteri, senza spazi alle estremità.",
    },
    "No pattern reckons": {
        # A day that its month does not have, and the year 0.
        "deve essere una data nella forma AAAA-MM-GG.",
        "deve essere un mese nella forma AAAA-MM.",
        "deve essere una data e ora RFC 3339: `2026-12-22T09:30:00Z`.",
        "deve essere un indirizzo IP.",
        "deve essere una rete in notazione CIDR, senza bit dell'host: 192.0.2.0/24.",
        "deve indicare giorni e ore: `lun-ven 08:00-18:30`, `sab,dom 09:00-24:00`.",
        "il carattere di controllo del codice fiscale è errato.",
        "la cifra di controllo del codice fiscale è errata.",
        "una fascia oraria deve finire dopo l'inizio: se supera la mezzanotte si scrive in due, `ven 22:00-24:00` e `sab 00:00-06:00`.",
    },
    "OpenAPI 3.0 has no bounds of dates": {
        "deve essere un giorno degli anni dal 1970 al 2199.",
    },
}
REFUSED_RIGHTLY = set().union(*NO_SCHEMA_SAYS.values())
# Of many that are wrong the last that is told stands for the rest.
THE_REST = re.compile(r"è errato; lo sono [0-9]+ campi, a partire da questo\.")

# RFC 9110: a condition or a range that means nothing is ignored (13.1, 14.2). Their lengths are what the rules of the catalogue demand to be told.
MAY_BE_IGNORED = {"If-None-Match", "If-Range", "Range"}

# How HTTP carries an answer: no document tells them.
OF_HTTP = {"connection", "content-encoding", "content-length", "content-type", "date", "trailer", "transfer-encoding", "vary"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            # A schema of OpenAPI 3.0 is that of a line; here it is that of all of them.
            for response in operation["responses"].values():
                lines = response.get("content", {}).get("application/x-ndjson")
                if lines:
                    lines["schema"] = {"type": "array", "minItems": 2, "items": lines["schema"]}
            parameters = operation.get("parameters", [])
            if TOKEN:
                # No proof and no evidence can be drawn: each request with one would be refused before anything else is looked at.
                drawn = [p for p in parameters if p.get("$ref", "").rpartition("/")[2] not in ("DPoP", "Agid-JWT-TrackingEvidence")]
                operation["parameters"] = parameters = drawn
            for parameter in parameters:
                # Each step from a state that it may be taken from.
                if parameter.get("name") == "id" and path.rpartition("/")[2] in STEPS:
                    parameter["example"] = STEPS[path.rpartition("/")[2]]
                # A token is good for one selection; what any other text is answered with is known from the requests that break the schema.
                if parameter.get("name") in ("page_token", "resume_token"):
                    parameter["example"] = ""


@schemathesis.hook
def before_call(context, case, kwargs):
    # The last call that it may make would be the one that ends its own grant.
    if OWN_GRANT and case.method == "POST" and str((case.path_parameters or {}).get("id")) == OWN_GRANT:
        case.path_parameters["id"] = 2**62
    # A key is good for one request, and few would be drawn that differ.
    if "Idempotency-Key" in (case.headers or {}) and not case.meta.is_negative_at(ParameterLocation.HEADER):
        case.headers["Idempotency-Key"] = f"key-{next(KEYS)}"


@schemathesis.hook
def after_call(context, case, response):
    STATUSES[case.operation.label][response.status_code] += 1


@atexit.register
def write_statuses():
    with open(os.environ["STATUSES"], "a", encoding="utf-8") as file:
        for operation, statuses in sorted(STATUSES.items()):
            file.write(json.dumps([operation, dict(sorted(statuses.items()))]) + "\n")


@schemathesis.deserializer("application/x-ndjson")
def lines_of(context, response):
    return [json.loads(line) for line in response.content.decode().splitlines()]


@schemathesis.check
def streams_have_a_beginning_and_an_end(context, response, case):
    if response.headers.get("content-type", [""])[0] != "application/x-ndjson":
        return
    lines = lines_of(context, response)
    if list(lines[0]) != ["intestazione"] or list(lines[-1]) != ["chiusura"]:
        raise Failure(operation=case.operation.label, title="A stream that is cut off", message=response.text[-300:])


@schemathesis.check
def headers_are_told(context, response, case):
    told = case.operation.responses.find_by_status_code(response.status_code)
    # 405 is of a method that no document has.
    if told is None:
        return
    names = {name.lower() for name, _ in told.headers.items()} if told.headers else set()
    others = {name.lower() for name in response.headers} - names - OF_HTTP
    if others:
        raise Failure(operation=case.operation.label, title="A header that is not told", message=f"{response.status_code}: {sorted(others)}")


@schemathesis.check
def nobody_is_told_anything(context, response, case):
    """Without a token: 401 with both ways to come in, unless the request is none."""
    if TOKEN or case.operation.label == "GET /status":
        return
    challenges = response.headers.get("www-authenticate", [])
    known = response.status_code == 401 and [c.split()[0] for c in challenges] == ["Bearer", "DPoP"]
    if not known and response.status_code not in (400, 404, 405, 413, 415):
        raise Failure(operation=case.operation.label, title="An answer to nobody", message=f"{response.status_code} {challenges}")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if isinstance(failure, RejectedPositiveData):
        # nobody_is_told_anything looks at it.
        return bool(TOKEN) and not is_refused_rightly(response)
    if isinstance(failure, AcceptedNegativeData):
        return not may_be_ignored(case) and not is_spelt_otherwise(case)
    return True


def is_refused_rightly(response):
    problem = json.loads(response.content)
    if problem["reason"] == "ERROR_REASON_PAGE_TOKEN_INVALID":
        return True
    details = [error["detail"] for error in problem.get("errors", [])]
    return bool(details) and all(detail in REFUSED_RIGHTLY or THE_REST.fullmatch(detail) for detail in details)


def may_be_ignored(case):
    data = case.meta.phase.data
    broken = {(m.parameter_location, m.parameter) for m in getattr(data, "mutations", ())}
    broken = broken or {(data.parameter_location, data.parameter)}
    return all(location == ParameterLocation.HEADER and name in MAY_BE_IGNORED for location, name in broken)


def is_spelt_otherwise(case):
    """The JSON form of protobuf takes null for a field that is not there, and a number for its name or its text. One form is told, the one
    that is answered."""
    body = case.operation.get_body_for_media_type(case.media_type) if case.media_type else None
    if body is None or any(info.mode.is_negative for place, info in case.meta.components.items() if place != ParameterLocation.BODY):
        return False
    validator = make_validator(body.optimized_schema, case.operation.schema.adapter.jsonschema_validator_cls)
    told = without_nulls(case.body)
    values = [functools.reduce(lambda value, name: value[name], error.instance_path, told) for error in validator.iter_errors(told)]
    return all(type(value) is int for value in values)


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return value
