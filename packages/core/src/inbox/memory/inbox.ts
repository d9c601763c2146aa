import { transactions } from '../engine/accept/transactions.ts'
import { engineInbox } from '../engine/inbox.ts'
import type { Inbox } from '../inbox.ts'
import { memorySettings, type MemoryInboxOptions, type MemorySettings } from './settings.ts'
import { createTables, type Tables } from './tables.ts'
import { isWebhookError, WebhookError } from '../../errors.ts'
import { RUNNING, type ClaimRow } from '../engine/row.ts'
import type { Store, Rows } from '../engine/store.ts'
import { createRows } from './rows.ts'
import type { StoredLane, StoredTask } from './event.ts'
import { createViewed } from './viewed.ts'
import type {
  ArrivalRow,
  Journaled,
  Ring,
  Span,
  SpanKey,
  SpanKind,
} from '../engine/journal/store.ts'

/**
 * Creates an inbox in the memory of this process. The inbox deduplicates, retries, keeps dead tasks and replays them,
 * but FORGETS acknowledged events when the process ends. Use it for development, tests, and events that you can afford
 * to lose. Done tasks are not kept. `sqliteInbox` of `@postern/sqlite` keeps events and tasks in one file.
 * @throws {TypeError} for a wrong option, by name.
 *
 * @example
 * const receiver = createReceiver({ provider: github({ secret }), inbox: memoryInbox({ maxPending: 1000 }) })
 */
export function memoryInbox(options: MemoryInboxOptions = {}): Inbox<never> {
  const settings = memorySettings(options)
  const tables = createTables(settings)
  const inbox = engineInbox<never>({
    settings,
    store: () => createStore(tables, settings),
    transactions: transactions('memoryInbox'),
    can: { transaction: false, durable: false, search: 'scan' },
    windowed: settings.windowed,
    hold: settings.hold,
  })
  return {
    ...inbox,
    attach(consumer) {
      const port = inbox.attach(consumer)
      tables.join(consumer)
      return port
    },
  }
}

const NAME = 'memoryInbox'

function createStore(tables: Tables, settings: MemorySettings): Store {
  const { lanes } = tables
  const journaled = createJournaled(settings)
  const { note } = journaled
  const rows = { ...createRows(tables), note }
  let opened = false

  return {
    ...rows,
    ...createViewed(tables, note),
    ...journaled,
    name: NAME,
    get opened() {
      return opened
    },
    open() {
      opened = true
      return 1
    },
    close: async () => {},
    together: (run) => tables.transaction(run),
    alone: {
      held: (receiver) => tables.home(receiver).bytes,
      next: (numbers) => nextOf(numbers.map(laneOf)),
      hurry(numbers) {
        for (const lane of numbers.map(laneOf))
          for (const row of lane.waits.items.slice())
            if (row.fold !== null && row.took === null && row.cut === 0)
              tables.change(row, { ripe: 0 })
      },
    },
    atomic: (_time, run) =>
      tables.transaction(() => {
        const result = run(rows)
        if (!(result instanceof Promise)) return result
        // In an asynchronous transaction, other writes could come in between and would be undone with it.
        result.catch(() => {})
        throw new TypeError(`${NAME}: a transaction must be synchronous`)
      }),
    commit: noTransactions,
    guest: noTransactions,
    lanes: (receiver, wanted) =>
      wanted.flatMap((names) => {
        const made = names.map((name) => tables.lane(receiver, name))
        // The lanes of a subscription's current and previous names get the same root.
        const root = Math.min(...made.map((row) => row.root))
        for (const { root: from } of made)
          for (const row of lanes) if (row.root === from) row.root = root
        return made.map(({ lane, name }) => ({ lane, receiver, name }))
      }),
    everyLane: () => lanes,
    claim(wishes, most, _suspect, token) {
      const found: ClaimRow[] = []
      for (const { lane: number, room } of wishes) {
        const lane = laneOf(number)
        tables.ripen(lane)
        for (let left = Math.min(room, most - found.length); left > 0; left--) {
          const [row] = lane.ready.items
          if (!row) break
          lane.turn = Math.max(lane.turn, row.turn)
          const { attempt, runs } = row
          tables.change(row, {
            state: RUNNING,
            held: true,
            token,
            attempt: attempt + 1,
            runs: runs + 1,
          })
          found.push(claimOf(row))
        }
      }
      return found
    },
    renew: (held) =>
      new Set(
        held.flatMap(({ id, token }) => {
          const row = tables.task(id)
          return row?.token === token && row.state === RUNNING ? id : []
        }),
      ),
    ended: () => [],
    waiting: () => [],
    stuck: () => [],
    load: (ids) => ids.flatMap((id) => tables.task(id) ?? []).map(claimOf),
    rest(numbers) {
      const all = numbers.map(laneOf)
      for (const lane of all) tables.ripen(lane)
      const left = all.reduce(
        (sum, { ready, later }) => sum + ready.items.length + later.items.length,
        0,
      )
      return { left, next: nextOf(all) }
    },
    pending: (receiver) => tables.home(receiver).pending,
    backlog: (wanted) =>
      wanted.flatMap(({ lane: number, fair }) => {
        const lane = laneOf(number)
        const turn = lane.tenants.get(fair)
        return turn === undefined
          ? []
          : { lane: number, fair, turn, tasks: Math.max(0, turn - lane.turn) }
      }),
    clock: () => Date.now(),
    fault: (error) => (error instanceof TypeError ? 'lasting' : 'data'),
    rejection(error) {
      if (isWebhookError(error) || error instanceof TypeError) return error
      return new WebhookError('inbox_unavailable', 'memoryInbox failed', { cause: error })
    },
  }

  function laneOf(number: number): StoredLane {
    return lanes[number - 1]!
  }

  function nextOf(all: readonly StoredLane[]): number | undefined {
    let next = Infinity
    for (const { later, waits } of all) {
      // These tasks are due but have no turn in the rotation of tenants yet, so a claim is needed now.
      if (later.items.length > 0) return 0
      if (waits.items[0]) next = Math.min(next, tables.timeTo(waits.items[0]))
    }
    return next === Infinity ? undefined : next
  }
}

function noTransactions(): never {
  throw new TypeError(`${NAME}: the memory inbox cannot join a transaction of your app`)
}

function claimOf(row: StoredTask): ClaimRow {
  const whole = row.owner.contents()
  return {
    id: row.id,
    lane: row.lane,
    gate: row.gate,
    attempt: row.attempt,
    round: row.round,
    cut: row.cut,
    failed: row.error !== null,
    line: row.line,
    fair: row.fair,
    fold: row.fold,
    part: row.part,
    data: row.data,
    record: '',
    head: '',
    body: whole.delivery.body,
    whole,
  }
}

const SERIES = 20_000
// Maximum number of spans (stored counts of a minute or hour) in one result.
const SPANS = 64
const DAY = 86_400_000

function createJournaled({
  maxDeliveries,
}: Pick<MemorySettings, 'maxDeliveries'>): Journaled & Pick<Rows, 'note'> {
  const rings = { verified: createRing(), strangers: createRing() }
  const series = new Map<string, { readonly number: number; day: number }>()
  const spans: Record<SpanKind, Map<number, Uint8Array>> = {
    minute: new Map(),
    hour: new Map(),
    gauge: new Map(),
    'hour-gauge': new Map(),
  }
  const records = new Map<string, { readonly value: string; readonly version: number }>()
  let numbers = 0
  let versions = 0
  const isAt = (key: string, version: number): boolean =>
    (records.get(key)?.version ?? 0) === version
  const set = (key: string, value: string): void =>
    void records.set(key, { value, version: ++versions })

  return {
    arrive(rows) {
      for (const row of rows) rings[row.ring].add(row)
    },
    trim: (ring, bounds) =>
      rings[ring].trim({ ...bounds, rows: Math.min(bounds.rows, maxDeliveries) }),
    trimKept(sources) {
      const wanted = new Set(sources)
      for (const ring of Object.values(rings)) ring.trimKept(wanted)
    },
    arrivals(before, limit) {
      const all = (Object.keys(rings) as Ring[]).flatMap((ring) => rings[ring].page(before, limit))
      return all
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
        .map(({ kept: _kept, ...row }) => row)
    },
    arrival: (id) => rings.verified.find(id) ?? rings.strangers.find(id),
    series(names) {
      const day = Math.floor(Date.now() / DAY)
      const found = new Map<string, number>()
      for (const name of names) {
        const known = series.get(name)
        if (known) known.day = day
        else if (series.size < SERIES) series.set(name, { number: ++numbers, day })
        const row = series.get(name)
        if (row) found.set(name, row.number)
      }
      return found
    },
    everySeries: () => Array.from(series, ([name, { number }]) => [number, name] as const),
    dropSeries(before) {
      for (const [name, { day }] of series) if (day < before) series.delete(name)
    },
    merge(wanted, change) {
      for (const span of wanted)
        spans[span.kind].set(span.at, change(span, spans[span.kind].get(span.at)))
    },
    spans: (kind, from, to) => oldest(kind, (at) => at >= from && at < to),
    rollUp(kind, before, to, add) {
      const taken = oldest(kind, (at) => at < before)
      for (const { at, data } of taken) {
        const sum = to(at)
        spans[kind].delete(at)
        spans[sum.kind].set(sum.at, add(spans[sum.kind].get(sum.at), data, at))
      }
      return taken.length === SPANS
    },
    dropSpans(kind, before) {
      for (const at of spans[kind].keys()) if (at < before) spans[kind].delete(at)
    },
    records: {
      get: (key) => records.get(key),
      set(key, value, expected) {
        if (!isAt(key, expected)) return false
        set(key, value)
        return true
      },
      delete: (key, expected) => isAt(key, expected) && records.delete(key),
      list: (prefix) =>
        [...records]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, row]) => ({ key, ...row })),
    },
    note(rows) {
      for (const { key, value } of rows) set(key, value)
    },
  }

  function oldest(kind: SpanKind, fits: (at: SpanKey['at']) => boolean): readonly Span[] {
    return [...spans[kind]]
      .filter(([at]) => fits(at))
      .sort(([a], [b]) => a - b)
      .slice(0, SPANS)
      .map(([at, data]) => ({ kind, at, data }))
  }
}

/** Makes a ring, which keeps the newest deliveries, in the order of their ids. */
function createRing() {
  let rows: ArrivalRow[] = []
  // Index of the first row that is not dropped. Removing dropped rows from the array at each trim would be too slow.
  let first = 0
  let bytes = 0

  return {
    add(row: ArrivalRow): void {
      const at = placeOf(row.id)
      if (rows[at]?.id === row.id) return
      // Receivers write separate batches. So a row may come after rows whose ids are higher.
      if (at === rows.length) rows.push(row)
      else rows.splice(at, 0, row)
      bytes += sizeOf(row)
    },
    trim(bounds: Parameters<Journaled['trim']>[1]): void {
      const isOver = (): boolean =>
        rows.length - first > bounds.rows || bytes > bounds.bytes || rows[first]!.at < bounds.before
      while (first < rows.length && isOver()) bytes -= sizeOf(rows[first++]!)
      if (first <= rows.length / 2) return
      rows = rows.slice(first)
      first = 0
    },
    trimKept(wanted: ReadonlySet<string>): void {
      const seen = new Set<string>()
      for (let at = rows.length - 1; at >= first; at--) {
        const { kept, ...row } = rows[at]!
        if (!kept || !wanted.has(kept.source)) continue
        if (!seen.has(kept.source)) seen.add(kept.source)
        else {
          bytes -= sizeOf(rows[at]!) - sizeOf(row)
          rows[at] = row
        }
      }
    },
    /** Returns the last `limit` rows before an id, or of all rows. */
    page(before: string | undefined, limit: number): readonly ArrivalRow[] {
      const end = before === undefined ? rows.length : placeOf(before)
      return rows.slice(Math.max(first, end - limit), end)
    },
    find(id: string): ArrivalRow | undefined {
      const row = rows[placeOf(id)]
      return row?.id === id ? row : undefined
    },
  }

  /** Returns the index of the first row whose id is `id` or later. */
  function placeOf(id: string): number {
    let [from, to] = [first, rows.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (rows[middle]!.id < id) from = middle + 1
      else to = middle
    }
    return from
  }
}

function sizeOf({ data, kept }: ArrivalRow): number {
  return data.length + (kept ? kept.head.length + kept.body.length : 0)
}
