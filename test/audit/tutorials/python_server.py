# As a first program in Python: http.server, hmac and a compare in constant time; nothing is dated.
import hashlib, hmac, json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = os.environ["SECRET"].encode()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = dict(item.split("=", 1) for item in self.headers["Stripe-Signature"].split(","))
        right = hmac.new(SECRET, parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.send_response(200 if hmac.compare_digest(right, parts["v1"]) else 400)
        self.end_headers()
        json.loads(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
print(f"listening http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
