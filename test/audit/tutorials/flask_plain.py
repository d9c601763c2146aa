# As a tutorial shows it: Flask, get_data, compare_digest, and a branch for each event.
import hashlib, hmac, os
from flask import Flask, abort, request
from werkzeug.serving import make_server

app = Flask(__name__)


@app.post("/webhook")
def webhook():
    signature = request.headers.get("X-Hub-Signature-256")
    if not signature:
        abort(403)
    right = "sha256=" + hmac.new(os.environ["SECRET"].encode(), request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, signature):
        abort(403)
    print(request.json.get("action"))
    return "", 204


server = make_server("127.0.0.1", 0, app, threaded=True)
print(f"listening http://127.0.0.1:{server.server_port}/webhook", flush=True)
server.serve_forever()
