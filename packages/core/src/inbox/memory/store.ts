import { isWebhookError, WebhookError } from '../../errors.ts'
import { RUNNING, type ClaimRow } from '../engine/row.ts'
import type { Store } from '../engine/store.ts'
import { createJournaled } from './journaled.ts'
import { createRows } from './rows.ts'
import type { MemorySettings } from './settings.ts'
import type { StoredLane, StoredTask } from './event.ts'
import type { Tables } from './tables.ts'
import { createViewed } from './viewed.ts'

const NAME = 'memoryInbox'

/** Makes the store of the engine in the memory of this process. */
export function createStore(tables: Tables, settings: MemorySettings): Store {
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
    together: (works) => tables.transaction(works),
    alone: {
      held: (receiver) => tables.home(receiver).bytes,
      next: (numbers) => nextOf(numbers.map(laneOf)),
    },
    atomic: (_time, run) =>
      tables.transaction(() => {
        const result = run(rows)
        if (!(result instanceof Promise)) return result
        // Others would write in between, and be undone with it.
        result.catch(() => {})
        throw new TypeError(`${NAME}: a transaction must be synchronous`)
      }),
    commit: noTransactions,
    guest: noTransactions,
    lanes: (receiver, wanted) =>
      wanted.flatMap((names) => {
        const made = names.map((name) => tables.lane(receiver, name))
        // Former names of a subscription stand in its lines.
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
    refusal(error) {
      if (isWebhookError(error) || error instanceof TypeError) return error
      return new WebhookError('inbox_unavailable', String(error), { cause: error })
    },
  }

  function laneOf(number: number): StoredLane {
    return lanes[number - 1]!
  }

  function nextOf(all: readonly StoredLane[]): number | undefined {
    let next = Infinity
    for (const { later, waits } of all) {
      // Due since the last look: they have no turn yet.
      if (later.items.length > 0) return 0
      if (waits.items[0]) next = Math.min(next, tables.timeTo(waits.items[0]))
    }
    return next === Infinity ? undefined : next
  }
}

function noTransactions(): never {
  throw new TypeError(`${NAME}: memory has no transactions of an app`)
}

function claimOf({
  owner,
  id,
  lane,
  gate,
  attempt,
  round,
  cut,
  error,
  line,
  fair,
  part,
  data,
}: StoredTask): ClaimRow {
  const whole = owner.contents()
  return {
    id,
    lane,
    gate,
    attempt,
    round,
    cut,
    failed: error !== null,
    line,
    fair,
    part,
    data,
    record: '',
    head: '',
    body: whole.delivery.body,
    whole,
  }
}
