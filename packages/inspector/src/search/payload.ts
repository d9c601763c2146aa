import type { InboxView, Page, TaskInfo, TaskQuery, TaskDetail } from '@postern/core/inbox'
import { type Seal, opened } from '@postern/core/engine'
import type { LoopSlices } from '../turns.ts'
import type { PayloadMatch } from './query.ts'
import { createWalk } from './walk.ts'

const BUDGET = 500
// Number of tasks per query. All tasks of a query are tested, since the next query starts after the last one.
const STEP = 32

interface PayloadSearch {
  readonly matches: readonly PayloadMatch[]
  /** Tests all conditions except those on the payload. */
  readonly fits: (task: TaskInfo) => boolean
}

/**
 * Finds tasks whose payload has the searched values, newest first. The search stops after 500 ms, and returns how far
 * back it came. The search runs in slices, so that it does not block the event loop. If possible, the inbox first
 * selects the payloads that contain the text of a value.
 */
export async function searchPayload(
  view: InboxView,
  query: TaskQuery,
  { matches, fits }: PayloadSearch,
  seal: Seal | undefined,
  turns: LoopSlices,
  clock: () => number = () => performance.now(),
): Promise<Page<TaskInfo>> {
  const { limit = 50, cursor: from } = query
  const until = clock() + BUDGET
  const text =
    query.text ?? (seal ? undefined : matches.map(plainText).find((one) => one !== undefined))
  const rows: TaskInfo[] = []
  const seen = new Map<string, boolean>()
  let cursor = from
  for (;;) {
    const step = {
      ...query,
      ...(text !== undefined && { text }),
      ...(cursor !== undefined && { cursor }),
      limit: STEP,
      budget: Math.max(1, until - clock()),
    }
    const page = await turns.held(() => view.list(step))
    for (const task of page.rows) {
      await turns.rest()
      if (fits(task) && (await has(task))) rows.push(task)
    }
    cursor = page.cursor
    if (cursor === undefined) return { rows, cursor, searchedTo: undefined }
    if (rows.length >= limit || clock() >= until)
      return { rows, cursor, searchedTo: page.searchedTo }
  }

  /** Tests the payload of a task. Each payload is tested once, since tasks of one event share it. */
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

/** Returns the text if it has only letters, digits and `_`. Each format stores such text unchanged. */
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
