import type { Json } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { unavailable } from './errors.ts'

/** Keyed values in the database. */
export function createRecords(engine: Engine): Records {
  const table = `${engine.settings.schema}.postern_records`

  return {
    async get(key) {
      const [row] = await run(`SELECT value, version FROM ${table} WHERE key = $1`, [key])
      return row && { value: JSON.parse(row.value) as Json, version: row.version }
    },
    async set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      const changed =
        expected === 0
          ? await run(
              `INSERT INTO ${table} (key, value, version) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING RETURNING version`,
              [key, text],
            )
          : await run(
              `UPDATE ${table} SET value = $2, version = version + 1 WHERE key = $1 AND version = $3 RETURNING version`,
              [key, text, expected],
            )
      return changed.length === 1
    },
    async delete(key, expected) {
      const gone = await run(
        `DELETE FROM ${table} WHERE key = $1 AND version = $2 RETURNING version`,
        [key, expected],
      )
      return gone.length === 1
    },
    async list(prefix) {
      const rows = await run(
        `SELECT key, value, version FROM ${table} WHERE starts_with(key, $1) ORDER BY key`,
        [prefix],
      )
      return rows.map(({ key, value, version }) => ({
        key,
        value: JSON.parse(value) as Json,
        version,
      }))
    },
  }

  async function run(text: string, values: unknown[]): Promise<readonly Row[]> {
    try {
      await engine.ready()
      return (await engine.db.executeSql(text, values)).rows as unknown as Row[]
    } catch (error) {
      throw unavailable(error)
    }
  }
}

interface Row {
  readonly key: string
  readonly value: string
  readonly version: number
}
