import type { Database } from './driver/driver.ts'
import { createNewEvents, type NewEvents } from './encode.ts'
import { createGuards, type Guards } from './guards.ts'
import { createHistory, type History } from './history.ts'
import { createNewTasks, type NewTasks } from './new-tasks.ts'
import { createOrder, type Order } from './order.ts'
import { createRevive, type Revive } from './revive.ts'
import { createScopes } from './scopes.ts'
import { createSettle, type Settle } from './settle.ts'
import { createTally, type Tally } from './tally.ts'
import { createTurns, type Turns } from './turns.ts'
import type { Kept } from './work.ts'

/** The parts that change rows through one connection, inside its transactions. */
export interface Parts {
  readonly tally: Tally
  readonly order: Order
  readonly history: History
  readonly turns: Turns
  readonly newTasks: NewTasks
  readonly newEvents: NewEvents
  readonly guards: Guards
  readonly revive: Revive
  readonly settle: Settle
  /** Writers that run at the end of a transaction, in this order. */
  readonly kept: readonly Kept[]
}

/** Prepares the statements of a connection. */
export function createParts(db: Database): Parts {
  const tally = createTally(db)
  const order = createOrder(db)
  const history = createHistory(db)
  const turns = createTurns(db)
  const scopes = createScopes(db)
  const newTasks = createNewTasks(db, tally, order, turns)
  return {
    tally,
    order,
    history,
    turns,
    newTasks,
    newEvents: createNewEvents(db, scopes),
    guards: createGuards(db),
    revive: createRevive(db, tally, order, history),
    settle: createSettle(db, { tally, order, history, newTasks }),
    kept: [turns, scopes, tally],
  }
}
