/** Remedies for a route handler of Next.js: `export async function POST(request: Request)`. */
export const nextLines: RemedyLines = {
  verify: [
    "const right = createHmac('sha256', secret).update(raw).digest('hex')",
    'if (!same(signature, right)) return new Response(null, { status: 401 })',
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
    "const [, signature] = /^sha256=([\\da-f]{64})$/.exec(request.headers.get('x-hub-signature-256')) ?? []",
    'if (signature === undefined) return new Response(null, { status: 401 })',
  ],
  'raw-body': [
    "export const runtime = 'nodejs' // and no request.json(): it cannot be undone",
    'const raw = Buffer.from(await request.arrayBuffer())',
  ],
  freshness: [
    'const age = Math.abs(Date.now() / 1000 - Number(time)) // the time that was signed',
    'if (!(age <= 300)) return new Response(null, { status: 401 })',
  ],
  'after-verify': ['// below the line that rejects with 401, and awaited', 'await handle(event)'],
  route: [
    '// export only POST: Next answers other methods with 405',
    'export async function POST(request) {',
  ],
  handshake: [
    '// once the signature is verified',
    "if (event.type === 'url_verification') return Response.json({ challenge: event.challenge })",
  ],
  dedupe: [
    "const { changes } = db.prepare('INSERT OR IGNORE INTO seen (id) VALUES (?)').run(id) // in one transaction with the work",
    'if (changes === 0) return new Response(null, { status: 200 })',
  ],
  'ignore-topics': [
    'const handle = handlers.get(topic)',
    'if (handle === undefined) return new Response(null, { status: 200 })',
  ],
  'answer-first': [
    "db.prepare('INSERT INTO jobs (body) VALUES (?)').run(raw) // a worker does the rest",
    'return new Response(null, { status: 202 })',
  ],
  'body-limit': [
    "const length = Number(request.headers.get('content-length') ?? 0)",
    'if (length > 25 * 1024 * 1024) return new Response(null, { status: 413 })',
  ],
  'odd-bodies': [
    'const event = parsed(raw) // JSON.parse in try, undefined if it throws',
    "if (typeof event !== 'object' || event === null || Array.isArray(event)) return new Response(null, { status: 400 })",
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
  quiet: [
    "console.error('a webhook was rejected') // no headers, no secret, no signature",
    'return new Response(null, { status: 401 })',
  ],
}

/** Name of a remedy. Each remedy is for one cause. */
export type RemedyId =
  | 'verify'
  | 'compare'
  | 'secret'
  | 'algorithm'
  | 'raw-body'
  | 'freshness'
  | 'after-verify'
  | 'route'
  | 'handshake'
  | 'dedupe'
  | 'ignore-topics'
  | 'answer-first'
  | 'body-limit'
  | 'odd-bodies'
  | 'crash'
  | 'timeouts'
  | 'stack'
  | 'quiet'

/** A kind of app that has its own remedies. */
export type RemedyStack = 'express' | 'next' | 'flask' | 'php' | 'go'

/** The remedies for one kind of app, each with two lines of code. */
export type RemedyLines = Readonly<Record<RemedyId, readonly [string, string]>>
