import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Provider } from '@postern/core/scheme'
import { stripe } from '@postern/providers/stripe'

export const SECRET = 'whsec_a_secret_of_tests'

/** What a handler of the tests can get wrong. */
export interface Flaws {
  /** The reply of everything, whatever comes. */
  readonly status?: number
  /** Takes what has no signature. */
  readonly unsigned?: boolean
  /** Verifies what it parsed. */
  readonly reserialised?: boolean
  /** Does its work before it verifies. */
  readonly early?: boolean
  /** Does the work of what it rejected, later. */
  readonly late?: boolean
  /** Knows no event again. */
  readonly forgetful?: boolean
  /** Throws for what is no object. */
  readonly throwing?: boolean
  /** Tells which signature would have been right. */
  readonly telling?: boolean
  /** Tells its stack. */
  readonly stack?: boolean
  /** Counts requests in place of effects. */
  readonly counting?: boolean
}

/** A handler of Stripe's events, its provider and its effects. */
export interface Handler {
  readonly provider: Provider
  readonly handle: (request: Request) => Promise<Response>
  readonly effect: () => number
}

/** Makes a handler by hand that is right but for its flaws. */
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
