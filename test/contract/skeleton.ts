import { isWebhookError, WebhookError } from '@postern/core'
import {
  errorText,
  isA,
  checks,
  engineInbox,
  engineSettings,
  transactions,
  type EngineOptions,
  type EngineSettings,
  type Store,
} from '@postern/core/engine'
import type { Inbox } from '@postern/core/inbox'
import { createClaims } from './skeleton/claims.ts'
import { createJournaled } from './skeleton/journaled.ts'
import { createRows } from './skeleton/rows.ts'
import type { Tables } from './skeleton/tables.ts'
import { createViewed } from './skeleton/viewed.ts'
import { now } from './skeleton/clock.ts'

const NAME = 'mapInbox'

export interface MapInboxOptions extends EngineOptions {
  /** Storage. Inboxes with the same tables act like processes on one database. */
  readonly tables: Tables
  readonly maxPending?: number
  readonly lease?: number
}

/**
 * The smallest inbox on the engine: a `Store` over Maps, as CONTRIBUTING's "A new store" describes. It loses its data
 * with the process. It is an example, and it tests the description.
 */
export function mapInbox(options: MapInboxOptions): Inbox {
  const check = checks<MapInboxOptions>(NAME, options)
  const tables = check.value('tables')
  const settings = engineSettings(NAME, check, { pollInterval: '20ms', lease: '5s' })
  check.end()
  return engineInbox({
    settings,
    store: () => createStore(tables, settings),
    transactions: transactions(NAME),
  })
}

function createStore(tables: Tables, { lease }: EngineSettings): Store {
  const { lanes, tenants } = tables
  const rows = createRows(tables, lease)
  let process = 0

  return {
    ...rows,
    ...createClaims(tables, lease),
    ...createViewed(tables),
    ...createJournaled(tables),
    name: NAME,
    get opened() {
      return process > 0
    },
    open: () => (process = tables.join()),
    close: async () => {},
    together: (works) => tables.transaction(works),
    atomic: (_time, run) => atomic(() => run(rows)),
    commit: (_time, run) => atomic(() => run(rows, tables.effects)),
    guest() {
      throw new TypeError(`${NAME}: a Map has no transactions of an app`)
    },
    lanes: (receiver, wanted) =>
      wanted.flatMap((names) => {
        const made = names.map((name) => laneOf(receiver, name))
        const root = Math.min(...made.map((row) => row.root))
        for (const row of made) if (row.root !== root) moveRoot(row.root, root)
        return made.map(({ lane, name }) => ({ lane, receiver, name }))
      }),
    everyLane: () => lanes.rows(),
    backlog: (wanted) =>
      wanted.flatMap(({ lane, fair }) => {
        const turn = tenants.get(`${lane} ${fair}`)
        if (turn === undefined) return []
        return { lane, fair, turn, tasks: Math.max(0, turn - lanes.get(lane)!.turn) }
      }),
    clock: now,
    fault: (error) => (isA(error, TypeError) ? 'lasting' : 'data'),
    rejection(error) {
      if (isWebhookError(error) || isA(error, TypeError)) return error
      return new WebhookError('inbox_unavailable', errorText(error), { cause: error })
    },
  }

  function atomic<T>(run: () => T): T {
    return tables.transaction(() => {
      const result = run()
      // Writes that run in parallel would become part of this transaction, and a rollback would undo them.
      if (result instanceof Promise) {
        result.catch(() => {})
        throw new TypeError(`${NAME}: a transaction must be synchronous`)
      }
      return result
    })
  }

  function laneOf(receiver: string, name: string) {
    const known = lanes.rows().find((row) => row.receiver === receiver && row.name === name)
    if (known) return known
    const lane = tables.next()
    const made = { lane, receiver, name, root: lane, turn: 0 }
    lanes.set(lane, made)
    return made
  }

  /** Moves tasks of a previous name into the ordered groups of the current one. */
  function moveRoot(from: number, root: number): void {
    for (const row of lanes.rows()) if (row.root === from) lanes.set(row.lane, { ...row, root })
    for (const row of tables.tasks.rows())
      if (row.root === from) tables.tasks.set(row.id, { ...row, root })
  }
}
