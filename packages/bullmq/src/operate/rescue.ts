import { randomUUID } from 'node:crypto'
import { createSweep, type Sweep } from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef } from '../store/names.ts'

/** Where a round is: at a rank of the index, newest first, with the jobs of each queue that may be lost. */
interface Place {
  readonly rank: number
  readonly began: number
  readonly loose: Map<string, Set<string>>
}

// Events and jobs of one step, which blocks Redis.
const STEP = 200
const LIST = 5000
// Jobs that are remembered before the lists of their queues are read.
const MOST = 50_000
// A sweep whose process died leaves the others waiting for this, in milliseconds; and one that ended for as long as it took, times this.
const HELD = 5000
const SHARE = 20
// The sweep looks every hundredth of this.
const KEEP = 1_000_000

/**
 * Makes the sweep that puts jobs back which are in no list of BullMQ: an operator's hand took them out, or an older version of this
 * package answered 2xx though Redis had refused to add them. Of all processes one looks at a time. `told` hears how many it found.
 */
export function createRescue(
  client: RedisClient,
  prefix: string,
  told: (count: number) => void,
): Sweep {
  const self = randomUUID()
  let found = 0
  return createSweep<Place>(KEEP, async (place) => {
    if (client.status !== 'ready') return undefined
    const { rank, began, loose }: Place = place ?? {
      rank: 0,
      began: performance.now(),
      loose: new Map(),
    }
    const names = await client.zrevrange(`${prefix}:index`, rank, rank + STEP - 1)
    const refs = (await runScript(client, 'posternLoose', prefix, self, HELD, ...names)) as
      | readonly string[]
      | null
    if (refs === null) return undefined
    for (const ref of refs) {
      const { queue } = parseRef(ref)
      loose.set(queue, (loose.get(queue) ?? new Set()).add(ref))
    }
    const isLast = names.length < STEP
    const most = [...loose.values()].reduce((sum, { size }) => sum + size, 0)
    if (isLast || most > MOST) found += await rescue(loose)
    if (!isLast) return { rank: rank + STEP, began, loose: most > MOST ? new Map() : loose }
    if (found > 0) told(found)
    found = 0
    await client.set(
      `${prefix}:sweeper`,
      'done',
      'PX',
      Math.ceil(HELD + SHARE * (performance.now() - began)),
    )
    return undefined
  })

  /** New jobs come at the head of a list, so that none of those that wait is passed over on the way to its end. */
  async function rescue(loose: ReadonlyMap<string, Set<string>>): Promise<number> {
    let rescued = 0
    for (const [queue, refs] of loose) {
      for (const list of ['wait', 'paused', 'active'])
        for (let from = 0; refs.size > 0; from += LIST) {
          const ids = await client.lrange(`${prefix}:${queue}:${list}`, from, from + LIST - 1)
          for (const id of ids) refs.delete(`${queue}:${id}`)
          if (ids.length < LIST) break
        }
      const lost = [...refs]
      for (let from = 0; from < lost.length; from += STEP)
        rescued += Number(
          await runScript(client, 'posternRescue', prefix, ...lost.slice(from, from + STEP)),
        )
    }
    return rescued
  }
}
