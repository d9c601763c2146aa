import type { Attempt, Journal, Arrival, DeliveryFilter } from '../../journal.ts'
import type { Actions } from '../operate/action-log.ts'
import { type UnreadTeller, parsed, readableArrival } from './records.ts'
import { chain, type MaybePromise } from '../../../basics/maybe.ts'
import type { Access } from '../access.ts'
import type { AttemptRow, Viewed } from '../operate/store.ts'
import { errorOf, numberOf } from '../operate/search.ts'
import type { Journaled, ArrivalRow, Ring } from './store.ts'
import { createHistory, DAY } from './history.ts'
import { decodeKept, encodeKept } from '../../codec.ts'
import type { Page } from '../../view.ts'
import { checkDeliveryFilter, matchesDelivery } from './delivery-filter.ts'
import { nextRound } from '../../../basics/deadline.ts'

// Number of the newest attempts that are returned for a task, in addition to its first attempt.
const LAST = 19

/**
 * Makes the journal of a store. It limits deliveries by number, bytes and age. It keeps counts by minute for two days,
 * and by hour for 30 days. Attempts are deleted with their task. If a batch of the journal cannot be stored, the batch
 * is lost.
 */
export function createJournal({
  store,
  attempts,
  access,
  actions,
  unread,
}: {
  readonly store: Journaled
  readonly attempts: (task: string) => MaybePromise<readonly Attempt[]>
  readonly access: Access
  readonly actions: Actions
  readonly unread: UnreadTeller
}): Journal {
  const arrivals = createArrivals(store, access)
  const history = createHistory(store, access, unread)
  return {
    async write({ arrived, minutes, gauges, lost }) {
      await access.writeAll([...arrivals.adds(arrived, lost), ...history.adds(minutes, gauges)])
      await history.rollUp(Date.now())
    },
    rejections: (filter = {}) => arrivals.page(filter, ({ outcome }) => outcome !== 'accepted'),
    deliveries: (filter = {}) => arrivals.page(filter, () => true),
    delivery: (id) => access.read(() => arrivals.one(id)),
    attempts: (task) => access.read(() => attempts(task)),
    actions: (query = {}) => actions.read(query),
    history: (range) => history.read(range),
  }
}

export function attemptsIn(
  store: Pick<Viewed, 'attempts'>,
  task: string,
): MaybePromise<readonly Attempt[]> {
  return chain(store.attempts(numberOf(task)), (rows) => {
    const kept = rows.length > LAST + 1 ? [rows[0]!, ...rows.slice(-LAST)] : rows
    return kept.map(attemptOf)
  })
}

function attemptOf({ attempt, ended, took, outcome, error, process }: AttemptRow): Attempt {
  const duration = took === null ? undefined : took / 1000
  return {
    attempt,
    startedAt: Math.floor(ended - (duration ?? 0)),
    duration,
    outcome,
    ...(error !== null && { error: errorOf(error) }),
    process,
  }
}

const MIB = 1024 * 1024
/**
 * Limits of the two rings. A ring keeps the newest deliveries. Unverified deliveries have a separate ring, so that
 * unauthenticated clients cannot push out verified deliveries. The separate ring also has room for the kept bodies of
 * rejected requests (`observe/kept.ts`, for up to five codes).
 */
const RINGS: Readonly<Record<Ring, { readonly rows: number; readonly bytes: number }>> = {
  verified: { rows: 100_000, bytes: 64 * MIB },
  strangers: { rows: 10_000, bytes: 64 * MIB },
}
const AGE = 30 * DAY
// Maximum number of rows that one step of a list reads.
const STEP = 256
// Time after which all rings are trimmed even if no delivery arrived, in milliseconds.
const TRIM = 60_000

function createArrivals(store: Journaled, access: Access) {
  let trimmed = -Infinity

  return {
    adds(arrived: readonly Arrival[], lost: number): readonly (() => MaybePromise<void>)[] {
      const now = Date.now()
      const writes: (() => MaybePromise<void>)[] = []
      if (arrived.length > 0 || lost > 0) writes.push(() => store.arrive(arrived.map(rowOf), lost))
      const sources = new Set(arrived.flatMap((one) => (one.kept ? sourceOf(one) : [])))
      if (sources.size > 0) writes.push(() => store.trimKept([...sources]))
      const all = performance.now() - trimmed >= TRIM
      if (all) trimmed = performance.now()
      for (const [ring, bounds] of Object.entries(RINGS) as [Ring, (typeof RINGS)[Ring]][])
        if (all || arrived.some((one) => ringOf(one) === ring))
          writes.push(() => store.trim(ring, { ...bounds, before: now - AGE }))
      return writes
    },
    /** Lists the deliveries of both rings, newest first, in steps that let other work of the event loop run. */
    async page(
      filter: DeliveryFilter,
      also: (arrival: Arrival) => boolean,
    ): Promise<Page<Arrival>> {
      const { limit, budget, cursor } = checkDeliveryFilter(filter)
      const matches = matchesDelivery(filter)
      const until = performance.now() + budget
      const rows: Arrival[] = []
      let after = cursor
      for (;;) {
        const step = await access.read(() => store.arrivals(after, STEP))
        for (const { id, at, data } of step) {
          if (filter.since !== undefined && at < filter.since) return ended(rows)
          const { replyBody: _, ...arrival } = arrivalOf({ id, at, data })
          if (also(arrival) && matches(arrival)) {
            if (rows.length === limit) return { rows, cursor: after, searchedTo: rows.at(-1)!.at }
            rows.push(arrival)
          }
          after = id
        }
        if (step.length < STEP) return ended(rows)
        if (performance.now() >= until) return { rows, cursor: after, searchedTo: step.at(-1)!.at }
        await nextRound()
      }
    },
    one: (id: string): MaybePromise<Arrival | undefined> =>
      chain(store.arrival(id), (row) => {
        if (!row) return undefined
        const arrival = arrivalOf(row)
        return row.kept ? { ...arrival, kept: decodeKept(row.kept.head, row.kept.body) } : arrival
      }),
  }
}

function arrivalOf({ id, at, data }: Pick<ArrivalRow, 'id' | 'at' | 'data'>): Arrival {
  return readableArrival(parsed(data), id, at)
}

function ringOf({ verified }: Arrival): Ring {
  return verified ? 'verified' : 'strangers'
}

function sourceOf({ receiver, code, slot = `${receiver}\n${code ?? ''}` }: Arrival): string {
  return slot
}

function rowOf(arrival: Arrival): ArrivalRow {
  const { id, at, kept } = arrival
  const ring = ringOf(arrival)
  // Most deliveries have neither `kept` nor `slot`. Copying the other members would take a third of the encoding time.
  if (!kept && arrival.slot === undefined) return { id, ring, at, data: JSON.stringify(arrival) }
  const { kept: _, slot: __, ...rest } = arrival
  const row = { id, ring, at, data: JSON.stringify(rest) }
  if (!kept) return row
  return { ...row, kept: { source: sourceOf(arrival), ...encodeKept(kept) } }
}

function ended(rows: readonly Arrival[]): Page<Arrival> {
  return { rows, cursor: undefined, searchedTo: undefined }
}
