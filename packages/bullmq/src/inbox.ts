import type { Consumer, Inbox, Port } from '@postern/core/inbox'
import { openClient, type Client } from './connection.ts'
import { createPort, type BullmqPort } from './port.ts'
import { createQueues } from './queues.ts'
import { createRecords } from './records.ts'
import { watchServer } from './server.ts'
import { checkSettings, type BullmqInboxOptions } from './settings.ts'
import { createView } from './view.ts'

/**
 * A durable inbox on BullMQ, for web and worker processes on any number of machines: a queue for each subscription, a
 * job for each task, the delivery stored once for all of them.
 *
 * A delivery is taken in ONE transaction over all queues, and only what that transaction recorded is acknowledged: a
 * crash of any process leaves all of it or nothing. What was acknowledged is as safe as Redis keeps it, which wants
 * `appendonly yes` and `maxmemory-policy noeviction`; warnings tell where that is not so. A task cut off between its
 * effect and its settling runs again (at least once), and one that is settled does not. Two processes with different
 * subscriptions that take the same event for the first time in the same milliseconds give it the tasks of both.
 *
 * While Redis is away, hangs or refuses writes, deliveries get 503 within the deadline and senders deliver again. It
 * cannot keep an order: `orderBy` throws.
 */
export function bullmqInbox(options: BullmqInboxOptions = {}): Inbox {
  const settings = checkSettings(options)
  const { connection, prefix, deadline } = settings
  const client = openClient(connection, 'quick')
  const watch = watchServer(client)
  const queues = createQueues(client, prefix, watch.failed)
  const ports = new Map<string, BullmqPort>()
  let patient: Client | undefined

  return {
    name: 'bullmqInbox',
    can: { order: false, transaction: false, durable: true },
    attach(consumer: Consumer): Port {
      const known = ports.get(consumer.receiver)
      if (known && !known.closed)
        throw new TypeError(
          `bullmqInbox already has a receiver named ${consumer.receiver}: give each receiver a name of its own`,
        )
      if (settings.keepDone < consumer.retrySpan)
        throw new TypeError(
          `bullmqInbox: keepDone is ${settings.keepDone} ms, but the sender of ${consumer.receiver} delivers again for ${consumer.retrySpan} ms: make it at least that long`,
        )
      watch.listen((message) => consumer.warn(message))
      const context = { client, patient: openPatient, queues, settings, failed: watch.failed }
      const port = createPort(context, consumer)
      ports.set(consumer.receiver, port)
      return port
    },
    view: createView(client, queues, prefix, deadline, () =>
      [...ports.values()].filter((port) => !port.closed).map((port) => port.consumer),
    ),
    records: createRecords(client, prefix, deadline),
    async close() {
      await Promise.all([...ports.values()].map((port) => port.close(Date.now())))
      await queues.close()
      client.disconnect()
      patient?.disconnect()
    },
  }

  function openPatient(): Client {
    if (!patient) {
      patient = openClient(connection, 'patient')
      patient.on('error', watch.failed)
    }
    return patient
  }
}
