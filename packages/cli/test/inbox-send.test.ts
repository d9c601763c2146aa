import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createReceiver } from '@postern/core'
import { explain } from '@postern/core/explain'
import { github } from '@postern/providers/github'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import { listen, signedInit } from '@postern/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'
import { postern } from './run.ts'

const THEIRS = 'whsec_c2VjcmV0IG9mIHByb2R1Y3Rpb24'
const OURS = 'whsec_c2VjcmV0IG9mIHRoaXMgbGFwdG9w'
const KEY = Buffer.alloc(32, 9).toString('base64')
let cwd = ''
let tasks: Readonly<Record<string, string>> = {}

beforeAll(async () => {
  cwd = await temporaryFolder('inbox-send')
  const inbox = sqliteInbox({ path: join(cwd, 'webhooks.db') })
  const make = (sealed: boolean): Parameters<typeof createReceiver>[0] => ({
    name: sealed ? 'sealed' : 'plain',
    provider: stripe({ secret: THEIRS }),
    inbox,
    log: false,
    worker: false,
    ...(sealed && { storage: { encryptionKey: KEY } }),
  })
  const own = github({ secret: THEIRS })
  const hub = createReceiver({ provider: own, inbox, log: false, worker: false })
  hub.onAny({ name: 'a' }, () => undefined)
  const url = 'https://a.example/h?x=1'
  await hub.receive(await signedInit(own, 'push', {}, { id: 'delivery-1', url }))
  for (const sealed of [false, true]) {
    const receiver = createReceiver(make(sealed))
    receiver.onAny({ name: 'a' }, () => undefined)
    const theirs = stripe({ secret: THEIRS })
    await receiver.receive(await signedInit(theirs, 'invoice.paid', {}, { id: 'evt_1' }))
    await receiver.close()
  }
  await hub.close()
  const { rows } = await inbox.view!.list({})
  tasks = Object.fromEntries(rows.map(({ receiver, id }) => [receiver, id]))
  await inbox.close()
})
afterAll(() => removeFolder(cwd))

interface Got {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function send(task: string, ...args: readonly string[]) {
  const got: Got[] = []
  const app = await listen(async (request, response) => {
    got.push({ url: request.url!, headers: request.headers, body: await text(request) })
    response.writeHead(202).end()
  })
  try {
    const flags = ['--sqlite', 'webhooks.db', '--to', `${app.url}hooks`, '-s', OURS]
    const ended = await postern(['inbox', 'send', task, ...flags, ...args], { cwd })
    return { ...ended, got, app: app.url }
  } finally {
    await app.close()
  }
}

test('sends a stored delivery, signed now with the local secret', async () => {
  const { code, out, got, app } = await send(tasks['plain']!)
  expect([code, out]).toEqual([0, expect.stringMatching(/^● 202 .* stripe  invoice.paid\n$/)])
  expect(got).toHaveLength(1)
  const { headers, body } = got[0]!
  const delivery = { url: `${app}hooks`, headers: headers as Record<string, string>, body }
  expect(await explain(delivery, stripe({ secret: OURS }))).toMatchObject({ verdict: 'accepted' })
  expect(JSON.parse(body)).toMatchObject({ id: 'evt_1', type: 'invoice.paid' })
})

test('keeps the query of the sender, and takes another id in a header', async () => {
  const { got } = await send(tasks['github']!, '--event-id', 'delivery-2')
  expect(got[0]).toMatchObject({
    url: '/hooks?x=1',
    headers: { 'x-github-delivery': 'delivery-2' },
  })
})

test('takes another id in the body, a drawn one too', async () => {
  const given = await send(tasks['plain']!, '--event-id', 'evt_2')
  expect(JSON.parse(given.got[0]!.body)).toMatchObject({ id: 'evt_2' })
  const drawn = await send(tasks['plain']!, '--event-id')
  expect((JSON.parse(drawn.got[0]!.body) as { id: string }).id).toMatch(/^[\da-f-]{36}$/)
})

test('opens what is encrypted with its key, and not without', async () => {
  const none = await send(tasks['sealed']!)
  expect([none.code, none.err, none.got]).toEqual([2, expect.stringContaining('is encrypted'), []])
  const { code, got } = await send(tasks['sealed']!, '--encryption-key', KEY)
  expect([code, JSON.parse(got[0]!.body)]).toMatchObject([0, { id: 'evt_1' }])
})

test.for([
  'https://localhost:3000/',
  'http://example.com/',
  'http://127.0.0.1.example.com/',
  'http://10.0.0.1/',
])('sends nothing to %s, which is not this machine', async (to) => {
  const args = ['inbox', 'send', tasks['plain']!, '--sqlite', 'webhooks.db', '--to', to]
  const { code, err } = await postern(args, { cwd })
  expect([code, err]).toEqual([2, expect.stringContaining('must be an http URL of this machine')])
})
