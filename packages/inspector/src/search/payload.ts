import {
  opened,
  type EventRecord,
  type InboxView,
  type Page,
  type Seal,
  type TaskInfo,
  type TaskQuery,
} from '@postern/core/inbox'
import type { PayloadMatch } from './query.ts'

// Milliseconds of the event loop that a slice may take.
const SLICE = 5
const BUDGET = 500
// Rows of a step: a page of the inbox is looked through whole, since its cursor stands at its end.
const STEP = 32

/**
 * Tasks whose payload has the values, newest first. It looks through the tasks for 500 ms, in slices of 5 ms of the event
 * loop, and tells how far it came. An inbox that searches text does the first part of the work, if the value is plain.
 */
export async function searchPayload(
  view: InboxView,
  query: TaskQuery,
  matches: readonly PayloadMatch[],
  seal: Seal | undefined,
  clock: () => number = () => performance.now(),
): Promise<Page<TaskInfo>> {
  const { limit = 50, cursor: from } = query
  const until = clock() + BUDGET
  const text =
    query.text ?? (seal ? undefined : matches.map(plainText).find((one) => one !== undefined))
  const rows: TaskInfo[] = []
  const seen = new Map<string, boolean>()
  let cursor = from
  let began = clock()
  for (;;) {
    const page = await view.list({
      ...query,
      ...(text !== undefined && { text }),
      ...(cursor !== undefined && { cursor }),
      limit: STEP,
      budget: Math.max(1, until - clock()),
    })
    for (const task of page.rows) {
      if (clock() - began > SLICE) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        began = clock()
      }
      if (await has(task)) rows.push(task)
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
    const found = await view.get(id)
    const is = found !== undefined && matches.every((match) => holds(readable(found.record), match))
    seen.set(key, is)
    return is

    function readable(record: EventRecord): unknown {
      if (!seal || !found) return record.payload
      try {
        return opened(seal, { event: record, delivery: found.delivery }).event.payload
      } catch {
        return undefined
      }
    }
  }
}

/** True if the payload has the value at the path. In arrays, any member may have it. */
function holds(payload: unknown, { path, text, value }: PayloadMatch): boolean {
  return at(payload, 0)

  function at(part: unknown, depth: number): boolean {
    if (Array.isArray(part)) {
      const member = path[depth]
      if (member !== undefined && /^\d+$/.test(member) && at(part[Number(member)], depth + 1))
        return true
      return part.some((one) => at(one, depth))
    }
    if (depth === path.length) return part === value || textOf(part) === text
    if (typeof part !== 'object' || part === null) return false
    const name = path[depth]!
    return Object.hasOwn(part, name) && at((part as Record<string, unknown>)[name], depth + 1)
  }
}

/** A value as a search has it: without quotes. Undefined for objects. */
function textOf(part: unknown): string | undefined {
  if (part === null) return 'null'
  if (typeof part === 'string') return part
  return typeof part === 'number' || typeof part === 'boolean' || typeof part === 'bigint'
    ? String(part)
    : undefined
}

/** A text that stands in the payload's bytes as it is, in any format: letters and digits are written plainly. */
function plainText({ text }: PayloadMatch): string | undefined {
  return /^[a-z\d_]{3,}$/i.test(text) ? text : undefined
}
