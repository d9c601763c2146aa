import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createReceiver, type Receiver } from '@postern/core'
import { generic, github } from '@postern/providers'
import { token } from '@postern/core/scheme'
import { listen, signedInit } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopyReply, DetailReply, ExplainReply } from '../src/api/detail.ts'
import type { HealthReply } from '../src/api/health.ts'
import type { ChartsReply } from '../src/api/charts.ts'
import type { ListReply } from '../src/api/list.ts'
import { createScene, SECRET, temporaryInbox, viewer, type Scene, type Viewer } from './scene.ts'

const run = promisify(execFile)
let scene: Scene

beforeAll(async () => {
  scene = createScene()
  scene.broken = true
  await scene.send('push', { ref: 'refs/heads/main', big: 1 }, { id: 'push-1' })
  await scene.stripe.receive(
    await signedInit(scene.stripe.provider, 'invoice.paid', undefined, { secret: `${SECRET} ` }),
  )
  await scene.written()
})
afterAll(() => scene.close())

/** Returns the id of the first row that a search finds. */
const idOf = async (q: string, who: Viewer = scene): Promise<string> => {
  const { rows } = await who.get<ListReply>(`list?q=${encodeURIComponent(q)}`)
  return rows[0]!.id.replace(/^\w+:/, '')
}
const reserialized = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('a delivery', () => {
  test('its head without credentials, body, reply, payload, and each run of its tasks', async () => {
    const detail = await scene.get<DetailReply>(`delivery?id=${await idOf('id:push-1')}`)
    expect(detail).toMatchObject({
      statusCode: 200,
      hidden: false,
      encrypted: false,
      row: { outcome: 'accepted', topic: 'push', eventId: 'push-1' },
      delivery: { method: 'POST', path: '/webhooks', isUnsigned: false },
      reply: { status: 200 },
      actions: ['replay', 'rerun', 'delete', 'curl', 'test'],
      tasks: [
        {
          subscription: 'deploy',
          state: 'dead',
          error: {
            name: 'Error',
            message: 'build 0 failed',
            stack: expect.stringContaining('at '),
          },
          cause: expect.any(String),
          runs: [{ attempt: 1, outcome: 'dead', error: { message: 'build 0 failed' } }],
        },
      ],
    })
    const { headers, body, bodyBytes } = detail.delivery!
    expect(headers!.map(([name]) => name)).toContain('x-github-event')
    const text = Buffer.from(body!, 'base64').toString()
    expect([text.length, JSON.parse(text).ref]).toEqual([bodyBytes, 'refs/heads/main'])
    expect(JSON.parse(detail.payload!)).toEqual(JSON.parse(text))
  })

  test('the same by its task, with the reply that it got', async () => {
    const detail = await scene.get<DetailReply>(`task?id=${await idOf('state:dead')}`)
    expect(detail).toMatchObject({
      row: { outcome: 'accepted' },
      reply: { status: 200 },
      tasks: [{ state: 'dead' }],
    })
  })

  test('nothing of its content for those who may not see payloads', async () => {
    const bob = scene.as({ allow: 'all', payloads: false })
    const detail = await bob.get<DetailReply>(`delivery?id=${await idOf('id:push-1')}`)
    expect(detail.hidden).toBe(true)
    expect(detail.actions).toEqual(['replay', 'delete'])
    expect(JSON.stringify(detail)).not.toMatch(/refs\/heads|x-github|sha256/)
  })

  test('one that is gone', async () => {
    for (const route of ['delivery?id=nothing', 'task?id=99999', 'task?id=..%2f', 'explain?id=x'])
      expect(await scene.get(route)).toMatchObject({ statusCode: 404, error: 'gone' })
    expect(await scene.get('delivery')).toMatchObject({ statusCode: 400 })
  })
})

describe('why it was rejected', () => {
  test('the proven cause, which health then names', async () => {
    const id = await idOf('outcome:rejected')
    const detail = await scene.get<DetailReply>(`delivery?id=${id}`)
    expect(detail.actions).toEqual(['curl', 'explain'])
    expect([detail.row.topic, detail.row.claims]).toEqual([undefined, 'invoice.paid'])
    const bob = scene.as({ allow: 'all', payloads: false })
    expect((await bob.get<DetailReply>(`delivery?id=${id}`)).row.claims).toBeUndefined()
    let found: ExplainReply | undefined
    // The search for the cause has a time limit, which a busy machine may reach. Then a later request finds the cause.
    await expect
      .poll(async () => (found = await scene.get<ExplainReply>(`explain?id=${id}`)), {
        timeout: 10_000,
      })
      .toMatchObject({
        verdict: 'rejected',
        code: 'signature_mismatch',
        findings: [{ cause: 'secret-whitespace', certainty: 'proven' }],
      })
    expect(JSON.stringify(found)).not.toContain(SECRET)
    await scene.send('push', {}, { id: 'one-more' })
    const { usual } = await scene.get<HealthReply>('health')
    expect(usual.groups).toMatchObject([
      { code: 'signature_mismatch', count: 1, proven: 'secret-whitespace' },
    ])
    expect(await scene.get(`explain?id=${await idOf('outcome:accepted')}`)).toMatchObject({
      statusCode: 409,
    })
  })

  test('of a GET too, whose query is all that came', async () => {
    const provider = generic({
      scheme: token({ query: 'token' }),
      secret: 'a secret of sensors',
      eventIdQuery: 'id',
      topicQuery: 'event',
    })
    const sensor = createReceiver({ name: 'sensor', provider, inbox: scene.inbox, log: false })
    sensor.on('**', { name: 'doors' }, () => {})
    const reply = await sensor.fetch(new Request('https://app.example/sensor?event=door.opened'))
    expect(reply.status).toBe(401)
    await sensor.close()
    const page = viewer({
      inbox: scene.inbox,
      receivers: [sensor as Receiver],
      auth: () => ({ allow: 'read' }),
    })
    const id = await idOf('receiver:sensor', page)
    expect((await page.get<DetailReply>(`delivery?id=${id}`)).actions).toContain('explain')
    const found = await page.get<ExplainReply>(`explain?id=${id}`)
    expect(found).toMatchObject({ verdict: 'rejected', code: 'missing_header' })
    expect(found.cannot).toBeUndefined()
    expect(found.findings.length).toBeGreaterThan(0)
  })

  test('it says if the body was not kept, or no secret is here', async () => {
    const other = createScene({
      receiver: { storage: { rejectedBodies: false } },
      inspector: { receivers: [] },
    })
    await other.github.receive(await signedInit(github({ secret: 'wrong' }), 'push'))
    await other.written()
    expect(await other.get(`explain?id=${await idOf('', other)}`)).toMatchObject({
      findings: [],
      cannot: expect.stringContaining('rejectedBodies'),
    })
    await other.close()
    await scene.github.receive(await signedInit(github({ secret: 'wrong' }), 'push'))
    await scene.written()
    const bare = viewer({ inbox: scene.inbox, auth: () => ({ allow: 'read' }) })
    const id = await idOf('outcome:rejected receiver:github')
    expect(await bare.get(`explain?id=${id}`)).toMatchObject({
      cannot: expect.stringContaining('--secret'),
    })
  })
})

describe('copies', () => {
  test('as a test that passes with handlers that do', async () => {
    const id = await idOf('id:push-1')
    const { text, note } = await scene.get<CopyReply>(`copy?as=test&delivery=${id}`)
    expect(note).toContain('customers')
    // The text contains neither the secret nor a signature.
    expect(text).not.toMatch(/a secret of the scene|x-hub-signature/)
    const folder = join(import.meta.dirname, '.copied')
    await mkdir(join(folder, 'webhooks'), { recursive: true })
    try {
      await writeFile(join(folder, 'copied.test.ts'), text)
      const handlers =
        "export const subscribe = (on) => on.on('push', { name: 'deploy' }, () => {})\n"
      await writeFile(join(folder, 'webhooks/handlers.js'), handlers)
      const bin = join(
        dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
        'vitest.mjs',
      )
      const args = [bin, 'run', '--root', folder]
      const { stdout } = await run(process.execPath, args)
      expect(stdout).toMatch(/1 passed/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('as a curl command that sends the same bytes, whatever they are', async () => {
    const inbox = temporaryInbox()
    const provider = generic({
      scheme: token({ header: 'x-token' }),
      secret: SECRET,
      topicHeader: 'x-topic',
      formats: ['bytes'],
    } as never)
    const other = createReceiver({ name: 'raw', provider, inbox, log: false })
    other.on('**', () => {})
    const asking = createScene({ inbox })
    const bodies = [
      Buffer.from(`it's "quoted" $(touch /tmp/x) \`id\` \\ \n tab\t é ☃`),
      Buffer.from('@/etc/hostname'),
      Buffer.from([0, 1, 2, 255, 254, 13, 10]),
      Buffer.alloc(0),
    ]
    let got: { headers: object; body: Buffer } | undefined
    const target = await listen(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      got = { headers: request.headers, body: Buffer.concat(parts) }
      response.end()
    }, '/hook')
    for (const [place, body] of bodies.entries()) {
      const headers = { 'x-token': SECRET, 'x-topic': `t${place}`, 'x-empty': '', 'x-odd': `it's` }
      const reply = await other.receive({ method: 'POST', url: target.url, headers, body })
      expect(reply.status).toBe(200)
      await other.runDue({ deadline: '1s', max: 1 })
      const id = await idOf(`topic:t${place}`, asking)
      const { text } = await asking.get<CopyReply>(`copy?as=curl&delivery=${id}`)
      expect(text).not.toContain(SECRET)
      await run('bash', ['-c', `${text} -s`])
      expect(got!.body).toEqual(body)
      expect(got!.headers).toMatchObject({ 'x-topic': `t${place}`, 'x-empty': '', 'x-odd': `it's` })
    }
    await target.close()
    await asking.close()
  })
})

test('a duplicate names the delivery that it repeats', async () => {
  scene.broken = false
  await scene.send('push', { ref: 'refs/heads/twice' }, { id: 'twice-1' })
  await scene.send('push', { ref: 'refs/heads/twice' }, { id: 'twice-1' })
  const { rows } = await scene.get('list?q=id:twice-1')
  const [again, first] = rows as readonly { id: string; at: number }[]
  const detail = await scene.get(`delivery?id=${again!.id.replace('delivery:', '')}`)
  expect(detail['row']).toMatchObject({ outcome: 'duplicate', tasks: [{ state: 'done' }] })
  expect(detail['repeats']).toEqual({ id: first!.id.replace('delivery:', ''), at: first!.at })
  const original = await scene.get(`delivery?id=${detail['repeats'].id}`)
  expect([original['row'].outcome, original['repeats']]).toEqual(['accepted', undefined])
  scene.broken = true
})

test('an encrypted event is shown to those who have the key alone', async () => {
  const encryptionKey = Buffer.alloc(32, 7).toString('base64')
  const inbox = temporaryInbox()
  const closed = createScene({ inbox, receiver: { storage: { encryptionKey } } })
  await closed.send('push', { ref: 'refs/heads/hidden' }, { id: 'encrypted-1' })
  const id = await idOf('', closed)
  const detail = await closed.get<DetailReply>(`delivery?id=${id}`)
  expect(detail).toMatchObject({ encrypted: true, actions: ['replay'] })
  expect(JSON.stringify(detail)).not.toMatch(/refs\/heads|sealed:/)
  expect(await closed.get(`copy?as=curl&delivery=${id}`)).toMatchObject({ statusCode: 409 })
  const open = viewer({ inbox, encryptionKey, auth: () => ({ allow: 'all' }) })
  const shown = await open.get<DetailReply>(`delivery?id=${id}`)
  expect([shown.encrypted, JSON.parse(shown.payload!).ref]).toEqual([false, 'refs/heads/hidden'])
  expect((await open.get<ListReply>('list?q=payload.ref:refs/heads/hidden')).rows).toHaveLength(1)
  const forged = await signedInit(github({ secret: `${SECRET} ` }), 'push')
  await closed.github.receive(forged)
  await closed.written()
  const at = `explain?id=${await idOf('outcome:rejected', closed)}`
  expect(await closed.get(at)).toMatchObject({ cannot: expect.stringContaining('encrypted') })
  const withKey = viewer({
    inbox,
    encryptionKey,
    receivers: [closed.github],
    auth: () => ({ allow: 'all' }),
  })
  await expect
    .poll(() => withKey.get(at))
    .toMatchObject({ findings: [{ cause: 'secret-whitespace' }] })
  await closed.close()
})

test('an erased event says so, and offers nothing that needs its contents', async () => {
  const gone = createScene()
  await gone.send('push', { ref: 'refs/heads/gone' }, { id: 'erased-1' })
  await gone.inbox.view!.erase({ eventId: 'erased-1' })
  const id = await idOf('', gone)
  const detail = await gone.get<DetailReply>(`delivery?id=${id}`)
  expect(detail).toMatchObject({ erased: true, actions: [], row: { eventId: 'erased-1' } })
  expect(detail.payload).toBeUndefined()
  expect(await gone.get(`copy?as=test&delivery=${id}`)).toMatchObject({ statusCode: 409 })
  await gone.close()
})

test('hostile texts come as JSON, and as they were', async () => {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    'javascript:alert(1)',
    '\u202Egnp.exe',
    '\u0000\u0007\u001B[31m',
    '\uD800 lone',
    '</script><!--',
    '\u2028\u2029',
    'x'.repeat(300_000),
    '__proto__',
  ]
  const payload = {
    texts: hostile,
    ['<b>key</b>']: 1,
    deep: JSON.parse('['.repeat(60) + ']'.repeat(60)) as unknown,
  }
  await scene.send('push', payload, { id: '<script>alert(2)</script>' })
  const { rows } = await scene.get<ListReply>('list?limit=1&q=outcome:accepted')
  expect(rows[0]!.eventId).toBe('<script>alert(2)</script>')
  const detail = await scene.get<DetailReply>(`delivery?id=${await idOf('outcome:accepted')}`)
  expect(JSON.parse(detail.payload!)).toMatchObject(reserialized(payload) as object)
})

test('a folded and a stale task say which task stands for them, and what a replay runs', async () => {
  const inbox = temporaryInbox()
  const provider = github({ secret: SECRET })
  const receiver = createReceiver({ provider, inbox, log: false, worker: 'onDemand' }) as Receiver
  const at = ({ payload }: { payload: unknown }): number => (payload as { at: number }).at
  receiver.on('push', { debounce: { key: () => 'k', newest: at } }, () => {})
  for (const n of [1, 3, 2])
    await receiver.receive(provider.sign!({ id: `e${n}`, topic: 'push', payload: { at: n } }))
  await receiver.runDue()
  const page = viewer({ inbox, receivers: [receiver], auth: () => ({ allow: 'all' }) })
  const taskOf = async (id: string) =>
    (await page.get<ListReply>(`list?q=id:${id}`)).rows[0]!.tasks[0]!
  const [first, second, third] = [await taskOf('e1'), await taskOf('e3'), await taskOf('e2')]
  expect(first).toMatchObject({ state: 'done', skipped: 'folded', into: second.id, folded: 0 })
  expect(second).toMatchObject({ state: 'done', folded: 1 })
  expect(second.skipped).toBeUndefined()
  expect(third).toMatchObject({ state: 'done', skipped: 'stale' })
  const detail = await page.get<DetailReply>(`task?id=${first.id}`)
  expect(detail.tasks).toMatchObject([{ skipped: 'folded', into: second.id, runs: [] }])
  const { handlers } = await page.get<ChartsReply>('charts?range=1h')
  const [{ skipped }] = Object.values(handlers) as [ChartsReply['handlers'][string]]
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0)
  expect([sum(skipped!.folded), sum(skipped!.stale)]).toEqual([1, 1])
  await receiver.close()
  await inbox.close()
})
