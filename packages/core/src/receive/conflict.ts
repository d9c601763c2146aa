import { stringifyJson } from '../body/json.ts'
import type { EventRecord } from '../event.ts'
import type { InboxView } from '../inbox/view.ts'

/** Finds senders that use an id again for something else. */
export interface ConflictWatch {
  /** Looks, off the path of the delivery, whether the event that is known says the same. */
  look(event: EventRecord, found: () => void): void
}

// A sender that delivers everything twice must not make every delivery a query.
const EVERY = 1000

/** Makes the watch of a receiver: at most one look a second, and only at what the inbox still keeps. */
export function createConflictWatch(
  receiver: string,
  view: Pick<InboxView, 'list' | 'get'>,
  now: () => number,
): ConflictWatch {
  let next = -Infinity

  return {
    look(event, found) {
      const at = now()
      if (at < next) return
      next = at + EVERY
      // An inbox that does not answer has told of it elsewhere.
      void compare(event, found).catch(() => {})
    },
  }

  async function compare(event: EventRecord, found: () => void): Promise<void> {
    const { rows } = await view.list({ receiver, keys: [event.key], limit: 1 })
    const kept = rows?.[0] && (await view.get(rows[0].id))
    if (!kept || kept.record.key !== event.key || kept.record.origin !== undefined) return
    if (kept.record.payload === undefined) return
    if (stringifyJson(kept.record.payload) !== stringifyJson(event.payload)) found()
  }
}
