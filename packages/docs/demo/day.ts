import { createReceiver, fixed, type Receiver } from '../../core/src/index.ts'
import type { Inbox } from '../../core/src/inbox/index.ts'
import type { Provider, SignableRequest } from '../../core/src/provider/index.ts'
import { github } from '../../providers/src/github.ts'
import { shopify } from '../../providers/src/shopify.ts'
import { slack } from '../../providers/src/slack.ts'
import { stripe } from '../../providers/src/stripe.ts'
import { fill } from '../../samples/src/fill.ts'
import type { Sample } from '../../samples/src/samples.ts'
import { settled } from '../../samples/src/settled.ts'
import githubSamples from '../../samples/samples/github.json' with { type: 'json' }
import shopifySamples from '../../samples/samples/shopify.json' with { type: 'json' }
import slackSamples from '../../samples/samples/slack.json' with { type: 'json' }
import stripeSamples from '../../samples/samples/stripe.json' with { type: 'json' }

/** Made-up deliveries of a day, signed as their senders sign. */
export interface Day {
  readonly receivers: readonly Receiver[]
  /** Lets the last 24 hours happen: mails fail for an hour and a half, and then nothing fails for that reason again. */
  past(): Promise<void>
  /** Lets one more delivery happen now. */
  one(): Promise<void>
}

const HOUR = 3_600_000
const MINUTE = 60_000
const COUNT = 1000
const SECRET = 'a secret of the demo'

/** Makes a {@link Day}: four receivers whose clock is moved through it. */
export function createDay(inbox: Inbox): Day {
  let clock: number | undefined
  const now = (): number => clock ?? Date.now()
  const receiver = (provider: unknown): Receiver =>
    createReceiver({
      inbox,
      provider: provider as Provider,
      clock: { now },
      log: false,
      explain: false,
    })
  const senders = {
    stripe: sender(stripe({ secret: SECRET }), stripeSamples.samples),
    github: sender(github({ secret: SECRET }), githubSamples.samples),
    slack: sender(slack({ signingSecret: SECRET }), slackSamples.samples),
    shopify: sender(shopify({ secret: SECRET }), shopifySamples.samples),
  }
  const all = {
    stripe: receiver(senders.stripe.provider),
    github: receiver(senders.github.provider),
    slack: receiver(senders.slack.provider),
    shopify: receiver(senders.shopify.provider),
  }
  // Events whose mails fail until the mail server is back.
  const unsent = new Set<string>()
  // What happened is told at once.
  const work = (most: number) => () => (clock === undefined ? wait(most) : undefined)
  all.stripe
    .on('**', { name: 'ledger' }, work(30))
    .on('**', { name: 'mail', retry: fixed({ attempts: 3, delay: 5 }) }, ({ id }) => {
      if (unsent.has(id)) throw new Error('SMTP 421 too many connections')
    })
  all.github.on('**', { name: 'deploy' }, work(60))
  all.slack.on('**', { name: 'answer' }, work(5))
  all.shopify.on('**', { name: 'stock' }, work(20))

  return {
    receivers: Object.values(all),
    async past() {
      const end = Date.now()
      for (let place = 0; place < COUNT; place++) {
        const age = 24 * HOUR * (1 - place / COUNT)
        clock = end - age
        // Shopify has been silent for six hours.
        await send(place, age < 6 * HOUR, age < 2 * HOUR && age > 30 * MINUTE)
        if (age < 45 * MINUTE) await sendMistaken()
      }
      clock = undefined
      await Promise.all(
        Object.values(all).map(async (one) => {
          await settled(one, { timeout: Infinity })
          // It ends once the journal has all.
          await one.runDue({ deadline: '2s', max: 1 })
        }),
      )
      unsent.clear()
    },
    one: () => send(Math.floor(Math.random() * COUNT), true, false),
  }

  async function send(place: number, isShopifySilent: boolean, isMailDown: boolean): Promise<void> {
    const names = Object.keys(senders).slice(0, isShopifySilent ? 3 : 4)
    const name = names[place % names.length] as keyof typeof senders
    const { id, request } = senders[name].next(now())
    if (isMailDown && id !== undefined) unsent.add(id)
    await all[name].receive(request)
    // Senders send some of them twice.
    if (place % 17 === 0) await all[name].receive(request)
  }

  /** A body parser stands before the route since then, and writes each body anew. */
  async function sendMistaken(): Promise<void> {
    const { request } = senders.stripe.next(now())
    const payload: unknown = JSON.parse(new TextDecoder().decode(request.body))
    const body = new TextEncoder().encode(JSON.stringify(payload, undefined, 2))
    await all.stripe.receive({ ...request, body })
  }
}

interface Sender {
  readonly provider: Provider
  /** The next delivery, and the id of its event. */
  next(at: number): { readonly id: string | undefined; readonly request: SignableRequest }
}

function sender(given: unknown, samples: readonly Sample[]): Sender {
  const provider = given as Provider
  let turn = 0
  return {
    provider,
    next(at) {
      const { id, topic, payload } = fill(samples[turn++ % samples.length]!, { now: at })
      const request = provider.sign!({ topic, payload, at, ...(id !== undefined && { id }) })
      return { id, request }
    },
  }
}

function wait(most: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * most))
}
