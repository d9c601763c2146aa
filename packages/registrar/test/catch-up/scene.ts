// An hour of 1,000 events at GitHub or Stripe, and a receiver that was away for most of it.
import { catchUp, type Source, type StandingCatchUp } from '../../src/index.ts'
import { createReceiver, memoryInbox, type Receiver, type ReceiverOptions } from '@postern/core'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import type { SignableRequest } from '@postern/core/scheme'
import { githubEvents, githubRedelivery } from '../../src/sources/github.ts'
import { stripeEvents } from '../../src/sources/stripe.ts'
import type { Fake } from '../fakes/fake.ts'
import { GITHUB_TOKEN, type GithubDelivery } from '../fakes/github.ts'
import { STRIPE_KEY, type StripeEvent } from '../fakes/stripe.ts'
import { END, HOUR, timeOf } from '../sources/scene.ts'

export const COUNT = 1000
export const SECRET = 'whsec_0123456789abcdef0123'
export const URL_OF_HOOK = 'https://stranger.example/hooks'
/** One second after the hour. */
export const NOW: number = END + 1000
export const SINCE: number = END - HOUR
export const VERSION = '2026-10-28.dahlia'

/** Numbers of the events in the hour: 0 is the newest. One in five has a topic without a subscription. */
export const numbers: readonly number[] = Array.from({ length: COUNT }, (_, at) => at)
export const isSubscribed = (at: number): boolean => at % 5 !== 0
/** True for the oldest fifth of the events, which was delivered before the endpoint died. */
export const wasDelivered = (at: number): boolean => at >= 800

export function githubDelivery(at: number, more: Partial<GithubDelivery> = {}): GithubDelivery {
  const topic = isSubscribed(at)
    ? { event: 'issues', action: 'opened' }
    : { event: 'push', action: null }
  return {
    id: COUNT - at,
    guid: `guid-${at}`,
    delivered_at: timeOf(at, COUNT),
    status_code: wasDelivered(at) ? 200 : at % 2 === 0 ? 502 : 0,
    payload: githubPayload(at),
    ...topic,
    ...more,
  }
}

function githubPayload(at: number): object {
  return { action: 'opened', issue: { id: at, title: 'a private title' } }
}

export function stripeEvent(at: number, more: Partial<StripeEvent> = {}): StripeEvent {
  return {
    id: `evt_${at}`,
    type: isSubscribed(at) ? 'invoice.paid' : 'customer.created',
    created: Math.floor(Date.parse(timeOf(at, COUNT)) / 1000),
    api_version: VERSION,
    delivered: wasDelivered(at),
    ...more,
  }
}

export interface Setup extends Partial<ReceiverOptions> {
  readonly secret?: unknown
  /** Source and options of an automatic catch-up. */
  readonly standing?: StandingCatchUp & { readonly source: Source }
}

/** A receiver that counts how often it handles each event. */
export interface Away {
  readonly receiver: Receiver
  /** Number of runs, by tenant and id. */
  readonly runs: Map<string, number>
  readonly warnings: string[]
  /** Delivers the webhook of an event, and returns the status. */
  readonly deliver: (at: number) => Promise<number>
  /** Waits until nothing is pending. */
  readonly idle: () => Promise<void>
}

export function githubAway(more: Setup = {}): Away {
  const { secret = SECRET, standing, ...options } = more
  const provider = github({ secret: secret as string })
  return away(createReceiver({ ...common(), provider, ...options }), standing, 'issues', (at) =>
    provider.sign!({
      topic: 'issues.opened',
      id: `guid-${at}`,
      payload: githubPayload(at),
      secret: SECRET,
    }),
  )
}

export function stripeAway(more: Setup = {}): Away {
  const { secret = SECRET, standing, ...options } = more
  const provider = stripe({ secret: secret as string })
  return away(
    createReceiver({ ...common(), provider, ...options }),
    standing,
    'invoice.paid',
    (at) => provider.sign!({ topic: 'invoice.paid', id: `evt_${at}`, at: NOW, secret: SECRET }),
  )
}

const warnings: string[] = []

function common(): Pick<ReceiverOptions, 'clock' | 'inbox' | 'log'> {
  warnings.length = 0
  return {
    clock: { now: () => NOW },
    inbox: memoryInbox(),
    log: { warning: (_, text) => warnings.push(text) },
  }
}

function away(
  receiver: Receiver,
  standing: Setup['standing'],
  topic: string,
  sign: (at: number) => SignableRequest,
): Away {
  if (standing) {
    const { source, ...options } = standing
    catchUp(receiver, source, options)
  }
  const runs = new Map<string, number>()
  receiver.on(topic, { name: 'count', concurrency: 50 }, (event) => {
    const key = `${event.tenant ?? ''}/${event.id}`
    runs.set(key, (runs.get(key) ?? 0) + 1)
  })
  return {
    receiver,
    runs,
    warnings,
    deliver: async (at) => (await receiver.receive(sign(at))).status,
    async idle() {
      while ((await receiver.health()).pending !== 0) await new Promise(setImmediate)
    },
  }
}

/** Returns options of sources that use a fake. These sources do not wait, but record their waits in milliseconds. */
export function sourceOptions(fake: Fake, waits: number[] = []) {
  const api = { api: fake.url, wait: async (time: number) => void waits.push(time) }
  return {
    github: { ...api, token: GITHUB_TOKEN, repository: 'octo/hello', url: URL_OF_HOOK },
    stripe: { ...api, key: STRIPE_KEY, url: URL_OF_HOOK },
  }
}

/** Makes every seventh request get the status 429. */
export function busy(fake: Fake): typeof globalThis.fetch {
  let count = 0
  return (input, init) => {
    if (++count % 7 === 0) fake.interrupt({ status: 429, headers: { 'retry-after': '2' } })
    return fetch(input, init)
  }
}

export { githubEvents, githubRedelivery, stripeEvents }

/** Returns the number of handled events. Throws if an event was handled twice. */
export function once(runs: ReadonlyMap<string, number>): number {
  const twice = [...runs].filter(([, count]) => count !== 1)
  if (twice.length > 0)
    throw new Error(`handled more than once: ${JSON.stringify(twice.slice(0, 5))}`)
  return runs.size
}
