import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { github } from '@postern/providers/github'
import { listen } from '@postern/testing'
import pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { withPostgres } from '../postgres.ts'

interface Example {
  readonly server: Server
  readonly disconnect: () => Promise<void>
}

/** The files that stand in the guide "Your ORM". */
const EXAMPLES: Readonly<Record<string, () => Promise<Example>>> = {
  pg: () => import('./pg.ts'),
  Drizzle: () => import('./drizzle.ts'),
  Kysely: () => import('./kysely.ts'),
  TypeORM: () => import('./typeorm.ts'),
  Prisma: () => import('./prisma.ts'),
  'postgres.js': () => import('./postgres-js.ts'),
  Sequelize: () => import('./sequelize.ts'),
  Knex: () => import('./knex.ts'),
  MikroORM: () => import('./mikro-orm.ts'),
}

const SECRET = 'a secret of these tests'

// Their violation is the last moment at which a transaction can fail: all its statements have run.
const TABLES = `
  CREATE TABLE issues (id text UNIQUE DEFERRABLE INITIALLY DEFERRED, title text NOT NULL);
  CREATE TABLE requests (url text UNIQUE DEFERRABLE INITIALLY DEFERRED)`

withPostgres("the guide's example for", (postgres) => {
  describe.each(Object.entries(EXAMPLES))('%s', (name, load) => {
    test('accepts and settles in a transaction of the app, or not at all', async () => {
      const { service, pool: admin } = postgres()
      const database = `app_${name.toLowerCase().replaceAll(/\W/g, '_')}`
      await admin.query(`CREATE DATABASE ${database}`)
      const url = Object.assign(new URL(service.url), { pathname: `/${database}` }).href
      vi.stubEnv('DATABASE_URL', url)
      vi.stubEnv('GITHUB_WEBHOOK_SECRET', SECRET)
      vi.stubEnv('WEBHOOK_KEY', randomBytes(32).toString('hex'))
      for (const level of ['info', 'warn', 'error'] as const)
        vi.spyOn(console, level).mockImplementation(() => {})
      vi.resetModules()
      const pool = new pg.Pool({ connectionString: url })
      await pool.query(TABLES)
      const { server, disconnect } = await load()
      const { receiver, source, close } = await import('./hooks.ts')
      const app = await listen(server)
      const column = async (text: string) =>
        (await pool.query<{ value: string }>(text)).rows.map(({ value }) => value)
      const requests = () => column('SELECT url AS value FROM requests ORDER BY 1')
      const issues = () => column('SELECT title AS value FROM issues ORDER BY 1')
      const told = async () => (await source.tasks()).map(({ event }) => event.topic)
      const tasks = async () =>
        Object.fromEntries((await receiver.tasks()).map((task) => [task.event.id, task]))
      const isDone = async (id: string) => (await tasks())[id]?.state === 'done'
      try {
        // Committed: the request, the issue, the message and both ends of the task.
        expect(await send(app.url, '/1', 'first')).toBe(200)
        await expect.poll(() => isDone('first')).toBe(true)
        expect([await requests(), await issues()]).toEqual([['/1'], ['first']])
        expect(await told()).toEqual(['issue.noted'])

        // The COMMIT around the accept fails: 503, and the next time it is new.
        expect(await send(app.url, '/1', 'second')).toBe(503)
        expect(Object.keys(await tasks())).toEqual(['first'])

        // The COMMIT around the end of the task fails: the task is not done, and nothing was told.
        await pool.query(`INSERT INTO issues VALUES ('second', 'in its way')`)
        expect(await send(app.url, '/2', 'second')).toBe(200)
        await expect.poll(async () => (await tasks())['second']?.error).toBeDefined()
        expect(await told()).toHaveLength(1)

        // A redelivery of what failed runs it again, if its retry has not.
        await pool.query(`DELETE FROM issues WHERE id = 'second'`)
        expect(await send(app.url, '/3', 'second')).toBe(200)
        await expect.poll(() => isDone('second')).toBe(true)
        expect([await requests(), await issues()]).toEqual([
          ['/1', '/2', '/3'],
          ['first', 'second'],
        ])
        expect(await told()).toHaveLength(2)
      } finally {
        await app.close()
        await close()
        await disconnect()
        await pool.end()
      }
    })
  })
})

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
