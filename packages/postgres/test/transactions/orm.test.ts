import 'reflect-metadata'
import { PrismaPg } from '@prisma/adapter-pg'
import { drizzle } from 'drizzle-orm/node-postgres'
import { sql as fragment } from 'drizzle-orm'
import { Kysely, PostgresDialect, sql as kysely } from 'kysely'
import pg from 'pg'
import postgresJs from 'postgres'
import { DataSource } from 'typeorm'
import { describe, expect, test } from 'vitest'
import { drizzleSql } from '../../src/orm/drizzle.ts'
import { kyselySql } from '../../src/orm/kysely.ts'
import { pgSql } from '../../src/orm/pg.ts'
import { postgresJsSql } from '../../src/orm/postgres-js.ts'
import { prismaSql } from '../../src/orm/prisma.ts'
import { typeormSql } from '../../src/orm/typeorm.ts'
import { inTransaction, type RunSql } from '../../src/index.ts'
import { PrismaClient } from '../orm/prisma/generated/client.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

/** A library, as an app uses it. */
interface Library {
  /** Runs work in one transaction that has written a note. */
  transaction<T>(note: string, work: (run: RunSql) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const NOTE = 'INSERT INTO notes (text) VALUES'

const LIBRARIES: Readonly<Record<string, (url: string) => Promise<Library>>> = {
  async pg(url) {
    const pool = new pg.Pool({ connectionString: url })
    return {
      async transaction(note, work) {
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query(`${NOTE} ($1)`, [note])
          const result = await work(pgSql(client))
          await client.query('COMMIT')
          return result
        } catch (error) {
          await client.query('ROLLBACK')
          throw error
        } finally {
          client.release()
        }
      },
      close: () => pool.end(),
    }
  },
  async Drizzle(url) {
    const pool = new pg.Pool({ connectionString: url })
    const db = drizzle({ client: pool })
    return {
      transaction: (note, work) =>
        db.transaction(async (tx) => {
          await tx.execute(fragment`INSERT INTO notes (text) VALUES (${note})`)
          return work(drizzleSql(tx))
        }),
      close: () => pool.end(),
    }
  },
  async Kysely(url) {
    const db = new Kysely<object>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }),
    })
    return {
      transaction: (note, work) =>
        db.transaction().execute(async (trx) => {
          await kysely`INSERT INTO notes (text) VALUES (${note})`.execute(trx)
          return work(kyselySql(trx))
        }),
      close: () => db.destroy(),
    }
  },
  async TypeORM(url) {
    const source = await new DataSource({ type: 'postgres', url }).initialize()
    return {
      transaction: (note, work) =>
        source.transaction(async (manager) => {
          await manager.query(`${NOTE} ($1)`, [note])
          return work(typeormSql(manager))
        }),
      close: () => source.destroy(),
    }
  },
  async Prisma(url) {
    const db = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
    return {
      transaction: (note, work) =>
        db.$transaction(async (tx) => {
          await tx.$executeRaw`INSERT INTO notes (text) VALUES (${note})`
          return work(prismaSql(tx))
        }),
      close: () => db.$disconnect(),
    }
  },
  async 'postgres.js'(url) {
    const sql = postgresJs(url, { onnotice: () => {} })
    return {
      transaction: async (note, work) =>
        (
          await sql.begin(async (tx) => {
            await tx`INSERT INTO notes (text) VALUES (${note})`
            return { result: await work(postgresJsSql(tx)) }
          })
        ).result,
      close: () => sql.end(),
    }
  },
}

withPostgres('in the transaction of', (postgres) => {
  describe.each(Object.entries(LIBRARIES))('%s', (_, make) => {
    test('a delivery is accepted, and a task settled, or rolled back with what the app wrote', async () => {
      const { service, pool, open } = postgres()
      const inbox = open()
      await pool.query('DROP TABLE IF EXISTS notes; CREATE TABLE notes (text text)')
      const library = await make(service.url)
      const { receiver, heard, until } = listen(inbox)
      const order = ({ id }: { readonly id: string | undefined }): string => `key of ${id}`
      receiver.on(
        'thing.*',
        { orderingKey: order, retry: { attempts: 3, delay: () => 10 } },
        ({ id }, task) =>
          library.transaction(`${id} ran ${task.attempt}`, async (run) => {
            await task.commit({ in: run })
            if (id === 'twice' && task.attempt === 1) throw new Error('rolled back')
          }),
      )
      const deliver = (id: string, fails = false) =>
        library.transaction(`${id} came`, async (run) => {
          const { status } = await receiver.receive(signed(id), inTransaction(run))
          if (fails) throw new Error('rolled back')
          return status
        })
      await expect(deliver('never', true)).rejects.toThrow('rolled back')
      expect(await deliver('once')).toBe(200)
      expect(await deliver('once')).toBe(200)
      expect(await deliver('twice')).toBe(200)
      await until(() => heard.includes('done once') && heard.includes('done twice'))
      expect(heard.filter((what) => what.startsWith('done'))).toHaveLength(2)
      const { rows } = await pool.query('SELECT text FROM notes ORDER BY text')
      expect(rows.map(({ text }: { text: string }) => text)).toEqual([
        'once came',
        'once came',
        'once ran 1',
        'twice came',
        'twice ran 2',
      ])
      await receiver.close()
      await library.close()
    })
  })

  test('an open commit keeps its own lease and delays no other task; a handler that returns before is told', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, lease: '1s' })
    const client = await pool.connect()
    const warnings: string[] = []
    const { receiver, heard, until } = listen(inbox, {
      log: { warning: (_, message) => warnings.push(message) },
    })
    receiver.on('thing.*', async ({ id }, task) => {
      if (id !== 'open') return
      await client.query('BEGIN')
      await task.commit({ in: pgSql(client) })
    })
    await receiver.receive(signed('open'))
    await expect.poll(() => warnings.join()).toMatch(/await that transaction/)
    for (let at = 0; at < 20; at++) await receiver.receive(signed(`other ${at}`))
    await until(() => heard.filter((what) => what.startsWith('done other')).length === 20)
    // Longer than its lease: nobody frees it, and it is settled once.
    const over = `SELECT lease < extract(epoch FROM clock_timestamp()) * 1000 AS over FROM ${name}.postern_tasks ORDER BY id LIMIT 1`
    await expect.poll(async () => (await pool.query(over)).rows).toEqual([{ over: true }])
    await receiver.runDue({ deadline: '2s' })
    expect(heard).not.toContain('done open')
    await client.query('COMMIT')
    client.release()
    await until(() => heard.includes('done open'))
    const { rows } = await pool.query(
      `SELECT runs, cut FROM ${name}.postern_tasks ORDER BY id LIMIT 1`,
    )
    expect(rows).toEqual([{ runs: 1, cut: 0 }])
  })

  test('task.commit({ in }) after the handler has returned writes nothing, and says so to its caller and to the log', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
    const client = await pool.connect()
    const warnings: string[] = []
    const { receiver, heard, until } = listen(inbox, {
      log: { warning: (_, message) => warnings.push(message) },
    })
    const late = Promise.withResolvers<unknown>()
    late.promise.catch(() => {})
    receiver.on('thing.*', (_, task) => {
      // A handler that does not await what it begins.
      const begun = until(() => heard.includes('done 1')).then(async () => {
        await client.query('BEGIN')
        await client.query(`CREATE TABLE ${name}.effects (id text)`)
        await task.commit({ in: pgSql(client) })
      })
      begun.then(late.resolve, late.reject)
    })
    await receiver.receive(signed('1'))
    await expect(late.promise).rejects.toThrow(
      'the handler had returned already, so nothing was written; await the transaction',
    )
    expect(warnings.join()).toMatch(/task \d+: task.commit: the handler had returned/)
    // The transaction is still the app's own.
    await client.query('COMMIT')
    client.release()
    const { rows } = await pool.query(`SELECT state, runs FROM ${name}.postern_tasks`)
    expect(rows).toEqual([{ state: 2, runs: 1 }])
  })
})
