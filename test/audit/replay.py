# Replays what `postern vectors` prints: python3 replay.py cases.json URL-of-effects
import base64, http.client, json, sys, urllib.request
from urllib.parse import urlsplit

def send(request):
    url = urlsplit(request["url"])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    body = base64.b64decode(request["bodyBase64"])
    path = url.path + ("?" + url.query if url.query else "")
    connection.putrequest(request["method"], path, skip_accept_encoding=True)
    for name, value in request["headers"] + [["content-length", str(len(body))]]:
        connection.putheader(name, value.encode("latin-1"))
    connection.endheaders(body)
    return connection.getresponse().status

RIGHT = {
    "2xx": lambda all: set(all) <= set(range(200, 300)),
    "4xx": lambda all: set(all) <= set(range(300, 500)),
    "below 500": lambda all: max(all) < 500,
    "2xx or busy": lambda all: set(all) - {409, 425, 429, 503} and set(all) <= {*range(200, 300), 409, 425, 429, 503},
}

count = lambda: int(urllib.request.urlopen(sys.argv[2]).read())
wrong = []
for case in json.load(open(sys.argv[1]))["cases"]:
    before, statuses, expect = count(), [send(request) for request in case["requests"]], case["expect"]
    if not RIGHT[expect["status"]](statuses) or expect["effects"] not in (None, count() - before):
        wrong.append(case["id"])
print(json.dumps(wrong))
