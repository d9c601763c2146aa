import { createReceiver } from '@postern/core'
import type { ActedInfo } from '@postern/core/internal'
import { github } from '@postern/providers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ActionsReply } from '../src/api/actions.ts'
import type { ChangeReply, SampleReply } from '../src/api/change.ts'
import type { ListReply } from '../src/api/list.ts'
import { createScene, temporaryInbox, viewer, type Scene } from './scene.ts'

let scene: Scene
let told: ActedInfo[]

beforeEach(async () => {
  told = []
  scene = createScene({ observers: [{ operatorActed: (action) => void told.push(action) }] })
  scene.broken = true
  for (let n = 1; n <= 5; n++) await scene.send('push', { n }, { id: `push-${n}` })
  scene.broken = false
})
afterEach(() => scene.close())

const states = async (): Promise<readonly string[]> =>
  (await scene.inbox.view!.list()).rows.map(({ state }) => state).sort()

/** Returns the ids of the dead tasks that a search finds. */
async function deadIds(search = ''): Promise<readonly string[]> {
  const { rows } = await scene.get<ListReply>(`list?q=state:dead+${search}`)
  return rows.map(({ tasks }) => tasks[0]!.id)
}

describe('replay', () => {
  test('counts first, then runs in chunks; what came after the count is left alone', async () => {
    const filter = { state: 'dead' }
    const counted = await scene.act<ChangeReply>('replay', { filter, dryRun: true })
    expect(counted).toMatchObject({ count: 5, statusCode: 200 })
    expect(told).toEqual([])
    scene.broken = true
    await new Promise<void>((resolve) => setTimeout(resolve, 2))
    await scene.send('push', { n: 6 }, { id: 'push-6' })
    scene.broken = false
    let cursor: string | undefined
    const counts: number[] = []
    do {
      const chunk = {
        filter,
        limit: 2,
        until: counted.until,
        ...(cursor !== undefined && { cursor }),
      }
      const changed = await scene.act<ChangeReply>('replay', chunk)
      counts.push(changed.count)
      cursor = changed.cursor
    } while (cursor !== undefined)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5)
    expect(counts.length).toBeGreaterThan(1)
    await expect.poll(states).toEqual(['dead', 'done', 'done', 'done', 'done', 'done'])
    expect(told[0]).toEqual({ action: 'replay', as: 'ada', count: 2, target: '{"state":"dead"}' })
  })

  test('chosen tasks, and those alone, in several requests that are one action', async () => {
    const ids = await deadIds()
    const filter = { state: 'dead' }
    const dry = await scene.act<ChangeReply>('replay', { filter, ids: ids.slice(1), dryRun: true })
    expect([dry.count, dry.cursor]).toEqual([4, undefined])
    const first = await scene.act<ChangeReply>('replay', { filter, ids: ids.slice(1, 3) })
    await expect.poll(states).toEqual(['dead', 'dead', 'dead', 'done', 'done'])
    const { action } = first
    // The first two tasks no longer match the filter, since they are done.
    const rest = await scene.act<ChangeReply>('replay', { filter, ids: ids.slice(1), action })
    expect([first.count, rest.count, rest.action]).toEqual([2, 2, action])
    await expect.poll(states).toEqual(['dead', 'done', 'done', 'done', 'done'])
    const { rows: acted } = await scene.get<ActionsReply>('actions')
    expect(acted).toMatchObject([{ count: 4, what: 'replay', by: 'ada' }])
    expect(await scene.get('ends?action=' + action)).toMatchObject({ of: 4, done: 4 })
    expect(told[1]!.target).toBe(JSON.stringify({ state: 'dead', ids: ids.slice(1) }))
  })

  test('chosen tasks: nobody adds to the action of somebody else, nor without the right', async () => {
    const ids = await deadIds()
    const { action } = await scene.act<ChangeReply>('replay', { filter: {}, ids: [ids[0]] })
    const eve = scene.as({ allow: ['replay'], payloads: false, as: 'eve' })
    const own = await eve.act<ChangeReply>('replay', { filter: {}, ids: [ids[1]], action })
    expect([own.count, own.action === action]).toEqual([1, false])
    const bob = scene.as({ allow: ['delete'], as: 'bob' })
    expect(await bob.act('replay', { filter: {}, ids })).toMatchObject({ statusCode: 403 })
    const forged = { filter: { text: 'secret' }, ids }
    expect(await eve.act('replay', forged)).toMatchObject({ statusCode: 403 })
  })

  test('a chosen task whose contents were erased stays as it is', async () => {
    const ids = await deadIds()
    await scene.inbox.view!.erase({ eventId: 'push-1' })
    expect(await scene.act('replay', { filter: {}, ids })).toMatchObject({ count: 4 })
  })

  test.each([
    [{ filter: {}, ids: [] }, 'ids'],
    [{ filter: {}, ids: Array.from({ length: 101 }, String) }, 'ids'],
    [{ filter: {}, ids: [7] }, 'ids'],
    [{ filter: { colour: 'red' }, ids: ['1'] }, 'malformed'],
  ])('chosen tasks that cannot be meant: %j', async (body, error) => {
    expect(await scene.act('replay', body)).toMatchObject({ error, statusCode: 400 })
  })

  test('one task by its id', async () => {
    const [id] = await deadIds('id:push-3')
    expect(await scene.act('replay', { filter: { id } })).toMatchObject({ count: 1 })
    await expect.poll(states).toEqual(['dead', 'dead', 'dead', 'dead', 'done'])
  })

  test.each([
    [
      { filter: {} },
      'filter must have at least one condition; an empty filter would match all tasks',
    ],
    [{}, 'filter must have at least one condition; an empty filter would match all tasks'],
    [{ filter: { topics: 'push' } }, 'unknown option topics; did you mean topic?'],
    [
      { filter: { state: 'dead' }, dryrun: true },
      'replay: unknown option dryrun; did you mean dryRun?',
    ],
    [{ filter: { state: 'dead' }, dryRun: 'yes' }, 'dryRun must be true or false'],
    [{ filter: { state: 'dead' }, limit: -1 }, 'limit must be a number above 0'],
    [[], 'the body must be a JSON object'],
  ])('rejects %j', async (body, message) => {
    expect(await scene.act('replay', body)).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining(message),
    })
    expect(await states()).toEqual(['dead', 'dead', 'dead', 'dead', 'dead'])
  })
})

test('delete removes dead tasks', async () => {
  expect(await scene.act('delete', { filter: { state: 'dead', topic: 'push' } })).toMatchObject({
    count: 5,
  })
  expect(await states()).toEqual([])
  expect(told).toMatchObject([{ action: 'delete', as: 'ada', count: 5 }])
})

test('an edited payload runs as a new event that names its origin', async () => {
  const [task] = await deadIds('id:push-1')
  const made = await scene.act('rerun', { task, payload: '{"n":"edited"}' })
  expect(made.statusCode).toBe(200)
  await expect.poll(() => scene.deployed).toEqual([{ n: 'edited' }])
  const detail = await scene.get(`task?id=${made['task']}`)
  expect(JSON.parse(detail['payload'])).toEqual({ n: 'edited' })
  expect(detail['origin']).toBeTypeOf('string')
  expect(told).toMatchObject([{ action: 'rerun', as: 'ada', count: 1 }])
  expect(await scene.act('rerun', { task, payload: '{"n":' })).toMatchObject({
    statusCode: 400,
    error: 'payload',
  })
  expect(await scene.act('rerun', { task: '999', payload: '{}' })).toMatchObject({
    statusCode: 404,
  })
})

test('a sample goes through the receiver, signed', async () => {
  const reply = await scene.act<SampleReply>('sample', {
    receiver: 'github',
    topic: 'issues.opened',
  })
  expect(reply).toMatchObject({ status: 200, statusCode: 200 })
  await expect.poll(() => scene.deployed).toMatchObject([{ action: 'opened' }])
  expect(await scene.act('sample', { receiver: 'nobody' })).toMatchObject({ statusCode: 404 })
  expect(await scene.act('sample', { receiver: 'github', topic: 'no.such' })).toMatchObject({
    statusCode: 400,
  })
})

test('a sample without a topic is one that a handler takes', async () => {
  const inbox = temporaryInbox()
  const ran: string[] = []
  const receiver = createReceiver({ provider: github({ secret: 'a secret' }), inbox, log: false })
  receiver.on('release.*', ({ topic }) => void ran.push(topic))
  const page = viewer({ inbox, receivers: [receiver], auth: () => ({ allow: ['sample'] }) })
  expect(await page.act('sample', { receiver: 'github' })).toMatchObject({ status: 200 })
  await expect.poll(() => ran).toEqual(['release.published'])
  await receiver.close()
  await inbox.close()
})

describe('who may what', () => {
  test('read alone changes nothing', async () => {
    const bob = scene.as({ allow: 'read', as: 'bob' })
    const [task] = await deadIds()
    for (const [route, body] of [
      ['replay', { filter: { state: 'dead' } }],
      ['delete', { filter: { state: 'dead' } }],
      ['rerun', { task, payload: '{}' }],
      ['sample', { receiver: 'github' }],
      ['mute', { cause: 'x', note: '' }],
    ] as const)
      expect(await bob.act(route, body)).toMatchObject({
        statusCode: 403,
        message: `bob may not ${route} here`,
      })
    expect(await states()).toEqual(['dead', 'dead', 'dead', 'dead', 'dead'])
    expect((await bob.get('status'))['visitor'].actions).toEqual([])
    expect((await bob.get(`task?id=${task}`))['actions']).toEqual(['curl', 'test'])
  })

  test('a list allows what it names; all leaves samples out', async () => {
    const one = scene.as({ allow: ['delete'] })
    expect(await one.act('replay', { filter: { state: 'dead' } })).toMatchObject({
      statusCode: 403,
    })
    expect(await one.act('delete', { filter: { id: '1' } })).toMatchObject({ statusCode: 200 })
    const all = scene.as({ allow: 'all' })
    expect((await all.get('status'))['visitor'].actions).toEqual([
      'replay',
      'delete',
      'rerun',
      'mute',
    ])
    expect(await all.act('sample', { receiver: 'github' })).toMatchObject({ statusCode: 403 })
  })

  test('without payloads nobody edits, copies or filters by text', async () => {
    const ops = scene.as({ allow: 'all', payloads: false })
    expect(await ops.act('replay', { filter: { text: 'a' }, dryRun: true })).toMatchObject({
      statusCode: 403,
    })
    expect(await ops.act('rerun', { task: '1', payload: '{}' })).toMatchObject({ statusCode: 403 })
    expect(await ops.act('mute', { cause: 'x', note: '' })).toMatchObject({ statusCode: 403 })
    expect(await ops.get('copy?as=curl&task=1')).toMatchObject({ statusCode: 403 })
    expect(await ops.act('replay', { filter: { state: 'dead' }, dryRun: true })).toMatchObject({
      count: 5,
    })
  })
})
