import { decodeDelivery, decodeEvent, encodeDelivery, encodeEvent } from '../../codec.ts'
import type { EventRecord } from '../../../event.ts'
import { checkErase, erased, isAboutTasks } from './erased.ts'
import { inSteps } from './in-steps.ts'
import type { Changed, EraseOptions, InboxView } from '../../view.ts'
import type { ActionNote, Actions } from './actions.ts'
import type { Access } from '../access.ts'
import { eventOf } from '../row.ts'
import { placeOf, type Search } from './search.ts'
import type { ContentsRow } from './store.ts'
import type { ViewStore } from '../store.ts'
import type { ActionRow } from '../journal/store.ts'

// Milliseconds that finding the events of one step may take.
const BUDGET = 100

/** Makes `InboxView.erase`: steps of some events, each a transaction that looks again at their tasks. */
export function createErase(
  store: ViewStore,
  search: Search,
  actions: Actions,
  access: Access,
): InboxView['erase'] {
  return async (filter, options = {}) => {
    checkErase(filter, options)
    const { passing = false, keep } = options
    const byTasks = isAboutTasks(filter)
    const of = byTasks ? 'tasks' : 'events'
    // What a receiver's `storage.content` wants erased is not an action of people.
    if (passing) return run(undefined, options)
    return actions.noted({ what: 'erase', filter }, options, run)

    function run(note: ActionNote | undefined, left: EraseOptions): Promise<Changed> {
      return inSteps(left, async ({ cursor, rows: limit, dryRun }) => {
        const found = await search(filter, { of, limit, cursor, budget: BUDGET, passing })
        const events = new Set(found.rows.map(({ row }) => row.event))
        // The last event of a step may have more tasks, which the next one starts with.
        if (dryRun && byTasks && cursor !== undefined) events.delete(eventOf(placeOf(cursor)![1]))
        if (events.size === 0) return { count: 0, cursor: found.cursor }
        const empty = dryRun ? undefined : (row: ContentsRow) => emptied(row, keep)
        const noted = (count: number): readonly ActionRow[] => note?.rows([], count) ?? []
        const count = await access.write(() => store.erase([...events], passing, empty, noted))
        note?.done(count)
        return { count, cursor: found.cursor }
      })
    }
  }
}

function emptied(
  { event, record, head, body }: ContentsRow,
  keep: EraseOptions['keep'],
): ContentsRow {
  const left = erased(readable(record, head, body), keep)
  return { event, ...encodeDelivery(left.delivery), record: encodeEvent(left.event) }
}

/** A damaged event is erased too: it may hold what must not be kept. */
function readable(record: string, head: string, body: Uint8Array): Parameters<typeof erased>[0] {
  try {
    const delivery = decodeDelivery(head, body)
    return { event: decodeEvent(record, delivery), delivery }
  } catch {
    const delivery = {
      method: 'POST',
      url: '/',
      headers: [],
      body: new Uint8Array(0),
      receivedAt: 0,
    }
    return { event: UNREAD, delivery }
  }
}

const UNREAD: EventRecord = {
  key: '',
  dedupe: true,
  id: undefined,
  topic: '',
  aliases: [],
  payload: null,
  tenant: undefined,
  provider: '',
}
