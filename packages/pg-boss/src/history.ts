import {
  addMinutes,
  countKey,
  countsOf,
  DAY,
  floor,
  gaugeCounts,
  gaugeKey,
  HOUR,
  HOURS_KEPT,
  MINUTES_KEPT,
  packMinute,
  unpackMinute,
  type Counts,
  type MinuteCount,
  type MinuteGauge,
} from '@postern/core/inbox'
import { seriesIdOf } from './ids.ts'
import type { PgExecutor } from './pg.ts'

/** The value of a row of postern_history: counts or gauges of a minute or an hour, all series in one row. */
export type Span = 'minute' | 'hour' | 'gauge' | 'hour-gauge'

// Names come from outside: causes and codes. Series beyond this number are not counted.
const MOST_SERIES = 20_000

/** Adds counts to their minutes in the transaction of `client`; gauges replace earlier ones. */
export async function addHistory(
  client: PgExecutor,
  schema: string,
  minutes: readonly MinuteCount[],
  gauges: readonly MinuteGauge[],
): Promise<void> {
  // The name of a series as JSON: its escapes fit into a text column.
  const rows: readonly (readonly [Span, number, string, Counts])[] = [
    ...minutes.map(
      (one) => ['minute', one.minute, JSON.stringify(countKey(one)), countsOf(one)] as const,
    ),
    ...gauges.map(
      (one) => ['gauge', one.minute, JSON.stringify(gaugeKey(one)), gaugeCounts(one)] as const,
    ),
  ]
  if (rows.length === 0) return
  const numbers = await numberSeries(client, schema, new Set(rows.map(([, , name]) => name)))
  // All processes use one order, since each row stays locked until the end: no deadlocks.
  const groups = [...Map.groupBy(rows, ([span, at]) => `${span} ${at}`)]
  for (const [, group] of groups.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [span, at] = group[0]!
    await merge(
      client,
      schema,
      span,
      at,
      group.flatMap(([, , name, counts]) => {
        const series = numbers.get(name)
        return series === undefined ? [] : [new Map([[series, counts]])]
      }),
    )
  }
}

/** Adds to the row of a span. Other processes add to it as well: the row is locked. */
async function merge(
  client: PgExecutor,
  schema: string,
  span: Span,
  at: number,
  added: readonly ReadonlyMap<number, Counts>[],
): Promise<void> {
  const row = await client.executeSql(
    `INSERT INTO ${schema}.postern_history AS h (kind, at, data) VALUES ($1, $2, '')
     ON CONFLICT (kind, at) DO UPDATE SET data = h.data RETURNING data`,
    [span, at],
  )
  const known = unpackMinute(row.rows[0]!['data'] as Uint8Array)
  const sum = span.endsWith('gauge')
    ? new Map([known, ...added].flatMap((minute) => [...minute]))
    : addMinutes([known, ...added])
  await client.executeSql(
    `UPDATE ${schema}.postern_history SET data = $3 WHERE kind = $1 AND at = $2`,
    [span, at, Buffer.from(packMinute(sum))],
  )
}

/** Puts the minutes of one hour that is old enough together. False if there is none. */
export async function rollUp(client: PgExecutor, schema: string, now: number): Promise<boolean> {
  for (const [from, to] of [
    ['minute', 'hour'],
    ['gauge', 'hour-gauge'],
  ] as const) {
    const oldest = await client.executeSql(
      `SELECT min(at)::float8 AS at FROM ${schema}.postern_history WHERE kind = $1 AND at < $2`,
      [from, floor(now - MINUTES_KEPT, HOUR)],
    )
    const at = oldest.rows[0]!['at'] as number | null
    if (at === null) continue
    const hour = floor(at, HOUR)
    const { rows } = await client.executeSql(
      `WITH gone AS (DELETE FROM ${schema}.postern_history WHERE kind = $1 AND at >= $2 AND at < $3 RETURNING at, data)
       SELECT data FROM gone ORDER BY at`,
      [from, hour, hour + HOUR],
    )
    await merge(
      client,
      schema,
      to,
      hour,
      rows.map((row) => unpackMinute(row['data'] as Uint8Array)),
    )
    return true
  }
  await client.executeSql(
    `DELETE FROM ${schema}.postern_history WHERE kind LIKE 'hour%' AND at < $1`,
    [now - HOURS_KEPT],
  )
  await client.executeSql(`DELETE FROM ${schema}.postern_series WHERE day < $1`, [
    Math.floor((now - HOURS_KEPT) / DAY) - 1,
  ])
  return false
}

/** Numbers of series, by name; new ones get one. */
async function numberSeries(
  client: PgExecutor,
  schema: string,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  const keys = new Map([...names].map((name) => [seriesIdOf(name), name]))
  const sorted = [...keys.keys()].toSorted()
  const { rows } = await client.executeSql(
    `WITH known AS (
       SELECT s.id, s.key, s.day FROM ${schema}.postern_series s WHERE s.key = ANY($1::uuid[])),
     used AS (
       UPDATE ${schema}.postern_series s SET day = $3 FROM known k WHERE s.key = k.key AND k.day < $3),
     fresh AS (
       INSERT INTO ${schema}.postern_series (key, name, day)
       SELECT n.key, n.name, $3 FROM unnest($1::uuid[], $2::text[]) AS n(key, name)
       WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.key = n.key)
         AND (SELECT count(*) FROM ${schema}.postern_series) < ${MOST_SERIES} ORDER BY n.key
       ON CONFLICT (key) DO UPDATE SET day = EXCLUDED.day RETURNING id, key)
     SELECT id, key FROM known UNION ALL SELECT id, key FROM fresh`,
    [sorted, sorted.map((key) => keys.get(key)), Math.floor(Date.now() / DAY)],
  )
  return new Map(rows.map((row) => [keys.get(row['key'] as string)!, row['id'] as number]))
}
