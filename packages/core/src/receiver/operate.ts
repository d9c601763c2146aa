import type { Inbox } from '../inbox/inbox.ts'
import type { Changed, InboxView, ReplayOptions, TaskFilter, TaskInfo } from '../inbox/view.ts'
import { UNHANDLED } from '../subscribe/subscription.ts'

/** The view of an inbox that keeps tasks. Throws a `TypeError` if it keeps none. */
export function viewOf({ name, view }: Pick<Inbox, 'name' | 'view'>): InboxView {
  if (!view) throw new TypeError(`${name} keeps no tasks to look at: use an inbox that has a view`)
  return view
}

/** As `receiver.replay`. */
export async function replayOf(
  view: InboxView,
  receiver: string,
  filter: TaskFilter = {},
  options: ReplayOptions = {},
): Promise<Changed> {
  const changed = await view.replay({ ...filter, receiver }, options)
  return typeof changed === 'number' ? { count: changed, cursor: undefined } : changed
}

/** As `receiver.tasks`. */
export async function tasksOf(
  view: InboxView,
  receiver: string,
  filter: TaskFilter & { readonly limit?: number } = {},
): Promise<readonly TaskInfo[]> {
  return (await view.list({ ...filter, receiver })).rows
}

/** Looks again at stored events without a subscription, since this process may have one for them. */
export async function dueNow(
  view: InboxView,
  receiver: string,
  closed: () => boolean,
): Promise<void> {
  const waiting = { subscription: UNHANDLED, state: 'pending' as const }
  let cursor: string | undefined
  do {
    ;({ cursor } = await replayOf(view, receiver, waiting, { ...(cursor && { cursor }) }))
  } while (cursor !== undefined && !closed())
}
