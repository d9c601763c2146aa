import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { startMariadb } from '../services/mariadb.ts'
import { startPostgres } from '../services/postgres.ts'
import { crashRun, type CrashReport } from './crash.ts'

export interface ServerCrashReport extends CrashReport {
  /** Effects of `task.commit` that exist more than once. */
  readonly doubleEffects: number
  /** Completed tasks without their effect. */
  readonly missingEffects: number
}

const TASKS = `postern_tasks t JOIN postern_lanes l ON l.id = t.lane JOIN postern_events e ON e.id = floor(t.id / 65536)`

interface CrashServer {
  readonly url: string
  readonly victim: string
  /** Returns the values of the column `value`; none for a statement without rows. */
  readonly column: (statement: string) => Promise<string[]>
}

/** Kills processes that share one PostgreSQL, for a number of rounds or minutes. */
export async function postgresCrashRun(
  rounds: number,
  minutes?: number,
): Promise<ServerCrashReport> {
  const postgres = await startPostgres()
  const pool = new pg.Pool({ connectionString: postgres.url })
  // A closing session still gets the error of the stopping server.
  pool.on('error', () => {})
  try {
    const column = async (query: string): Promise<string[]> =>
      (await pool.query<{ value: unknown }>(query)).rows.map((row) => String(row.value))
    return await serverCrashRun(
      { url: postgres.url, victim: 'postgres-victim.ts', column },
      rounds,
      minutes,
    )
  } finally {
    await pool.end()
    await postgres.stop()
  }
}

/** Kills processes that share one MariaDB. */
export async function mysqlCrashRun(rounds: number, minutes?: number): Promise<ServerCrashReport> {
  const mariadb = await startMariadb()
  const pool = createPool({ uri: mariadb.url })
  try {
    const column = async (query: string): Promise<string[]> => {
      const [rows] = await pool.query(query)
      return Array.isArray(rows)
        ? (rows as unknown as readonly { readonly value: unknown }[]).map((row) =>
            String(row.value),
          )
        : []
    }
    return await serverCrashRun(
      { url: mariadb.url, victim: 'mysql-victim.ts', column },
      rounds,
      minutes,
    )
  } finally {
    await pool.end()
    await mariadb.stop()
  }
}

async function serverCrashRun(
  { url, victim, column }: CrashServer,
  rounds: number,
  minutes?: number,
): Promise<ServerCrashReport> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-crash-'))
  const journal = join(folder, 'journal')
  try {
    await column('CREATE TABLE effects (id text)')
    const report = await crashRun(
      {
        victim: [fileURLToPath(new URL(victim, import.meta.url)), url, journal],
        journal,
        settled: () =>
          column(`SELECT concat(l.name, ' ', e.event_id) AS value FROM ${TASKS} WHERE t.state = 2`),
        running: async () =>
          Number((await column(`SELECT count(*) AS value FROM ${TASKS} WHERE t.state = 1`))[0]),
        subscriptions: ['plain', 'shaky', 'exact'],
      },
      rounds,
      minutes,
    )
    const double = await column('SELECT id AS value FROM effects GROUP BY id HAVING count(*) > 1')
    const missing = await column(
      `SELECT e.event_id AS value FROM ${TASKS} WHERE l.name = 'exact' AND t.state = 2
       AND NOT EXISTS (SELECT 1 FROM effects f WHERE f.id = e.event_id)`,
    )
    return { ...report, doubleEffects: double.length, missingEffects: missing.length }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? process.env['CRASH_ROUNDS'] ?? 50)
  console.table({ PostgreSQL: await postgresCrashRun(rounds) })
}
