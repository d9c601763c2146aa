# Replays what `postern vectors` prints: python3 replay.py cases.json URL-of-effects
import base64, http.client, json, sys, urllib.request
from urllib.parse import urlsplit

BUSY = {409, 425, 429, 503}


def send(request):
    url = urlsplit(request["url"])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    body = base64.b64decode(request["bodyBase64"])
    connection.putrequest(request["method"], url.path + ("?" + url.query if url.query else ""), skip_accept_encoding=True)
    for name, value in request["headers"]:
        connection.putheader(name, value.encode("latin-1"))
    connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    return connection.getresponse().status


def right(statuses, expected):
    if expected == "2xx": return all(200 <= one < 300 for one in statuses)
    if expected == "4xx": return all(300 <= one < 500 for one in statuses)
    if expected == "below 500": return all(one < 500 for one in statuses)
    return any(200 <= one < 300 for one in statuses) and all(200 <= one < 300 or one in BUSY for one in statuses)


count = lambda: int(urllib.request.urlopen(sys.argv[2]).read())
wrong = []
for case in json.load(open(sys.argv[1]))["cases"]:
    before, statuses = count(), [send(request) for request in case["requests"]]
    effects = case["expect"]["effects"]
    if not right(statuses, case["expect"]["status"]) or effects not in (None, count() - before): wrong.append(case["id"])
print(json.dumps(wrong))
