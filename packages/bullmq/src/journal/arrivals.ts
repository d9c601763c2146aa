import {
  packKept,
  readableArrival,
  unpackKept,
  type Arrival,
  type DeliveryFilter,
} from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parsed } from '@postern/core/inbox'

/** A ring of verified deliveries, or of the others: strangers fill only theirs. */
type RingName = 'v' | 'u'

/** Bounds of a ring. */
interface Bounds {
  readonly rows: number
  readonly bytes: number
}

const BOUNDS: Readonly<Record<RingName, Bounds>> = {
  v: { rows: 100_000, bytes: 32 * 1024 * 1024 },
  // With all slots of what is kept for six codes.
  u: { rows: 10_000, bytes: 40 * 1024 * 1024 },
}
const KEPT_FOR = 14 * 86_400_000
// Rows of one script, which blocks Redis while it runs.
const STEP = 50

/** The store of arrivals. */
interface ArrivalContext {
  readonly client: RedisClient
  readonly prefix: string
}

/** Adds deliveries to their rings, which stay within their bounds. */
export async function addArrivals(
  { client, prefix }: ArrivalContext,
  arrived: readonly Arrival[],
): Promise<void> {
  for (const ring of ['v', 'u'] as const) {
    const its = arrived.filter(({ verified }) => verified === (ring === 'v'))
    const { rows, bytes } = BOUNDS[ring]
    for (let at = 0; at < its.length; at += STEP) {
      const args = its.slice(at, at + STEP).flatMap(argumentsOf)
      const oldest = Date.now() - KEPT_FOR
      await runScript(client, 'posternArrive', prefix, ring, rows, bytes, oldest, ...args)
    }
  }
}

/** One delivery, with its head and body if they were kept. */
export async function oneArrival(
  { client, prefix }: ArrivalContext,
  id: string,
): Promise<Arrival | undefined> {
  for (const ring of ['v', 'u'] as const) {
    const row = await client.hget(`${prefix}:arrived:${ring}`, id)
    if (row === null) continue
    const kept = await client.hgetBuffer(`${prefix}:kept:${ring}`, id)
    const arrival = arrivalOf(row, id, await client.zscore(`${prefix}:arrivals:${ring}`, id))
    return kept ? { ...arrival, kept: unpackKept(kept) } : arrival
  }
  return undefined
}

/** Deliveries of one ring, newest first, from a time and id on (behind them), in pages. */
export async function* arrivalsOf(
  { client, prefix }: ArrivalContext,
  ring: RingName,
  { since, until }: Pick<DeliveryFilter, 'since' | 'until'>,
  start: { readonly at: number; readonly id: string } | undefined,
): AsyncGenerator<readonly Arrival[]> {
  const least = since ?? '-inf'
  let highest =
    start && start.at < (until ?? Infinity)
      ? String(start.at)
      : until === undefined
        ? '+inf'
        : `(${until}`
  let behind = start
  for (;;) {
    const found: (readonly [id: string, at: string])[] = []
    let skip = 0
    let size: number
    do {
      const ids = await client.zrevrangebyscore(
        `${prefix}:arrivals:${ring}`,
        highest,
        least,
        'WITHSCORES',
        'LIMIT',
        skip,
        PAGE,
      )
      size = ids.length / 2
      skip += size
      for (let at = 0; at < ids.length; at += 2)
        if (!behind || Number(ids[at + 1]) < behind.at || ids[at]! < behind.id)
          found.push([ids[at]!, ids[at + 1]!])
    } while (size === PAGE && found.length === 0)
    if (found.length === 0) return
    const names = found.map(([id]) => id)
    const texts = await client.hmget(`${prefix}:arrived:${ring}`, ...names)
    const rows = texts.flatMap((text, at) => (text === null ? [] : arrivalOf(text, ...found[at]!)))
    const last = rows.at(-1)
    if (!last) return
    yield rows
    behind = last
    highest = String(last.at)
  }
}

/** One that cannot be read is shown by its time. */
function arrivalOf(text: string, id: string, at: string | null): Arrival {
  return readableArrival(parsed(text), id, Number(at))
}

const PAGE = 200

function argumentsOf({ kept, slot, ...row }: Arrival): readonly (string | number | Uint8Array)[] {
  const place = kept ? (slot ?? JSON.stringify([row.receiver, row.code ?? ''])) : ''
  return [row.id, row.at, JSON.stringify(row), kept ? packKept(kept) : '', place]
}
