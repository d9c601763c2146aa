import type { OperatorAction, TaskDetail } from '@postern/core/inbox'
import type { DetailReply } from '../api/detail.ts'
import type { Context } from '../routes/context.ts'

// Tasks whose actions are asked for, and actions that are shown.
const ASKED = 10
const SHOWN = 20

/** Who changed the tasks of a delivery, newest first. */
export async function actedOn(
  { inbox: { journal } }: Context,
  details: readonly TaskDetail[],
): Promise<DetailReply['acted']> {
  // Most inboxes have none.
  if (!journal || details.length === 0 || (await journal.actions({ limit: 1 })).rows.length === 0)
    return []
  const found = new Map<string, OperatorAction>()
  for (const { id: task } of details.slice(0, ASKED))
    for (const action of (await journal.actions({ task, limit: SHOWN })).rows)
      found.set(action.id, action)
  return [...found.values()]
    .toSorted((one, other) => (one.id < other.id ? 1 : -1))
    .slice(0, SHOWN)
    .map(({ id, at, what, by, count }) => ({ id, at, what, by, count }))
}
