import { expect, test } from 'vitest'
import { inlineInbox, memoryInbox } from '../../src/index.ts'
import type { SubscriptionOptions, WebhookEvent } from '../../src/index.ts'
import { acme, setup } from '../acme.ts'

type DebounceOptions = NonNullable<SubscriptionOptions['debounce']>

interface Pull {
  readonly pull: number
  readonly at?: number | string
}

const pullOf = ({ payload }: WebhookEvent): string => String((payload as Pull).pull)

test('a handler gets the newest event, how many it stands for, and since when', async () => {
  let now = 1_700_000_000_000
  const { receiver, heard, send } = setup({ worker: 'onDemand', clock: { now: () => now } })
  const seen: unknown[] = []
  receiver.on('ping', { debounce: { key: pullOf } }, (event, task) => {
    seen.push([event.payload, task.folded, task.since])
  })
  receiver.on('pong', (_, task) => void seen.push([task.folded, task.since]))
  for (const pull of [1, 2, 1, 1]) {
    await send({ payload: { pull } satisfies Pull })
    now += 1000
  }
  await send({ topic: 'pong' })
  expect(await receiver.runDue()).toMatchObject({ ran: 3, done: 3, left: 0 })
  expect(seen).toHaveLength(3)
  expect(seen).toEqual(
    expect.arrayContaining([
      [{ pull: 1 }, 2, new Date(1_700_000_000_000)],
      [{ pull: 2 }, 0, new Date(1_700_000_001_000)],
      [0, undefined],
    ]),
  )
  const [one, other] = heard.all('folded').map(([folded]) => folded)
  expect(one).toEqual({
    receiver: 'acme',
    subscription: 'ping',
    task: expect.any(String) as string,
    into: other!.task,
  })
  await receiver.close()
})

test('keys of two tenants and of two subscriptions are apart', async () => {
  const { receiver, send } = setup({
    worker: 'onDemand',
    tenantKey: ({ payload }) => (payload as { shop: string }).shop,
  })
  const seen: string[] = []
  for (const name of ['one', 'two'])
    receiver.on('ping', { name, debounce: { key: () => 'same' } }, ({ payload }, { folded }) => {
      seen.push(`${name} ${(payload as { shop: string }).shop} ${folded}`)
    })
  for (const shop of ['a', 'b', 'a']) await send({ payload: { shop } })
  await receiver.runDue()
  expect(seen.toSorted()).toEqual(['one a 1', 'one b 0', 'two a 1', 'two b 0'])
  await receiver.close()
})

test('`newest` may be a date: an older event is stale, and one without a date is the newest', async () => {
  const { receiver, heard, send } = setup({ worker: 'onDemand' })
  const seen: unknown[] = []
  const newest: DebounceOptions['newest'] = ({ payload }) => {
    const { at } = payload as Pull
    return at === undefined ? undefined : new Date(at)
  }
  receiver.on('ping', { debounce: { key: pullOf, newest } }, ({ payload }) => {
    seen.push((payload as Pull).at)
  })
  await send({ payload: { pull: 1, at: '2026-01-02' } })
  await send({ payload: { pull: 1, at: '2026-01-01' } })
  await receiver.runDue()
  await send({ payload: { pull: 1, at: 'no date' } })
  await receiver.runDue()
  expect(seen).toEqual(['2026-01-02', 'no date'])
  expect(heard.all('folded').map(([{ into }]) => into)).toEqual([undefined])
  await receiver.close()
})

test('minutes count what was folded and what was stale apart from runs', async () => {
  const inbox = memoryInbox()
  const { receiver, heard, send } = setup({ inbox, worker: 'onDemand' })
  const newest: DebounceOptions['newest'] = ({ payload }) => (payload as Pull).at as number
  receiver.on('ping', { debounce: { key: pullOf, newest } }, () => {})
  for (const at of [1, 3, 2, 4]) await send({ payload: { pull: 1, at } })
  await receiver.runDue()
  await heard.until('done')
  await receiver.close()
  const to = Date.now() + 120_000
  const count = async (kind: 'attempt' | 'folded'): Promise<Record<string, number>> => {
    const sums: Record<string, number> = {}
    const range = { from: to - 3_600_000, to, step: 3_600_000, kind }
    for (const one of await inbox.journal!.history(range))
      if (one.kind !== 'gauge') sums[one.value] = (sums[one.value] ?? 0) + one.count
    return sums
  }
  expect(await count('attempt')).toEqual({ done: 1 })
  expect(await count('folded')).toEqual({ folded: 2, stale: 1 })
})

test('without the option, what waits still becomes one run', async () => {
  const inbox = memoryInbox()
  const before = setup({ inbox, worker: 'onDemand' })
  before.receiver.on('ping', { debounce: { key: pullOf, wait: '1h' } }, () => {})
  for (const id of ['1', '2']) await before.send({ id, payload: { pull: 1 } })
  // The task is read before `close`, which would run it.
  const [task] = await before.receiver.tasks()
  expect(task).toMatchObject({ state: 'pending', folded: 1 })
  await before.receiver.close({ timeout: 0 })

  const after = setup({ inbox, worker: 'onDemand' })
  const seen: unknown[] = []
  after.receiver.on('ping', ({ id }, { folded }) => void seen.push([id, folded]))
  await after.send({ id: '3', payload: { pull: 1 } })
  await inbox.view!.replay({ state: 'pending' })
  await after.receiver.runDue()
  expect(seen).toEqual(
    expect.arrayContaining([
      ['2', 1],
      ['3', 0],
    ]),
  )
  await after.receiver.close()
})

test('what `orderingKey` has stored runs before, one by one', async () => {
  const inbox = memoryInbox()
  const before = setup({ inbox, worker: 'onDemand' })
  before.receiver.on('ping', { orderingKey: pullOf }, () => {})
  for (const id of ['1', '2']) await before.send({ id, payload: { pull: 1 } })
  await before.receiver.close({ timeout: 0 })

  const after = setup({ inbox, worker: 'onDemand' })
  const seen: unknown[] = []
  after.receiver.on('ping', { debounce: { key: pullOf } }, ({ id }, { folded }) => {
    seen.push([id, folded])
  })
  for (const id of ['3', '4']) await after.send({ id, payload: { pull: 1 } })
  await after.receiver.runDue()
  await after.receiver.close()
  expect(seen).toEqual([
    ['1', 0],
    ['2', 0],
    ['4', 1],
  ])
})

const key = (): string => 'k'
test.each<[string, object, string]>([
  ['no key', {}, 'debounce of ping: key must be a function of the event, got undefined'],
  ['a key that is no function', { key: 'id' }, 'debounce of ping: key must be a function'],
  ['a newest that is no function', { key, newest: 3 }, 'debounce of ping: newest must be a fun'],
  ['an unknown option', { key, delay: '1s' }, 'debounce of ping: unknown option delay'],
  ['a wait that is no time', { key, wait: 'soon' }, 'debounce.wait of ping'],
  [
    'a maxWait below wait',
    { key, wait: '1s', maxWait: 500 },
    'debounce.maxWait of ping: must be at least wait (1000 ms), got 500 ms',
  ],
])('%s is rejected at the start', (_, debounce, message) => {
  const { receiver } = setup()
  expect(() => receiver.on('ping', { debounce: debounce as never }, () => {})).toThrow(
    new RegExp(message.replaceAll(/[()]/g, String.raw`\$&`)),
  )
})

test('`orderingKey` beside it, and an inbox without order, are rejected at the start', () => {
  const both = { debounce: { key }, orderingKey: key }
  expect(() => setup().receiver.on('ping', both, () => {})).toThrow(
    'debounce of ping runs only the newest event of a key, but orderingKey runs each event; remove one of them',
  )
  const { receiver } = setup({ inbox: inlineInbox(), provider: acme() })
  expect(() => receiver.on('ping', { debounce: { key } }, () => {})).toThrow(
    "debounce: inlineInbox can't fold events; use sqliteInbox, postgresInbox, mysqlInbox or memoryInbox",
  )
})
