import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { createReceiver, type Receiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, listen, signed } from '@postern/testing'
import { webhook } from '@postern/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const provider = github({ secret: 'a secret of GitHub' })
let folder = ''
let path = ''
let receiver: Receiver
let inbox: ReturnType<typeof sqliteInbox>
const clients: Client[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-'))
  path = join(folder, 'webhooks.db')
  inbox = sqliteInbox({ path })
  receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, () => {
    throw new Error('no mail today')
  })
  await deliver(receiver, signed(provider, 'push', { ref: 'refs/heads/main' }, { id: 'e1' }))
  await deliver(receiver, signed(provider, 'push', {}, { secret: 'a secret of GitHub ' }))
  // The journal is written off the path of deliveries.
  await vi.waitFor(async () => expect((await inbox.journal!.refusals()).rows).toHaveLength(1), 5000)
})
afterAll(async () => {
  for (const client of clients) await client.close()
  await receiver.close()
  await inbox.close()
  await rm(folder, { recursive: true })
})

async function connect(...flags: readonly string[]) {
  const client = new Client({ name: 'test', version: '1.0.0' })
  clients.push(client)
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, 'mcp', '--sqlite', path, ...flags],
      env: { PATH: process.env['PATH']!, GITHUB_WEBHOOK_SECRET: 'a secret of GitHub' },
      stderr: 'ignore',
    }),
  )
  return async (name: string, given: Record<string, unknown> = {}) => {
    const found = await client.callTool({ name, arguments: given })
    const [content] = found.content as readonly { readonly text: string }[]
    return { text: content!.text, isError: found.isError === true, client }
  }
}

describe('the official client', () => {
  test('lists, reads exact bytes, explains, sends, and waits', async () => {
    const call = await connect()
    const tasks = JSON.parse((await call('list_tasks', { state: 'dead' })).text) as {
      rows: { id: string }[]
    }
    expect(tasks.rows).toHaveLength(1)
    const task = JSON.parse((await call('get_task', { id: tasks.rows[0]!.id })).text) as {
      delivery: { body: string }
    }
    expect(Buffer.from(task.delivery.body, 'base64').toString()).toContain(
      '"ref":"refs/heads/main"',
    )
    const refused = JSON.parse((await call('list_deliveries', { outcome: 'refused' })).text) as {
      rows: { id: string; code: string }[]
    }
    expect(refused.rows[0]).toMatchObject({ code: 'signature_mismatch' })
    const bytes = await call('get_delivery', { id: refused.rows[0]!.id })
    const { kept } = JSON.parse(bytes.text) as { kept: { body: string } }
    expect(Buffer.from(kept.body, 'base64').toString()).toContain('"ref":"refs/heads/main"')
    const why = await call('explain_refusal', { delivery: refused.rows[0]!.id, provider: 'github' })
    expect(JSON.parse(why.text)).toMatchObject({
      findings: [{ cause: 'secret-whitespace', certainty: 'proven' }],
    })
    expect(why.text).not.toContain('a secret of GitHub')

    const server = await listen(webhook(receiver))
    const since = Date.now()
    const arrives = call('wait_for_delivery', { outcome: 'unhandled', seconds: 20 })
    const sent = await call('send_delivery', {
      provider: 'github',
      topic: 'issues.opened',
      to: server.url,
    })
    expect(JSON.parse(sent.text)).toMatchObject({ status: 200 })
    expect(JSON.parse((await arrives).text)).toMatchObject({ outcome: 'unhandled' })
    // What came before the call counts from `since` on.
    const known = await call('wait_for_delivery', { outcome: 'unhandled', since, seconds: 20 })
    expect(JSON.parse(known.text)).toMatchObject({ outcome: 'unhandled' })
    await server.close()
    expect(
      await call('send_delivery', { provider: 'github', to: 'https://example.com/' }),
    ).toMatchObject({ isError: true })
  })

  test('replays only where that was allowed', async () => {
    const call = await connect()
    const { client } = await call('list_tasks')
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('replay_tasks')
    const acting = await connect('--allow-actions')
    expect(JSON.parse((await acting('replay_tasks', { state: 'dead' })).text)).toMatchObject({
      count: 1,
    })
    expect((await inbox.view!.list({ state: 'dead' })).rows).toHaveLength(1)
    await acting('replay_tasks', { eventId: 'e1', dryRun: false })
    expect(
      (await inbox.view!.list({ state: 'pending' })).rows.length +
        (await inbox.view!.list({ state: 'dead' })).rows.length,
    ).toBe(1)
  })
})
