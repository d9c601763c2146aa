import { milliseconds, type Duration } from '../../duration.ts'
import type { Consumer, Inbox, Port } from '../inbox.ts'
import type { InboxView } from '../view.ts'
import { createMemoryPort, type MemoryPort } from './accept.ts'
import { memoryRecords } from './records.ts'
import { memoryView } from './view.ts'

const DAY = 86_400_000

/** Options of {@link memoryInbox}. Each bound holds for each receiver. */
export interface MemoryInboxOptions {
  /** Ids of settled events that are remembered. Fewer make the window shorter under load, which observers hear of. @default 100_000 */
  readonly max?: number
  /** For how long an id is remembered after its event settled; at least the sender's retry span. @default '4d', or the retry span where that is longer */
  readonly window?: Duration
  /** Tasks that may be pending or running; beyond, deliveries get 503. @default 10_000 */
  readonly maxPending?: number
  /** Bytes of bodies that may wait with them; beyond, deliveries get 503. @default 64 MiB */
  readonly maxPendingBytes?: number
  /** Dead tasks kept with their event for `replay`. What falls out is still revived by a redelivery. @default 1000 */
  readonly keepDead?: number
  /** How long `waitUntil` of a host that freezes after the response is held for the first attempts. @default '25s' */
  readonly hold?: Duration
}

/**
 * An inbox in the memory of this process. It dedupes, retries, keeps dead tasks and replays, at no cost, and it FORGETS
 * what it acknowledged when the process ends: for development, tests, and events you can afford to lose.
 * `sqliteInbox` of `@postern/sqlite` keeps them in one file.
 */
export function memoryInbox(options: MemoryInboxOptions = {}): Inbox {
  const settings = {
    max: whole(options.max ?? 100_000, 'max'),
    maxPending: whole(options.maxPending ?? 10_000, 'maxPending'),
    maxPendingBytes: whole(options.maxPendingBytes ?? 64 * 1024 * 1024, 'maxPendingBytes'),
    keepDead: whole(options.keepDead ?? 1000, 'keepDead'),
    hold: milliseconds(options.hold ?? '25s', 'memoryInbox: hold'),
  }
  const given =
    options.window === undefined ? undefined : milliseconds(options.window, 'memoryInbox: window')
  const ports = new Map<string, MemoryPort>()
  const view: InboxView = memoryView(ports)
  return {
    name: 'memoryInbox',
    can: { order: true, transaction: false, durable: false },
    attach(consumer: Consumer): Port {
      const known = ports.get(consumer.receiver)
      if (known && !known.closed) {
        throw new TypeError(
          `memoryInbox already has a receiver named ${consumer.receiver}: give each receiver a name of its own`,
        )
      }
      const window = given ?? Math.max(4 * DAY, consumer.retrySpan)
      if (window < consumer.retrySpan) {
        throw new TypeError(
          `memoryInbox: window is ${window} ms, but the sender of ${consumer.receiver} delivers again for ${consumer.retrySpan} ms: make it at least that long`,
        )
      }
      const port = known ?? createMemoryPort(consumer, { ...settings, window })
      if (known) known.reopen(consumer)
      else ports.set(consumer.receiver, port)
      return side(port, consumer)
    },
    view,
    records: memoryRecords(),
    async close() {
      await Promise.all([...ports.values()].map((port) => port.close(Date.now())))
    },
  }
}

/** The receiver's side of a port: what a closed receiver does late must not stop the one that came after it. */
function side(port: MemoryPort, consumer: Consumer): Port {
  const close = async (until: number): Promise<void> => {
    if (port.consumer === consumer) await port.close(until)
  }
  return {
    accept: (intake, host) => port.accept(intake, host),
    work() {
      if (port.consumer === consumer) port.work()
    },
    close,
  }
}

function whole(value: number, name: string): number {
  if (!(Number.isInteger(value) && value >= 1))
    throw new TypeError(
      `memoryInbox: ${name} must be a whole number from 1 and up, got ${String(value)}`,
    )
  return value
}
