import { eventOf, numberOf, STATES, type Scan } from '@postern/core/inbox'
import { ints, storable } from '../sql/words.ts'
import { hashOf } from '../store/pack.ts'
import type { Sql } from '../store/pg.ts'

// The last code point: each string with a prefix sorts below the prefix plus this character.
const LAST = '\u{10ffff}'
// Characters of ids and topics that are indexed.
const INDEXED = 100

/** Adds a value to a statement; returns its place. */
export type Add = (value: unknown) => string

/** Makes it over the values of a statement. */
export function adder(values: unknown[]): Add {
  return (value) => `$${values.push(value)}`
}

/** Conditions on tasks. */
export function taskConditions({ filter, lanes }: Scan, add: Add): readonly string[] {
  const { part, state, cause, id } = filter
  const all: string[] = []
  if (lanes !== undefined) all.push(`t.lane = ANY(${add(ints(lanes))}::int[])`)
  if (part !== undefined) all.push(`t.part = ${add(storable(part))}`)
  if (state !== undefined) all.push(`t.state = ${add(STATES.indexOf(state))}::int`)
  if (cause !== undefined) all.push(`t.cause = ${add(storable(cause))} AND t.state <> 2`)
  if (id !== undefined) all.push(`t.id = ${add(numberOf(id))}::bigint`)
  return all
}

/** Conditions that no index of the walk answers: they are looked for among its candidates. */
export function eventConditions({ filter, topic }: Scan, add: Add): readonly string[] {
  const all: string[] = []
  if (filter.provider !== undefined) all.push(`e.provider = ${add(storable(filter.provider))}`)
  if (topic !== undefined && topic.exact === undefined)
    all.push(`e.topic ~ ${add(storable(topic.source))}`)
  return all
}

/** Conditions that an index on events answers. */
export async function lookedUp(
  sql: Sql,
  { filter, topic, receiver }: Scan,
  add: Add,
): Promise<readonly string[]> {
  const { id, eventId, keys, before, after } = filter
  const all: string[] = []
  if (id !== undefined) all.push(`e.id = ${add(eventOf(numberOf(id)))}::bigint`)
  if (eventId !== undefined)
    all.push(
      `left(e.event_id, ${INDEXED}) = ${add(cut(storable(eventId)))} AND e.event_id = ${add(storable(eventId))}`,
    )
  if (keys !== undefined) {
    const scopes = receiver === undefined ? await receivers(sql) : [receiver]
    const hashes = scopes.flatMap((each) => keys.map((key) => hashOf(each, key)))
    all.push(`e.hash = ANY(${add(`{${hashes.join()}}`)}::uuid[])`)
  }
  if (topic !== undefined) {
    const indexed = `left(e.topic, ${INDEXED}) COLLATE "C"`
    const start = cut(storable(topic.exact ?? topic.prefix))
    if (topic.exact !== undefined)
      all.push(`${indexed} = ${add(start)} AND e.topic = ${add(storable(topic.exact))}`)
    else if (start !== '')
      all.push(`${indexed} >= ${add(start)} AND ${indexed} < ${add(start + LAST)}`)
  }
  if (before !== undefined) all.push(`e.received < ${add(before)}::float8`)
  if (after !== undefined) all.push(`e.received > ${add(after)}::float8`)
  return all
}

async function receivers(sql: Sql): Promise<readonly string[]> {
  const rows = await sql<{ receiver: string }>('SELECT DISTINCT receiver FROM $.postern_lanes')
  return rows.map(({ receiver }) => receiver)
}

/** As PostgreSQL's left(): by code points. */
function cut(text: string): string {
  return text.length <= INDEXED ? text : Array.from(text).slice(0, INDEXED).join('')
}
