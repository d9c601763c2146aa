import { createReceiver, fixed, UnrecoverableError, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { github, shopify, slack, stripe } from '@postern/providers'
import { samples, signedInit } from '@postern/testing'
import { randomBy } from '../../../test/services/random.ts'

/** Receivers that get the signed deliveries of a simulated day. */
export interface Day {
  readonly receivers: readonly Receiver[]
  /** Sends `count` deliveries, spread over the last 24 hours. */
  past(count?: number): Promise<void>
  /** Sends one more delivery now. */
  one(): Promise<void>
  /** Makes the failed mails succeed when their tasks run again. */
  heal(): void
}

const HOUR = 3_600_000
const SECRET = 'a secret of the day'

/** Makes a {@link Day}: four receivers with a simulated clock. Their handlers fail as handlers in real apps do. */
export function createDay(inbox: Inbox, random: () => number = randomBy(7)): Day {
  let clock: number | undefined
  const now = (): number => clock ?? Date.now()
  const made = { inbox, clock: { now }, log: false as const, explain: false as const }
  const providers = {
    github: github({ secret: SECRET }),
    stripe: stripe({ secret: SECRET }),
    shopify: shopify({ secret: SECRET }),
    slack: slack({ signingSecret: SECRET }),
  }
  const all = Object.fromEntries(
    Object.entries(providers).map(([name, provider]) => [
      name,
      createReceiver({ ...made, provider: provider as Provider }),
    ]),
  )
  const hasTrouble = (): boolean => now() > Date.now() - 3 * HOUR && now() < Date.now() - HOUR
  // For each event id, whether its mail fails. The first attempt decides, since the clock has moved on at a retry.
  const unsent = new Map<string | undefined, boolean>()
  all['github']!.on('**', { name: 'deploy', retry: fixed({ attempts: 2, delay: 50 }) }, () => {
    if (random() < 0.04) throw new Error(`exit code 1 of build ${Math.floor(random() * 9999)}`)
  })
  all['stripe']!.on('**', { name: 'ledger' }, async () => wait(random() * 30)).on(
    '**',
    { name: 'mail', retry: fixed({ attempts: 3, delay: 50 }) },
    ({ id }) => {
      if (!unsent.has(id)) unsent.set(id, hasTrouble() && random() < 0.6)
      if (unsent.get(id)) throw new Error('SMTP 421 too many connections')
    },
  )
  all['shopify']!.on('orders/*', { name: 'stock' }, () => {
    if (random() < 0.03)
      throw new UnrecoverableError(`article ${Math.floor(random() * 900)} does not exist`)
  })
  all['slack']!.on('**', { name: 'answer' }, () => undefined)

  return {
    receivers: Object.values(all),
    async past(count = 400) {
      const end = Date.now()
      for (let place = 0; place < count; place++) {
        clock = end - 24 * HOUR + Math.floor((place / count) * 24 * HOUR)
        // Shopify sends nothing in the last six hours.
        await send(clock > end - 6 * HOUR)
      }
      clock = undefined
    },
    one: () => send(true),
    heal() {
      for (const id of unsent.keys()) unsent.set(id, false)
    },
  }

  async function send(isQuiet: boolean): Promise<void> {
    const names = Object.keys(providers).filter((name) => !(isQuiet && name === 'shopify'))
    const name = names[Math.floor(random() * names.length)]!
    const provider = providers[name as keyof typeof providers] as Provider
    const known = await samples(name)
    const { topic } = known[Math.floor(random() * known.length)]!
    const given = await signedInit(provider, topic, undefined, { at: now() })
    // For two hours, half of Stripe's deliveries are signed with a trailing space in the secret. A few others are
    // unsigned.
    const bad = hasTrouble() && name === 'stripe' && random() < 0.5
    const request = bad
      ? await signedInit(provider, topic, undefined, { at: now(), secret: `${SECRET} ` })
      : random() < 0.02
        ? { ...given, headers: { 'content-type': 'application/json' } }
        : given
    await all[name]!.receive(request)
    if (!bad && random() < 0.05) await all[name]!.receive(request)
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
