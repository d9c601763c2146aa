import type { RemedyLines } from './remedy-ids.ts'

/** For Flask. */
export const flaskLines: RemedyLines = {
  verify: [
    'right = hmac.new(secret, raw, hashlib.sha256).hexdigest()',
    'if not same(signature, right): abort(401)',
  ],
  compare: [
    'def same(one, other):',
    '    return hmac.compare_digest(one.encode(), other.encode())',
  ],
  secret: [
    'secret = os.environ["WEBHOOK_SECRET"].encode()  # a KeyError if it is not set',
    'if not secret or secret.startswith(b"<") or secret.endswith(b"..."): sys.exit("WEBHOOK_SECRET is not set")',
  ],
  algorithm: [
    'found = re.fullmatch(r"sha256=([0-9a-f]{64})", request.headers.get("X-Hub-Signature-256", ""))',
    'signature = found.group(1) if found else abort(401)',
  ],
  'raw-body': [
    'raw = request.get_data(cache=False)  # before request.json and request.form',
    'event = parsed(raw)',
  ],
  freshness: [
    'age = abs(time.time() - int(signed_time))  # the time that was signed',
    'if not age <= 300: abort(401)',
  ],
  'after-verify': [
    '# below the line that aborts with 401, in no thread before it',
    'handle(event)',
  ],
  route: ['@app.route("/webhooks", methods=["POST"], strict_slashes=True)', 'def receive():'],
  handshake: [
    '# once the signature is verified',
    'if event.get("type") == "url_verification": return {"challenge": event["challenge"]}',
  ],
  dedupe: [
    'fresh = db.execute("INSERT OR IGNORE INTO seen (id) VALUES (?)", (event_id,)).rowcount  # in one transaction with the work',
    'if not fresh: return "", 200',
  ],
  'ignore-topics': ['handle = handlers.get(topic)', 'if handle is None: return "", 200'],
  'answer-first': [
    'db.execute("INSERT INTO jobs (body) VALUES (?)", (raw,))  # a worker does the rest',
    'return "", 202',
  ],
  'body-limit': [
    'app.config["MAX_CONTENT_LENGTH"] = 25 * 1024 * 1024  # the largest body that the sender makes',
    'app.config["MAX_FORM_MEMORY_SIZE"] = None',
  ],
  'odd-bodies': [
    'event = parsed(raw)  # json.loads in try, None for ValueError and RecursionError',
    'if not isinstance(event, dict): abort(400)',
  ],
  crash: [
    '@app.errorhandler(Exception)',
    'def failed(error): return "", getattr(error, "code", 500)',
  ],
  timeouts: [
    '# gunicorn --worker-class gthread --threads 64 --timeout 10 app:app',
    'app.run(threaded=True)  # the server of Flask itself has no bound: use it for development alone',
  ],
  stack: ['app.run(debug=False)', 'app.config["PROPAGATE_EXCEPTIONS"] = False'],
  quiet: [
    'app.logger.warning("a webhook was refused")  # no headers, no secret, no signature',
    'abort(401)',
  ],
}
