import {
  toCauses,
  topCauses,
  type Cause,
  type CauseGroup,
  type TaskError,
} from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import { fromJob } from '../store/errors.ts'
import { parseQueueName } from '../store/queues.ts'

type Row = readonly [
  cause: string,
  jobs: number,
  first: string,
  last: string,
  reason: string,
  stacks: string,
]

interface Failed extends CauseGroup {
  readonly sample: TaskError
  readonly receiver: string
  readonly subscription: string
}

const STEP = 500
// Jobs of one queue and state that are looked at, the latest first.
const MOST = 20_000

/** Dead and failing tasks by error. In a queue with more than `most` of them only the latest are counted, and `ofNewest` says so. */
export async function causes(
  { client, prefix }: { readonly client: RedisClient; readonly prefix: string },
  filter: { readonly receiver?: string; readonly subscription?: string },
  most: number = MOST,
): Promise<readonly Cause[]> {
  const groups = new Map<string, Failed>()
  let isCut = false
  for (const queue of await client.smembers(`${prefix}:queues`)) {
    const { receiver, subscription } = parseQueueName(queue)
    if ((filter.receiver ?? receiver) !== receiver) continue
    if ((filter.subscription ?? subscription) !== subscription) continue
    for (const set of ['failed', 'delayed'] as const) await add(queue, set)
  }
  const found = toCauses(topCauses([...groups.values()]))
  return isCut ? found.map((cause) => ({ ...cause, ofNewest: most })) : found

  async function add(queue: string, set: 'failed' | 'delayed'): Promise<void> {
    for (let from = 0; from < most; from += STEP) {
      const args = [queue, set, from, Math.min(from + STEP, most) - 1]
      const [seen, rows] = (await runScript(client, 'posternCauses', prefix, ...args)) as [
        number,
        readonly Row[],
      ]
      for (const row of rows) count(queue, set, row)
      if (seen < STEP && from + seen < most) return
    }
    isCut ||= (await client.zcard(`${prefix}:${queue}:${set}`)) > most
  }

  function count(
    queue: string,
    set: 'failed' | 'delayed',
    [cause, jobs, first, last, reason, stacks]: Row,
  ): void {
    const name = `${queue} ${cause}`
    const known = groups.get(name)
    groups.set(name, {
      ...(known ?? {
        cause,
        sample: fromJob(reason, stacks) ?? { name: 'Error', message: '' },
        ...parseQueueName(queue),
      }),
      dead: (known?.dead ?? 0) + (set === 'failed' ? jobs : 0),
      retrying: (known?.retrying ?? 0) + (set === 'delayed' ? jobs : 0),
      first: Math.min(known?.first ?? Infinity, Number(first)),
      last: Math.max(known?.last ?? 0, Number(last)),
    })
  }
}
