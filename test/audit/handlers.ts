import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Provider } from '@postern/core/scheme'
import { stripe } from '@postern/providers/stripe'

export const SECRET = 'whsec_a_secret_of_tests'

export interface Flaws {
  /** Status of every reply. */
  readonly status?: number
  /** Accepts unsigned requests. */
  readonly unsigned?: boolean
  /** Verifies the parsed and serialized body. */
  readonly reserialised?: boolean
  /** Handles the event before it verifies. */
  readonly early?: boolean
  /** Handles rejected events later. */
  readonly late?: boolean
  /** Does not deduplicate. */
  readonly forgetful?: boolean
  /** Throws for a body that is not an object. */
  readonly throwing?: boolean
  /** Replies with the correct signature. */
  readonly telling?: boolean
  /** Replies with its stack. */
  readonly stack?: boolean
  /** Counts requests instead of effects. */
  readonly counting?: boolean
}

export interface Handler {
  readonly provider: Provider
  readonly handle: (request: Request) => Promise<Response>
  readonly effect: () => number
}

/** Creates a hand-written handler with these flaws. */
export function handlerWith(flaws: Flaws = {}): Handler {
  let effects = 0
  const seen = new Set<string>()
  const reply = (status: number, body = ''): Response => new Response(body || null, { status })
  const handle = async (request: Request): Promise<Response> => {
    if (flaws.counting) effects++
    if (flaws.status !== undefined) {
      if (flaws.status < 300 && !flaws.counting) effects++
      return reply(flaws.status)
    }
    if (request.method !== 'POST') return reply(405)
    const raw = Buffer.from(await request.arrayBuffer())
    if (flaws.early) effects++
    const given = request.headers.get('stripe-signature')
    if (given === null && !flaws.unsigned) return reply(401)
    const [, time = '', macs = ''] = /^t=(\d+),(.*)$/.exec(given ?? '') ?? []
    const signed = flaws.reserialised ? JSON.stringify(parsed(raw)) : raw
    const right = createHmac('sha256', SECRET).update(`${time}.`).update(signed).digest('hex')
    const isRight = macs.split(',').some((one) => same(one, `v1=${right}`))
    const isFresh = Math.abs(Date.now() / 1000 - Number(time)) <= 300
    if (!flaws.unsigned && !(isRight && isFresh)) {
      if (flaws.late) setTimeout(() => effects++, 40)
      if (flaws.stack) return reply(400, new Error('no').stack)
      return reply(401, flaws.telling ? `expected v1=${right}` : '')
    }
    const event = parsed(raw) as { id?: unknown }
    if (typeof event !== 'object' || event === null || Array.isArray(event)) {
      if (flaws.throwing) throw new Error('no object')
      return reply(400)
    }
    if (typeof event.id !== 'string') return reply(400)
    if (seen.has(event.id) && !flaws.forgetful) return reply(200)
    seen.add(event.id)
    if (!flaws.early && !flaws.counting) effects++
    return reply(200)
  }
  return { provider: stripe({ secret: SECRET }), handle, effect: () => effects }
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString())
  } catch {
    return undefined
  }
}

function same(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
