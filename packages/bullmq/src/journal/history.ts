import { Buffer } from 'node:buffer'
import {
  addCounts,
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
  seriesKey,
  SPAN_GONE,
  unpackMinute,
  type Counts,
  type Minute,
  type MinuteCount,
  type MinuteGauge,
  type SeriesKey,
  type UnreadTeller,
} from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'

/** The store of history. */
export interface HistoryContext {
  readonly client: RedisClient
  readonly prefix: string
  readonly unread: UnreadTeller
}

/** Hashes of packed spans: minutes by hour for two days, hours by day for thirty. */
export type SpanHash = 'minutes' | 'gauges' | 'hours' | 'hour-gauges'

// How long minutes wait for a process that packs them into hours.
const UNROLLED = 7 * DAY
// Names come from outside: causes and codes.
const MOST_SERIES = 5000

/** Adds counts to their minutes; gauges replace earlier ones. */
export async function addHistory(
  context: HistoryContext,
  minutes: readonly MinuteCount[],
  gauges: readonly MinuteGauge[],
): Promise<void> {
  for (const [minute, rows] of byMinute(minutes))
    await merge(
      context,
      'minutes',
      minute,
      await numbered(context, minute, rows, countKey, countsOf),
    )
  for (const [minute, rows] of byMinute(gauges))
    await merge(
      context,
      'gauges',
      minute,
      await numbered(context, minute, rows, gaugeKey, gaugeCounts),
    )
}

/** Adds packed counts to a field that other processes add to as well. */
async function merge(
  context: HistoryContext,
  span: SpanHash,
  at: number,
  added: ReadonlyMap<number, Counts>,
): Promise<void> {
  if (added.size === 0) return
  const { client, prefix } = context
  const wide = span === 'hours' || span === 'hour-gauges'
  const width = wide ? DAY : HOUR
  const start = floor(at, width)
  const name = `${span}:${start}`
  const goes = start + width + (wide ? HOURS_KEPT : MINUTES_KEPT + UNROLLED)
  for (;;) {
    const before = await client.hgetBuffer(`${prefix}:${name}`, String(at))
    const all = new Map(before ? minuteOf(context, name, at, before) : [])
    for (const [series, counts] of added) {
      const known = span === 'minutes' ? all.get(series) : undefined
      all.set(series, known ? addCounts([known, counts]) : counts)
    }
    // The client writes a Buffer as bytes, but not a Uint8Array.
    const args = [name, at, before ?? '', Buffer.from(packMinute(all)), goes] as const
    if ((await runScript(client, 'posternSwap', prefix, ...args)) === 1) return
  }
}

/** Puts minutes that are old enough together to hours. */
export async function rollUp(context: HistoryContext, now: number): Promise<void> {
  const { client, prefix } = context
  const last = now - MINUTES_KEPT
  for (let hour = floor(last, HOUR) - UNROLLED; hour + HOUR <= last; hour += HOUR)
    for (const [from, to] of [
      ['minutes', 'hours'],
      ['gauges', 'hour-gauges'],
    ] as const) {
      const fields = await spansOf(context, from, hour)
      if (fields.length === 0) continue
      const sum = new Map<number, Counts>()
      for (const [, minute] of fields)
        for (const [series, counts] of minute) {
          const known = from === 'minutes' ? sum.get(series) : undefined
          sum.set(series, known ? addCounts([known, counts]) : counts)
        }
      // The same minutes make the same hour: if the process dies in between, another one does the work again.
      await merge(context, to, hour, sum)
      await client.del(`${prefix}:${from}:${hour}`)
    }
}

/** The packed spans of a hash, oldest first. */
export async function spansOf(
  context: HistoryContext,
  span: SpanHash,
  start: number,
): Promise<readonly (readonly [at: number, counts: ReadonlyMap<number, Counts>])[]> {
  const { client, prefix } = context
  const name = `${span}:${start}`
  const fields = (await client.hgetallBuffer(`${prefix}:${name}`)) as Record<string, Buffer>
  return Object.entries(fields)
    .map(([at, bytes]) => [Number(at), minuteOf(context, name, at, bytes)] as const)
    .sort(([one], [other]) => one - other)
}

/** Names of the series of a day, by number. */
export async function seriesOf(
  { client, prefix, unread }: HistoryContext,
  day: number,
): Promise<ReadonlyMap<number, SeriesKey>> {
  const table = await client.hgetall(`${prefix}:series:${day}`)
  return new Map(
    Object.entries(table).flatMap(([name, number]) => {
      const what = `the name of series ${number} of day ${day} of the history`
      const key = unread.or(() => seriesKey(name), undefined, what, SPAN_GONE)
      return key ? [[Number(number), key] as const] : []
    }),
  )
}

function minuteOf(
  { unread }: HistoryContext,
  name: string,
  at: number | string,
  bytes: Uint8Array,
): Minute {
  const what = `the span ${name} at ${at} of the history`
  return unread.or(() => unpackMinute(bytes), new Map(), what, SPAN_GONE)
}

async function numbered<Row>(
  { client, prefix }: HistoryContext,
  minute: number,
  rows: readonly Row[],
  key: (row: Row) => SeriesKey,
  counts: (row: Row) => Counts,
): Promise<ReadonlyMap<number, Counts>> {
  const day = floor(minute, DAY)
  const args = [
    day,
    MOST_SERIES,
    day + DAY + HOURS_KEPT + DAY,
    ...rows.map((row) => JSON.stringify(key(row))),
  ]
  const numbers = (await runScript(client, 'posternSeries', prefix, ...args)) as readonly number[]
  const added = new Map<number, Counts>()
  for (const [at, row] of rows.entries()) {
    const number = numbers[at]!
    if (number === 0) continue
    const known = added.get(number)
    added.set(number, known ? addCounts([known, counts(row)]) : counts(row))
  }
  return added
}

function byMinute<Row extends { readonly minute: number }>(
  rows: readonly Row[],
): ReadonlyMap<number, readonly Row[]> {
  const oldest = Date.now() - MINUTES_KEPT
  const groups = new Map<number, Row[]>()
  for (const row of rows) {
    const { minute } = row
    const group = groups.get(minute)
    if (group) group.push(row)
    else if (minute > oldest) groups.set(minute, [row])
  }
  return groups
}
