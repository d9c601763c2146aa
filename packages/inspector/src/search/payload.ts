import type { InboxView, Page, TaskFilter, TaskInfo, TaskDetail } from '@postern/core/inbox'
import { type Seal, opened } from '@postern/core/engine'
import type { LoopSlices } from '../turns.ts'
import type { PayloadMatch } from './query.ts'
import { sifted } from './sieve.ts'
import { createWalk } from './walk.ts'

// Time limit of a page, in milliseconds.
const BUDGET = 500
// Number of tasks per query. Every task of a query is tested, because the next query starts after the last of them.
const STEP = 32

interface PayloadSearch {
  readonly matches: readonly PayloadMatch[]
  /** Tests all conditions except those on the payload. */
  readonly fits: (task: TaskInfo) => boolean
}

/**
 * Finds tasks whose payload has the searched values, newest first. The search stops after 500 ms, and returns the time
 * back to which it has searched. The search runs in slices, so that it does not block the event loop. If possible, the
 * inbox first selects the payloads that contain the text of a value.
 */
export async function searchPayload(
  view: InboxView,
  filter: TaskFilter,
  { matches, fits }: PayloadSearch,
  page: { readonly limit: number; readonly cursor?: string },
  seal: Seal | undefined,
  turns: LoopSlices,
): Promise<Page<TaskInfo>> {
  const until = performance.now() + BUDGET
  const text =
    filter.text ?? (seal ? undefined : matches.map(plainText).find((one) => one !== undefined))
  const query = { ...filter, ...(text !== undefined && { text }) }
  const seen = new Map<string, boolean>()
  return sifted(
    async (one) => {
      const budget = Math.max(1, until - performance.now())
      return turns.held(() => view.list({ ...query, ...one, limit: STEP, budget }))
    },
    async (task) => {
      await turns.rest()
      return fits(task) && has(task)
    },
    page,
  )

  /** Tests the payload of a task. Each payload is tested once, since all tasks of an event have the same payload. */
  async function has({ id, receiver, event }: TaskInfo): Promise<boolean> {
    const key = JSON.stringify([receiver, event.key])
    const known = seen.get(key)
    if (known !== undefined) return known
    const found = await turns.held(() => view.get(id))
    const payload = found && turns.held(() => readable(found, seal))
    let is = found !== undefined
    for (const match of matches)
      is &&= (await turns.run(createWalk(payload, match))) !== match.isNot
    seen.set(key, is)
    return is
  }
}

/** Returns the text if it has only letters, digits and `_`. Every format of payloads stores such text unchanged. */
function plainText({ text, isNot }: PayloadMatch): string | undefined {
  return !isNot && /^[a-z\d_]{3,}$/i.test(text) ? text : undefined
}

/** Returns the payload of a task, decrypted if the inspector has a key. Undefined if the key is wrong. */
export function readable({ record, delivery }: TaskDetail, seal: Seal | undefined): unknown {
  if (!seal) return record.payload
  try {
    return opened(seal, { event: record, delivery }).event.payload
  } catch {
    // The payload was encrypted with another key.
    return undefined
  }
}
