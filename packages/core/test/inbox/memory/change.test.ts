import { expect, test } from 'vitest'
import { storedDelivery, DONE_OUTCOME, drain, intake, item, retryIn, scene } from './scene.ts'
import type { Outcome } from '../../../src/inbox/engine/index.ts'
import type { Scene } from './scene.ts'

const HOUR = 3_600_000
const dead = (message: string): Outcome => ({ kind: 'dead', error: { name: 'Error', message } })

/** A scene whose tasks died, one for each number. */
async function grave(count: number): Promise<Scene & { readonly heal: () => void }> {
  let healed = false
  const made = scene({ run: ({ event }) => (healed ? DONE_OUTCOME : dead(`no order ${event.id}`)) })
  for (let at = 0; at < count; at++) await made.port.accept(intake(item(`${at}`)), {})
  await drain(made.port)
  return { ...made, heal: () => void (healed = true) }
}

test('replay goes on from a cursor, the oldest first, and counts without changing', async () => {
  const { inbox, port, runs, heal } = await grave(500)
  const view = inbox.view!
  expect(await view.replay({}, { dryRun: true })).toEqual({ count: 500, cursor: undefined })
  expect((await view.stats())[0]!.counts).toEqual({ pending: 0, running: 0, done: 0, dead: 500 })
  const first = await view.replay({}, { limit: 250 })
  if (typeof first === 'number') throw new Error('the old form')
  expect(first.count).toBe(250)
  heal()
  await drain(port)
  expect(runs.slice(500).map(({ claim }) => [claim.event.id, claim.attempt])).toEqual(
    Array.from({ length: 250 }, (_, at) => [`${at}`, 1]),
  )
  expect(await view.replay({}, { cursor: first.cursor! })).toMatchObject({ count: 250 })
  expect(await drain(port)).toMatchObject({ done: 250 })
})

test('replay with a rate makes tasks due one after another', async () => {
  const { inbox, port } = await grave(10)
  const from = Date.now()
  await inbox.view!.replay({}, { rate: 1 })
  const due = (await inbox.view!.list()).rows!.map((task) => task.due!)
  expect(Math.max(...due) - Math.min(...due)).toBe(9000)
  expect(Math.min(...due)).toBeGreaterThanOrEqual(from)
  await port.close(0)
})

test('replay makes waiting tasks due now', async () => {
  const { inbox, port } = scene({
    run: ({ attempt }) => (attempt === 1 ? retryIn(HOUR) : DONE_OUTCOME),
  })
  await port.accept(intake(item('1')), {})
  await drain(port)
  expect(await drain(port)).toMatchObject({ ran: 0 })
  expect(await inbox.view!.replay({ state: 'pending' })).toMatchObject({ count: 1 })
  expect(await drain(port)).toMatchObject({ done: 1 })
  await expect(inbox.view!.replay({ state: 'running' })).rejects.toThrow('state must be')
  await expect(inbox.view!.replay({}, { rat: 1 } as never)).rejects.toThrow('did you mean rate?')
  await expect(inbox.view!.delete({ topics: 'x' } as never)).rejects.toThrow('did you mean topic?')
})

test('delete counts first', async () => {
  const { inbox } = await grave(3)
  expect(await inbox.view!.delete({}, { dryRun: true })).toMatchObject({ count: 3 })
  expect(await inbox.view!.delete({ eventId: '1' })).toMatchObject({ count: 1 })
  expect((await inbox.view!.list()).rows!.map(({ event }) => event.id)).toEqual(['2', '0'])
})

test('an edited payload runs as a new event for the same subscription', async () => {
  const { inbox, port, runs, heal } = await grave(1)
  const [old] = (await inbox.view!.list()).rows!
  heal()
  const id = await inbox.view!.rerun!(old!.id, { payload: { number: 2 } })
  expect(id).not.toBe(old!.id)
  await drain(port)
  const { claim } = runs.at(-1)!
  expect(claim).toMatchObject({
    id,
    subscription: 'a',
    attempt: 1,
    event: { id: '0', payload: { number: 2 }, origin: ':0' },
  })
  expect(claim.event.key).not.toBe(':0')
  expect((await inbox.view!.list()).rows).toMatchObject([{ id: old!.id, state: 'dead' }])
  const rerun = async (id: string, payload: unknown): Promise<string> =>
    inbox.view!.rerun!(id, { payload: payload as never })
  await expect(rerun('99', 1)).rejects.toThrow('there is no task 99')
  await expect(rerun(old!.id, undefined)).rejects.toThrow('JSON value')
})

test('causes group dead and failing tasks whatever ids their messages have', async () => {
  const { inbox, port } = scene({
    lanes: ['a', 'b'],
    run({ subscription, event }) {
      if (subscription === 'b')
        return { kind: 'retry', at: Date.now() + HOUR, error: { name: 'E', message: 'slow' } }
      return dead(event.id === '2' ? 'other' : `no order ${event.id}`)
    },
  })
  for (const at of [1, 2, 3])
    await port.accept(
      { ...intake(item(`${at}`, ['a', 'b'])), delivery: storedDelivery({ receivedAt: at * 1000 }) },
      {},
    )
  await drain(port)
  const causes = await inbox.view!.causes!()
  expect(causes).toMatchObject([
    {
      dead: 2,
      retrying: 0,
      first: 1000,
      last: 3000,
      subscriptions: [{ receiver: 'shop', subscription: 'a', dead: 2, retrying: 0 }],
      among: 3,
      amongDead: 2,
    },
    { dead: 1, sample: { message: 'other' }, subscriptions: [{ subscription: 'a' }] },
    { dead: 0, retrying: 3, first: 1000, last: 3000, subscriptions: [{ subscription: 'b' }] },
  ])
  const { rows } = await inbox.view!.list({ cause: causes[0]!.cause })
  expect(rows!.map(({ event }) => event.id)).toEqual(['3', '1'])
  expect(await inbox.view!.causes!({ subscription: 'b' })).toHaveLength(1)
  expect(() => inbox.view!.causes!({ lane: 'b' } as never)).toThrow('unknown option lane')
  await port.close(0)
})

test('version changes when a task does, and stats know the oldest that is due', async () => {
  const { inbox, port } = scene()
  const view = inbox.view!
  const versions = [await view.version!()]
  await port.accept({ ...intake(item('1')), delivery: storedDelivery({ receivedAt: 5000 }) }, {})
  versions.push(await view.version!())
  expect(await view.stats()).toMatchObject([{ counts: { pending: 1 }, oldest: 5000 }])
  await drain(port)
  versions.push(await view.version!())
  expect(new Set(versions).size).toBe(3)
  expect(await view.version!()).toBe(versions[2])
  expect(await view.stats()).toEqual([])
})

test('a list filters by part, provider, pattern, keys and text, and says how far it looked', async () => {
  const { inbox, port } = scene()
  const of = async (id: string, topic: string, payload: unknown, part?: string): Promise<void> => {
    const task = { subscription: 'a', ...(part !== undefined && { part }) }
    await port.accept(intake(item(id, [task], { topic, payload, provider: id })), {})
  }
  await of('1', 'order.paid', { to: 'Ann' })
  await of('2', 'order.void', { big: 10n })
  await of('3', 'customer.new', {}, 'x')
  const ids = async (filter: object): Promise<unknown> =>
    (await inbox.view!.list(filter)).rows!.map(({ event }) => event.id)
  expect(await ids({ topic: 'order.*' })).toEqual(['2', '1'])
  expect(await ids({ part: 'x' })).toEqual(['3'])
  expect(await ids({ provider: '2' })).toEqual(['2'])
  expect(await ids({ keys: [':1', ':3', ':9'] })).toEqual(['3', '1'])
  expect(await ids({ text: 'ann' })).toEqual(['1'])
  expect(await ids({ text: 'VOID' })).toEqual(['2'])
  for (let at = 10; at < 300; at++) await of(`${at}`, 'x', {})
  const searched = await inbox.view!.list({ topic: 'order.*', budget: 0 })
  expect(searched.rows).toEqual([])
  expect(searched.searchedTo).toBeTypeOf('number')
  let found = 0
  for (let { cursor } = searched; cursor !== undefined;) {
    const page = await inbox.view!.list({ topic: 'order.*', budget: 0, cursor })
    found += page.rows!.length
    cursor = page.cursor
  }
  expect(found).toBe(2)
  await expect(inbox.view!.list({ limit: 0 })).rejects.toThrow('limit: must be')
  await expect(inbox.view!.list({ cursor: 'x' })).rejects.toThrow('cursor: must be')
})
