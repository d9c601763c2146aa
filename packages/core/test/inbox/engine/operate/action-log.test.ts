import { afterEach, expect, test, vi } from 'vitest'
import { createActions } from '../../../../src/inbox/engine/operate/action-log.ts'
import type { Changed } from '../../../../src/inbox/index.ts'

afterEach(() => void vi.restoreAllMocks())

interface Options {
  readonly what?: 'replay' | 'delete' | 'prune'
  readonly by?: string
  readonly cursor?: string
  readonly next?: string
}

/** The actions of a store of records, and a change of tasks that ends at the cursor `next`. */
function scene() {
  const rows = new Map<string, string>()
  const actions = createActions(
    {
      get: (key) => (rows.has(key) ? { value: rows.get(key)!, version: 1 } : undefined),
      set: () => false,
      delete: (key) => rows.delete(key),
      list: (prefix) =>
        [...rows]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([key, value]) => ({ key, value, version: 1 })),
    },
    { read: (look) => look(), write: async (run) => run(), writeAll: async () => {} },
  )
  const cursors: (string | undefined)[] = []
  return {
    rows,
    actions,
    /** The cursors that the changes began at. */
    cursors,
    change: (
      tasks: readonly string[],
      { what = 'replay', next, ...options }: Options = {},
    ): Promise<Changed> =>
      actions.noted({ what, filter: {} }, options, (note, { cursor }: Options) => {
        cursors.push(cursor)
        for (const { key, value } of note!.rows(tasks)) rows.set(key, value)
        note!.done(tasks.length)
        return { count: tasks.length, cursor: next }
      }),
    tasksOf: async (id: string) => (await actions.read({ id })).rows[0]?.tasks,
  }
}

test('a cursor continues its action, if the same operator makes the same change', async () => {
  const { actions, change, cursors, tasksOf } = scene()
  const first = await change(['1', '2'], { by: 'ada', next: 'c' })
  const { cursor, action } = first
  expect(cursor).toBe(`${action}!c`)
  const goes = { by: 'ada', cursor: cursor! }
  expect(await change(['3'], goes)).toMatchObject({ action, cursor: undefined })
  expect(await change([], { ...goes, cursor: `${action}!` })).toMatchObject({ action })
  expect(await tasksOf(action!)).toEqual(['1', '2', '3'])
  expect((await actions.read({})).rows).toMatchObject([{ id: action, count: 3, by: 'ada' }])
  for (const other of [{ by: 'bob' }, { what: 'delete' as const }, { cursor: 'c' }])
    expect((await change(['4'], { ...goes, ...other })).action).not.toBe(action)
  expect(cursors).toEqual([undefined, 'c', undefined, 'c', 'c', 'c'])
  expect(await change([])).not.toHaveProperty('action')
  expect(await tasksOf('none')).toBe(undefined)
})

test('ids increase, also within one millisecond', async () => {
  vi.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000)
  vi.spyOn(Math, 'random').mockReturnValueOnce(0.9).mockReturnValueOnce(0)
  const { actions, change } = scene()
  const ids = [(await change(['1'])).action!, (await change(['1'])).action!]
  expect(ids.map((id) => id.length)).toEqual([15, 15])
  const { rows, cursor, searchedTo } = await actions.read({ limit: 1 })
  expect([rows[0]!.id, cursor, searchedTo]).toEqual([ids[1], ids[1], 1_700_000_000_000])
  expect(await actions.read({ limit: 1, cursor: cursor! })).toMatchObject({
    rows: [{ id: ids[0] }],
    cursor: undefined,
    searchedTo: undefined,
  })
})

test('the newest 1,000 actions stay', async () => {
  const { rows, actions, change } = scene()
  for (let at = 1000; at < 1999; at++)
    rows.set(`actions:${at}`, JSON.stringify({ id: `${at}`, filter: {}, noted: 0 }))
  rows.set('actions:0999', JSON.stringify({ id: '0999', filter: {}, noted: 1 }))
  rows.set('actions-tasks:0999:000000', '["7"]')
  const found = async () => (await actions.read({ limit: 1000 })).rows.map(({ id }) => id)
  expect(await found()).toHaveLength(1000)
  expect((await actions.read({ task: '7' })).rows).toHaveLength(1)
  const { action } = await change(['1'])
  const ids = await found()
  expect([ids[0], ids.at(-1), ids.length]).toEqual(['1998', action, 1000])
  expect(rows.has('actions:0999') || rows.has('actions-tasks:0999:000000')).toBe(false)
})

test('the newest 20,000 ids of tasks stay, and those of the newest action', async () => {
  const { actions, change, tasksOf } = scene()
  const tasks = (count: number, name: string) => Array.from({ length: count }, (_, at) => name + at)
  const [one, two, three] = [
    (await change(tasks(15_000, 'a'))).action!,
    (await change(tasks(5000, 'b'))).action!,
    (await change(tasks(1, 'c'))).action!,
  ]
  const left = async () => [await tasksOf(one), await tasksOf(two), await tasksOf(three)]
  expect((await left()).map((ids) => ids!.length)).toEqual([0, 5000, 1])
  expect((await actions.read({ task: 'a1' })).rows).toEqual([])
  expect((await actions.read({ task: 'b1' })).rows).toMatchObject([{ id: two, count: 5000 }])
  const { action, cursor } = await change(tasks(20_001, 'd'), { next: 'c' })
  await change(tasks(10, 'e'), { cursor: cursor! })
  expect(await tasksOf(action!)).toEqual(tasks(20_000, 'd'))
  expect((await left()).flat()).toEqual([])
  expect((await actions.read({ id: action! })).rows).toMatchObject([{ count: 20_011 }])
})

test('an action of one task is found by its filter, and rows that cannot be read are left out', async () => {
  const { rows, actions, change, tasksOf } = scene()
  const odd = ['{', 'null', '7', '{}', '{"id":7,"filter":{}}', '{"id":"z"}']
  for (const [at, value] of odd.entries()) rows.set(`actions:zz${at}`, value)
  const note = actions.once({ what: 'rerun', filter: { id: '7', text: 'secret' }, by: 'ada' })
  for (const { key, value } of note.begun()) rows.set(key, value)
  const said = { what: 'rerun', by: 'ada', count: 0, filter: { id: '7', text: '(not kept)' } }
  expect((await actions.read({ task: '7' })).rows).toMatchObject([said])
  expect((await actions.read({ task: '8' })).rows).toEqual([])
  const { action } = await change(['1'])
  for (const value of ['{', '{"1":"1"}']) {
    rows.set(`actions-tasks:${action}:000000`, value)
    expect(await tasksOf(action!)).toEqual([])
  }
  expect(await tasksOf((await change(['1'], { what: 'prune' })).action!)).toEqual([])
})

test.each([0, 1001, 1.5, '9'])('a limit of %j is none', async (limit) => {
  const { actions, change } = scene()
  await expect(actions.read({ limit: limit as number })).rejects.toThrow(
    new TypeError(`limit: must be a whole number from 1 to 1000, got ${limit}`),
  )
  const by = 'x'.repeat(200)
  expect(await change(['1'], { by })).toHaveProperty('action')
  await expect(change(['1'], { by: `${by}x` })).rejects.toThrow(
    new TypeError('replay: by must be a name of at most 200 characters'),
  )
})
