import { randomUUID } from 'node:crypto'
import { type Duration, settledBy } from '../../basics/deadline.ts'
import { WebhookError } from '../../errors.ts'
import type { Consumer, Inbox, Intake, Accepted } from '../inbox.ts'
import { attachment } from '../engine/attach/attachment.ts'
import type { Side } from '../engine/parts.ts'
import { hold, runInline, type InlineContext, type InlineResult } from './run.ts'
import { patient, type Ledger } from './ledger.ts'
import { memoryLedger } from './memory-ledger.ts'
import { checks } from '../engine/attach/checks.ts'
import { createSemaphore, type Semaphore } from '../engine/semaphore.ts'

/** Time at the end of closing in which running events are released to the ledger, in milliseconds. */
const LAST = 500

/** Options of {@link inlineInbox}. */
export interface InlineInboxOptions {
  /**
   * The store of outcomes. It is closed together with the inbox. If there are several processes, or if processes live
   * only briefly, use `redisLedger` of `@postern/redis`.
   * @default memoryLedger()
   */
  readonly ledger?: Ledger
  /**
   * How long an event's claim is valid without renewal. After that, a redelivery of the event runs. The process renews
   * the claim while handlers run.
   * @default '30s'
   */
  readonly lease?: Duration
  /**
   * Status of the reply to a delivery while a duplicate of it is running. After 503 every sender retries. After 409
   * some senders do not retry (PagerDuty, Sanity, Contentful). With 200 the delivery is acknowledged before the outcome
   * is known.
   * @default 503
   */
  readonly whileRunning?: 409 | 503 | 200
  /**
   * Maximum number of deliveries that run or wait at once. Further deliveries get 503.
   * @default 1000
   */
  readonly maxRunning?: number
}

/**
 * Creates an inbox for platforms without a worker: handlers run during the request, and the reply waits for them. The
 * inbox stores only the outcome of each task. If all tasks are done or dead, the sender gets 2xx. If a task failed, the
 * sender gets 503 with `Retry-After` and delivers again; then only unfinished tasks run. The receiver's retry policy
 * limits the attempts of a task over all deliveries; the sender decides when attempts happen. An event with dead tasks
 * is acknowledged, and a later delivery of the event runs the dead tasks again. Handlers must be faster than the
 * sender's timeout.
 *
 * An event without an id cannot be recognized. If one of its tasks fails, the redelivery runs all of its tasks again.
 * @throws {TypeError} for a wrong option, by name.
 */
export function inlineInbox(options: InlineInboxOptions = {}): Inbox<never> {
  const check = checks<InlineInboxOptions>('inlineInbox', options)
  const ledger = check.value('ledger') ?? memoryLedger()
  const lease = check.time('lease', '30s')
  const whileRunning = check.value('whileRunning') ?? 503
  const maxRunning = check.whole('maxRunning', 1000)
  check.end()
  if (lease < 10) throw new TypeError(`inlineInbox: lease must be at least 10 ms, got ${lease} ms`)
  if (typeof ledger?.claim !== 'function')
    throw new TypeError('inlineInbox: ledger must be what memoryLedger() or redisLedger() returns')
  if (![409, 503, 200].includes(whileRunning))
    throw new TypeError(
      `inlineInbox: whileRunning must be 409, 503 or 200, got ${String(whileRunning)}`,
    )
  const settings = { ledger, lease, whileRunning, maxRunning }
  const attached = attachment({
    inbox: 'inlineInbox',
    dedupeWindow: { option: `dedupeWindow of its ${ledger.name}`, time: ledger.dedupeWindow },
    join(consumer) {
      ledger.listen?.((message) => consumer.warn(message))
      return createInlineSide(consumer, settings)
    },
    close: async () => ledger.close?.(),
  })
  return {
    name: 'inlineInbox',
    can: { order: false, transaction: false, durable: ledger.durable, fair: false, search: 'scan' },
    dedupeWindow: ledger.dedupeWindow,
    attach: (consumer) => attached.attach(consumer),
    close: () => attached.close(),
  }
}

function createInlineSide(
  consumer: Consumer,
  settings: Required<Omit<InlineInboxOptions, 'lease'>> & { readonly lease: number },
): Side {
  const { ledger, lease, whileRunning, maxRunning } = settings
  const closing = new AbortController()
  const over = new Set<() => void>()
  const running = new Set<Promise<unknown>>()
  const slots = new Map<string, Semaphore>()
  const context: InlineContext = { consumer, lease, slots: slotsOf, closing: closing.signal, over }

  return {
    accept(intake, host) {
      if (running.size >= maxRunning)
        throw new WebhookError('inbox_full', {
          problem: 'full',
          option: 'maxRunning',
          limit: maxRunning,
          got: running.size,
          expected: 'deliveries',
        })
      const work = take(intake)
      const watched = work.catch(() => {})
      running.add(watched)
      void watched.then(() => running.delete(watched))
      // Tells the platform to keep the handlers running even if the sender closes the connection.
      host.waitUntil?.(watched)
      return work
    },
    // Tests the ledger as a delivery would use it: claims a key, then undoes the claim.
    async probe() {
      const token = randomUUID()
      const key = `${consumer.receiver.length}:${consumer.receiver}:probe ${token}`
      await ledger.claim(key, token, lease)
      await ledger.undo(key, token)
    },
    close,
  }

  async function close(until: number): Promise<void> {
    const left = Math.max(0, until - performance.now())
    const last = Math.min(LAST, left / 4)
    const ended = (): Promise<unknown> => Promise.all(running)
    if (left > 0) await settledBy(ended(), performance.now() + left / 2)
    closing.abort(new Error('the receiver was closed'))
    if (left > 0) await settledBy(ended(), performance.now() + left / 2 - last)
    for (const giveBack of over) giveBack()
    // Waits only until the deadline, since a call of the ledger may take longer.
    await settledBy(ended(), performance.now() + last)
  }

  async function take({ items, delivery }: Intake): Promise<readonly Accepted[]> {
    const own = patient(ledger)
    const holding = await Promise.allSettled(
      items.map(({ event }) => hold(consumer.receiver, own, lease, event)),
    )
    const holds = holding.map((one) => (one.status === 'fulfilled' ? one.value : undefined))
    if (holds.some((one) => one?.kind === 'rejected')) {
      // A delivery is accepted as a whole or not at all, so the claims of its other events are undone.
      await Promise.all(holds.map(async (one) => one?.kind === 'held' && one.undo()))
      return items.map(() => 'rejected')
    }
    const ends = await Promise.allSettled(
      items.map(async (item, at) => {
        const held = holds[at]
        return held?.kind === 'held' ? runInline(context, held, item, delivery) : held
      }),
    )
    for (const one of [...holding, ...ends]) if (one.status === 'rejected') throw one.reason
    const results = ends.map((one) => (one as PromiseFulfilledResult<InlineResult>).value)
    const failed = results.filter((result) => result.kind === 'failed')
    if (failed.length > 0) throw redeliver(failed)
    return results.map(({ kind }) => (kind === 'busy' ? busy() : kind)) as Accepted[]
  }

  function redeliver(failed: readonly Extract<InlineResult, { kind: 'failed' }>[]): WebhookError {
    const due = Math.max(...failed.map(({ at }) => at))
    const names = [...new Set(failed.map(({ subscription }) => subscription))].join(', ')
    return new WebhookError(
      'handler_failed',
      { problem: 'handlers_failed', got: names },
      { retryAfter: Math.max(1, Math.ceil((due - consumer.now()) / 1000)) },
    )
  }

  function busy(): Accepted {
    if (whileRunning === 200) return 'duplicate'
    if (whileRunning === 409) return 'busy'
    throw new WebhookError('in_progress', { problem: 'in_progress' }, { status: 503 })
  }

  function slotsOf(subscription: string): Semaphore {
    const lane = consumer
      .lanes()
      .find(
        ({ name, previousNames }) => name === subscription || previousNames.includes(subscription),
      )
    const name = lane?.name ?? subscription
    let known = slots.get(name)
    if (!known) slots.set(name, (known = createSemaphore(() => lane?.concurrency ?? 1)))
    return known
  }
}
