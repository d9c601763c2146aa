// Takes 20 s.
import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { behind, createReceiver, type Receiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { hookdeckGateway } from '@postern/providers/hookdeck-gateway'
import { qstashGateway } from '@postern/providers/qstash-gateway'
import { deliver, settled, signed } from '@postern/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CopyReply } from '../src/api/detail.ts'
import type { ListReply } from '../src/api/list.ts'
import { SECRET, temporaryInbox, viewer } from './scene.ts'

// The folder is in the repository, so that the test can import the packages.
const FOLDER = join(import.meta.dirname, 'page', '.copied')
const VITEST = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
)
const ERROR = 'SMTP 421 "too many" connections'

beforeAll(() => mkdir(join(FOLDER, 'webhooks'), { recursive: true }))
afterAll(() => rm(FOLDER, { recursive: true }))

/** Writes the file with the app's handlers. The handler `mail` fails unless `mended` is true. */
async function handlers(mended: boolean): Promise<string> {
  const file = join(FOLDER, 'webhooks', 'handlers.js')
  await writeFile(
    file,
    `export function subscribe(receiver) {
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, async (event) => {
    if (${mended ? 'event.payload.ref === undefined' : 'event.payload.ref.startsWith("refs/")'}) throw new Error(${JSON.stringify(ERROR)})
  })
  receiver.on('push', { name: 'ledger' }, () => undefined)
}
`,
  )
  return file
}

/** Runs the copied test in the project, as its user would. */
async function vitest(text: string): Promise<{ readonly code: number; readonly out: string }> {
  await writeFile(join(FOLDER, 'copied.test.js'), text)
  return promisify(execFile)(process.execPath, [VITEST, 'run', '--root', FOLDER], {
    env: { ...process.env, NO_COLOR: '1', CI: 'true' },
  }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  )
}

test('a test that is copied of a dead task is red with its error until the handler is mended; of a done delivery it is green', async () => {
  const inbox = temporaryInbox()
  const provider = github({ secret: SECRET })
  const receiver = createReceiver({ name: 'shop', provider, inbox, log: false }) as Receiver
  const { subscribe } = (await import(await handlers(false))) as {
    readonly subscribe: (receiver: Receiver) => void
  }
  subscribe(receiver)
  const page = viewer({
    inbox,
    receivers: [receiver],
    auth: () => ({ allow: 'read', payloads: true }),
  })
  await deliver(receiver, signed(provider, 'push', { ref: 'refs/heads/main' }))
  await settled(receiver)
  const { rows } = await page.get<ListReply>('list?q=state:dead')
  const copyOf = async (id: string): Promise<string> => {
    const [kind, name] = id.split(':')
    return (await page.get<CopyReply>(`copy?as=test&${kind}=${name}`)).text
  }
  const dead = await copyOf(rows[0]!.id)
  expect(dead).toContain('from "./webhooks/handlers.js"')
  expect(dead).toContain('mail: push no longer fails with SMTP 421')

  const red = await vitest(dead)
  expect(red.code).toBe(1)
  expect(red.out).toContain('mail: push no longer fails with SMTP 421')
  // The output names the line of the app that threw the error.
  expect(red.out).toContain(`Error: ${ERROR}`)
  expect(red.out).toContain('webhooks/handlers.js:3')

  await handlers(true)
  const green = await vitest(dead)
  expect([green.code, green.out]).toEqual([0, expect.stringMatching(/1 passed/)])

  // A test copied from a done task passes. It fails once the handler is missing.
  const { rows: tasks } = await inbox.view!.list({ subscription: 'ledger' })
  const done = await copyOf(`task:${tasks[0]!.id}`)
  expect(done).toContain('ledger: push is done')
  expect((await vitest(done)).code).toBe(0)
  await writeFile(join(FOLDER, 'webhooks', 'handlers.js'), 'export function subscribe() {}\n')
  expect((await vitest(done)).code).toBe(1)
  await receiver.close()
  await inbox.close()
})

test('of a delivery that came through a gateway, the copied test signs as the gateway, with or without the receiver', async () => {
  const gateways = [hookdeckGateway({ secret: SECRET }), qstashGateway({ signingKeys: SECRET })]
  for (const gateway of gateways) {
    const inbox = temporaryInbox()
    const provider = behind(gateway, github)
    const receiver = createReceiver({ name: 'shop', provider, inbox, log: false }) as Receiver
    receiver.on('push', { name: 'mail' }, () => undefined)
    await deliver(receiver, signed(provider, 'push', { ref: 'refs/heads/main' }))
    await settled(receiver)
    const [task] = (await inbox.view!.list({})).rows
    const auth = () => ({ allow: 'read', payloads: true }) as const
    for (const receivers of [[receiver], []]) {
      const page = viewer({ inbox, receivers, auth })
      const { text } = await page.get<CopyReply>(`copy?as=test&task=${task!.id}`)
      expect(text).toContain('behind(')
      await writeFile(
        join(FOLDER, 'webhooks', 'handlers.js'),
        "export const subscribe = (receiver) => receiver.on('push', { name: 'mail' }, () => undefined)\n",
      )
      const { code, out } = await vitest(text)
      expect([code, out]).toEqual([0, expect.stringMatching(/1 passed/)])
    }
    await receiver.close()
    await inbox.close()
  }
})

test('the module of the handlers is an option, one for each receiver if need be', async () => {
  const inbox = temporaryInbox()
  const provider = github({ secret: SECRET })
  const receiver = createReceiver({ name: 'shop', provider, inbox, log: false }) as Receiver
  receiver.on('push', { name: 'mail' }, () => undefined)
  await deliver(receiver, signed(provider, 'push'))
  await settled(receiver)
  const [task] = (await inbox.view!.list({})).rows
  const auth = () => ({ allow: 'read', payloads: true }) as const
  for (const handlers of ['../src/hooks.ts', { shop: '../src/hooks.ts' }]) {
    const page = viewer({ inbox, auth, handlers })
    const { text } = await page.get<CopyReply>(`copy?as=test&task=${task!.id}`)
    expect(text).toContain('import { subscribe } from "../src/hooks.ts"')
  }
  expect(() => viewer({ inbox, auth, handlers: { shop: 1 } as never })).toThrow(
    'inspector: handlers must be a module',
  )
  await receiver.close()
  await inbox.close()
})
