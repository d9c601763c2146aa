import {
  addCounts,
  unpackMinute,
  type Bucket,
  type CountKind,
  type Counts,
  type HistoryRange,
} from '@postern/core/inbox'
import { floor, HOUR, MINUTE, type SeriesKey, type Span } from './history.ts'
import type { PgExecutor } from './pg.ts'

interface Cell {
  readonly from: number
  readonly series: SeriesKey
  counts: Counts
}

// Steps of one answer.
const MOST = 10_000

/** Throws a `TypeError` for a range that cannot be answered. */
export function checkRange({ from, to, step }: HistoryRange): void {
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to))
    throw new TypeError(
      `history: from and to must be milliseconds since 1970 in that order, got ${String(from)} and ${String(to)}`,
    )
  if (!(step >= MINUTE && step % MINUTE === 0))
    throw new TypeError(`history: step must be whole minutes in milliseconds, got ${String(step)}`)
  if ((to - from) / step > MOST)
    throw new TypeError(
      `history: ${Math.ceil((to - from) / step)} steps are more than ${MOST}; take a wider step`,
    )
}

/** The history of a range: of the last two days by minute, before that by hour. */
export async function bucketsOf(
  client: PgExecutor,
  schema: string,
  range: HistoryRange,
): Promise<readonly Bucket[]> {
  const { from, to, step, kind = 'delivery', by = 'outcome' } = range
  const gauge = kind === 'gauge'
  const spans: readonly [Span, Span] = gauge ? ['gauge', 'hour-gauge'] : ['minute', 'hour']
  const wanted = await seriesOf(
    client,
    schema,
    ([itsKind, itsBy, , receiver, subscription]) =>
      itsKind === kind &&
      (gauge || itsBy === by) &&
      (range.receiver === undefined || range.receiver === receiver) &&
      (range.subscription === undefined || range.subscription === subscription),
  )
  const { rows } = await client.executeSql(
    `SELECT at::float8 AS at, data FROM ${schema}.postern_history
     WHERE at < $3 AND ((kind = $1 AND at >= $4) OR (kind = $2 AND at >= $5)) ORDER BY at`,
    [...spans, to, floor(from, MINUTE), floor(from, HOUR)],
  )
  const cells = new Map<string, Cell>()
  for (const row of rows) {
    const at = row['at'] as number
    for (const [number, counts] of unpackMinute(row['data'] as Uint8Array)) {
      const series = wanted.get(number)
      if (!series) continue
      const start = from + floor(Math.max(0, at - from), step)
      const key = `${start} ${number}`
      const known = cells.get(key)
      if (!known) cells.set(key, { from: start, series, counts })
      // The last gauge counts.
      else known.counts = gauge ? counts : addCounts([known.counts, counts])
    }
  }
  return [...cells.values()].map(toBucket).toSorted((a, b) => a.from - b.from)
}

async function seriesOf(
  client: PgExecutor,
  schema: string,
  wanted: (series: SeriesKey) => boolean,
): Promise<ReadonlyMap<number, SeriesKey>> {
  const { rows } = await client.executeSql(`SELECT id, name FROM ${schema}.postern_series`)
  return new Map(
    rows
      .map((row) => [row['id'] as number, JSON.parse(row['name'] as string) as SeriesKey] as const)
      .filter(([, series]) => wanted(series)),
  )
}

function toBucket({ from, series, counts: { count, sum, max, histogram } }: Cell): Bucket {
  const [kind, by, value, receiver, subscription] = series
  if (kind === 'gauge')
    return {
      kind,
      from,
      receiver: receiver!,
      subscription: subscription!,
      pending: count,
      running: sum,
      dead: max,
      oldest: histogram[0]?.[1],
    }
  return {
    from,
    receiver: receiver!,
    ...(subscription !== null && { subscription: subscription! }),
    kind: kind as CountKind,
    by: by as 'outcome' | 'code' | 'cause',
    value: value!,
    count,
    sum,
    max,
    histogram,
  }
}
