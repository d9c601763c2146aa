import type { TableSql, WriteSql } from '@postern/core/engine'
import type { Sql } from '../store/connection.ts'
import { hexes, list, literal } from './lines.ts'

const texts = (values: readonly string[]): string => values.map(literal).join() || 'NULL'

const VALUES: Parameters<WriteSql>[0] = {
  text: literal,
  whole: String,
  number: String,
  hash: (hash) => `x'${hash}'`,
  bytes: (value) => `x'${Buffer.from(value).toString('hex')}'`,
  startsWith: (column, prefix) =>
    `${column} >= ${literal(prefix)} AND LEFT(${column}, LENGTH(${literal(prefix)})) = ${literal(prefix)}`,
  among: (column, values) => `${column} IN (${list(values)})`,
  amongTexts: (column, values) => `${column} IN (${texts(values)})`,
  amongHashes: (column, hashes) => `${column} IN (${hexes(hashes)})`,
}

/** Runs the engine's statements. Values are in the text as literals. */
export function tableSql(sql: Sql): TableSql {
  const run = async (text: string): Promise<number> => (await sql.run(text))?.changed ?? 0
  return {
    rows: async (write) => sql.rows(await write(VALUES)),
    change: async (write) => run(await write(VALUES)),
    add: async (table, columns, write) =>
      run(
        `INSERT INTO $.postern_${table} (${columns.join()}) VALUES (${await write(VALUES)}) ON DUPLICATE KEY UPDATE ${columns[0]!} = ${columns[0]!}`,
      ),
    drop: async (table, where, index) =>
      run(`DELETE r FROM ${from(table, index)} WHERE ${await where(VALUES)}`),
    from,
  }
}

function from(table: string, index = 'PRIMARY'): string {
  return `$.postern_${table} r FORCE INDEX (${index})`
}
