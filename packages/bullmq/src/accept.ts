import { WebhookError } from '@postern/core'
import { type Intake, type Taken } from '@postern/core/inbox'
import { connected, run, unavailable, within, type Client } from './connection.ts'
import { reserve } from './capacity.ts'
import { commit } from './commit.ts'
import { prepare, queuesOf, type Prepared, type PreparedItem } from './encode.ts'
import type { Queues } from './queues.ts'
import { revive } from './revive.ts'
import type { Settings } from './settings.ts'

/** Stores deliveries of one receiver. */
export interface Writer {
  accept(intake: Intake): Promise<readonly Taken[]>
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

// Deliveries in one transaction, which Redis runs without a break: these hold it for some milliseconds.
const BATCH = 64
const BATCH_BYTES = 4 * 1024 * 1024
// One transaction on its way while the next is made.
const AT_ONCE = 2

interface Waiting {
  readonly prepared: Prepared
  readonly bytes: number
  /** False where it was refused meanwhile. */
  open: boolean
  settle(taken: readonly Taken[]): void
  refuse(error: unknown): void
}

/**
 * Makes a writer. What comes in one turn of the event loop, and while Redis is busy, goes into one transaction: the jobs
 * of all events in all queues, and last the record of each event. Redis runs it as a whole or not at all, and a record
 * is only written where all its jobs are there, so no crash leaves an event half taken.
 */
export function createWriter(
  client: Client,
  queues: Queues,
  receiver: string,
  settings: Settings,
): Writer {
  const { prefix, deadline, maxPending, maxWaitingBytes } = settings
  let line: Waiting[] = []
  let bytes = 0
  let writing = 0
  let scheduled = false
  let idlers: (() => void)[] = []

  return {
    accept(intake) {
      connected(client, deadline)?.catch(() => {})
      if (bytes >= maxWaitingBytes)
        throw new WebhookError(
          'inbox_full',
          `bullmqInbox: ${bytes} bytes wait for Redis, maxWaitingBytes is ${maxWaitingBytes}`,
        )
      const prepared = prepare(receiver, intake)
      return new Promise((resolve, reject) => {
        const size = prepared.bytes
        const end = (): void => {
          clearTimeout(timer)
          if (waiting.open) bytes -= size
          waiting.open = false
        }
        const waiting: Waiting = {
          prepared,
          bytes: size,
          open: true,
          settle: (taken) => (end(), resolve(taken)),
          refuse: (error) => (end(), reject(error as Error)),
        }
        // Made when it is late and not before: an error takes the stack with it.
        const late = (): void =>
          waiting.refuse(unavailable(`Redis did not answer within ${deadline} ms`))
        const timer = setTimeout(late, deadline)
        bytes += size
        line.push(waiting)
        schedule()
      })
    },
    idle: () =>
      quiet() ? Promise.resolve() : new Promise((resolve) => idlers.push(() => resolve())),
  }

  function schedule(): void {
    if (scheduled || writing >= AT_ONCE || line.length === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const batch = next()
      if (batch.length > 0) void write(batch)
      schedule()
      tellIdle()
    })
  }

  function next(): readonly Waiting[] {
    line = line.filter((waiting) => waiting.open)
    let size = 0
    let count = 0
    while (count < Math.min(line.length, BATCH) && (count === 0 || size < BATCH_BYTES))
      size += line[count++]!.bytes
    return line.splice(0, count)
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    writing++
    try {
      await within(store(batch), deadline)
    } catch (error) {
      for (const waiting of batch) if (waiting.open) waiting.refuse(error)
    }
    writing--
    schedule()
    tellIdle()
  }

  async function store(batch: readonly Waiting[]): Promise<void> {
    await connected(client, deadline)
    const items = batch.flatMap(({ prepared }) => prepared.items)
    const names = [...queuesOf(items)]
    await queues.ready(names)
    const known = items.filter(({ item }) => item.event.dedupe).map(({ name }) => name)
    const [found, counts] = (await run(client, 'posternLook', prefix, ...known, '-', ...names)) as [
      readonly (readonly string[] | null)[],
      readonly number[],
    ]
    const again = new Map<string, readonly string[]>()
    found.forEach((refs, at) => refs && again.set(known[at]!, refs))
    const pending = new Map(names.map((queue, at) => [queue, counts[at]!]))

    const plans = batch.map((waiting) => ({
      waiting,
      fresh: waiting.prepared.items.filter(({ name }) => !again.has(name)),
    }))
    const writable = plans.filter(({ waiting, fresh }) => {
      const full = reserve(pending, fresh, maxPending)
      if (full) waiting.refuse(full)
      return !full
    })
    const stored = await commit(
      { client, queues, receiver, prefix },
      writable.map(({ waiting, fresh }) => ({ prepared: waiting.prepared, fresh })),
    )
    await Promise.all(
      writable.map(async ({ waiting, fresh }, at) => {
        const replies = stored[at]
        if (replies instanceof Error) return waiting.refuse(unavailable(replies))
        try {
          waiting.settle(await takenOf(waiting.prepared.items, fresh, replies ?? [], again))
        } catch (error) {
          waiting.refuse(unavailable(error))
        }
      }),
    )
  }

  async function takenOf(
    items: readonly PreparedItem[],
    fresh: readonly PreparedItem[],
    replies: readonly number[],
    again: ReadonlyMap<string, readonly string[]>,
  ): Promise<readonly Taken[]> {
    return Promise.all(
      items.map(async (item): Promise<Taken> => {
        const at = fresh.indexOf(item)
        if (at >= 0) return replies[at] === 1 ? 'new' : 'duplicate'
        return (await revive(queues, again.get(item.name) ?? [])) ? 'revived' : 'duplicate'
      }),
    )
  }

  function quiet(): boolean {
    return writing === 0 && line.length === 0
  }

  function tellIdle(): void {
    if (!quiet()) return
    for (const resolve of idlers) resolve()
    idlers = []
  }
}
