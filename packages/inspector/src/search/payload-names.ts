import type { InboxView } from '@postern/core/inbox'
import type { Seal } from '@postern/core/engine'
import { readable } from './payload.ts'
import { payloadPath } from './tokens.ts'

interface PayloadName {
  /** The path as typed in a search, such as `payload.data.object.customer`. */
  readonly path: string
  /** Some of the values at this path, the newest first. */
  readonly values: readonly string[]
}

// Number of newest tasks to list, and maximum number of their events to read. Several tasks can share an event.
const TASKS = 200
const EVENTS = 50
// Maximum number of values per payload (`NODES`), of levels per payload (`DEPTH`), of paths in all payloads (`PATHS`),
// and of values per path (`VALUES`). An object whose member names are ids has one path per id. `LONGEST` is the maximum
// length of a path or a value, in characters.
const NODES = 2000
const DEPTH = 12
const PATHS = 2000
const VALUES = 12
const LONGEST = 100
// Time limit for all payloads, in milliseconds.
const BUDGET = 100

/** Returns the paths in the newest payloads. The most frequent come first, then the shortest. */
export async function payloadNames(
  view: InboxView,
  seal: Seal | undefined,
): Promise<readonly PayloadName[]> {
  const until = performance.now() + BUDGET
  const { rows } = await view.list({ limit: TASKS, budget: BUDGET })
  const ids = new Map(
    rows.toReversed().map(({ id, receiver, event }) => [JSON.stringify([receiver, event.key]), id]),
  )
  const known = new Map<string, { count: number; readonly values: Set<string> }>()
  for (const id of [...ids.values()].toReversed().slice(0, EVENTS)) {
    if (performance.now() > until) break
    const found = await view.get(id)
    for (const [path, values] of leavesOf(found && readable(found, seal))) {
      const one = known.get(path) ?? { count: 0, values: new Set() }
      if (one.count++ === 0 && known.size >= PATHS) break
      known.set(path, one)
      for (const value of values) if (one.values.size < VALUES) one.values.add(value)
    }
  }
  return [...known]
    .toSorted(
      ([path, one], [next, other]) => other.count - one.count || depthOf(path) - depthOf(next),
    )
    .map(([path, { values }]) => ({ path, values: [...values] }))
}

/** Returns the values by path, without objects and arrays. Paths do not contain positions in arrays. */
function leavesOf(payload: unknown): ReadonlyMap<string, readonly string[]> {
  const leaves = new Map<string, string[]>()
  const open: (readonly [part: unknown, names: readonly string[]])[] = [[payload, []]]
  for (let left = NODES; left > 0 && open.length > 0; left--) {
    const [part, names] = open.pop()!
    if (Array.isArray(part)) for (const one of part.slice(0, 10)) open.push([one, names])
    else if (isTree(part)) {
      if (names.length >= DEPTH) continue
      for (const [name, one] of Object.entries(part).slice(0, 100).toReversed())
        open.push([one, [...names, name]])
    } else {
      const path = payloadPath(names)
      const value = String(part)
      if (path === undefined || path.length > LONGEST || value.length > LONGEST) continue
      const values = leaves.get(path)
      if (values) values.push(value)
      else leaves.set(path, [value])
    }
  }
  return leaves
}

function depthOf(path: string): number {
  return path.split('.').length
}

function isTree(part: unknown): part is Readonly<Record<string, unknown>> {
  return typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)
}
