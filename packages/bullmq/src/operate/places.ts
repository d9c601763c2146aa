import type { TaskFilter } from '@postern/core/inbox'
import type { RedisClient } from '../store/connection.ts'

/** An event and when it arrived, in milliseconds since 1970. */
export interface KeptPlace {
  readonly at: number
  readonly event: string
}

interface PlaceContext {
  readonly client: RedisClient
  readonly prefix: string
  /** The sorted set of events by the time they arrived. @default 'index' */
  readonly index?: 'index' | 'passing'
}

// Events of one step, which blocks Redis.
const STEP = 100
const SCORES = 1000

/** When events arrived, newest first; those that are forgotten are left out. */
export async function keptPlacesOf(
  { client, prefix }: PlaceContext,
  events: readonly string[],
): Promise<readonly KeptPlace[]> {
  const places: KeptPlace[] = []
  for (let at = 0; at < events.length; at += SCORES) {
    const step = events.slice(at, at + SCORES)
    const scores = await client.zmscore(`${prefix}:index`, ...step)
    step.forEach((event, index) => {
      const score = scores[index]
      if (score != null) places.push({ event, at: Number(score) })
    })
  }
  return places.sort((a, b) => b.at - a.at || (a.event < b.event ? 1 : -1))
}

/**
 * Pages of events, newest first, from a place on; that place itself comes again. They are those given, or all events that
 * arrived within the filter's times.
 */
export async function* pagesOf(
  places: readonly KeptPlace[] | undefined,
  start: KeptPlace | undefined,
  context?: PlaceContext,
  filter?: TaskFilter,
): AsyncGenerator<readonly KeptPlace[]> {
  if (!places) {
    yield* throughIndex(context!, filter ?? {}, start)
    return
  }
  const ahead = start
    ? places.filter(({ at, event }) => at < start.at || (at === start.at && event <= start.event))
    : places
  for (let at = 0; at < ahead.length; at += STEP) yield ahead.slice(at, at + STEP)
}

async function* throughIndex(
  context: PlaceContext,
  filter: TaskFilter,
  start: KeptPlace | undefined,
): AsyncGenerator<readonly KeptPlace[]> {
  const least = filter.after === undefined ? '-inf' : `(${filter.after}`
  const most = filter.before === undefined ? Infinity : filter.before
  // An offset shifts while events are forgotten, so each step begins at the place where the last one ended.
  let from: KeptPlace | undefined = start
  let again = start !== undefined
  for (;;) {
    const highest =
      from !== undefined && from.at < most
        ? String(from.at)
        : most === Infinity
          ? '+inf'
          : `(${most}`
    const rows = await page(context, highest, least, from, again)
    if (rows.length === 0) return
    from = rows.at(-1)!
    again = false
    yield rows
  }
}

/** The next events at or before a time, and at that time behind the event given, or with it. */
async function page(
  { client, prefix, index = 'index' }: PlaceContext,
  highest: string,
  least: string,
  from: KeptPlace | undefined,
  again: boolean,
): Promise<readonly KeptPlace[]> {
  const rows: KeptPlace[] = []
  for (let skip = 0; rows.length < STEP; skip += STEP) {
    const found = await client.zrevrangebyscore(
      `${prefix}:${index}`,
      highest,
      least,
      'WITHSCORES',
      'LIMIT',
      skip,
      STEP,
    )
    for (let at = 0; at < found.length; at += 2) {
      const place = { event: found[at]!, at: Number(found[at + 1]) }
      const behind =
        from === undefined ||
        place.at < from.at ||
        place.event < from.event ||
        (again && place.event === from.event)
      if (behind) rows.push(place)
    }
    if (found.length < 2 * STEP) break
  }
  return rows
}
