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

/** When events arrived; those that are forgotten are left out. */
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
  return places
}

/** Newest first, or oldest first. */
export type Order = 1 | -1

/** Negative if one place comes before another. */
function compare(one: KeptPlace, other: KeptPlace, order: Order): number {
  const event = one.event === other.event ? 0 : one.event < other.event ? 1 : -1
  return order * (other.at - one.at || event)
}

/**
 * Pages of events in an order, from a place on; that place itself comes again. They are those given, or all events that
 * arrived within the filter's times.
 */
export async function* pagesOf(
  places: readonly KeptPlace[] | undefined,
  start: KeptPlace | undefined,
  context?: PlaceContext,
  filter?: TaskFilter,
  order: Order = 1,
): AsyncGenerator<readonly KeptPlace[]> {
  if (!places) {
    yield* throughIndex(context!, filter ?? {}, start, order)
    return
  }
  const ahead = places
    .filter((place) => !start || compare(start, place, order) <= 0)
    .sort((one, other) => compare(one, other, order))
  for (let at = 0; at < ahead.length; at += STEP) yield ahead.slice(at, at + STEP)
}

async function* throughIndex(
  context: PlaceContext,
  { after, before }: TaskFilter,
  start: KeptPlace | undefined,
  order: Order,
): AsyncGenerator<readonly KeptPlace[]> {
  const least = after === undefined ? '-inf' : `(${after}`
  const most = before === undefined ? '+inf' : `(${before}`
  // An offset shifts while events are forgotten, so each step begins at the place where the last one ended.
  let from = start
  let again = start !== undefined
  for (;;) {
    const inside =
      from !== undefined && from.at > (after ?? -Infinity) && from.at < (before ?? Infinity)
    const [first, last] = order === 1 ? [most, least] : [least, most]
    const bounds = [inside ? String(from!.at) : first, last] as const
    const rows = await page(context, bounds, from, again, order)
    if (rows.length === 0) return
    from = rows.at(-1)!
    again = false
    yield rows
  }
}

/** The next events between two times, behind the event given, or with it. */
async function page(
  { client, prefix, index = 'index' }: PlaceContext,
  bounds: readonly [from: string, to: string],
  from: KeptPlace | undefined,
  again: boolean,
  order: Order,
): Promise<readonly KeptPlace[]> {
  const rows: KeptPlace[] = []
  const key = `${prefix}:${index}`
  for (let skip = 0; rows.length < STEP; skip += STEP) {
    const args = [key, ...bounds, 'WITHSCORES', 'LIMIT', skip, STEP] as const
    const found =
      order === 1 ? await client.zrevrangebyscore(...args) : await client.zrangebyscore(...args)
    for (let at = 0; at < found.length; at += 2) {
      const place = { event: found[at]!, at: Number(found[at + 1]) }
      const behind = from ? compare(from, place, order) : -1
      if (behind < 0 || (again && behind === 0)) rows.push(place)
    }
    if (found.length < 2 * STEP) break
  }
  return rows
}
