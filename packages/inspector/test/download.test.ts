import { afterAll, beforeAll, expect, test } from 'vitest'
import { createScene, type Scene, type Viewer } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = createScene()
  scene.broken = true
  for (let n = 1; n <= 3; n++)
    await scene.send('push', { n, secret: 'in the payload' }, { id: `=cmd|${n}` })
  scene.broken = false
  await scene.github.receive({ method: 'POST', url: 'http://localhost/', headers: {}, body: '{}' })
  await scene.written()
})
afterAll(() => scene.close())

const linesOf = async (query: string, who: Viewer = scene): Promise<readonly string[]> =>
  (await (await who.fetch(`download?${query}`)).text()).split(/\r?\n/).slice(0, -1)

test('tasks as CSV: one line each, and no cell starts a formula', async () => {
  const reply = await scene.fetch('download?as=csv&q=state:dead')
  expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  expect(reply.headers.get('content-disposition')).toMatch(
    /^attachment; filename="tasks-\d{4}-\d\d-\d\d\.csv"$/,
  )
  const [head, ...lines] = (await reply.text()).trimEnd().split('\r\n')
  expect(head).toContain('"subscription","part","state"')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^"\d{4}-.*Z","github","github","push","'=cmd\|3","deploy",,"dead",1,/)
  expect(lines[0]).toContain('build')
})

test('deliveries as NDJSON, with what became of their tasks', async () => {
  const lines = (await linesOf('as=ndjson&q=-topic:none')).map((line) => JSON.parse(line))
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatchObject({ outcome: 'rejected', code: 'missing_header', status: 401 })
  expect(lines[1]).toMatchObject({ outcome: 'accepted', event: '=cmd|3', tasks: 'deploy dead' })
  expect(JSON.stringify(lines)).not.toContain('in the payload')
})

test('words list deliveries and tasks in one file, and the search holds', async () => {
  const [head, ...lines] = await linesOf('as=csv&q=build')
  expect(head).toMatch(/"outcome".*"subscription"/)
  expect(lines).toHaveLength(3)
  expect(await linesOf('as=csv&q=state:done')).toHaveLength(1)
  expect(await linesOf('as=csv&receiver=stripe')).toHaveLength(1)
})

test('who may not see payloads gets no message, cause, reason or claim, and no search through them', async () => {
  const bob = scene.as({ allow: 'read', payloads: false })
  const [tasks, deliveries] = [
    (await linesOf('as=ndjson&q=state:dead', bob)).join(),
    (await linesOf('as=ndjson', bob)).join(),
  ]
  expect(tasks).toMatch(/thrown at .*scene\.ts/)
  expect(tasks + deliveries).not.toMatch(/build|"cause"|"reason"|"claims"/)
  for (const q of ['payload.n:1', 'build', 'state:dead+cause:x'])
    expect((await bob.fetch(`download?as=csv&q=${q}`)).status, q).toBe(403)
})

test.each([
  ['as=xml', 'as'],
  ['as=csv&q=state:ded', 'q'],
])('what cannot be meant: %s', async (query, error) => {
  expect(await scene.get(`download?${query}`)).toMatchObject({ error, statusCode: 400 })
})

test('a file has at most 10,000 rows, and the inbox is asked no further than the reader reads', async () => {
  let asked = 0
  const [row] = (await scene.inbox.view!.list({ state: 'dead' })).rows
  const view = {
    ...scene.inbox.view!,
    list: () => {
      const first = asked++ * 1000
      const rows = Array.from({ length: 200 }, (_, at) => ({
        ...row!,
        event: { ...row!.event, key: `${first + at}` },
      }))
      return { rows, cursor: String(asked), searchedTo: undefined }
    },
  }
  const endless = createScene({ inspector: { inbox: { ...scene.inbox, view } } })
  expect(await linesOf('as=csv&q=state:dead', endless)).toHaveLength(10_001)
  asked = 0
  const reader = (await endless.fetch('download?as=csv&q=state:dead')).body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(asked).toBeLessThan(4)
  await endless.close()
})
