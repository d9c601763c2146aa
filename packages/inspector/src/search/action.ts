import type { Inbox, Page, TaskFilter, TaskInfo } from '@postern/core/inbox'

// Milliseconds of one page.
const BUDGET = 500

/** Tasks of an action that are still there and fit, in the order in which they were changed. */
export async function searchAction(
  { view, journal }: Inbox,
  { action: id, filter }: { readonly action: string; readonly filter: TaskFilter },
  fits: (task: TaskInfo) => boolean,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<Page<TaskInfo>> {
  const [action] = (await journal?.actions({ id }))?.rows ?? []
  const ids = (action?.tasks ?? []).filter((one) => filter.id === undefined || filter.id === one)
  const until = performance.now() + BUDGET
  const rows: TaskInfo[] = []
  let at = Number(cursor ?? 0)
  for (; at < ids.length && rows.length < limit && performance.now() < until; at++) {
    const found = await view!.list({ ...filter, id: ids[at]!, limit: 1 })
    rows.push(...found.rows.filter(fits))
  }
  const isOver = !(at < ids.length)
  return {
    rows,
    cursor: isOver ? undefined : String(at),
    searchedTo: isOver || rows.length === limit ? undefined : rows.at(-1)?.receivedAt,
  }
}
