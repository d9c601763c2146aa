# The same with the debugger on, as `flask run --debug` has it.
import hashlib, hmac, os
from flask import Flask, abort, request
from werkzeug.debug import DebuggedApplication
from werkzeug.serving import make_server

app = Flask(__name__)
app.debug = True


@app.post("/webhook")
def webhook():
    right = "sha256=" + hmac.new(os.environ["SECRET"].encode(), request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right, request.headers["X-Hub-Signature-256"]):
        abort(403)
    return {"repository": request.json["repository"]["full_name"]}


server = make_server("127.0.0.1", 0, DebuggedApplication(app), threaded=True)
print(f"listening http://127.0.0.1:{server.server_port}/webhook", flush=True)
server.serve_forever()
