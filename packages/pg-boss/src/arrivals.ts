import { decodeKept, encodeKept, type Arrival, type DeliveryFilter } from '@postern/core/inbox'
import { withBodies } from './bodies.ts'
import { storable } from './encode.ts'
import { numbered } from './filter.ts'
import type { PgExecutor } from './pg.ts'

/** Bounds of a ring of deliveries. */
export interface RingBounds {
  readonly rows: number
  readonly bytes: number
}

/** Bounds of the two rings: strangers fill only theirs. */
export interface Rings {
  readonly verified: RingBounds
  readonly unverified: RingBounds
  /** How long a delivery is kept in either, in milliseconds. */
  readonly age: number
}

export const RINGS: Rings = {
  verified: { rows: 100_000, bytes: 64 * 1024 * 1024 },
  unverified: { rows: 10_000, bytes: 16 * 1024 * 1024 },
  age: 14 * 86_400_000,
}

// Refused deliveries of one receiver and code that keep head and body.
const KEPT = 3
// Bytes of a row beside its strings.
const OVERHEAD = 200

/** Stores deliveries. */
export async function addArrivals(
  client: PgExecutor,
  schema: string,
  arrived: readonly Arrival[],
): Promise<void> {
  if (arrived.length === 0) return
  await client.executeSql(
    `INSERT INTO ${schema}.postern_arrivals (id, at, verified, receiver, provider, outcome, code, size, row, kept, body)
     SELECT id, at, verified, receiver, provider, outcome, code, length(row) + COALESCE(length(kept), 0) + size + ${OVERHEAD},
       row, kept, CASE WHEN kept IS NOT NULL THEN substring($2::bytea FROM start + 1 FOR size) END
     FROM json_to_recordset($1::json) AS a(id text, at bigint, verified boolean, receiver text, provider text, outcome text,
       code text, row text, kept text, start int, size int) ON CONFLICT DO NOTHING`,
    withBodies(arrived.map(toRow)),
  )
  if (arrived.some(({ kept }) => kept !== undefined)) await strip(client, schema, arrived)
}

/** Of each receiver and code only the last refusals keep head and body. */
async function strip(
  client: PgExecutor,
  schema: string,
  arrived: readonly Arrival[],
): Promise<void> {
  const groups = Map.groupBy(
    arrived.filter(({ kept }) => kept !== undefined),
    ({ receiver, code }) => JSON.stringify([receiver, code ?? '']),
  )
  const firsts = [...groups.values()].map(([first]) => first!)
  await client.executeSql(
    `UPDATE ${schema}.postern_arrivals SET kept = NULL, body = NULL WHERE id = ANY(ARRAY(
       SELECT o.id FROM unnest($1::text[], $2::text[]) AS g(receiver, code) CROSS JOIN LATERAL (
         SELECT id FROM ${schema}.postern_arrivals k WHERE k.kept IS NOT NULL AND k.receiver = g.receiver
           AND k.code IS NOT DISTINCT FROM NULLIF(g.code, '') ORDER BY k.at DESC, k.id DESC OFFSET ${KEPT}) o))`,
    [firsts.map(({ receiver }) => storable(receiver)), firsts.map(({ code }) => code ?? '')],
  )
}

/**
 * Drops what goes beyond the bounds of a ring. The subquery stands in the condition, which runs it once: joined, it ran
 * once a row (107 s of 10,500 rows) where statistics knew no row of this ring yet.
 */
export async function trimRing(
  client: PgExecutor,
  schema: string,
  verified: boolean,
  { rows, bytes }: RingBounds,
  before: number,
): Promise<void> {
  const ring = `${schema}.postern_arrivals`
  await client.executeSql(`DELETE FROM ${ring} WHERE verified = $1 AND at < $2`, [verified, before])
  await client.executeSql(
    `DELETE FROM ${ring} WHERE verified = $1 AND (at, id) <= (
       SELECT at, id FROM (
         SELECT at, id, row_number() OVER w AS rows, sum(size) OVER w AS bytes
         FROM ${ring} WHERE verified = $1 WINDOW w AS (ORDER BY at DESC, id DESC ROWS UNBOUNDED PRECEDING)) r
       WHERE rows > $2 OR bytes > $3 ORDER BY at DESC, id DESC LIMIT 1)`,
    [verified, rows, bytes],
  )
}

/** A page of deliveries, newest first, behind a place; the filter's `text` is not applied yet. */
export async function pageOfArrivals(
  client: PgExecutor,
  schema: string,
  filter: DeliveryFilter & { readonly outcomes: readonly string[] | undefined },
  place: { readonly at: number; readonly id: string } | undefined,
  rows: number,
): Promise<readonly Arrival[]> {
  const { receiver, provider, outcomes, code, eventId, since, until } = filter
  const conditions: [string, ...unknown[]][] = [['true']]
  if (receiver !== undefined) conditions.push(['receiver = ?', storable(receiver)])
  if (provider !== undefined) conditions.push(['provider = ?', storable(provider)])
  if (outcomes !== undefined) conditions.push(['outcome = ANY(?::text[])', outcomes])
  if (code !== undefined) conditions.push(['code = ?', code])
  if (eventId !== undefined) conditions.push(['strpos(row, ?) > 0', JSON.stringify(eventId)])
  if (since !== undefined) conditions.push(['at >= ?::float8', since])
  if (until !== undefined) conditions.push(['at < ?::float8', until])
  if (place) conditions.push(['(at, id) < (?::bigint, ?)', place.at, place.id])
  const { rows: found } = await client.executeSql(
    numbered(
      `SELECT row FROM ${schema}.postern_arrivals WHERE ${conditions.map(([sql]) => sql).join(' AND ')}
       ORDER BY at DESC, id DESC LIMIT ${rows}`,
    ),
    conditions.flatMap(([, ...values]) => values),
  )
  return found.map((row) => JSON.parse(row['row'] as string) as Arrival)
}

/** One delivery, with its head and body if they were kept. */
export async function arrivalOf(
  client: PgExecutor,
  schema: string,
  id: string,
): Promise<Arrival | undefined> {
  const { rows } = await client.executeSql(
    `SELECT row, kept, body FROM ${schema}.postern_arrivals WHERE id = $1`,
    [storable(id)],
  )
  const [row] = rows as unknown as readonly { row: string; kept: string | null; body: Uint8Array }[]
  if (!row) return undefined
  const arrival = JSON.parse(row.row) as Arrival
  if (row.kept === null) return arrival
  return { ...arrival, kept: decodeKept(row.kept, row.body) }
}

function toRow({ kept, ...arrival }: Arrival) {
  return {
    id: storable(arrival.id),
    at: Math.floor(arrival.at),
    verified: arrival.verified,
    receiver: storable(arrival.receiver),
    provider: storable(arrival.provider),
    outcome: arrival.outcome,
    code: arrival.code,
    row: JSON.stringify(arrival),
    kept: kept && encodeKept(kept).head,
    body: kept?.body,
  }
}
