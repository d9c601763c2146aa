import { bucketOf, type Consumer } from '@postern/core/engine'
import type { Arrival, Inbox, MinuteCount } from '@postern/core/inbox'

const BATCH = 200
const MINUTE = 60_000
const DAYS = 5
const TOPICS = ['orders/create', 'orders/paid', 'orders/cancelled', 'users/new', 'invoice.sent']

/**
 * Fills an inbox with events of five days. One in 400 is dead and one in 400 waits for a retry. Each event has a
 * delivery.
 */
export async function fill(
  inbox: Inbox,
  events: number,
): Promise<{ readonly cause: string; readonly id: string }> {
  const start = Date.now() - DAYS * 24 * 60 * MINUTE
  const timeOf = (number: number): number =>
    start + Math.floor((number / events) * DAYS * 24 * 60 * MINUTE)
  let settled = 0
  const consumer: Consumer = {
    receiver: 'shop',
    retrySpan: 0,
    lanes: () =>
      ['mail', 'books'].map((name) => ({
        name,
        previousNames: [],
        concurrency: 100,
        ordered: false,
        timeout: MINUTE,
        attempts: 8,
      })),
    run({ event }) {
      const number = Number(event.id!.slice(4))
      const error = {
        name: 'Error',
        message: `the till number ${number} is jammed (${number % 7})`,
      }
      if (number % 400 === 0) return { kind: 'dead', error }
      if (number % 400 === 1) return { kind: 'retry', at: Date.now() + 86_400_000, error }
      return { kind: 'done' }
    },
    settled: () => void settled++,
    warn: console.warn,
    now: () => Date.now(),
  }
  const port = inbox.attach(consumer)
  port.work!()
  for (let from = 0; from < events; from += BATCH) {
    const items = Array.from({ length: BATCH }, (_, more) => {
      const number = from + more
      return {
        event: {
          key: `:evt-${number}`,
          dedupe: true,
          id: `evt-${number}`,
          topic: TOPICS[number % TOPICS.length]!,
          aliases: [],
          payload: { number, note: 'x'.repeat(150) },
          tenant: undefined,
          provider: 'acme',
        },
        tasks: [{ subscription: number % 3 === 0 ? 'books' : 'mail' }],
      }
    })
    const delivery = {
      method: 'POST',
      url: '/hooks',
      headers: [],
      body: new Uint8Array(),
      receivedAt: timeOf(from),
    }
    await port.accept({ delivery, items }, {})
    await inbox.journal!.write({
      arrived: items.map(({ event }, more) =>
        arrival(event.topic, from + more, timeOf(from + more)),
      ),
      minutes: minutesOf(timeOf(from)),
      gauges: [],
      lost: 0,
    })
    if (from % 100_000 === 0) console.log(`inspect: ${from.toLocaleString('en')} events stored`)
    while (settled < from - 20_000) await pause()
  }
  while (settled < events) await pause()
  await port.close(Date.now() + 5000)
  const [first] = await inbox.view!.causes()
  return { cause: first!.cause, id: `evt-${Math.floor(events / 3)}` }
}

function arrival(topic: string, number: number, at: number): Arrival {
  return {
    id: `${at.toString(36).padStart(9, '0')}${number.toString(36).padStart(6, '0')}`,
    at,
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'accepted',
    verified: true,
    status: 200,
    took: 2,
    bytes: 200,
    topics: [topic],
    ids: [`evt-${number}`],
    keys: [`:evt-${number}`],
  }
}

function minutesOf(at: number): readonly MinuteCount[] {
  const one = {
    minute: at - (at % MINUTE),
    receiver: 'shop',
    count: BATCH,
    sum: 2000 * BATCH,
    max: 2000,
  }
  const histogram = [[bucketOf(2000), BATCH]] as const
  return [
    { ...one, kind: 'delivery', by: 'outcome', value: 'accepted', histogram },
    { ...one, kind: 'attempt', by: 'outcome', value: 'done', subscription: 'mail', histogram },
    { ...one, kind: 'attempt', by: 'outcome', value: 'done', subscription: 'books', histogram },
  ]
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5))
}
