import type { SourceName } from '../receivers.ts'
import type { Chance } from './chance.ts'

/** Request that arrives at a source. */
export interface Arrival {
  readonly at: number
  readonly source: SourceName
  readonly what:
    | 'genuine'
    /** Sent a second time, as senders do when they miss the reply. */
    | 'again'
    /** Changed by a middleware in front of the app, which parsed and serialized the body. */
    | 'rewritten'
    /** Delayed on the way until its signature has expired. */
    | 'late'
    /** Sent by somebody else, without a signature. */
    | 'stranger'
    /** The provider's URL verification challenge. */
    | 'handshake'
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

// Number of deliveries per day: 2,000 in total.
const A_DAY: Readonly<Record<SourceName, number>> = {
  shopify: 470,
  stripe: 440,
  github: 380,
  slack: 220,
  twilio: 150,
  'standard-webhooks': 90,
  linear: 150,
  bank: 60,
  sensor: 40,
}

/** The source that stops sending, and how long before the end of the day, in milliseconds. */
export const SILENT = { source: 'linear', before: 6 * HOUR + 13 * MINUTE } as const
/** Time before the end of the day in which a middleware changes Stripe's bodies, in milliseconds. */
const REWRITTEN = { from: 3 * HOUR, to: 2 * HOUR } as const

/** Returns the requests of the 24 hours before `end`, oldest first. */
export function planOf(end: number, chance: Chance): readonly Arrival[] {
  const arrivals: Arrival[] = []
  for (const [source, count] of Object.entries(A_DAY) as [SourceName, number][]) {
    for (let sent = 0; sent < count; sent++) {
      const before = chanceOfDay(chance, source === SILENT.source ? SILENT.before : 0)
      const at = end - before
      const rewritten = source === 'stripe' && before < REWRITTEN.from && before > REWRITTEN.to
      arrivals.push({ at, source, what: rewritten ? 'rewritten' : 'genuine' })
      if (!rewritten && chance.happens(0.03))
        arrivals.push({ at: at + chance.duration(5000), source, what: 'again' })
    }
  }
  for (let count = 0; count < 30; count++)
    arrivals.push({
      at: end - chance.random() * 24 * HOUR,
      source: chance.one(['stripe', 'github', 'shopify'] as const),
      what: 'stranger',
    })
  for (const before of [21 * HOUR, 13 * HOUR, 8 * HOUR])
    arrivals.push({ at: end - before, source: 'stripe', what: 'late' })
  arrivals.push({ at: end - 23 * HOUR, source: 'slack', what: 'handshake' })
  return arrivals.filter(({ at }) => at < end).sort((a, b) => a.at - b.at)
}

/** Returns a random time before the end of the day, in milliseconds. Fewer requests arrive at night than by day. */
function chanceOfDay(chance: Chance, least: number): number {
  for (;;) {
    const before = least + chance.random() * (24 * HOUR - least)
    const busy = 0.55 + 0.45 * Math.cos(((before - 9 * HOUR) / (24 * HOUR)) * 2 * Math.PI)
    if (chance.random() < busy) return before
  }
}
