import { WebhookError } from '@postern/core'
import type { Consumer, Port } from '@postern/core/inbox'
import type { Client } from './connection.ts'
import type { Queues } from './queues.ts'
import { queueNames, startSweeper } from './prune.ts'
import { startWorking, type BullmqWorking } from './run.ts'
import type { Settings } from './settings.ts'
import { createWriter } from './accept.ts'

/** What {@link createPort} needs. */
export interface PortContext {
  readonly client: Client
  /** The connection of workers, opened when the first one begins. */
  readonly patient: () => Client
  readonly queues: Queues
  readonly settings: Settings
  readonly failed: (error: Error) => void
}

/** A receiver's side of the inbox. */
export interface BullmqPort extends Port {
  readonly consumer: Consumer
  readonly closed: boolean
}

/** Makes a receiver's side. */
export function createPort(context: PortContext, consumer: Consumer): BullmqPort {
  const { client, queues, settings } = context
  const writer = createWriter(client, queues, consumer.receiver, settings)
  let running: BullmqWorking | undefined
  let sweeping: { stop(): void } | undefined
  let closed = false
  return {
    consumer,
    get closed() {
      return closed
    },
    accept(intake) {
      if (closed) throw new WebhookError('closed', 'bullmqInbox: the receiver was closed')
      return writer.accept(intake)
    },
    work() {
      if (running) return
      const names = (): readonly string[] => queueNames(consumer.receiver, consumer.lanes())
      sweeping = startSweeper(client, queues, settings, names)
      running = startWorking({ ...context, consumer, client: context.patient() })
    },
    async close(until) {
      closed = true
      sweeping?.stop()
      // What waits for Redis ends within the deadline by itself.
      await Promise.all([running?.close(until), writer.idle()])
    },
  }
}
