import { createSweep, type Sweep } from '@postern/core/engine'
import { randomUUID } from 'node:crypto'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef } from '../store/queues.ts'

/** Progress of a search for lost jobs. `rank`: next event, newest first. `loose`: jobs that may be lost, by queue. */
interface RescuePlace {
  readonly rank: number
  readonly began: number
  readonly loose: Map<string, Set<string>>
}

// Maximum number of events (STEP) and of list entries (LIST) that one step reads, since each step blocks Redis.
const STEP = 200
const LIST = 5000
// Maximum number of names of possibly lost jobs in memory. Above this number, the search first restores the jobs that
// are lost.
const MOST = 50_000
// While a process searches, its lock of HELD milliseconds keeps other processes from searching. Each step renews the
// lock. After a search that took T milliseconds, no process searches for HELD + SHARE * T milliseconds.
const HELD = 5000
const SHARE = 20
// The retention time for `createSweep`, in milliseconds. `createSweep` pauses for a hundredth of this time between two
// searches: 10 seconds.
const KEEP = 1_000_000

/**
 * Creates the background search that restores lost jobs: jobs that are in no set or list of BullMQ. A job is lost if an
 * operator removed it from its list. A job is also lost if an older version of this package acknowledged it although
 * Redis had rejected the write. Only one process searches at a time. `told` is called with the number of restored jobs.
 */
export function createRescue(
  client: RedisClient,
  prefix: string,
  told: (count: number) => void,
): Sweep {
  const self = randomUUID()
  let found = 0
  return createSweep<RescuePlace>(KEEP, async (place) => {
    if (client.status !== 'ready') return undefined
    const { rank, began, loose }: RescuePlace = place ?? {
      rank: 0,
      began: performance.now(),
      loose: new Map(),
    }
    const names = await client.zrevrange(`${prefix}:index`, rank, rank + STEP - 1)
    const refs = (await runScript(client, 'LOOSE', prefix, self, HELD, ...names)) as
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

  /** Restores each given job that is in no list. New jobs enter at the head, so a read from the head misses no job. */
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
          await runScript(client, 'RESCUE', prefix, ...lost.slice(from, from + STEP)),
        )
    }
    return rescued
  }
}
