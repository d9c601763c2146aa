import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { startPostgres } from '../services/postgres.ts'
import { crashRun, type CrashReport } from './crash.ts'

/** What a crash run of postgresInbox found. */
export interface PostgresCrashReport extends CrashReport {
  /** Effects of `task.commit` that are there twice or more. */
  readonly doubleEffects: number
  /** Settled tasks without their effect. */
  readonly missingEffects: number
}

const TASKS = `postern_tasks t JOIN postern_lanes l ON l.id = t.lane JOIN postern_events e ON e.id = t.id / 65536`

/** Kills processes that share one PostgreSQL, for a number of rounds or minutes. */
export async function postgresCrashRun(
  rounds: number,
  minutes?: number,
): Promise<PostgresCrashReport> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-crash-'))
  const journal = join(folder, 'journal')
  const postgres = await startPostgres()
  const program = fileURLToPath(new URL('postgres-victim.ts', import.meta.url))
  const pool = new pg.Pool({ connectionString: postgres.url })
  // A session that is closing still hears that the server stops.
  pool.on('error', () => {})
  try {
    await pool.query('CREATE TABLE effects (id text)')
    const report = await crashRun(
      {
        victim: [program, postgres.url, journal],
        journal,
        settled: () =>
          column(`SELECT l.name || ' ' || e.event_id AS value FROM ${TASKS} WHERE t.state = 2`),
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
    await pool.end()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }

  async function column(query: string): Promise<string[]> {
    const { rows } = await pool.query<{ value: unknown }>(query)
    return rows.map((row) => String(row.value))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? process.env['CRASH_ROUNDS'] ?? 50)
  console.table({ PostgreSQL: await postgresCrashRun(rounds) })
}
