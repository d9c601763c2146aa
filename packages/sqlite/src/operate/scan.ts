import { TASKS, type FullRow, type InfoRow, type Scan, type Scanned } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'
import { conditionsOf, CONTENTS, EVENT_INFO, FROM, FROM_EVENTS, INFO } from './filter.ts'
import { idBound, listPlaceOf, type ListPlace } from './places.ts'
import { createSources, type CandidateSource, type CandidateStep } from './sources.ts'

/** How rows of one kind are read. */
interface Rows {
  readonly columns: string
  readonly from: Readonly<Record<CandidateStep['kind'], string>>
  readonly candidates: Readonly<Record<CandidateStep['kind'], string>>
  readonly id: string
}

const OF_EVENTS = 'json_each(?) j CROSS JOIN'

const ROWS: Readonly<Record<Scan['of'], Rows>> = {
  tasks: {
    columns: INFO,
    from: { tasks: FROM, events: `${OF_EVENTS} ${FROM}`, range: FROM },
    candidates: {
      tasks: 't.id IN (SELECT value FROM json_each(?))',
      events: `t.id >= j.value * ${TASKS} AND t.id < (j.value + 1) * ${TASKS}`,
      range: 't.id >= ? AND t.id < ?',
    },
    id: 't.id',
  },
  // Whether they have tasks or not: only for filters without keys of tasks.
  events: {
    columns: EVENT_INFO,
    from: { tasks: FROM_EVENTS, events: FROM_EVENTS, range: FROM_EVENTS },
    candidates: {
      tasks: 'e.id IN (SELECT value >> 16 FROM json_each(?))',
      events: 'e.id IN (SELECT value FROM json_each(?))',
      range: 'e.id >= ? AND e.id < ?',
    },
    id: 'e.id',
  },
}

/** Makes `Viewed.scan`. It only reads. */
export function createScan(db: Database, keys: Keys): (want: Scan) => Scanned {
  const sourceOf = createSources(db, keys)
  const older = db.prepare(
    'SELECT received FROM postern_events WHERE id <= ? ORDER BY id DESC LIMIT 1',
  )
  const newer = db.prepare('SELECT received FROM postern_events WHERE id >= ? ORDER BY id LIMIT 1')
  // A source is kept from step to step of one search.
  let before: { readonly filter: Scan['filter']; readonly source: CandidateSource } | undefined

  return (want) => {
    const { of, topic, after, width, limit, oldest } = want
    const place = listPlaceOf(after, oldest)
    if (before?.filter !== want.filter || after === undefined)
      before = { filter: want.filter, source: sourceOf(want) }
    const step = before.source.next(place, width)
    if (!step) return { rows: [], to: undefined, searchedTo: undefined }
    // SQL knows the beginning of a pattern alone.
    const pattern = topic?.exact === undefined && topic ? new RegExp(topic.source, 's') : undefined
    const most = pattern ? width : limit
    const all = read(want, step, place, most)
    const rows = pattern ? all.filter((row) => pattern.test(row.topic)) : all
    const cut = rows.length > limit || all.length === most
    const last = rows.length > limit ? rows[limit - 1] : all.at(-1)
    const to = cut && last ? { event: last.event, task: last.id } : step.to
    const next = (oldest ? newer : older).get(
      of === 'events' && to.task === 0 ? to.event - 1 : to.event,
    ) as { received: number } | undefined
    return {
      rows: rows.slice(0, limit),
      // Nothing is behind it: the page is the last one.
      to: next && [to.event, to.task],
      searchedTo: next?.received,
    }
  }

  function read(
    want: Scan,
    { kind, ids }: CandidateStep,
    place: ListPlace,
    most: number,
  ): (InfoRow | FullRow)[] {
    const { columns, from, candidates, id } = ROWS[want.of]
    const { sql, values } = conditionsOf(want)
    const events = want.of === 'events'
    const unit = events ? 1 : TASKS
    const bound = events ? place.event + (place.task === 0 ? 0 : 1) : idBound(place)
    const first = (ids[0]! + 1) * unit
    const behind = (ids[1]! + 1) * unit
    const given =
      kind !== 'range'
        ? [JSON.stringify(ids), want.oldest ? place.task : bound]
        : want.oldest
          ? [Math.max(place.task + 1, first), behind]
          : [first, Math.min(bound, behind)]
    const beyond = kind === 'range' ? '' : `AND ${id} ${want.oldest ? '>' : '<'} ?`
    const all = want.full
      ? `${columns}, ${events ? 'NULL AS data' : 't.data'}, ${CONTENTS}`
      : columns
    return db
      .prepare(
        `SELECT ${all} FROM ${from[kind]} WHERE ${candidates[kind]} ${beyond} AND ${sql} ORDER BY ${id} ${want.oldest ? 'ASC' : 'DESC'} LIMIT ?`,
      )
      .all(...given, ...values, most) as (InfoRow | FullRow)[]
  }
}
