import {
  HOUR,
  MINUTE,
  unpackMinute,
  type Bucket,
  type Buckets,
  type HistoryRange,
  type SeriesKey,
} from '@postern/core/inbox'
import type { Span } from './history.ts'
import type { PgExecutor } from './pg.ts'

/** Reads the history of a range into its buckets: of the last two days by minute, before that by hour. */
export async function bucketsOf(
  client: PgExecutor,
  schema: string,
  range: HistoryRange,
  buckets: Buckets,
): Promise<readonly Bucket[]> {
  const spans: readonly [Span, Span] =
    range.kind === 'gauge' ? ['gauge', 'hour-gauge'] : ['minute', 'hour']
  const series = await seriesOf(client, schema, buckets)
  const { rows } = await client.executeSql(
    `SELECT at::float8 AS at, data FROM ${schema}.postern_history
     WHERE at < $3 AND ((kind = $1 AND at >= $4) OR (kind = $2 AND at >= $5)) ORDER BY at`,
    [...spans, range.to, buckets.first(MINUTE), buckets.first(HOUR)],
  )
  for (const row of rows)
    for (const [number, counts] of unpackMinute(row['data'] as Uint8Array)) {
      const key = series.get(number)
      if (key) buckets.add(row['at'] as number, key, counts)
    }
  return buckets.all()
}

async function seriesOf(
  client: PgExecutor,
  schema: string,
  buckets: Buckets,
): Promise<ReadonlyMap<number, SeriesKey>> {
  const { rows } = await client.executeSql(`SELECT id, name FROM ${schema}.postern_series`)
  return new Map(
    rows
      .map((row) => [row['id'] as number, JSON.parse(row['name'] as string) as SeriesKey] as const)
      .filter(([, key]) => buckets.wants(key)),
  )
}
