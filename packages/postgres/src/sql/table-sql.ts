import { Buffer } from 'node:buffer'
import { storable, type TableSql, type WriteSql } from '@postern/core/engine'
import type { Sql } from '../store/pg.ts'
import { ints, texts } from './lines.ts'

/** Runs the engine's statements. Values are parameters, so that few different statements are prepared. */
export function tableSql(sql: Sql): TableSql {
  return {
    rows: (write) => run(write, (text) => text),
    change: async (write) => (await run(write, (text) => `${text} RETURNING 1`)).length,
    add: (table, columns, write) =>
      run(
        write,
        (row) =>
          `INSERT INTO $.postern_${table} (${columns.join()}) VALUES (${row}) ON CONFLICT DO NOTHING`,
      ),
    drop: async (table, where) =>
      (await run(where, (condition) => `DELETE FROM ${from(table)} WHERE ${condition} RETURNING 1`))
        .length,
    from,
  }

  async function run<Row>(
    write: WriteSql,
    whole: (text: string) => string,
  ): Promise<readonly Row[]> {
    const values: unknown[] = []
    const add = (value: unknown): string => `$${values.push(value)}`
    const text = await write({
      text: (value) => add(storable(value)),
      whole: (value) => `${add(value)}::bigint`,
      number: (value) => `${add(value)}::float8`,
      bytes: (value) => `${add(Buffer.from(value))}::bytea`,
      hash: (value) => `${add(value)}::uuid`,
      startsWith: (column, prefix) => `starts_with(${column}, ${add(prefix)})`,
      among: (column, all) => `${column} = ANY(${add(ints(all))}::bigint[])`,
      amongTexts: (column, all) => `${column} = ANY(${add(texts(all))}::text[])`,
      amongHashes: (column, hashes) => `${column} = ANY(${add(`{${hashes.join()}}`)}::uuid[])`,
    })
    return sql(whole(text), values)
  }
}

function from(table: string): string {
  return `$.postern_${table} r`
}
