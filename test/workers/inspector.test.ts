import { join } from 'node:path'
import { github } from '@postern/providers/github'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActionsReply } from '../../packages/inspector/src/api/actions.ts'
import type { ChangeReply } from '../../packages/inspector/src/api/change.ts'
import type { DetailReply } from '../../packages/inspector/src/api/detail.ts'
import type { HealthReply } from '../../packages/inspector/src/api/health.ts'
import type { ListReply } from '../../packages/inspector/src/api/list.ts'
import { send as post } from '../examples/example.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { bundleWorker, startWorkerd, type Workerd } from '../services/workerd.ts'

const secret = 'a secret of the tests'
const token = 'a token of at least sixteen'
let folder: string
let workerd: Workerd

beforeAll(async () => {
  folder = await temporaryFolder('inspected-worker')
  const code = await bundleWorker(join(import.meta.dirname, 'inspected.ts'))
  const texts = { GITHUB_SECRET: secret, POSTERN_TOKEN: token }
  workerd = await startWorkerd({ folder, code, texts })
})
afterAll(async () => {
  await workerd.kill()
  await removeFolder(folder)
})

async function send(id: string, payload: object, by = secret): Promise<number> {
  const url = `${workerd.url}/webhooks/github`
  return (await post(github({ secret: by }).sign!({ id, topic: 'push', payload, url }))).status
}

/** Requests a route of the inspector's API, with the headers that its page sends. */
async function ask<Reply>(route: string, body?: object): Promise<Reply> {
  const reply = await fetch(`${workerd.url}/postern/~/api/${route}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'x-postern-action': '1', origin: workerd.url }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  })
  expect([route, reply.status]).toEqual([route, 200])
  return (await reply.json()) as Reply
}

const until = { timeout: 60_000, interval: 100 }

test('the inspector in a Worker asks the Durable Object: page, list, one delivery, health, replay and journal', async () => {
  expect((await fetch(`${workerd.url}/postern`)).status).toBe(401)
  const authorization = `Bearer ${token}`
  const page = await fetch(`${workerd.url}/postern`, { headers: { authorization } })
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('page.js')])

  expect(await send('e1', { fails: true })).toBe(200)
  expect(await send('e2', {})).toBe(200)
  expect(await send('e3', {}, 'another secret')).toBe(401)

  // The Durable Object writes the tasks. The Worker writes the journal up to a second later, including rejections.
  const row = await expect
    .poll(async () => (await ask<ListReply>('list?q=state:dead')).rows, until)
    .toMatchObject([{ topic: 'push', tasks: [{ subscription: 'deploy', state: 'dead' }] }])
    .then(async () => (await ask<ListReply>('list?q=state:dead')).rows[0]!)
  await expect
    .poll(async () => (await ask<ListReply>('list')).rows.map(({ outcome }) => outcome), until)
    .toEqual(['rejected', 'accepted', 'accepted'])

  const { rows } = await ask<ListReply>('list')
  const delivery = await ask<DetailReply>(`delivery?id=${rows[0]!.id.replace('delivery:', '')}`)
  expect(delivery.row).toMatchObject({ outcome: 'rejected', status: 401, receiver: 'github' })
  const detail = await ask<DetailReply>(`task?id=${row.tasks[0]!.id}`)
  expect(detail.tasks).toMatchObject([
    { state: 'dead', error: { message: 'it fails' }, runs: [{ attempt: 1 }] },
  ])

  const health = await ask<HealthReply>('health')
  expect(health).toMatchObject({
    dead: 1,
    receivers: [{ name: 'github', ok: true, inbox: 'ok' }],
  })

  // The Worker replays the task. The Durable Object's alarm runs it.
  const changed = await ask<ChangeReply>('replay', { filter: { state: 'dead' } })
  expect(changed.count).toBe(1)
  await expect
    .poll(async () => (await ask<HealthReply>('health')).handlers, until)
    .toMatchObject([{ subscription: 'deploy', runs: 3 }])
  expect((await ask<ActionsReply>('actions')).rows).toMatchObject([{ what: 'replay', count: 1 }])
})

test('requests of one isolate share a page without waiting for each other', async () => {
  const routes = ['status', 'health', 'list', 'charts', 'version', 'suggest?q=state']
  const asked = Array.from({ length: 10 }, () => routes.map((route) => ask(route))).flat()
  expect(await Promise.all(asked)).toHaveLength(60)
})
