import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { listenOn } from '../services/temporary.ts'

export const SECRET = 'whsec_of_a_planted_receiver'
const PATH = '/webhooks/stripe'
const LARGEST = 1024 * 1024

export interface Planted {
  readonly url: string
  readonly effect: () => number
  readonly log: () => string
  /** Used memory in bytes. */
  readonly memory: () => number
  readonly alive: () => boolean
  /** Restarts the receiver on the same port, without its data in memory. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function plant(defect?: string): Promise<Planted> {
  const has = (...names: readonly string[]): boolean =>
    defect !== undefined && names.includes(defect)
  const stored = new Set<string>()
  const inMemory = new Set<string>()
  let effects = 0
  let held = 0
  let tired = false
  let line: Promise<void> = Promise.resolve()
  const log: string[] = []
  const sockets = new WeakSet<object>()
  let port = 0
  let server: Server = await start()

  async function start(): Promise<Server> {
    const made = createServer({ maxHeaderSize: 131_072 }, (request, response) => {
      const answer = (): Promise<void> =>
        receive(request, response)
          .catch(() => response.headersSent || reply(response, 500))
          .then(() => undefined)
      line = has('one-at-a-time') ? line.then(answer) : line
      if (!has('one-at-a-time')) void answer()
    })
    made.maxHeadersCount = 0
    port = await listenOn(made, port)
    return made
  }

  function end(): void {
    server.close()
    server.closeAllConnections()
  }

  function reply(response: ServerResponse, status: number, body = ''): void {
    if (response.destroyed) return
    if (has('secret-in-reply')) response.setHeader('x-debug', SECRET)
    response.writeHead(status).end(body)
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers, socket } = request
    const target = request.url ?? ''
    const [path = '', query = ''] = target.split('?')
    if (has('tires') && tired) return reply(response, 503)
    tired ||= method === 'OPTIONS'
    if (has(`${method.toLowerCase()}-fails`)) throw new Error('no such method')
    if (has('second-of-connection') && sockets.has(socket)) return reply(response, 400)
    sockets.add(socket)
    if (has('many-headers') && request.rawHeaders.length > 2000) throw new Error('too many')
    const isOpen =
      (has('trailing-slash') && path === `${PATH}/`) ||
      (has('double-slash') && path === `/${PATH}`) ||
      (has('capitals') && path === PATH.toUpperCase()) ||
      (has('encoded') && path !== PATH && decodeURIComponent(path) === PATH) ||
      (has('dot-segment') && path === `/x/..${PATH}`) ||
      (has('query-switch') && query.includes('test=1')) ||
      (has('put') && method === 'PUT') ||
      (has('override') && headers['x-http-method-override'] !== undefined) ||
      (has('text') && headers['content-type'] === 'text/plain') ||
      (has('form') && headers['content-type']?.includes('urlencoded')) ||
      (has('multipart') && headers['content-type']?.includes('multipart')) ||
      (has('no-type') && headers['content-type'] === undefined)
    if (isOpen) {
      await bodyOf(request).catch(() => undefined)
      effects++
      return reply(response, 200)
    }
    if (has('get-acts') && method === 'GET') effects++
    if (path !== PATH) return reply(response, 404)
    if (method !== 'POST') return reply(response, 405)
    if (has('no-chunks') && headers['content-length'] === undefined) return reply(response, 411)
    const most = has('small-limit') ? 100_000 : LARGEST
    if (has('huge-taken') && Number(headers['content-length']) > LARGEST) {
      request.resume()
      return reply(response, 200)
    }
    if (has('holds-all')) held += Number(headers['content-length'] ?? 0) * 8
    if (Number(headers['content-length'] ?? 0) > most) {
      response.setHeader('connection', 'close')
      return reply(response, 413)
    }
    const raw = await bodyOf(request).catch(() => undefined)
    if (raw === undefined) {
      if (has('abort-ends')) end()
      return
    }
    if (raw.length > most) return reply(response, 413)
    if (has('parses-first') && raw.toString().startsWith('['.repeat(100_000))) return end()
    const header = has('raw-names')
      ? request.rawHeaders[request.rawHeaders.indexOf('stripe-signature') + 1]
      : headers['stripe-signature']
    const given = String(
      request.rawHeaders.includes('stripe-signature') || !has('raw-names') ? (header ?? '') : '',
    )
    if (has('logs-signature')) log.push(given)
    if (has('logs-secret')) log.push(`verifying with ${SECRET}`)
    if (has('effect-first')) effects++
    const twice =
      request.rawHeaders.filter((name) => name.toLowerCase() === 'stripe-signature').length > 1
    if (!isGenuine(raw, given, twice)) return reject(response, raw, given)
    return accept(response, raw, given)
  }

  async function bodyOf(request: IncomingMessage): Promise<Buffer> {
    const parts: Buffer[] = []
    let size = 0
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length
      if (size <= LARGEST + 1) parts.push(part)
    }
    return Buffer.concat(parts)
  }

  function reject(response: ServerResponse, raw: Buffer, given: string): void {
    if (has('late-effect')) setTimeout(() => effects++, 60)
    if (has('acknowledges')) return reply(response, 200)
    if (has('rejection-500')) return reply(response, 500)
    if (has('stack')) return reply(response, 400, new Error('bad signature').stack)
    const [, time] = /t=(\d+)/.exec(given) ?? []
    if (has('tells-right'))
      return reply(response, 401, `expected ${macOf(SECRET, time ?? '', raw)}`)
    return reply(response, 401)
  }

  function isGenuine(raw: Buffer, given: string, twice: boolean): boolean {
    if (has('no-verify')) return true
    if (has('optional') && given === '') return true
    if (has('any-header') && given !== '') return true
    if (has('twice') && twice) return true
    if (has('joined') && given.includes(', ')) return true
    if (has('odd-signature') && given.includes('é')) throw new Error('no ASCII')
    const items = given.split(',').map((item) => item.trim().split('=', 2))
    const times = items.filter(([name]) => name === 't').map(([, time]) => time ?? '')
    const last = has('times-first-fresh') ? times.at(-1) : times[0]
    const fresh = has('times-last-fresh') ? times.at(-1) : times[0]
    if (times.length === 0) return false
    if (times.length > 1 && !has('times-first-fresh', 'times-last-fresh')) return false
    const age = Date.now() / 1000 - Number(fresh)
    const bound = has('hour') ? 3600 : has('tight') ? 20 : 300
    const isFresh = has('no-time') || (has('no-future') ? age <= bound : Math.abs(age) <= bound)
    if (!isFresh) return false
    const versions = has('v0') ? ['v1', 'v0'] : ['v1']
    let macs = items.filter(([name]) => versions.includes(name ?? '')).map(([, mac]) => mac ?? '')
    if (has('one-mac')) macs = macs.slice(0, 1)
    const secrets = [
      SECRET,
      ...(has('unset') ? ['undefined'] : []),
      ...(has('empty') ? [''] : []),
      ...(has('placeholder') ? ['changeme'] : []),
    ]
    const bodies: (Buffer | string)[] = has('reserialised') ? [serialised(raw)] : [raw]
    if (has('reserialised-too')) bodies.push(serialised(raw))
    if (has('empty-body')) bodies.push('')
    if (has('tail')) bodies.push(raw.subarray(0, -1))
    if (has('latin1')) bodies[0] = Buffer.from(raw.toString('latin1'))
    const signedTimes = has('time-off') ? [last!, String(Number(last) - 1)] : [last!]
    return secrets.some((secret) =>
      bodies.some((body) =>
        signedTimes.some((time) => macs.some((mac) => matches(mac, macOf(secret, time, body)))),
      ),
    )
  }

  function matches(mac: string, right: string): boolean {
    if (has('any-hex')) return /^[\da-f]{64}$/.test(mac)
    if (has('empty-mac')) return right.startsWith(mac)
    if (has('prefix')) return mac !== '' && right.startsWith(mac)
    if (has('first')) return mac[0] === right[0]
    if (has('half')) return mac.length === 64 && mac.slice(0, 16) === right.slice(0, 16)
    if (has('longer')) return mac.startsWith(right)
    if (has('triple-equals')) return mac === right
    if (has('unequal-lengths')) return timingSafeEqual(Buffer.from(mac), Buffer.from(right))
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
    return timingSafeEqual(digest(mac), digest(right))
  }

  async function accept(response: ServerResponse, raw: Buffer, given: string): Promise<void> {
    const text = raw.toString()
    if (has('bytes-fail')) new TextDecoder('utf-8', { fatal: true }).decode(raw)
    if (has('empty-fails') && raw.length === 0) throw new Error('empty')
    if (has('string-fails') && text === '"text"') throw new Error('string')
    if (has('deep-fails') && text.startsWith('[[[[')) throw new RangeError('too deep')
    if (has('null-ends') && text === 'null') return end()
    if (has('no-escapes') && text.includes('\\/')) return reply(response, 400)
    if (has('no-big-numbers') && /\d{20}/.test(text)) return reply(response, 400)
    const event = (parsed(raw) ?? (has('tail') ? parsed(raw.subarray(0, -1)) : undefined)) as
      | { id?: unknown; type?: unknown; data?: unknown }
      | undefined
    if (typeof event !== 'object' || event === null || typeof event.id !== 'string')
      return reply(response, 400)
    if (has('known-topics') && String(event.type).includes('audit')) return reply(response, 400)
    const seen = has('memory-dedupe') ? inMemory : stored
    const key = has('by-content')
      ? JSON.stringify(event.data)
      : has('by-signature')
        ? given
        : event.id
    if (seen.has(key) && !has('no-dedupe')) return reply(response, 200)
    if (has('race')) await wait(2)
    seen.add(key)
    if (has('work-dropped')) {
      await Promise.race([wait(30), once(response, 'close')])
      if (response.destroyed) return
    }
    // Simulates a queue that is too small for a burst.
    if (has('burst') && effects > 120) throw new Error('no room')
    if (!has('effect-first')) effects++
    reply(response, 200)
  }

  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    effect: () => effects,
    log: () => log.join('\n'),
    memory: () => held,
    alive: () => server.listening,
    async restart() {
      inMemory.clear()
      if (server.listening) {
        const closed = once(server, 'close')
        end()
        await closed
      }
      server = await start()
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      end()
      await closed
    },
  }
}

function macOf(secret: string, time: string, body: Buffer | string): string {
  return createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')
}

function serialised(raw: Buffer): string {
  return JSON.stringify(parsed(raw)) ?? ''
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}
