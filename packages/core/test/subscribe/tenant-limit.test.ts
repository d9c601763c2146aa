import { expect, test } from 'vitest'
import { memoryInbox, PostponeError } from '../../src/index.ts'
import { gate, setup } from '../acme.ts'

const tenantOf = (event: { readonly payload: unknown }): string =>
  (event.payload as { tenant: string }).tenant

test('runs of one key stay within its concurrency, and each task uses one attempt', async () => {
  const { receiver, heard, send } = setup({ inbox: memoryInbox(), tenantKey: tenantOf })
  const attempts: number[] = []
  let running = 0
  let most = 0
  receiver.on(
    'ping',
    { tenantLimit: { concurrency: 1 }, retry: { attempts: 1 } },
    async (_, task) => {
      most = Math.max(most, ++running)
      attempts.push(task.attempt)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    },
  )
  for (let at = 0; at < 20; at++) await send({ id: `${at}`, payload: { tenant: 'flood' } })
  await heard.until('done', 20)
  expect(most).toBe(1)
  expect(attempts).toEqual(Array.from({ length: 20 }, () => 1))
  expect(heard.all('postponed').length).toBeGreaterThan(0)
  await receiver.close()
})

test('a run over the rate is postponed to the time that is free for it', async () => {
  const now = 1_000_000
  const { receiver, heard, send } = setup({ tenantKey: tenantOf, clock: { now: () => now } })
  receiver.on('ping', { tenantLimit: { rate: 2 } }, () => {})
  for (let at = 0; at < 4; at++) await send({ id: `${at}`, payload: { tenant: 'a' } })
  await send({ id: 'other', payload: { tenant: 'b' } })
  await heard.until('done', 2)
  await heard.until('postponed', 3)
  expect(heard.all('done').map(([{ id }]) => id)).toEqual(['0', 'other'])
  // The interval is 500 ms. The second start may be half an interval early, as if the first one had been late.
  expect(heard.all('postponed').map(([, at]) => at - now)).toEqual([250, 750, 1250])
  await receiver.close()
})

test('a run that failed or was postponed frees its place', async () => {
  const held = gate()
  const { receiver, heard, send } = setup({ tenantKey: tenantOf })
  let runs = 0
  receiver.on('ping', { tenantLimit: { concurrency: 1 }, retry: { attempts: 1 } }, async () => {
    runs++
    if (runs === 1) {
      await held.opened
      throw new Error('first')
    }
    if (runs === 2) throw new PostponeError(1)
  })
  await send({ id: '1', payload: { tenant: 'a' } })
  await heard.until('attemptStarted')
  await send({ id: '2', payload: { tenant: 'a' } })
  await heard.until('postponed')
  held.open()
  await heard.until('dead')
  await heard.until('done')
  expect(runs).toBe(3)
  await receiver.close()
})

test('events without a key run, and that is told once', async () => {
  const { receiver, heard, send } = setup()
  receiver.on('ping', { tenantLimit: { concurrency: 1 } }, () => {})
  for (let at = 0; at < 3; at++) await send({ id: `${at}` })
  await heard.until('done', 3)
  const told = heard.all('warning').filter(([, text]) => text.includes('tenantLimit'))
  expect(told).toEqual([
    ['acme', expect.stringMatching(/^tenantLimit of ping: an event has no tenant.*tenantKey/)],
  ])
  await receiver.close()
})

test('what tenantKey throws when the task runs is a failed attempt', async () => {
  let broken = false
  const { receiver, heard, send } = setup({
    tenantKey: () => {
      if (broken) throw new Error('no tenant')
      broken = true
      return 'a'
    },
  })
  receiver.on('ping', { tenantLimit: { rate: 1 }, retry: { attempts: 1 } }, () => {})
  await send({ id: '1' })
  expect((await heard.until('dead'))[1].message).toBe('no tenant')
  await receiver.close()
})

test('child tasks take turns under the key of their parent', async () => {
  const made: unknown[] = []
  const inbox = memoryInbox()
  const { receiver, heard, send } = setup({
    tenantKey: tenantOf,
    inbox: {
      ...inbox,
      attach: (consumer) =>
        inbox.attach({
          ...consumer,
          settled(claim, outcome, stored, ran) {
            if (outcome.kind === 'done' && outcome.spawn) made.push(...outcome.spawn)
            consumer.settled(claim, outcome, stored, ran)
          },
        }),
    },
  })
  receiver.on('ping', (_, task) => {
    if (task.part === undefined) task.spawn([{ part: 'x' }, { part: 'y', data: 1 }])
  })
  await send({ id: '1', payload: { tenant: 'shop' } })
  await heard.until('done', 3)
  expect(made).toEqual([
    { subscription: 'ping', fairKey: '~shop', part: 'x' },
    { subscription: 'ping', fairKey: '~shop', part: 'y', data: 1 },
  ])
  await receiver.close()
})

test.each([
  [{}, /^tenantLimit of a must have a rate or a concurrency/],
  [{ rate: 0 }, /^tenantLimit of a: rate must be .* above 0, got 0/],
  [{ rate: '5' }, /^tenantLimit of a: rate must be/],
  [{ rate: Infinity }, /^tenantLimit of a: rate must be/],
  [
    { concurrency: 0 },
    /^tenantLimit of a: concurrency must be a whole number from 1 and up, got 0/,
  ],
  [{ concurrency: 1.5 }, /^tenantLimit of a: concurrency/],
  [{ rates: 5 }, /^tenantLimit of a: unknown option rates; did you mean rate\?/],
  [5, /^tenantLimit of a: options must be an object/],
])('tenantLimit %o is rejected', (tenantLimit, message) => {
  const { receiver } = setup()
  const add = (): unknown =>
    receiver.on('ping', { name: 'a', tenantLimit: tenantLimit as never }, () => {})
  expect(add).toThrow(TypeError)
  expect(add).toThrow(message)
})
