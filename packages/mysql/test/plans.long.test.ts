// POSTERN_ROWS is the number of rows: `npm test -- mysql` fills the tables with 200,000.
import { fixed, UnrecoverableError } from '@postern/core'
import { expect, test } from 'vitest'
import { inTransaction, mysqlInbox } from '../src/index.ts'
import { withMariadb, type Mariadb } from './mariadb.ts'
import { listen, signed } from '../../postgres/test/receiver.ts'

const ROWS = Number(process.env['POSTERN_ROWS'] ?? 20_000)
/** Statements that lock rows. */
const LOCKS = /FOR UPDATE|LOCK IN SHARE MODE|^(?:UPDATE|DELETE) /
// These tables have one row each.
const SINGLE = /^(?:postern_schema|postern_counters)$/
// MariaDB's names for reads that use an index, or that read nothing.
const INDEXED = ['const', 'eq_ref', 'ref', 'range', 'system', null]

interface Step {
  readonly table: string | null
  readonly type: string | null
  readonly key: string | null
}

withMariadb(
  'the plan of each statement that locks',
  (mariadb) => {
    test(`looks by an index, with no row, with two and with ${ROWS}`, async () => {
      const { pool, rows } = mariadb()
      await pool.query("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON")
      await use(mariadb())
      await pool.query('SET GLOBAL general_log = OFF')
      const logged = await rows(
        "SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') AND argument LIKE '%postern%'",
      )
      const all = new Map<string, string>()
      for (const row of logged) {
        const { text } = row as unknown as { text: string }
        const statement = text.trim()
        if (LOCKS.test(statement) && !/general_log|information_schema/.test(statement))
          all.set(statement.replaceAll(/x?'[^']*'|\b\d+\b|\s+/g, ' '), statement)
      }
      expect(all.size).toBeGreaterThan(25)
      const scans: string[] = []
      for (const count of [0, 2, ROWS]) {
        await fill(mariadb(), count)
        for (const statement of all.values())
          for (const { table, type, key } of await explain(statement))
            // `i` is the alias of the JSON_TABLE that holds the statement's values.
            if (!INDEXED.includes(type) && table !== 'i' && !SINGLE.test(table ?? ''))
              scans.push(`${count} rows: ${type} of ${table} (${key}): ${statement}`)
      }
      expect(scans).toEqual([])

      async function explain(statement: string): Promise<readonly Step[]> {
        return (await rows(`EXPLAIN ${statement}`)) as unknown as readonly Step[]
      }
    }, 300_000)
  },
  { own: true },
)

/** Makes an inbox use all its statements with locks. */
async function use({ service, pool }: Mariadb): Promise<void> {
  const options = { connectionString: service.url, pollInterval: 20, lease: '1s' } as const
  const inbox = mysqlInbox(options)
  const { receiver, until } = listen(inbox, { tenantKey: ({ id }) => id!.slice(0, 1) })
  const retry = fixed({ attempts: 3, delay: 20 })
  receiver.on(
    'thing.*',
    { name: 'all', retry, orderingKey: ({ id }) => id!.slice(0, 1) },
    async ({ id }, task) => {
      if (id === 'dead') throw new UnrecoverableError('no')
      if (task.attempt === 1 && id!.startsWith('r')) throw new Error('not yet')
      if (id === 'commit') await task.commit(() => undefined as never)
    },
  )
  receiver.on('thing.*', { name: 'plain' }, () => {})
  const ids = ['a1', 'a2', 'b1', 'r1', 'r2', 'dead', 'commit', 'a1']
  await Promise.all(ids.map((id) => receiver.receive(signed(id))))
  await until((heard) => ['r1', 'r2', 'commit'].every((id) => heard.includes(`done ${id}`)))
  const connection = await pool.getConnection()
  await connection.beginTransaction()
  await receiver.receive(signed('guest'), inTransaction(connection))
  await connection.commit()
  connection.release()
  await until((heard) => heard.includes('done guest') && heard.includes('dead dead'))
  await receiver.receive(signed('dead'))
  await until((heard) => heard.filter((one) => one === 'dead dead').length === 2)
  const { view, records } = inbox
  await view!.replay({ state: 'dead' })
  await until((heard) => heard.filter((one) => one === 'dead dead').length === 3)
  await view!.delete!({ state: 'dead' })
  await view!.erase!({ eventId: 'a1' })
  await records!.set('key', 1, 0)
  await records!.set('key', 2, 1)
  await records!.delete('key', 2)
  await view!.prune(Date.now() + 60_000)
  await receiver.close()
  await inbox.close()
}

/** Stores events, each with a done task, a guard and an attempt. */
async function fill({ pool }: Mariadb, count: number): Promise<void> {
  const tables = ['keys', 'events', 'tasks', 'attempts', 'guards', 'tenants', 'seq', 'steps']
  const made = `FROM seq_1_to_${Math.max(1, count)} WHERE ${count > 0 ? 'TRUE' : 'FALSE'}`
  const statements = [
    ...tables.map((name) => `TRUNCATE postern_${name}`),
    `INSERT INTO postern_keys (hash, id) SELECT UNHEX(MD5(seq)), seq ${made}`,
    `INSERT INTO postern_events (id, hash, received, receiver, \`key\`, topic, provider, packed)
     SELECT seq, UNHEX(MD5(seq)), seq, 'r', seq, 't', 'p', '' ${made}`,
    `INSERT INTO postern_tasks (id, due, lane, state, part) SELECT seq * 65536, seq, 1, 2, '' ${made}`,
    `INSERT INTO postern_attempts (task, seq, attempt, ended, outcome, process) SELECT seq * 65536, 1, 1, 1, 'retry', 1 ${made}`,
    `INSERT INTO postern_guards (hash, event, taken) SELECT UNHEX(MD5(seq)), UNHEX(MD5(seq)), 1 ${made}`,
    `INSERT INTO postern_tenants (lane, hash, turn) SELECT 1, UNHEX(MD5(seq)), 1 ${made}`,
    `INSERT INTO postern_seq (id) SELECT seq ${made}`,
    `INSERT INTO postern_steps (at, unseen) SELECT seq, 1 ${made}`,
    ...tables.map((name) => `ANALYZE TABLE postern_${name}`),
  ]
  await pool.query(statements.join('; '))
}
