import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Draft, SignableRequest } from '@postern/core/scheme'
import { acme } from '../acme.ts'
import { type HttpAnswer, send } from './client.ts'
import { type Control, createStage, SECRETS, type Stage, type StageName } from './stage.ts'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { TestRunner } from '../ledger.ts'

/** A running server with a stage on a route. A stage is a receiver that a test observes. */
export interface Mounted {
  /** Absolute URL of the webhook route, on a real port of this machine. */
  readonly url: string
  readonly close: () => Promise<void>
  /** If the framework runs in another process: the control of that process's own stage. */
  readonly control?: Control
}

/**
 * Mounts the stage's receiver on a route of a new server. The adapter's option `context` must be the stage's `context`.
 */
export type Mount = (stage: Stage) => Promise<Mounted>

/** A test sends to `url`, and observes the stage through `control`. */
export interface Scene {
  readonly url: string
  readonly control: Control
}

const sender = acme({ secret: SECRETS.acme })
const urlSender = acme({ secret: SECRETS.acme, signs: 'url' })

export async function onStage(
  mount: Mount,
  name: StageName,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const stage = createStage(name)
  const mounted = await mount(stage)
  const control = mounted.control ?? stage.control
  try {
    await play({ url: mounted.url, control })
  } finally {
    await control('release')
    await control('close')
    await mounted.close()
    if (mounted.control) await stage.control('close')
  }
}

export function signedDelivery(url: string, draft: Draft = {}): SignableRequest {
  return sender.sign!({ payload: { hello: 'world' }, ...draft, url })
}

export function signedWithUrl(url: string, draft: Draft = {}): SignableRequest {
  return urlSender.sign!({ payload: { hello: 'world' }, ...draft, url })
}

export function assertProblem(answer: HttpAnswer, status: number, code: string): void {
  assert.equal(answer.status, status, `expected ${status} ${code}, got ${JSON.stringify(answer)}`)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json\b/)
  const problem = JSON.parse(answer.body) as Record<string, unknown>
  assert.equal(problem['code'], code)
  assert.deepEqual(Object.keys(problem).toSorted(), ['code', 'status', 'title'])
}

export async function assertBytes(control: Control, body: Uint8Array): Promise<void> {
  const { runs } = await control('settled', 1)
  assert.equal(runs.length, 1)
  assert.equal(runs[0]!.body, Buffer.from(body).toString('base64'))
}

/**
 * Starts a request listener or a server of node:http on a free port of 127.0.0.1. The returned URL ends with `path`.
 */
export async function listen(
  app: ((request: IncomingMessage, response: ServerResponse) => unknown) | Server,
  path = '/',
): Promise<Mounted> {
  const server =
    typeof app === 'function'
      ? createServer((request, response) => void app(request, response))
      : app
  if (!server.listening) {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
  }
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** An app whose code reads the body before the adapter and does not keep the bytes. */
export interface ConsumedVariant {
  /** Name of the code that reads the body, such as `express.json()`. */
  readonly name: string
  readonly mount: Mount
  /** Pattern that the remedy in the adapter's error must match. The remedy must name the code that read the body. */
  readonly fix: RegExp
}

/** An app whose code reads the body before the adapter and keeps the bytes or a string. */
export interface RecoveredVariant {
  readonly name: string
  readonly mount: Mount
}

export function parserCases(
  consumed: readonly ConsumedVariant[],
  recovered: readonly RecoveredVariant[],
  { test }: TestRunner,
): void {
  for (const { name, mount, fix } of consumed) {
    test(`after ${name} it rejects with body_consumed and says what to do`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        assertProblem(await send(signedDelivery(url)), 500, 'body_consumed')
        const { runs, rejected } = await control('report')
        assert.deepEqual(runs, [])
        assert.match(rejected[0]!.remedy ?? '', fix)
      }))

    test(`after ${name} it accepts what that did not touch`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        const headers = { 'content-type': 'application/octet-stream' }
        const delivery = signedDelivery(url, { body: Buffer.from([1, 0xff, 2]), headers })
        assert.equal((await send(delivery)).status, 200)
        await assertBytes(control, delivery.body)
        assert.equal((await send(signedDelivery(url, { body: '' }))).status, 200)
      }))
  }

  for (const { name, mount } of recovered) {
    test(`after ${name} it finds the exact bytes`, () =>
      onStage(mount, 'plain', async ({ url, control }) => {
        const delivery = signedDelivery(url, { body: '{"a": "€😀",\r\n"b":1e2}' })
        assert.equal((await send(delivery)).status, 200)
        await assertBytes(control, delivery.body)
      }))

    const damaged = {
      'a byte order mark': signedDelivery('http://localhost', { body: '\uFEFF{"a":1}' }),
      gzip: signedDelivery('http://localhost', {
        body: gzipSync('{"a":1}'),
        headers: { 'content-encoding': 'gzip' },
      }),
    }
    for (const [what, delivery] of Object.entries(damaged)) {
      test(`after ${name} it accepts ${what} byte for byte or says that the bytes are lost`, () =>
        onStage(mount, 'plain', async ({ url, control }) => {
          const answer = await send({ ...delivery, url })
          if (answer.status === 200) await assertBytes(control, delivery.body)
          else assertProblem(answer, 500, 'body_altered')
        }))
    }
  }
}
