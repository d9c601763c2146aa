import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ActionsReply, EndsReply } from '../src/api/actions.ts'
import type { ChangeReply } from '../src/api/change.ts'
import type { ChartsReply } from '../src/api/charts.ts'
import type { DetailReply } from '../src/api/detail.ts'
import type { ListReply } from '../src/api/list.ts'
import { createScene, temporaryInbox, viewer, type Scene } from './scene.ts'

const HOUR = 3_600_000

let scene: Scene

beforeEach(async () => {
  scene = createScene()
  scene.broken = true
  for (let n = 1; n <= 3; n++) await scene.send('push', { n }, { id: `push-${n}` })
})
afterEach(() => scene.close())

async function replayed(filter: object): Promise<string> {
  const changed = await scene.act<ChangeReply>('replay', { filter })
  return changed.action!
}

async function ends(action: string): Promise<EndsReply> {
  const { statusCode: _, ...reply } = await scene.get<EndsReply>(`ends?action=${action}`)
  return reply
}

test('what became of a replay is told until all have ended, and each number leads to its tasks', async () => {
  const { rows } = await scene.inbox.view!.list({ state: 'dead' })
  const { cause } = rows[0]!
  const action = await replayed({ state: 'dead', cause })
  await expect
    .poll(() => ends(action))
    .toEqual({ done: 0, dead: 3, same: 3, waiting: 0, gone: 0, of: 3 })
  scene.broken = false
  const id = rows[0]!.id
  const other = await replayed({ id })
  await expect.poll(() => ends(other)).toMatchObject({ done: 1, dead: 0, waiting: 0, of: 1 })
  const dead = await scene.get<ListReply>(`list?q=action:${action}+state:dead`)
  expect(dead.rows).toHaveLength(2)
  const all = await scene.get<ListReply>(`list?q=action:${action}&limit=2`)
  expect(all.rows).toHaveLength(2)
  const next = await scene.get<ListReply>(`list?q=action:${action}&limit=2&cursor=${all.cursor}`)
  expect(next.rows).toHaveLength(1)
  expect(next.cursor).toBeUndefined()
  expect(await scene.get('ends?action=none')).toMatchObject({ statusCode: 404 })
})

test('who did what stands in the list of actions, in the delivery and in the charts', async () => {
  const { rows } = await scene.inbox.view!.list({ state: 'dead' })
  const [one, other] = rows.map(({ id }) => id)
  await scene.act('delete', { filter: { id: one } })
  await replayed({ state: 'dead', receiver: 'github' })
  await scene.act('rerun', { task: other, payload: '{"n":"edited"}' })
  const list = await scene.get<ActionsReply>('actions')
  expect(list.rows.map(({ what, by, count, hasTasks }) => [what, by, count, hasTasks])).toEqual([
    ['rerun', 'ada', 1, true],
    ['replay', 'ada', 2, true],
    ['delete', 'ada', 1, true],
  ])
  expect(list.rows[1]!.q).toMatch(/^state:dead receiver:github until:\d{4}-/)
  const detail = await scene.get<DetailReply>(`task?id=${other}`)
  expect(detail.acted.map(({ what, by }) => [what, by])).toEqual([
    ['rerun', 'ada'],
    ['replay', 'ada'],
  ])
  const charts = await scene.get<ChartsReply>('charts?range=1h')
  expect(charts.marks.map((mark) => mark.what)).toEqual(['rerun', 'replay', 'delete'])
  expect((await scene.get<ChartsReply>('charts?range=1h&receiver=stripe')).marks).toMatchObject([
    { what: 'rerun' },
    { what: 'delete' },
  ])
})

test('who may not see payloads is told of no filter that payloads decide', async () => {
  const { rows } = await scene.inbox.view!.list({ state: 'dead' })
  const { cause } = rows[0]!
  await replayed({ state: 'dead', cause })
  const ops = scene.as({ allow: 'read', payloads: false })
  const reply = await ops.get<ActionsReply>('actions')
  expect(reply.rows[0]!.q).toContain('state:dead')
  expect(reply.rows[0]!.q).not.toContain(cause)
})

test('a quantile of fewer than five is no quantile, and rejections answer in no time', async () => {
  // Equal requests get the same reply for a short time, so the two requests differ.
  const before = await scene.get<ChartsReply>('charts?range=30d&receiver=github')
  expect(before.reply.p50.every((value) => value === null)).toBe(true)
  expect(Object.values(before.handlers)[0]!.p50.every((value) => value === null)).toBe(true)
  // A quantile needs five deliveries in one step of the chart. The deliveries may fall into two steps, so nine are
  // sent.
  for (let n = 4; n <= 12; n++) await scene.send('push', { n })
  const after = await scene.get<ChartsReply>('charts?range=30d')
  expect(after.reply.p50.some((value) => value !== null)).toBe(true)
  expect(after.whole).toBeLessThan(after.reply.p50.length - 1)
  const rejected = createScene()
  for (let n = 0; n < 6; n++) await rejected.send('push', { n }, { secret: 'another' })
  const charts = await rejected.get<ChartsReply>('charts?range=30d')
  expect(charts.deliveries['rejected']!.reduce((sum, count) => sum + count)).toBe(6)
  expect(charts.reply.p50.every((value) => value === null)).toBe(true)
  await rejected.close()
})

test('a new version of the app is a mark in the charts, once for all receivers', async () => {
  const inbox = temporaryInbox()
  const old = createScene({
    inbox,
    receiver: { version: '1.4.1', clock: { now: () => Date.now() - 2 * HOUR } },
  })
  await old.send('push', { n: 1 })
  for (const receiver of [old.github, old.stripe]) await receiver.close()
  const fresh = createScene({ inbox, receiver: { version: '1.4.2' } })
  await fresh.send('push', { n: 2 })
  await expect
    .poll(async () => (await fresh.inbox.records!.list('deploys/')).map(({ value }) => value))
    .toHaveLength(2)
  const page = viewer({ inbox, receivers: [], auth: () => ({ allow: 'read' }) })
  const of = async (query: string): Promise<readonly unknown[]> => {
    const { marks } = await page.get<ChartsReply>(`charts?${query}`)
    return marks.map((mark) => mark.what === 'deploy' && mark.version)
  }
  expect(await of('range=6h')).toEqual(['1.4.1', '1.4.2'])
  expect(await of('range=1h')).toEqual(['1.4.2'])
  expect(await of('range=6h&receiver=stripe')).toEqual(['1.4.1', '1.4.2'])
  await fresh.close()
})

test('a cause is named by its error, also once its tasks are done; mutes stand between', async () => {
  const ada = scene.as({ allow: 'all', as: 'ada' })
  const [first] = await scene.inbox.view!.causes()
  const { cause } = first!
  await ada.act('mute', { cause, note: 'known', owner: 'payments' })
  await ada.act('mute', { cause })
  scene.broken = false
  await replayed({ state: 'dead', cause })
  await expect
    .poll(async () => (await scene.inbox.view!.list({ state: 'done' })).rows.length)
    .toBe(3)
  const { rows } = await ada.get<ActionsReply>('actions')
  const build = expect.stringMatching(/^build \d+ failed$/)
  expect(rows.map(({ what, q, error }) => [what, q, error])).toEqual([
    ['replay', expect.stringMatching(/^state:dead until:\S+$/), build],
    ['unmute', '', build],
    ['mute', '', build],
  ])
  expect(rows[2]).toMatchObject({ note: 'known', owner: 'payments', by: 'ada' })
  const blind = await scene.as({ allow: 'all', payloads: false }).get<ActionsReply>('actions')
  expect(JSON.stringify(blind.rows)).not.toMatch(/build|known|payments|cause/)
  expect(blind.rows).toHaveLength(3)
})
