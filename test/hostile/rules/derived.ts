import {
  createReceiver,
  UnrecoverableError,
  type Receiver,
  type ReceiverOptions,
} from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { forward, type ForwardOptions } from '@postern/forward'
import { generic } from '@postern/providers/generic'
import { listen } from '@postern/testing'
import { onEach } from './inboxes.ts'
import type { RulePart } from './rule.ts'

/** Two tenants whose names imitate each other's keys. */
const PAIRS: readonly (readonly [loud: string, quiet: string])[] = [
  ['loud', 'quiet'],
  ['1:q', 'q'],
  ['q', '1:q>same'],
  ['4:same', 'same'],
]

/** Receiver of two tenants, and the results of their events. */
interface Try {
  readonly inbox: Inbox
  readonly receiver: (options?: Partial<ReceiverOptions>) => Receiver
  readonly send: (
    receiver: Receiver,
    tenant: number,
    id: string,
    payload?: object,
  ) => Promise<number>
  readonly url: (tenant: number) => string
  readonly ran: string[]
}

const SAME = 'same'
const DAY = 86_400_000

// Every option that derives a key returns the same value for both tenants. Each try resolves when the quiet tenant's
// event has run.
const TRIES: Readonly<Record<string, (one: Try) => Promise<string | undefined>>> = {
  async 'the same id'({ receiver, send, ran }) {
    const made = receiver()
    made.onAny(({ tenant }) => void ran.push(tenant!))
    await send(made, 0, SAME)
    await send(made, 1, SAME)
    return both(made, ran)
  },
  async 'the same bytes as identity'({ receiver, send, ran }) {
    const made = receiver({ dedupe: 'digest' })
    made.onAny(({ tenant }) => void ran.push(tenant!))
    await send(made, 0, '')
    await send(made, 1, '')
    return both(made, ran)
  },
  async 'the same bytes as guard'({ receiver, send, ran }) {
    const made = receiver({ dedupe: 'id+digest' })
    made.onAny(({ tenant }) => void ran.push(tenant!))
    await send(made, 0, SAME)
    await send(made, 1, SAME)
    return both(made, ran)
  },
  async 'orderingKey, and the loud one waits for its retry'({ inbox, receiver, send, ran }) {
    if (!inbox.can.order) return undefined
    const made = receiver()
    made.on(
      'a',
      { orderingKey: () => SAME, retry: { initialDelay: DAY, jitter: 'none' } },
      ({ id }) => {
        ran.push(id!)
        if (id === 'loud') throw new Error('later')
      },
    )
    await send(made, 0, 'loud')
    await until(() => ran.includes('loud'))
    await send(made, 1, 'quiet')
    return seen(made, ran, 'quiet')
  },
  async 'tenantLimit, and the loud one has used its rate'({ receiver, send, ran }) {
    const made = receiver({ tenantKey: () => SAME })
    made.on('a', { tenantLimit: { rate: 0.001 } }, ({ id }) => void ran.push(id!))
    await send(made, 0, 'loud')
    await until(() => ran.includes('loud'))
    await send(made, 1, 'quiet')
    return seen(made, ran, 'quiet')
  },
  'an id of a destination, and that of the loud one answers 410': (one) =>
    destinations(one, one.url(0), { records: one.inbox.records }),
  'an id of a destination, and that of the loud one is down': (one) =>
    destinations(one, one.url(2), { breaker: { failures: 1, pause: '1h', maxPause: '1h' } }),
  async 'a share of the room, and the loud one has filled its own'({ receiver, send, ran }) {
    const made = receiver({ tenantKey: () => SAME })
    made.on('a', ({ id }) => {
      ran.push(id!)
      throw new UnrecoverableError('dead')
    })
    await send(made, 0, SAME)
    const status = await send(made, 1, SAME)
    return status === 200 ? seen(made, ran, SAME) : `the quiet tenant got ${status}`
  },
}

async function destinations(
  { receiver, send, url, ran }: Try,
  loud: string,
  options: Partial<ForwardOptions>,
): Promise<string | undefined> {
  const made = receiver()
  const out = forward({
    to: ({ tenant }) => ({
      id: SAME,
      url: tenant === made.name.split('\n')[0] ? loud : url(1),
    }),
    sign: () => false,
    allowHttp: true,
    allowPrivate: true,
    retry: { attempts: 1 },
    ...options,
  })
  made.on('a', out)
  made.onDead(({ id }) => void ran.push(`${id} dead`))
  await send(made, 0, 'loud')
  await until(() => ran.includes('loud dead'))
  await send(made, 1, 'quiet')
  const broken = await seen(made, ran, 'quiet arrived')
  await out.close()
  return broken
}

export const derived: RulePart = {
  rule: '13',
  title: 'every derived key begins with the tenant',
  async open(inboxes) {
    const arrived: ((id: string) => void)[] = []
    const site = await listen((request, response) => {
      const [, number, tenant] = request.url!.split('/')
      if (tenant === '1') arrived[Number(number)]?.('quiet arrived')
      response.writeHead(tenant === '0' ? 410 : tenant === '1' ? 204 : 500).end()
    })
    let number = 0
    const { cases, close } = await onEach(inboxes, (inbox, kind) =>
      PAIRS.flatMap((pair) =>
        Object.entries(TRIES).map(([name, play]) => ({
          name: `${name}: ${pair.join(' beside ')}`,
          at: kind,
          sender: 'generic',
          run: () => {
            const at = number++
            const ran: string[] = []
            arrived[at] = (what) => void ran.push(what)
            return play({
              inbox,
              ran,
              url: (tenant) => `${site.url}${at}/${tenant}`,
              receiver: (options) => receiverOf(inbox, pair, at, options),
              send: (made, tenant, id, payload = {}) => send(made, tenant, id, payload),
            })
          },
        })),
      ),
    )
    return {
      cases,
      together: 4,
      async close() {
        await close!()
        await site.close()
      },
    }
  },
}

const KEYS = ['the key of the loud tenant', 'the key of the quiet tenant'] as const
const SIGNED = { scheme: 'hmac', header: 'x-signature', eventIdField: 'id', topic: 'a' } as const

function receiverOf(
  inbox: Inbox,
  pair: readonly [string, string],
  at: number,
  options: Partial<ReceiverOptions> = {},
): Receiver {
  const secret = pair.map((tenant, at) => ({ tenant, secret: KEYS[at]! }))
  const provider = generic({ ...SIGNED, secret })
  // The name starts with the loud tenant's name. This would mislead a function that compares prefixes.
  return createReceiver({
    provider,
    inbox,
    name: `${pair[0]}\nderived ${at}`,
    log: false,
    ...options,
  })
}

async function send(
  receiver: Receiver,
  tenant: number,
  id: string,
  payload: object,
): Promise<number> {
  const { eventIdField: _, ...bare } = SIGNED
  const own =
    id === ''
      ? generic({ ...bare, secret: KEYS[tenant]! })
      : generic({ ...SIGNED, secret: KEYS[tenant]! })
  const signed = own.sign!({ payload: { ...payload, ...(id !== '' && { id }) } })
  const { status } = await receiver.receive(signed)
  return status
}

async function both(receiver: Receiver, ran: readonly string[]): Promise<string | undefined> {
  const isRight = await until(() => new Set(ran).size === 2)
  await receiver.close()
  return isRight ? undefined : `only ${JSON.stringify(ran)} ran`
}

async function seen(
  receiver: Receiver,
  ran: readonly string[],
  what: string,
): Promise<string | undefined> {
  const isRight = await until(() => ran.includes(what))
  await receiver.close({ timeout: 0 })
  return isRight ? undefined : `${what} is missing: ${JSON.stringify(ran)}`
}

async function until(is: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 500 && !is(); waited++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  return is()
}
