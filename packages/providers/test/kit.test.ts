import { createReceiver, inlineInbox, memoryInbox, type Receiver } from '@postern/core'
import {
  acme,
  deliver,
  exportDelivery,
  fromDelivery,
  frozen,
  listen,
  settled,
  signed,
  type ExportedDelivery,
} from '@postern/testing'
import { github, paypal, shopify, stripe } from '@postern/providers'
import { afterEach, describe, expect, test } from 'vitest'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const provider = stripe({ secret: 'whsec_a_test_secret' })

function setup(options: object = {}): Receiver {
  const receiver = createReceiver({ provider, log: false, ...options })
  closing.push(() => receiver.close())
  return receiver
}

describe('signed', () => {
  test('a sample of the topic, with the payload laid over it', async () => {
    const receiver = setup({ inbox: inlineInbox() })
    const seen: unknown[] = []
    receiver.on('invoice.paid', ({ payload }) => void seen.push(payload))
    const { status, events } = await deliver(
      receiver,
      signed(provider, 'invoice.paid', { data: { object: { total: 999 } } }),
    )
    expect(status).toBe(200)
    expect(events).toMatchObject([{ topic: 'invoice.paid', outcome: 'accepted' }])
    expect(seen[0]).toMatchObject({
      object: 'event',
      data: { object: { total: 999, object: 'invoice' } },
    })
  })

  test('each has a fresh id unless one is given', async () => {
    const receiver = setup()
    receiver.on('invoice.paid', () => {})
    const ids = async (id?: string): Promise<string[]> => {
      const request = signed(provider, 'invoice.paid', {}, id === undefined ? {} : { id })
      return (await deliver(receiver, request)).events.map(
        (event) => `${event.id} ${event.outcome}`,
      )
    }
    expect(await ids('evt_1')).toEqual(['evt_1 accepted'])
    expect(await ids('evt_1')).toEqual(['evt_1 duplicate'])
    expect((await ids())[0]).not.toContain('evt_1 ')
  })

  test('a sender without samples gets the payload that is given', async () => {
    const one = acme({ secret: 'a secret of acme' })
    const receiver = createReceiver({ provider: one, inbox: inlineInbox(), log: false })
    receiver.on('ping', () => {})
    expect((await deliver(receiver, signed(one, 'ping', { a: 1 }))).status).toBe(200)
    await expect(signed(one, 'ping')).rejects.toThrow('provider must be a name in the catalog')
  })

  test('what only the sender can sign is said', async () => {
    const request = signed(paypal({ webhookId: 'WH-1' }), 'PAYMENT.SALE.COMPLETED')
    await expect(request).rejects.toThrow('signed: paypal cannot sign')
  })
})

describe('deliver', () => {
  test('tasks are those of this delivery, after their first attempt', async () => {
    const receiver = setup({ inbox: memoryInbox() })
    receiver.on('invoice.*', { name: 'ledger' }, () => {})
    receiver.on('invoice.paid', { name: 'mail', retry: { attempts: 1 } }, () => {
      throw new Error('no mail today')
    })
    receiver.on(
      'invoice.paid',
      { name: 'later', retry: { attempts: 2, initialDelay: '1h' } },
      () => {
        throw new Error('not yet')
      },
    )
    const { tasks } = await deliver(receiver, signed(provider, 'invoice.paid'))
    const states = Object.fromEntries(tasks.map(({ subscription, state }) => [subscription, state]))
    expect(states).toEqual({ ledger: 'done', mail: 'dead', later: 'retrying' })
    expect(tasks.find(({ state }) => state === 'dead')!.error!.message).toBe('no mail today')
  })

  test('a rejection has its reason', async () => {
    const receiver = setup()
    receiver.on('invoice.paid', () => {})
    const request = signed(provider, 'invoice.paid', {}, { secret: 'whsec_another_secret' })
    const { status, rejection, events } = await deliver(receiver, request)
    expect([status, events]).toEqual([401, []])
    expect(rejection).toMatchObject({ problem: 'differs', header: 'stripe-signature', got: 1 })
  })

  test('two at once do not hear of each other', async () => {
    const receiver = setup()
    receiver.onAny(() => {})
    const [one, other] = await Promise.all([
      deliver(receiver, signed(provider, 'invoice.paid', {}, { id: 'evt_a' })),
      deliver(receiver, signed(provider, 'charge.refunded', { a: 1 }, { id: 'evt_b' })),
    ])
    expect(one.events.map(({ id }) => id)).toEqual(['evt_a'])
    expect(other.events.map(({ id }) => id)).toEqual(['evt_b'])
    expect([one.tasks.length, other.tasks.length]).toEqual([1, 1])
  })

  test('over HTTP, to where an app listens', async () => {
    const seen: string[] = []
    const server = await listen((request, response) => {
      seen.push(`${request.method} ${request.headers['x-shopify-topic'] as string}`)
      response.writeHead(204).end()
    })
    closing.push(() => server.close())
    const shop = shopify({ secret: 'a secret of the shop' })
    const { status, reply } = await deliver(server.url, signed(shop, 'orders/create'))
    expect([status, await reply.text(), seen]).toEqual([204, '', ['POST orders/create']])
  })
})

describe('settled', () => {
  test('waits for retries too', async () => {
    const receiver = setup()
    let runs = 0
    receiver.on('invoice.paid', { retry: { attempts: 3, initialDelay: 1, jitter: 'none' } }, () => {
      if (++runs < 3) throw new Error('again')
    })
    await receiver.fetch(await signed(provider, 'invoice.paid'))
    await settled(receiver)
    expect(runs).toBe(3)
  })

  test('names what is left', async () => {
    const receiver = setup()
    receiver.on(
      'invoice.paid',
      { name: 'mail', retry: { attempts: 2, initialDelay: '1h' } },
      () => {
        throw new Error('no mail today')
      },
    )
    await deliver(receiver, signed(provider, 'invoice.paid'))
    await expect(settled(receiver, { timeout: 1 })).rejects.toThrow(
      /1 tasks? (?:is|are) left after 1 ms: mail on invoice.paid \(pending, no mail today\)/,
    )
  })

  test('has nothing to wait for where handlers run inside the request', async () => {
    const receiver = setup({ inbox: inlineInbox() })
    receiver.on('invoice.paid', () => {})
    await receiver.fetch(await signed(provider, 'invoice.paid'))
    await expect(settled(receiver)).resolves.toBeUndefined()
  })
})

describe('a recorded delivery', () => {
  const now = frozen('2026-01-31T08:00:00Z')

  test('is signed again at its time, with another secret', async () => {
    const production = github({ secret: 'the secret of production' })
    const recorded = await signed(production, 'push', { ref: 'refs/heads/main' }, { id: 'e-1' })
    const exported = exportDelivery('github', {
      method: 'POST',
      url: recorded.url,
      headers: [...recorded.headers],
      body: new Uint8Array(await recorded.arrayBuffer()),
      receivedAt: now(),
    })
    const mine = github({ secret: 'a secret of tests' })
    const receiver = createReceiver({
      provider: mine,
      clock: { now },
      inbox: inlineInbox(),
      log: false,
    })
    receiver.on('push', () => {})
    const copied = JSON.parse(JSON.stringify(exported)) as ExportedDelivery
    const { status, events } = await deliver(receiver, fromDelivery(copied, mine))
    expect([status, events[0]?.id]).toEqual([200, 'e-1'])
  })

  test('is stale once the clock has passed', async () => {
    const receiver = setup({ clock: { now } })
    receiver.on('invoice.paid', () => {})
    const request = await signed(provider, 'invoice.paid', {}, { at: now() })
    now.pass(3_600_000)
    expect((await deliver(receiver, request)).rejection).toMatchObject({
      problem: 'too_old',
      seconds: 3600,
    })
  })

  test('anything else is a TypeError', () => {
    expect(() => fromDelivery({} as never, provider)).toThrow('fromDelivery: exported must be')
    expect(() => frozen('yesterday')).toThrow('frozen: date must be')
  })
})
