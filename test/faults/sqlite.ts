import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crashRun, type CrashReport } from './crash.ts'

export interface SqliteCrashReport extends CrashReport {
  /** Effects of `task.commit` that exist more than once. */
  readonly doubleEffects: number
  /** Completed tasks without their effect. */
  readonly missingEffects: number
  /** Result of `PRAGMA integrity_check`. */
  readonly integrity: string
}

/** Kills processes that share one SQLite file, for a number of rounds or minutes. */
export async function sqliteCrashRun(rounds: number, minutes?: number): Promise<SqliteCrashReport> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-crash-'))
  const path = join(folder, 'inbox.db')
  const journal = join(folder, 'journal')
  const program = fileURLToPath(new URL('sqlite-victim.ts', import.meta.url))
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; CREATE TABLE effects (id TEXT)')
    const report = await crashRun(
      {
        victim: [program, path, journal],
        journal,
        settled: () =>
          column(
            `SELECT l.name || ' ' || e.event_id AS value FROM postern_tasks t
             JOIN postern_events e ON e.id = t.id >> 16 JOIN postern_lanes l ON l.id = t.lane WHERE t.state = 2`,
          ),
        running: () =>
          Number(
            column(
              `SELECT (SELECT count(*) FROM postern_tasks WHERE state = 1)
                    + (SELECT count(*) FROM postern_claimed) AS value`,
            )[0],
          ),
        subscriptions: ['plain', 'shaky', 'exact'],
      },
      rounds,
      minutes,
    )
    return {
      ...report,
      doubleEffects: column('SELECT id AS value FROM effects GROUP BY id HAVING count(*) > 1')
        .length,
      missingEffects: column(
        `SELECT e.event_id AS value FROM postern_tasks t JOIN postern_events e ON e.id = t.id >> 16
         JOIN postern_lanes l ON l.id = t.lane WHERE l.name = 'exact' AND t.state = 2
         AND e.event_id NOT IN (SELECT id FROM effects)`,
      ).length,
      integrity: column('SELECT integrity_check AS value FROM pragma_integrity_check').join(),
    }
  } finally {
    db.close()
    rmSync(folder, { recursive: true, force: true })
  }

  function column(query: string): string[] {
    return db
      .prepare(query)
      .all()
      .map((row) => String(row['value']))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const rounds = Number(process.argv[2] ?? process.env['CRASH_ROUNDS'] ?? 200)
  console.table({ sqlite: await sqliteCrashRun(rounds) })
}
