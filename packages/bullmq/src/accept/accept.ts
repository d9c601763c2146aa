import { randomUUID } from 'node:crypto'
import { WebhookError } from '@postern/core'
import {
  createBatch,
  within,
  type Consumer,
  type Intake,
  type Accepted,
  type Capacity,
  createCapacity,
  NO_CONTENTS,
} from '@postern/core/engine'
import {
  answeredWithin,
  connected,
  runScript,
  unavailable,
  type RedisClient,
} from '../store/connection.ts'
import { prepare, type Prepared, type PreparedItem, deliveryArguments } from './encode.ts'
import { queueName, type Queues } from '../store/queues.ts'
import type { Replicas } from '../store/replicas.ts'
import { revive } from './revive.ts'
import type { ServerWatch } from '../store/server.ts'
import type { Settings } from '../settings.ts'

interface Accepting {
  accept(intake: Intake): Promise<readonly Accepted[]>
  /** Checks whether a delivery can be stored now, and rejects if not (see `Port.probe`). */
  probe(): Promise<void>
  /** Subtracts ended tasks from the count of open tasks. A negative number adds tasks. */
  free(tasks: number): void
  /** Resolves when all waiting deliveries are stored or rejected, at the latest at the deadline. */
  close(): Promise<void>
}

export interface AcceptContext {
  readonly client: RedisClient
  readonly queues: Queues
  readonly settings: Settings
  readonly watch: ServerWatch
  readonly replicas: Replicas | undefined
  /** The store's clock, in milliseconds since 1970. */
  readonly clock: () => number
}

// Maximum number, and maximum total size in bytes, of the deliveries that one script stores. Redis runs nothing else
// during a script.
const BATCH = 64
const BATCH_BYTES = 4 * 1024 * 1024
// Number of scripts at once: while Redis runs one script, this process prepares the next.
const AT_ONCE = 2

interface Write {
  readonly prepared: Prepared
  readonly bytes: number
  readonly deadline: number
  readonly stored: (taken: readonly Accepted[]) => void
  readonly failed: (error: Error) => void
}

/** One script stores all deliveries that arrive in one tick, or while Redis is busy. */
export function createAccepting(context: AcceptContext, consumer: Consumer): Accepting {
  const { client, queues, settings, watch, replicas, clock } = context
  const { receiver } = consumer
  const { prefix, deadline, maxPending, maxPendingShare, maxWaitingBytes } = settings
  const capacity = capacityOf(context, consumer)
  const share = Math.max(1, Math.floor(maxPending * maxPendingShare))
  const late = (): Error => unavailable(`Redis did not answer within ${deadline} ms`)
  const batch = createBatch<Write>({
    inbox: 'bullmqInbox',
    rows: BATCH,
    bytes: BATCH_BYTES,
    atOnce: AT_ONCE,
    store: (writes, until) => within(store(writes), until, late) as Promise<void>,
    fault: () => 'all',
    rejection: unavailable,
    late,
  })

  return {
    accept(intake) {
      connected(client, deadline)?.catch(() => {})
      if (batch.waiting() >= maxWaitingBytes)
        throw new WebhookError('inbox_full', {
          problem: 'full',
          option: 'maxWaitingBytes',
          limit: maxWaitingBytes,
          got: batch.waiting(),
          expected: 'bytes',
        })
      const prepared = prepare(receiver, intake)
      return new Promise((stored, failed) => {
        const { bytes } = prepared
        batch.add({ prepared, bytes, deadline: performance.now() + deadline, stored, failed })
      })
    },
    async probe() {
      await connected(client, deadline)
      await watch.safe()
      const line = replicas?.line() ?? 0
      await answeredWithin(
        Promise.all([
          runScript(client, 'COUNTS', prefix, queueName(receiver, ''), '', 1),
          runScript(client, 'UNDO', prefix)
            .then(() => commit(client, prefix, [probeOf(consumer)], { now: clock(), probe: true }))
            .then(([reply]) => {
              const failure = notAdded(reply!)
              if (failure) throw failure
              return replicas?.confirmed(line)
            }),
        ]),
        deadline,
      )
    },
    free: (tasks) => capacity.free(tasks),
    close: () => batch.flushed(),
  }

  async function store(writes: readonly Write[]): Promise<void> {
    await connected(client, deadline)
    await watch.safe()
    const line = replicas?.line() ?? 0
    const again = await look(writes.flatMap(({ prepared }) => prepared.items))
    const plans: (CommitPlan & { readonly write: Write })[] = []
    for (const write of writes) {
      const { prepared } = write
      const fresh = prepared.items.filter(({ name }) => !again.has(name))
      try {
        await capacity.reserve({ plain: true, tasks: tasksOf(fresh), items: [] })
        plans.push({ write, prepared, fresh })
      } catch (error) {
        write.failed(error as Error)
      }
    }
    const replies = await commit(client, prefix, plans, { now: clock(), share })
    await replicas?.confirmed(line)
    await Promise.all(plans.map((plan, at) => answer(plan, replies[at]!, again)))
  }

  async function answer(
    { write, prepared, fresh }: CommitPlan & { readonly write: Write },
    reply: StoreReply,
    again: ReadonlyMap<string, readonly string[]>,
  ): Promise<void> {
    const [kind, ...found] = reply
    if (kind !== 'taken') capacity.free(tasksOf(fresh))
    if (kind === 'rejected') return write.stored(prepared.items.map(() => 'rejected'))
    if (kind === 'full') {
      const waiting = Number(found[0])
      const full = capacity.full('maxPendingShare', share, waiting, 'tasks of one tenant')
      return write.failed(full)
    }
    const failure = notAdded(reply)
    if (failure) {
      watch.failed(failure)
      return write.failed(unavailable(failure))
    }
    try {
      const recorded = new Set(fresh.filter((_, at) => Number(found[at]) > 0))
      capacity.free(tasksOf(fresh.filter((item) => !recorded.has(item))))
      const taken: Accepted[] = []
      for (const item of prepared.items)
        taken.push(recorded.has(item) ? 'new' : await retake(again.get(item.name) ?? []))
      write.stored(taken)
    } catch (error) {
      write.failed(unavailable(error))
    }
  }

  /** Returns the refs of the jobs to revive, by names of known events. Each ref has a letter first (see `revive`). */
  async function look(
    items: readonly PreparedItem[],
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const known = items.filter(({ item }) => item.event.dedupe).map(({ name }) => name)
    const reply = await runScript(client, 'LOOK', prefix, ...known)
    const found = reply as readonly (readonly string[] | null)[]
    const again = new Map<string, readonly string[]>()
    found.forEach((refs, at) => refs && again.set(known[at]!, refs))
    return again
  }

  async function retake(refs: readonly string[]): Promise<Accepted> {
    return (await revive({ client, prefix, queues }, refs)) ? 'revived' : 'duplicate'
  }
}

function tasksOf(items: readonly PreparedItem[]): number {
  return items.reduce((sum, { refs }) => sum + refs.length, 0)
}

/**
 * Returns the test delivery of a probe, which checks that deliveries can be stored. The delivery uses every feature of
 * an event, so that the script STORE runs all of its commands. STORE undoes these writes before it ends.
 */
function probeOf(consumer: Consumer): CommitPlan {
  const tasks = consumer
    .lanes()
    .flatMap(({ name }) => [
      { subscription: name },
      { subscription: name, part: 'fair', fairKey: randomUUID() },
    ])
  const event = {
    ...NO_CONTENTS.event,
    key: randomUUID(),
    topic: 'probe',
    passing: true as const,
    guards: [{ key: randomUUID(), otherwise: 'reject' as const }],
  }
  const delivery = { ...NO_CONTENTS.delivery, receivedAt: Date.now() }
  const items = [event, { ...event, key: randomUUID(), guards: [] }].map((each) => ({
    event: each,
    tasks,
  }))
  const prepared = prepare(consumer.receiver, { delivery, items })
  return { prepared, fresh: prepared.items }
}

/** Limits the open tasks of a receiver. The limit per tenant is in the script STORE. */
function capacityOf({ client, settings }: AcceptContext, consumer: Consumer): Capacity {
  return createCapacity({
    store: {
      async pending(receiver) {
        const args = [queueName(receiver, ''), 1]
        const rows = await runScript(client, 'COUNTS', settings.prefix, ...args)
        const counts = rows as readonly (readonly [name: string, ...counts: number[]])[]
        return counts.reduce((sum, [, ...its]) => its.reduce((all, each) => all + each, sum), 0)
      },
      backlog: () => [],
      rejection: unavailable,
    },
    settings,
    consumer,
    lanes: { find: () => undefined },
  })
}

/** A delivery, and its events that are not stored yet. */
interface CommitPlan {
  readonly prepared: Prepared
  readonly fresh: readonly PreparedItem[]
}

/** For each event in `fresh`, `taken` is followed by the number that the event got, or by 0 if the event was known. */
type StoreReply =
  | readonly ['taken', ...number[]]
  | readonly ['rejected']
  | readonly ['full', waiting: number]
  | readonly ['failed', why: string]

/** `now` is the time of the store's clock. `share` is the maximum number of waiting tasks per tenant. */
export async function commit(
  client: RedisClient,
  prefix: string,
  plans: readonly CommitPlan[],
  {
    now,
    share = Number.MAX_SAFE_INTEGER,
    probe = false,
  }: { readonly now: number; readonly share?: number; readonly probe?: boolean },
): Promise<readonly StoreReply[]> {
  if (plans.length === 0) return []
  const args = plans.flatMap(({ prepared, fresh }) => deliveryArguments(prepared, fresh))
  const given = [now, share, probe ? 1 : '', ...args]
  return (await runScript(client, 'STORE', prefix, ...given)) as readonly StoreReply[]
}

export function notAdded(reply: StoreReply): Error | undefined {
  if (reply[0] !== 'failed') return undefined
  return new Error(`the jobs of an event could not be added: ${reply[1]}`)
}
