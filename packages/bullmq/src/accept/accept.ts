import { WebhookError } from '@postern/core'
import { createBatch, within, type Consumer, type Intake, type Taken } from '@postern/core/inbox'
import { createCapacity } from './capacity.ts'
import { commit, type CommitPlan } from './commit.ts'
import {
  answeredWithin,
  connected,
  runScript,
  unavailable,
  type RedisClient,
} from '../store/connection.ts'
import { prepare, queuesOf, type Prepared, type PreparedItem } from './encode.ts'
import { takeGuards } from './guards.ts'
import type { Queues } from '../store/queues.ts'
import type { Replicas } from '../store/replicas.ts'
import { revive } from './revive.ts'
import type { ServerWatch } from '../store/server.ts'
import type { Settings } from '../settings.ts'
import { takeTurns, wantedTurns } from './turns.ts'

/** Stores deliveries of one receiver. */
interface Accepting {
  accept(intake: Intake): Promise<readonly Taken[]>
  /** As `Port.probe`. */
  probe(): Promise<void>
  /** Resolves when all waiting deliveries are stored or refused, within the deadline. */
  close(): Promise<void>
}

/** The argument of {@link createAccepting}. */
export interface AcceptContext {
  readonly client: RedisClient
  readonly queues: Queues
  readonly settings: Settings
  readonly watch: ServerWatch
  readonly replicas: Replicas | undefined
}

// Deliveries in one transaction. Redis runs it without a break: this number blocks Redis for some milliseconds.
const BATCH = 64
const BATCH_BYTES = 4 * 1024 * 1024
// One transaction on its way while the next is made.
const AT_ONCE = 2

interface Work {
  readonly prepared: Prepared
  readonly bytes: number
  readonly deadline: number
  readonly stored: (taken: readonly Taken[]) => void
  readonly failed: (error: Error) => void
}

interface Plan extends CommitPlan {
  readonly work: Work
  readonly taken: Map<PreparedItem, Taken>
}

/**
 * Makes an {@link Accepting}. Deliveries that arrive in one turn of the event loop, or while Redis is busy, share one transaction: first
 * the jobs of all events in all queues, last the record of each event. Redis runs it as a whole or not at all, and
 * writes a record only if all its jobs exist. So no crash leaves an event half stored.
 */
export function createAccepting(
  { client, queues, settings, watch, replicas }: AcceptContext,
  consumer: Consumer,
): Accepting {
  const { receiver } = consumer
  const { prefix, deadline, maxPending, maxPendingShare, maxWaitingBytes } = settings
  const capacity = createCapacity(client, prefix, receiver, maxPending, () => consumer.now())
  // One key of `fairBy` leaves room for the others.
  const bound = {
    share: Math.max(1, Math.floor(maxPending * maxPendingShare)),
    full: capacity.full,
  }
  const late = (): Error => unavailable(`Redis did not answer within ${deadline} ms`)
  const batch = createBatch<Work>({
    inbox: 'bullmqInbox',
    rows: BATCH,
    bytes: BATCH_BYTES,
    atOnce: AT_ONCE,
    store: (works, until) => within(store(works), until, late) as Promise<void>,
    fault: () => 'all',
    refusal: unavailable,
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
      const wrote = runScript(client, 'posternProbe', prefix, receiver)
      await answeredWithin(replicas ? wrote.then(() => replicas.confirmed(line)) : wrote, deadline)
    },
    close: () => batch.flushed(),
  }

  async function store(works: readonly Work[]): Promise<void> {
    await connected(client, deadline)
    await watch.safe()
    const line = replicas?.line() ?? 0
    const items = works.flatMap(({ prepared }) => prepared.items)
    const names = [...queuesOf(items)]
    await queues.ready(names)
    await capacity.known()
    const again = await look(items, names)
    // Sent together: one after another they would cost a round trip to Redis, and a write to disk, for each delivery.
    const plans = (await Promise.all(works.map((work) => plan(work, again)))).filter(
      (one) => one !== undefined,
    )
    const replies = await commit({ queues, receiver, prefix }, plans)
    await replicas?.confirmed(line)
    await Promise.all(
      plans.map(async ({ work, prepared, fresh, taken }, at) => {
        const its = replies[at]
        if (its instanceof Error) return work.failed(unavailable(its))
        try {
          for (const [index, item] of fresh.entries())
            taken.set(item, its?.[index] === 1 ? 'new' : 'duplicate')
          for (const item of prepared.items)
            if (!taken.has(item)) taken.set(item, await retake(again.get(item.name) ?? []))
          work.stored(prepared.items.map((item) => taken.get(item)!))
        } catch (error) {
          work.failed(unavailable(error))
        }
      }),
    )
  }

  /** What is to be stored of a delivery; undefined if it has its answer. */
  async function plan(
    work: Work,
    again: ReadonlyMap<string, readonly string[]>,
  ): Promise<Plan | undefined> {
    const { prepared } = work
    const fresh = prepared.items.filter(({ name }) => !again.has(name))
    const guarded = await takeGuards({ client, prefix, deadline }, fresh)
    if (guarded instanceof Error) {
      work.failed(guarded)
      return undefined
    }
    if (guarded === 'refused') {
      work.stored(prepared.items.map(() => 'refused'))
      return undefined
    }
    const kept = guarded.size === 0 ? fresh : fresh.filter((item) => !guarded.has(item))
    const taken = new Map<PreparedItem, Taken>([...guarded].map((item) => [item, 'duplicate']))
    const turns = await takeTurns({ client, prefix }, wantedTurns(receiver, kept), bound)
    if (turns instanceof Error) {
      work.failed(turns)
      return undefined
    }
    const full = capacity.reserve(kept)
    if (full) {
      work.failed(full)
      return undefined
    }
    return { work, prepared, fresh: kept, turns, taken }
  }

  /** The jobs to revive of known events, by their names. */
  async function look(
    items: readonly PreparedItem[],
    names: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const known = items.filter(({ item }) => item.event.dedupe).map(({ name }) => name)
    const [found, counts] = (await runScript(
      client,
      'posternLook',
      prefix,
      ...known,
      '-',
      ...names,
    )) as [readonly (readonly string[] | null)[], readonly number[]]
    capacity.seen(names, counts)
    const again = new Map<string, readonly string[]>()
    found.forEach((refs, at) => refs && again.set(known[at]!, refs))
    return again
  }

  async function retake(refs: readonly string[]): Promise<Taken> {
    return (await revive({ client, prefix, queues }, refs)) ? 'revived' : 'duplicate'
  }
}
