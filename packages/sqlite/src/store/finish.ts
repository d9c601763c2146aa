import { RUNNING, DONE, TASKS, type EndedTask } from '@postern/core/inbox'
import type { Database, Written } from '../driver/driver.ts'
import { ADD_FINISHED, END_CLAIMS, TAKE_CLAIMS } from '../sql/claims.ts'
import { FINISH, FINISHED } from '../sql/tasks.ts'
import type { Tally } from './tally.ts'

// An entry is the distance of the task's event from the first one, and how long it ran in the lower bits.
const TOOK = 2 ** 31
const FAR = 2 ** 21

interface Group {
  readonly n: number
  readonly token: number
  readonly lane: number
  readonly ended: EndedTask[]
  first: number
}

/** Makes `Rows.finish`: runs that were claimed together, with one token, take one statement. Inside a transaction. */
export function createFinish(
  db: Database,
  tally: Tally,
): (ended: readonly EndedTask[], now: number) => ReadonlySet<number> {
  const finish = db.prepare(FINISH)
  const finished = db.prepare(FINISHED)
  const take = db.prepare(TAKE_CLAIMS)
  const end = db.prepare(END_CLAIMS)
  const addFinished = db.prepare(ADD_FINISHED)

  return (ended, now) => {
    const counted = new Set<number>()
    for (const group of groupsOf(ended)) {
      const { token, lane: of, n, first } = group
      let entries = ''
      let count = 0
      for (const { id, took } of group.ended) {
        const distance = (id - n) / TASKS - first
        // It ran for very long, or is far from the others: the engine stores it another way.
        if (took >= TOOK || distance >= FAR) continue
        entries += `${count++ === 0 ? '[' : ','}${distance * TOOK + took}`
      }
      if (count === 0) continue
      entries += ']'
      const base = first * TASKS + n
      // They have no rows yet, unless somebody has asked for these.
      const bare = isOne(end.run(token, of, count)) || isOne(take.run(count, token, of))
      const { changes } = bare
        ? addFinished.run(base, of, now, token, entries)
        : finish.run(now, entries, base, token)
      const all = changes === group.ended.length
      const done = all ? undefined : finishedOf(token, group.ended)
      for (const { id, lane, fair } of group.ended) {
        if (done && !done.has(id)) continue
        counted.add(id)
        if (!bare) tally.move(lane, RUNNING, DONE, fair)
      }
    }
    return counted
  }

  function finishedOf(token: number, ended: readonly EndedTask[]): ReadonlySet<number> {
    const ids = `[${ended.map(({ id }) => id).join()}]`
    return new Set((finished.all(token, ids) as { id: number }[]).map(({ id }) => id))
  }
}

function isOne({ changes }: Written): boolean {
  return Number(changes) === 1
}

function groupsOf(ended: readonly EndedTask[]): readonly Group[] {
  const groups: Group[] = []
  let last: Group | undefined
  for (const one of ended) {
    const { id, token, lane } = one
    const n = id % TASKS
    const event = (id - n) / TASKS
    if (!last || last.token !== token || last.n !== n || last.lane !== lane) {
      last = groups.find((group) => group.token === token && group.n === n && group.lane === lane)
      if (!last) groups.push((last = { n, token, lane, ended: [], first: event }))
    }
    last.ended.push(one)
    if (event < last.first) last.first = event
  }
  return groups
}
