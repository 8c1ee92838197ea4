"""A resource has one spelling, and a caller is who one header says: nothing else leads there."""

from http1 import ACCESS, FILE, ROWS, Client, exchange, refused, request, served, statuses
from wire import NORM

NORMS = "/v1/normative"


def paths(target):
    """Other cases, slashes, dots, escapes and bytes: 404, or 400 under the name of the parameter. None leads to another resource."""
    token = target.token
    served(target, request(ACCESS, token=token), [200], "as it is")
    for path in ("/v1/%61ccesso", "/v1/accesso%00", "/v1/accesso/", "/v1//accesso", "//v1/accesso", "///v1/accesso", "/V1/accesso", "/v1/ACCESSO",
                 "/v1/./accesso", "/v1/x/../accesso", "/v1/normative/../accesso", "/v1/%2e%2e/v1/accesso", "/v1%2faccesso", "/v1/accesso%20",
                 "/v1/accesso%2e", "/v1/accesso;a=b", "/v1/accesso.json", "/v1/accesso%3f", "/v1/accesso\\..", "/v1\\accesso", "/%761/accesso",
                 "/v1/acc\"esso", "/v1/accesso^", "/v1/accesso%", "*", "accesso", "/%73tatus", "/status/", "/STATUS", "//", "/..", "/.%2e/",
                 "/openapi%2eyaml", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "/inps.omnia.monitoraggio.v1.AccessService/GetMyAccess",
                 "/grpc.health.v1.Health/Check", "/v1/accesso\xe2\x80\x8b", "/v1/accesso\xc2\xa0", "/v1/a\xcc\x80ccesso"):
        found = exchange(target, request(path, token=token, kept=False))
        assert statuses(found) == [404], f"{path}: {found}"
    for path in (f"{NORMS}/\xc0\xae\xc0\xae/decreti", f"{NORMS}/\xff/decreti", "/v1/accesso\x7f", "/v1/<accesso>", "?/v1/accesso", "/v1/acc\0esso"):
        refused(target, request(path, token=token), 400, path)


def parameters_in_paths(target):
    """A value in a path is decoded once, after the path was cut: what is no value of the parameter is 400 or 404, never another path."""
    token = target.token
    for good in (NORM, "%44" + NORM[1:]):
        served(target, request(f"{NORMS}/{good}/decreti?page_size=1", token=token), [200], good)
    for bad in ("%2e%2e", "..", ".", "%2544" + NORM[1:], NORM.lower(), f"{NORM}%00", f"{NORM}%0d%0a", f"{NORM}%20", f"..%2f{NORM}", f"{NORM}%2f..", "%2f",
                "%5c", "%c0%ae%c0%ae", "%e0%80%ae", "%ff", "%", "%4", "%zz", "%u0044", "*", "%2a", "+", "%25", "'%20or%20''='", "%7b%7d", "%27%3b--"):
        found = exchange(target, request(f"{NORMS}/{bad}/decreti", token=token, kept=False))
        assert statuses(found)[0] in (400, 404), f"{bad}: {found}"
        assert statuses(found) == [404] or b'"field":"normativa"' in found[0].body, f"{bad}: {found}"
    for path in (f"{NORM}/decreti%2ftotali", f"{NORM}%2fdecreti", f"{NORM}/decreti/..", f"{NORM}/decreti/totali/..%2frighe", f"{NORM}//decreti",
                 f"/{NORM}/decreti", f"x/../{NORM}/decreti", f"{NORM}/./decreti", f"{NORM}/decreti/"):
        found = exchange(target, request(f"{NORMS}/{path}", token=token, kept=False))
        assert statuses(found) == [404], f"{path}: {found}"
    # A fixed part is no value, and a number has one spelling: asked by who may read grants, so that the number alone is refused.
    served(target, request("/v1/abilitazioni/1", token=target.manager), [200], "a grant")
    for grant in ("in%2dscadenza", "+1", "01", "1%20", "%2b1", "1.0", "0x1", "-0", "%D9%A1", "1e0", "9" * 30):
        found = exchange(target, request(f"/v1/abilitazioni/{grant}", token=target.manager, kept=False))
        assert statuses(found) == [400] and b'"field":"id"' in found[0].body, f"{grant}: {found}"


def queries(target):
    """What is no parameter of the resource, is there twice or hides in escapes: 400, by its name."""
    token = target.token
    for query in ("x=1", "normativa=x", "%00", "?", "&=", "a[]=1", "trace_id=1", "%6eo=1", "soggetto=altri"):
        found = exchange(target, request(f"{ACCESS}?{query}", token=token, kept=False))
        assert statuses(found) == [400], f"{query}: {found}"
    for query in ("page_size=1&page_size=2", "page_size=1&page%5fsize=2", "cf_azienda=00743110157", "filtro.numero_decreto=1", "normativa=" + NORM,
                  "page_size=+1", "page_size=01", "page_size=1%00", "numero_decreto=1;dal=2", "PAGE_SIZE=1"):
        found = exchange(target, request(f"{NORMS}/{NORM}/decreti?{query}", token=token, kept=False))
        assert statuses(found) == [400], f"{query}: {found}"


def identities(target):
    """Two tokens, two proofs, a token under another name or in the query: 401. Nobody is somebody by a header that stands twice."""
    bearer, other = f"Authorization: Bearer {target.token}", f"Authorization: Bearer {target.other}"
    for lines in ([], [bearer, bearer], [bearer, other], [other, bearer], [f"{bearer}, Bearer {target.other}"], [bearer, "Authorization: "],
                  [bearer.replace("Authorization", "Authorization_")], [bearer.replace("Authorization", "_authorization")],
                  [bearer.replace("Authorization", "X-Authorization")], [bearer.replace("Authorization", "Proxy-Authorization")],
                  [f"Cookie: {bearer}"], [bearer, "DPoP: a"], [bearer, "DPoP: a", "DPoP: a"], [bearer.replace("Bearer", "DPoP"), "DPoP: a", "DPoP: b"],
                  [f"Authorization: Basic {target.token}"], [f"Authorization: {target.token}"], [f"X-HTTP-Method-Override: GET\r\nX-Token: {target.token}"]):
        served(target, request(ACCESS, *lines), [401], lines)
    served(target, request(f"{ACCESS}?access_token={target.token}"), [401], "in the query")
    for name in ("AUTHORIZATION", "authorization", "AuThOrIzAtIoN"):
        served(target, request(ACCESS, f"{name}: Bearer {target.token}"), [200], name)


def old_version(target):
    """HTTP/1.0: one answer, then the end. No streams and no files (505): one that breaks off would look whole."""
    token = target.token
    after = request(ACCESS, token=token)
    for path in ("/status", ACCESS, f"{NORMS}/{NORM}/decreti?page_size=5"):
        found = exchange(target, request(path, version="1.0", host=None, token=token), after)
        assert statuses(found) == [200] and found[0].version == "HTTP/1.0", f"{path}: {found}"
    for path in (ROWS, FILE):
        found = exchange(target, request(path, version="1.0", token=token), after)
        assert statuses(found) == [505] and b"problem" in found[0].headers["content-type"].encode(), f"{path}: {found}"
    with Client(target) as c:
        again = request("/status", "Connection: keep-alive", version="1.0")
        c.send(again + again + request("/status", version="1.0"))
        assert statuses(c.answers()) == [200, 200, 200]


ALL = [paths, parameters_in_paths, queries, identities, old_version]
