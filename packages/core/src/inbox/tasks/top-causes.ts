// Rows of one answer.
const MOST = 100

/** Failed tasks with one cause and subscription, as {@link topCauses} orders them. */
export interface CauseGroup {
  readonly cause: string
  readonly dead: number
  readonly retrying: number
}

/**
 * What `InboxView.causes` returns of all groups: the cause with the most tasks first, its subscriptions together, at most
 * 100 rows; and in each row how many causes there are in all.
 *
 * @example
 * const rows = topCauses(groups)
 */
export function topCauses<Group extends CauseGroup>(
  groups: readonly Group[],
): readonly (Group & { readonly among: number })[] {
  const tasks = new Map<string, number>()
  const size = ({ dead, retrying }: CauseGroup): number => dead + retrying
  for (const group of groups) tasks.set(group.cause, (tasks.get(group.cause) ?? 0) + size(group))
  const order = (one: Group, other: Group): number => {
    const more = tasks.get(other.cause)! - tasks.get(one.cause)!
    if (more !== 0) return more
    if (one.cause !== other.cause) return one.cause < other.cause ? -1 : 1
    return size(other) - size(one)
  }
  return groups
    .toSorted(order)
    .slice(0, MOST)
    .map((group) => ({ ...group, among: tasks.size }))
}
