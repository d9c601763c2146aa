import type { RemedyLines } from './remedy-ids.ts'

/** For Express. `raw` is the body as it came, `signature` what the sender sent, `event` the parsed body. */
export const expressLines: RemedyLines = {
  verify: [
    "const right = createHmac('sha256', secret).update(raw).digest('hex')",
    'if (!same(signature, right)) return response.sendStatus(401)',
  ],
  compare: [
    "const digest = (text) => createHash('sha256').update(text).digest()",
    'const same = (one, other) => timingSafeEqual(digest(one), digest(other))',
  ],
  secret: [
    'const secret = process.env.WEBHOOK_SECRET',
    "if (!secret || /^<|\\.\\.\\.$/.test(secret)) throw new Error('WEBHOOK_SECRET is not set')",
  ],
  algorithm: [
    "const [, signature] = /^sha256=([\\da-f]{64})$/.exec(request.get('x-hub-signature-256')) ?? []",
    'if (signature === undefined) return response.sendStatus(401)',
  ],
  'raw-body': [
    "app.use('/webhooks', express.raw({ type: () => true, limit: '25mb', inflate: false })) // before express.json()",
    'const raw = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)',
  ],
  freshness: [
    'const age = Math.abs(Date.now() / 1000 - Number(time)) // the time that was signed',
    'if (!(age <= 300)) return response.sendStatus(401)',
  ],
  'after-verify': ['// below the line that refuses with 401, and awaited', 'await handle(event)'],
  route: [
    "app.post('/webhooks', receive)",
    "app.all('/webhooks', (request, response) => response.sendStatus(405))",
  ],
  handshake: [
    '// once the signature is verified',
    "if (event.type === 'url_verification') return response.json({ challenge: event.challenge })",
  ],
  dedupe: [
    "const { changes } = db.prepare('INSERT OR IGNORE INTO seen (id) VALUES (?)').run(id) // in one transaction with the work",
    'if (changes === 0) return response.sendStatus(200)',
  ],
  'ignore-topics': [
    'const handle = handlers.get(topic)',
    'if (handle === undefined) return response.sendStatus(200)',
  ],
  'answer-first': [
    "db.prepare('INSERT INTO jobs (body) VALUES (?)').run(raw) // a worker does the rest",
    'response.sendStatus(202)',
  ],
  'body-limit': [
    "const limit = '25mb' // the largest body that the sender makes",
    "app.use('/webhooks', express.raw({ type: () => true, limit, inflate: false }))",
  ],
  'odd-bodies': [
    'const event = parsed(raw) // JSON.parse in try, undefined if it throws',
    "if (typeof event !== 'object' || event === null || Array.isArray(event)) return response.sendStatus(400)",
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
  quiet: [
    "console.error('a webhook was refused') // no headers, no secret, no signature",
    'return response.sendStatus(401)',
  ],
}
