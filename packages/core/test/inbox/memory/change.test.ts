import { expect, test } from 'vitest'
import { lane } from '../../../../testing/src/inbox/recorder.ts'
import { intake, item, scene } from './scene.ts'

test('a search without time says how far it looked, and its cursors lead to the end', async () => {
  const { inbox, port } = scene()
  for (let at = 0; at < 300; at++) {
    const topic = at < 2 ? 'order.paid' : 'x'
    await port.accept(intake(item(`${at}`, ['a'], { topic })), {})
  }
  const list = async (cursor?: string) =>
    inbox.view!.list({ topic: 'order.*', budget: 0, ...(cursor !== undefined && { cursor }) })
  let page = await list()
  expect(page.rows).toEqual([])
  expect(page.searchedTo).toBeTypeOf('number')
  let found = 0
  for (; page.cursor !== undefined; found += page.rows.length) page = await list(page.cursor)
  expect(found).toBe(2)
  await expect(inbox.view!.list({ limit: 0 })).rejects.toThrow('limit: must be')
  await expect(inbox.view!.list({ cursor: 'x' })).rejects.toThrow('cursor: must be')
})

const dead = () => ({ kind: 'dead', error: { name: 'Error', message: 'no' } }) as const

test('a mistake in a question or a change is a TypeError that says which', async () => {
  const { view } = scene().inbox
  const mistakes: readonly [() => unknown, string][] = [
    [() => view!.list({ budget: -1 }), 'budget: must be milliseconds, got -1'],
    [() => view!.list({ limit: 1001 }), 'limit: must be a whole number from 1 to 1000, got 1001'],
    [() => view!.causes({ shop: 1 } as object), 'causes: unknown option shop'],
    [
      () => view!.replay({ state: 'running' }),
      'replay: state must be dead, done or pending, got running; a running task ends by itself',
    ],
    [() => view!.delete({}, { limt: 1 } as object), 'delete: unknown option limt'],
    [() => view!.erase(null as never), 'erase: filter must be an object'],
    [
      () => view!.rerun('1', { payload: undefined as never }),
      'rerun: payload must be a JSON value, got undefined',
    ],
    [() => view!.rerun('1', { payload: 1 }), 'rerun: there is no task 1'],
    [() => view!.prune(NaN), 'prune: before must be milliseconds since 1970, got NaN'],
  ]
  for (const [ask, says] of mistakes)
    await expect((async () => ask())()).rejects.toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(says) }),
    )
})

test('what is deleted gives its room back, and what is replayed takes it', async () => {
  const { inbox, port, settled } = scene({ run: dead }, { maxPending: 2 })
  const accept = async (id: string): Promise<unknown> =>
    (async () => port.accept(intake(item(id, ['a'])), {}))()
  await accept('1')
  await port.drain!(Date.now() + 60_000, 10)
  expect(settled).toHaveLength(1)
  await accept('2')
  const [task] = (await inbox.view!.list({ state: 'dead' })).rows
  expect(await inbox.view!.replay({ id: task!.id })).toMatchObject({ count: 1 })
  await expect(accept('3')).rejects.toMatchObject({ code: 'inbox_full' })
  await port.drain!(Date.now() + 60_000, 10)
  await accept('4')
  expect(await inbox.view!.delete({ state: 'dead' })).toMatchObject({ count: 2 })
  await accept('5')
  await expect(accept('6')).rejects.toMatchObject({ code: 'inbox_full' })
  expect(await inbox.view!.delete({})).toMatchObject({ count: 2 })
  for (const id of ['7', '8']) await accept(id)
  await expect(accept('9')).rejects.toMatchObject({ code: 'inbox_full' })
})

test('an edited payload waits for its turn behind the tasks of its tenant, and is no duplicate', async () => {
  const { inbox, port, runs } = scene({
    lanes: [lane('a', { concurrency: 1 })],
    run: ({ event }) => (event.id === '1' ? dead() : { kind: 'done' }),
  })
  const view = inbox.view!
  const accept = async (id: string, fairKey: string): Promise<unknown> =>
    port.accept(intake(item(id, [{ subscription: 'a', fairKey }])), {})
  await accept('1', 't1')
  await port.drain!(Date.now() + 60_000, 10)
  const [failed] = (await view.list({})).rows
  for (const [id, tenant] of [
    ['2', 't1'],
    ['3', 't1'],
    ['4', 't2'],
  ] as const)
    await accept(id, tenant)
  const made = [
    await view.rerun(failed!.id, { payload: 7 }),
    await view.rerun(failed!.id, { payload: 8 }),
  ]
  const { record } = (await view.get(made[0]!))!
  expect(record).toMatchObject({ dedupe: false, origin: ':1', id: '1', payload: 7 })
  expect(record.key).toMatch(/^~.{36}$/)
  expect(await view.list({ subscription: 'a', state: 'pending' })).toMatchObject({
    rows: { length: 5 },
    cursor: undefined,
  })
  const [counted] = await view.stats()
  expect(counted).toMatchObject({ counts: { pending: 5, running: 0, done: 0, dead: 1 } })
  await port.drain!(Date.now() + 60_000, 10)
  const ran = runs.slice(1).map(({ claim: { event } }) => event.payload)
  expect(runs.slice(1).map(({ claim }) => claim.event.id)).toEqual(['2', '4', '3', '1', '1'])
  expect(ran.slice(3)).toEqual([7, 8])
  await view.erase({ id: failed!.id })
  for (const again of [
    () => view.replay({ id: failed!.id }),
    () => view.rerun(failed!.id, { payload: 1 }),
  ])
    await expect(again()).rejects.toThrow(
      `the contents of the event of task ${failed!.id} were erased, so it cannot run again`,
    )
})
