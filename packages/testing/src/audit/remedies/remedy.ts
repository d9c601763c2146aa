/** Name of a remedy. Each remedy is for one cause. */
export type RemedyId = keyof typeof DOES

/** A kind of app that has its own remedies. */
export type RemedyStack = 'express' | 'next' | 'flask' | 'php' | 'go'

type RemedyLines = Readonly<Record<RemedyId, readonly [string, string]>>

/**
 * Returns the remedies for a JavaScript framework. Frameworks differ only in how a route answers. In the code, `raw` is
 * the received body, `signature` the received signature, and `event` the parsed body.
 */
const scriptLines = (answer: (status: number) => string) =>
  ({
    verify: [
      "const right = createHmac('sha256', secret).update(raw).digest('hex')",
      `if (!same(signature, right)) return ${answer(401)}`,
    ],
    compare: [
      "const digest = (text) => createHash('sha256').update(text).digest()",
      'const same = (one, other) => timingSafeEqual(digest(one), digest(other))',
    ],
    secret: [
      'const secret = process.env.WEBHOOK_SECRET',
      "if (!secret || /^<|\\.\\.\\.$/.test(secret)) throw new Error('WEBHOOK_SECRET is not set')",
    ],
    freshness: [
      'const age = Math.abs(Date.now() / 1000 - Number(time)) // the time that was signed',
      `if (!(age <= 300)) return ${answer(401)}`,
    ],
    'after-verify': ['// below the line that rejects with 401, and awaited', 'await handle(event)'],
    dedupe: [
      "const { changes } = db.prepare('INSERT OR IGNORE INTO seen (id) VALUES (?)').run(id) // in one transaction with the work",
      `if (changes === 0) return ${answer(200)}`,
    ],
    'ignore-topics': [
      'const handle = handlers.get(topic)',
      `if (handle === undefined) return ${answer(200)}`,
    ],
    'odd-bodies': [
      'const event = parsed(raw) // JSON.parse in try, undefined if it throws',
      `if (typeof event !== 'object' || event === null || Array.isArray(event)) return ${answer(400)}`,
    ],
    quiet: [
      "console.error('a webhook was rejected') // no headers, no secret, no signature",
      `return ${answer(401)}`,
    ],
  }) satisfies Partial<RemedyLines>

const expressLines: RemedyLines = {
  ...scriptLines((status) => `response.sendStatus(${status})`),
  algorithm: [
    "const [, signature] = /^sha256=([\\da-f]{64})$/.exec(request.get('x-hub-signature-256')) ?? []",
    'if (signature === undefined) return response.sendStatus(401)',
  ],
  'raw-body': [
    "app.use('/webhooks', express.raw({ type: () => true, limit: '25mb', inflate: false })) // before express.json()",
    'const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)',
  ],
  route: [
    "app.post('/webhooks', receive)",
    "app.all('/webhooks', (request, response) => response.sendStatus(405))",
  ],
  handshake: [
    '// once the signature is verified',
    "if (event.type === 'url_verification') return response.json({ challenge: event.challenge })",
  ],
  'answer-first': [
    "db.prepare('INSERT INTO jobs (body) VALUES (?)').run(raw) // a worker does the rest",
    'response.sendStatus(202)',
  ],
  'body-limit': [
    "const limit = '25mb' // the largest body that the sender makes",
    "app.use('/webhooks', express.raw({ type: () => true, limit, inflate: false }))",
  ],
  crash: [
    'const receive = (request, response, next) => deliver(request, response).catch(next)',
    'app.use((error, request, response, next) => response.sendStatus(error.status ?? 500))',
  ],
  timeouts: ['server.requestTimeout = 10_000', 'server.headersTimeout = 5_000'],
  stack: [
    "app.set('env', 'production')",
    'app.use((error, request, response, next) => response.sendStatus(error.status ?? 500))',
  ],
}

/** Remedies for a route handler of Next.js: `export async function POST(request: Request)`. */
const nextLines: RemedyLines = {
  ...scriptLines((status) => `new Response(null, { status: ${status} })`),
  algorithm: [
    "const [, signature] = /^sha256=([\\da-f]{64})$/.exec(request.headers.get('x-hub-signature-256')) ?? []",
    'if (signature === undefined) return new Response(null, { status: 401 })',
  ],
  'raw-body': [
    "export const runtime = 'nodejs' // and no request.json(): it cannot be undone",
    'const raw = Buffer.from(await request.arrayBuffer())',
  ],
  route: [
    '// export only POST: Next answers other methods with 405',
    'export async function POST(request) {',
  ],
  handshake: [
    '// once the signature is verified',
    "if (event.type === 'url_verification') return Response.json({ challenge: event.challenge })",
  ],
  'answer-first': [
    "db.prepare('INSERT INTO jobs (body) VALUES (?)').run(raw) // a worker does the rest",
    'return new Response(null, { status: 202 })',
  ],
  'body-limit': [
    "const length = Number(request.headers.get('content-length') ?? 0)",
    'if (length > 25 * 1024 * 1024) return new Response(null, { status: 413 })',
  ],
  crash: [
    '// await every promise: what is rejected after the reply ends the process',
    'await handle(event)',
  ],
  timeouts: [
    'export const maxDuration = 10',
    '// and a proxy before the server that bounds the time of a body',
  ],
  stack: [
    '// NODE_ENV=production: next start, not next dev',
    'return new Response(null, { status: 500 })',
  ],
}

const phpLines: RemedyLines = {
  verify: [
    "$right = hash_hmac('sha256', $raw, $secret);",
    'if (!hash_equals($right, $signature)) { http_response_code(401); exit; }',
  ],
  compare: [
    '// the whole text, the known one first',
    'if (!hash_equals($right, $signature)) { http_response_code(401); exit; }',
  ],
  secret: [
    "$secret = getenv('WEBHOOK_SECRET');",
    "if (!$secret || $secret[0] === '<' || str_ends_with($secret, '...')) { http_response_code(500); exit; }",
  ],
  algorithm: [
    "$found = preg_match('/^sha256=([0-9a-f]{64})$/D', $_SERVER['HTTP_X_HUB_SIGNATURE_256'] ?? '', $match);",
    'if (!$found) { http_response_code(401); exit; } $signature = $match[1];',
  ],
  'raw-body': [
    "$raw = file_get_contents('php://input'); // not $_POST",
    '$event = json_decode($raw, true, 64);',
  ],
  freshness: [
    '$age = abs(time() - (int) $signedTime); // the time that was signed',
    'if ($age > 300) { http_response_code(401); exit; }',
  ],
  'after-verify': ['// below the line that rejects with 401', '$handle($event);'],
  route: [
    "if ($_SERVER['REQUEST_METHOD'] !== 'POST') { http_response_code(405); exit; }",
    "if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) !== '/webhooks') { http_response_code(404); exit; }",
  ],
  handshake: [
    '// once the signature is verified',
    "if ($event['type'] === 'url_verification') { echo json_encode(['challenge' => $event['challenge']]); exit; }",
  ],
  dedupe: [
    "$insert = $db->prepare('INSERT IGNORE INTO seen (id) VALUES (?)'); $insert->execute([$id]); // in one transaction with the work",
    'if ($insert->rowCount() === 0) { http_response_code(200); exit; }',
  ],
  'ignore-topics': [
    '$handle = $handlers[$topic] ?? null;',
    'if ($handle === null) { http_response_code(200); exit; }',
  ],
  'answer-first': [
    "$db->prepare('INSERT INTO jobs (body) VALUES (?)')->execute([$raw]); // a worker does the rest",
    'http_response_code(202);',
  ],
  'body-limit': ['; php.ini: as much as the largest body of the sender', 'post_max_size = 25M'],
  'odd-bodies': [
    '$event = json_decode($raw, true, 64); // null if it is not JSON',
    'if (!is_array($event) || array_is_list($event)) { http_response_code(400); exit; }',
  ],
  crash: [
    'set_exception_handler(function () { http_response_code(500); });',
    '// and a server that starts workers again, as php-fpm does',
  ],
  timeouts: ['; php.ini', 'max_input_time = 10'],
  stack: [
    '; php.ini, where a script is too late: a large body warns before it starts',
    'display_errors = Off',
  ],
  quiet: [
    "error_log('a webhook was rejected'); // no headers, no secret, no signature",
    'http_response_code(401);',
  ],
}

const goLines: RemedyLines = {
  verify: [
    'mac := hmac.New(sha256.New, secret); mac.Write(raw)',
    'if !hmac.Equal(mac.Sum(nil), signature) { w.WriteHeader(401); return }',
  ],
  compare: [
    '// the whole signature, decoded',
    'if !hmac.Equal(mac.Sum(nil), signature) { w.WriteHeader(401); return }',
  ],
  secret: [
    'secret := []byte(os.Getenv("WEBHOOK_SECRET"))',
    'if len(secret) == 0 || secret[0] == \'<\' { log.Fatal("WEBHOOK_SECRET is not set") }',
  ],
  algorithm: [
    'text, found := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")',
    'if signature, err = hex.DecodeString(text); !found || err != nil { w.WriteHeader(401); return }',
  ],
  'raw-body': [
    'raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 25<<20))',
    'if err != nil { w.WriteHeader(413); return }',
  ],
  freshness: [
    'age := time.Since(time.Unix(signedTime, 0)).Abs() // the time that was signed',
    'if age > 5*time.Minute { w.WriteHeader(401); return }',
  ],
  'after-verify': [
    '// below the line that rejects with 401, in no goroutine before it',
    'handle(event)',
  ],
  route: ['mux.HandleFunc("POST /webhooks", receive)', '// other methods get 405'],
  handshake: [
    '// once the signature is verified',
    'if event.Type == "url_verification" { json.NewEncoder(w).Encode(map[string]string{"challenge": event.Challenge}); return }',
  ],
  dedupe: [
    'result, err := tx.Exec("INSERT INTO seen (id) VALUES ($1) ON CONFLICT DO NOTHING", id) // in one transaction with the work',
    'if rows, _ := result.RowsAffected(); rows == 0 { return }',
  ],
  'ignore-topics': ['handle, known := handlers[topic]', 'if !known { return }'],
  'answer-first': [
    'db.Exec("INSERT INTO jobs (body) VALUES ($1)", raw) // a worker does the rest',
    'w.WriteHeader(202)',
  ],
  'body-limit': [
    'r.Body = http.MaxBytesReader(w, r.Body, 25<<20) // the largest body that the sender makes',
    'raw, err := io.ReadAll(r.Body)',
  ],
  'odd-bodies': [
    'var event map[string]json.RawMessage',
    'if json.Unmarshal(raw, &event) != nil || event == nil { w.WriteHeader(400); return }',
  ],
  crash: [
    'defer func() { if recover() != nil { w.WriteHeader(500) } }()',
    '// net/http recovers only in its own goroutines, not in those that you start',
  ],
  timeouts: [
    'server := &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, ReadHeaderTimeout: 5 * time.Second}',
    'log.Fatal(server.ListenAndServe())',
  ],
  stack: ['log.Printf("webhook: %v", err) // only to the log', 'http.Error(w, "", 500)'],
  quiet: [
    'log.Print("a webhook was rejected") // no headers, no secret, no signature',
    'w.WriteHeader(401)',
  ],
}

const flaskLines: RemedyLines = {
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
    'app.run(threaded=True)  # the server of Flask itself has no bound: use it only for development',
  ],
  stack: ['app.run(debug=False)', 'app.config["PROPAGATE_EXCEPTIONS"] = False'],
  quiet: [
    'app.logger.warning("a webhook was rejected")  # no headers, no secret, no signature',
    'abort(401)',
  ],
}

/** How to fix one cause of failures. */
export interface Remedy {
  /** Instruction in one sentence. */
  readonly does: string
  /** Two lines of code for each kind of app. */
  readonly lines: Readonly<Record<RemedyStack, readonly [string, string]>>
}

/**
 * The kinds of apps whose remedies are not run by a test.
 *
 * @example const mark = untestedStacks.includes('next') ? '(untested)' : ''
 */
export const untestedStacks: readonly RemedyStack[] = ['next']

const DOES = {
  verify:
    'Compute the signature of the received bytes, and reply 401 unless it equals the received signature.',
  compare: 'Compare the whole signature, at its full length, in constant time.',
  secret: 'Exit at startup if the secret is missing or is still a placeholder.',
  algorithm: 'Fix the algorithm and the header in the code. Do not read them from the request.',
  'raw-body': 'Verify the received bytes first, then parse them.',
  freshness:
    'Reject a signed time that is more than five minutes in the past or future. Reject a request with two signed times.',
  'after-verify': 'Do nothing before the signature is verified, not even in the background.',
  route: 'Answer one path and one method; all others get 404 or 405, whatever they carry.',
  handshake:
    'Verify the signature of a challenge, answer the challenge, and do nothing else with it.',
  dedupe:
    'Store the event id under a unique key, in the same transaction as the writes of the handler. If the id is already stored, reply 200.',
  'ignore-topics': 'Answer 200 to topics that you have no handler for.',
  'answer-first': 'Store the event, reply, and then do the work.',
  'body-limit': 'Accept bodies as large as the sender makes them, and no larger.',
  'odd-bodies':
    'Answer 400 to a body that is not the JSON object you expect, without an exception.',
  crash: 'Catch what the handler throws, including rejected promises, and reply 500.',
  timeouts: 'Limit the duration of a request and the number of open requests.',
  stack: 'Switch debugging off, and answer errors without their text.',
  quiet: 'Do not put secrets, signatures or complete headers into logs or replies.',
}

const LINES: Readonly<Record<RemedyStack, RemedyLines>> = {
  express: expressLines,
  next: nextLines,
  flask: flaskLines,
  php: phpLines,
  go: goLines,
}

/**
 * The remedies, by the name of their cause.
 *
 * @example console.log(remedies.dedupe.does, remedies.dedupe.lines.express.join('\n'))
 */
export const remedies: Readonly<Record<RemedyId, Remedy>> = Object.fromEntries(
  Object.entries(DOES).map(([id, does]) => [
    id,
    {
      does,
      lines: Object.fromEntries(
        Object.entries(LINES).map(([stack, lines]) => [stack, lines[id as RemedyId]]),
      ),
    },
  ]),
) as unknown as Readonly<Record<RemedyId, Remedy>>
