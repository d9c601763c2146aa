import type { InboxView, Page, TaskInfo, TaskQuery, TaskDetail } from '@postern/core/inbox'
import { type Seal, opened } from '@postern/core/engine'
import type { LoopSlices } from '../turns.ts'
import type { PayloadMatch } from './query.ts'
import { createWalk } from './walk.ts'

const BUDGET = 500
// Rows of a step. Each page is searched to its end, since the cursor is there.
const STEP = 32

interface PayloadSearch {
  readonly matches: readonly PayloadMatch[]
  /** Tests everything but the payload. */
  readonly fits: (task: TaskInfo) => boolean
}

/**
 * Finds tasks whose payload has the values, newest first. It searches for 500 ms, in slices of the event loop, and
 * returns how far it came. If a value is plain, the inbox searches its text first.
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

  /** Tasks of one event have one payload. */
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

/** Returns a text that the payload's bytes contain unchanged in every format: only letters and digits. */
function plainText({ text, isNot }: PayloadMatch): string | undefined {
  return !isNot && /^[a-z\d_]{3,}$/i.test(text) ? text : undefined
}

/** The payload of a task: decrypted, if it is encrypted and the key is here. */
export function readable({ record, delivery }: TaskDetail, seal: Seal | undefined): unknown {
  if (!seal) return record.payload
  try {
    return opened(seal, { event: record, delivery }).event.payload
  } catch {
    // It was encrypted with another key.
    return undefined
  }
}
