import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, signed } from '@postern/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { line, postern, start } from './run.ts'

const SECRET = 'a secret of GitHub'
const provider = github({ secret: SECRET })
let folder = ''
let file = ''
let page: ChildProcess | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-inspect-'))
  file = join(folder, 'webhooks.db')
  const inbox = sqliteInbox({ path: file })
  const receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, () => {
    throw new Error('no mail today')
  })
  await deliver(receiver, signed(provider, 'push', {}, { id: 'e1' }))
  await deliver(receiver, signed(provider, 'push', {}, { secret: `${SECRET} ` }))
  await receiver.close()
  await inbox.close()
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(async () => {
  if (!page) return
  page.kill('SIGINT')
  if (page.exitCode === null) await once(page, 'exit')
  page = undefined
})

interface Opened {
  readonly url: string
  readonly headers: { readonly authorization: string }
}

async function open(...args: readonly string[]): Promise<Opened> {
  page = start(['inspect', '--port', '0', '--sqlite', file, ...args])
  const printed = await line(page, 'stdout', /^http:/)
  const [url, key] = printed.split('#key=')
  expect(key).toMatch(/^[\w-]{43}$/)
  return { url: url!, headers: { authorization: `Bearer ${key}` } }
}

describe('postern inspect', () => {
  test('shows the inbox, queues what runs again, and says that the process has no handlers', async () => {
    const { url, headers } = await open('--allow-actions')
    const status = await (await fetch(`${url}~/api/status`, { headers })).json()
    expect(status).toMatchObject({
      name: 'postern inspect',
      hasHandlers: false,
      visitor: { actions: ['replay', 'delete', 'rerun', 'mute'] },
    })
    const replayed = await fetch(`${url}~/api/replay`, {
      method: 'POST',
      headers: { ...headers, 'x-postern-action': '1', origin: new URL(url).origin },
      body: JSON.stringify({ filter: { state: 'dead' } }),
    })
    expect(await replayed.json()).toMatchObject({ count: 1 })
    expect((await rowsOf({ url, headers }, 'state:pending')).length).toBe(1)
  })

  test('explains with a secret, and says that it needs one', async () => {
    const without = await open()
    const [rejected] = await rowsOf(without, 'outcome:rejected')
    const at = `~/api/explain?id=${rejected!.id.slice('delivery:'.length)}`
    expect(await (await fetch(without.url + at, without)).json()).toMatchObject({
      cannot: expect.stringContaining('--secret'),
    })
    page!.kill('SIGINT')
    await once(page!, 'exit')
    const { url, headers } = await open('--provider', 'github', '--secret', SECRET)
    const explained = await (await fetch(url + at, { headers })).text()
    expect(explained).not.toContain('fingerprint')
    expect(JSON.parse(explained)).toMatchObject({
      findings: [{ cause: 'secret-whitespace', certainty: 'proven' }],
    })
  })

  test('answers nobody without the key, on this machine too, and each start has another', async () => {
    const { url, headers } = await open()
    for (const path of ['', '~/page.js', '~/api/status', '~/api/list'])
      expect((await fetch(url + path)).status).toBe(401)
    page!.kill('SIGINT')
    await once(page!, 'exit')
    const again = await open()
    expect((await fetch(`${again.url}~/api/status`, { headers })).status).toBe(401)
  })

  test('wrong use', async () => {
    expect((await postern(['inspect'])).code).toBe(2)
    expect(await postern(['inspect', '--sqlite', join(folder, 'none.db')])).toMatchObject({
      code: 1,
    })
    const lost = await postern(['inspect', '--sqlite', file, '--secret', 'x'])
    expect(lost).toMatchObject({
      code: 2,
      err: expect.stringContaining('--secret needs --provider'),
    })
  })
})

async function rowsOf(
  { url, headers }: Opened,
  q: string,
): Promise<readonly { readonly id: string }[]> {
  const reply = await fetch(`${url}~/api/list?q=${q}`, { headers })
  return ((await reply.json()) as { rows: { id: string }[] }).rows
}
