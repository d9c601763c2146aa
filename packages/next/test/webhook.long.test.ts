// Takes 40 s.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createReceiver } from '@postern/core'
import { acme, type Control, type Mount, type Report, testAdapter } from '@postern/testing'
import { after } from 'next/server.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webhook } from '../src/index.ts'
import { officialDeliveries } from '../../../test/official/signers.ts'
import { inspectorEnv, testInspector } from './inspector-on-next.ts'
import { build, type NextServer, serve } from './next-server.ts'

const app = fileURLToPath(new URL('app', import.meta.url))
const secret = 'a secret of the app'
const cronSecret = 'a secret of at least sixteen'
let folder: string
let next: NextServer

// One build for all tests, because it takes half a minute.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-next-'))
  await build(app)
  next = await serve('start', app, {
    ACME_SECRET: secret,
    CRON_SECRET: cronSecret,
    ...inspectorEnv(folder),
  })
}, 480_000)

afterAll(async () => {
  await next?.close()
  await rm(folder, { recursive: true, force: true })
})

testAdapter(
  {
    name: 'next 16 (next build, next start)',
    mount: at('hooks'),
    rewritesQuery: true,
    consumed: [
      {
        name: 'request.text()',
        mount: at('consumed'),
        fix: /give the receiver the Request first, or a clone made before reading/,
      },
    ],
  },
  { describe, test },
)

describe('webhook', () => {
  test('takes Next.js’ own after', () => {
    const receiver = createReceiver({ provider: acme({ secret }), log: false })
    expect(webhook(receiver, { after })).toHaveProperty('POST')
  })

  test('serves a route whose handlers are exported by name', async () => {
    const url = `${next.url}/proxied`
    const { body, ...delivery } = acme({ secret }).sign!({ payload: {}, url })
    expect((await fetch(url, { ...delivery, body: Buffer.from(body) })).status).toBe(200)
    expect((await fetch(url)).status).toBe(405)
  })

  test('answers crons and probes with cacheComponents, at each request', async () => {
    const cron = `${next.url}/cron`
    expect((await fetch(cron)).status).toBe(401)
    const headers = { authorization: `Bearer ${cronSecret}` }
    const drained = await fetch(cron, { headers })
    expect([drained.status, await drained.json()]).toMatchObject([200, { left: 0 }])
    const served = await fetch(`${next.url}/served`)
    expect([served.status, await served.text()]).toEqual([200, 'up 1\n'])
    const health = await fetch(`${next.url}/health`)
    expect([health.status, await health.json()]).toMatchObject([200, { ok: true }])
  })

  test('takes what official packages sign', async () => {
    const deliveries = await officialDeliveries((provider) => `${next.url}/official/${provider}`)
    for (const { signer, request } of deliveries) {
      const { url, body, ...init } = request
      const changed = Uint8Array.from(body)
      changed[changed.length - 3]! ^= 1
      expect((await fetch(url, { ...init, body: changed })).status, `${signer}, changed`).toBe(401)
      expect((await fetch(url, { ...init, body: Uint8Array.from(body) })).status, signer).toBe(200)
    }
    const wanted = deliveries.map(({ provider, event }) => `${provider} ${event.topic} ${event.id}`)
    const handled = await fetch(`${next.url}/official/${wanted.length}`)
    expect(((await handled.json()) as string[]).sort()).toEqual(wanted.sort())
  })

  test('says what cut a body of more than 10 MB off where a proxy file exists', async () => {
    const url = `${next.url}/proxied`
    const text = JSON.stringify({ filler: 'a'.repeat(12_000_000) })
    const { body, ...delivery } = acme({ secret }).sign!({ body: text, url })
    const response = await fetch(url, { ...delivery, body: Buffer.from(body) })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'body_truncated' })
    const log = (await (await fetch(`${next.url}/log`)).json()) as string[]
    expect(log.find((line) => line.startsWith('body_truncated'))).toMatch(
      /proxy\.ts .* raise experimental\.proxyClientMaxBodySize/,
    )
  })

  test('puts publicBase in the place of what it sees, and context has the parameters', async () => {
    const seen: unknown[] = []
    const provider = acme({ secret, signs: 'url' })
    const receiver = createReceiver({ provider, log: false, onUnhandled: 'acknowledge' })
    const { POST } = webhook(receiver, {
      publicBase: 'https://hooks.example/v1',
      context: (request, params) => {
        seen.push(params, request.method)
        return undefined
      },
    })
    const { body, ...delivery } = provider.sign!({
      payload: {},
      url: 'https://hooks.example/v1/acme?a=1',
    })
    const request = new Request('http://localhost:3000/acme?a=1', {
      ...delivery,
      body: Buffer.from(body),
    })
    const response = await POST(request, { params: Promise.resolve({ tenant: 'umbrella' }) })
    expect(response.status).toBe(200)
    expect(seen).toEqual([{ tenant: 'umbrella' }, 'POST'])
    expect(() => webhook(receiver, { publicBase: 'example' })).toThrow(/^publicBase must be/)
  })
})

testInspector(() => next)

// Mounts a stage, which is a receiver of the contract tests, in the process of Next.js.
function at(route: string): Mount {
  return async (stage) => {
    const run = randomUUID()
    const control: Control = async (command, count = 0) => {
      const place = `${next.url}/control/${stage.name}/${run}/${command}?count=${count}`
      return (await (await fetch(place)).json()) as Report
    }
    return { url: `${next.url}/${route}/${stage.name}/${run}`, control, close: async () => {} }
  }
}
