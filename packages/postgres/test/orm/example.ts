import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { receiver as exampleReceiver, source as exampleSource } from './hooks.ts'
import { github } from '@postern/providers/github'
import { listen } from '@postern/testing'
import { expect, vi } from 'vitest'

/** An example of the guide "Your ORM". */
export interface Example {
  readonly server: Server
  readonly disconnect: () => Promise<void>
}

/** The database of an app, and the example that uses the database. */
interface ExampleApp {
  readonly url: string
  readonly load: () => Promise<Example>
  readonly hooks: () => Promise<{
    readonly receiver: Pick<typeof exampleReceiver, 'tasks'>
    readonly source: Pick<typeof exampleSource, 'tasks'>
    readonly close: () => Promise<void>
  }>
  /** Runs a statement, and returns the column `value` of its rows. */
  readonly query: (text: string) => Promise<readonly string[]>
}

const SECRET = 'a secret of these tests'

/** Checks that the writes of the inbox commit and roll back together with those of the example. */
export async function checkExample({ url, load, hooks, query }: ExampleApp): Promise<void> {
  vi.stubEnv('DATABASE_URL', url)
  vi.stubEnv('GITHUB_WEBHOOK_SECRET', SECRET)
  vi.stubEnv('WEBHOOK_KEY', randomBytes(32).toString('hex'))
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(() => {})
  vi.resetModules()
  const { server, disconnect } = await load()
  const { receiver, source, close } = await hooks()
  const app = await listen(server)
  const requests = () => query('SELECT url AS value FROM requests ORDER BY 1')
  const issues = () => query('SELECT title AS value FROM issues ORDER BY 1')
  const sent = async () => (await source.tasks()).map(({ event }) => event.topic)
  const tasks = async () =>
    Object.fromEntries((await receiver.tasks()).map((task) => [task.event.id, task]))
  const isDone = async (id: string) => (await tasks())[id]?.state === 'done'
  try {
    // All is committed: the request, the issue, the message, and the start and end of the task.
    expect(await send(app.url, '/1', 'first')).toBe(200)
    await expect.poll(() => isDone('first')).toBe(true)
    expect([await requests(), await issues()]).toEqual([['/1'], ['first']])
    expect(await sent()).toEqual(['issue.noted'])

    // The transaction that accepts the delivery fails with 503, so the next delivery is new.
    expect(await send(app.url, '/1', 'second')).toBe(503)
    expect(Object.keys(await tasks())).toEqual(['first'])

    // The transaction that ends the task fails, so the task is not done and no message is sent.
    await query(`INSERT INTO issues VALUES ('second', 'in its way')`)
    expect(await send(app.url, '/2', 'second')).toBe(200)
    await expect.poll(async () => (await tasks())['second']?.error).toBeDefined()
    expect(await sent()).toHaveLength(1)

    // If the retry has not run the failed task yet, the redelivery runs it.
    await query(`DELETE FROM issues WHERE id = 'second'`)
    expect(await send(app.url, '/3', 'second')).toBe(200)
    await expect.poll(() => isDone('second')).toBe(true)
    expect([await requests(), await issues()]).toEqual([
      ['/1', '/2', '/3'],
      ['first', 'second'],
    ])
    expect(await sent()).toHaveLength(2)
  } finally {
    await app.close()
    await close()
    await disconnect()
  }
}

/** Sends a delivery of an opened issue; resolves with the status. */
async function send(origin: string, path: string, id: string): Promise<number> {
  const payload = { issue: { node_id: id, title: id } }
  const { headers, body } = github({ secret: SECRET }).sign!({
    id,
    topic: 'issues.opened',
    payload,
  })
  const request = { method: 'POST', headers: new Headers(headers), body }
  return (await fetch(new URL(path, origin), request)).status
}
