import {
  attachment,
  createJournal,
  createRecords,
  createUnread,
  knownFor,
  settledBy,
  type Access,
  type Attempt,
  type Inbox,
} from '@postern/core/inbox'
import { answeredWithin, connected, openClient, type RedisClient } from './store/connection.ts'
import { createKeptActions } from './journal/actions.ts'
import { attemptsOf } from './journal/attempts.ts'
import { createJournaled } from './journal/journaled.ts'
import { createSide } from './port.ts'
import { createWake } from './store/wake.ts'
import { createQueues } from './store/queues.ts'
import { createReplicas } from './store/replicas.ts'
import { watchServer } from './store/server.ts'
import { joinKeys, layoutOf, type KeysLayout } from './store/schema.ts'
import { checkSettings, type BullmqInboxOptions, type Settings } from './settings.ts'
import { isRef } from './operate/list.ts'
import { createView } from './operate/view.ts'

// Milliseconds for telling the other processes that this one ends.
const LEAVE = 500

/**
 * A durable inbox on BullMQ, for web and worker processes on any number of machines: a queue for each subscription, a
 * job for each task, the delivery stored once for all of them.
 *
 * A delivery is stored in ONE script over all queues, and acknowledged only if each command that adds its jobs succeeded:
 * a crash, a full Redis or a right that is missing leaves all of it or nothing. Acknowledged deliveries are as safe as Redis keeps them. That needs
 * `appendonly yes` (without it the inbox warns) and `maxmemory-policy noeviction` (without it deliveries get 503). A
 * task that is cut off between its effect and its settling runs again (at least once); a settled one does not.
 *
 * While Redis is unreachable, hangs or refuses writes, deliveries get 503 within the deadline, and senders deliver
 * again. It cannot keep an order: `orderBy` throws.
 *
 * @example
 * const inbox = bullmqInbox({ connection: process.env.REDIS_URL! })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function bullmqInbox(options: BullmqInboxOptions): Inbox<never> {
  return openInbox(checkSettings(options))
}

/** Opens it, with another layout if one is given. */
export function openInbox(
  settings: Settings,
  layout: KeysLayout = layoutOf(settings.prefix),
): Inbox<never> {
  const { connection, prefix, deadline, replicas } = settings
  const known = knownFor(settings)
  const client = openClient(connection, deadline)
  const joined = joinKeys(client, prefix, layout, {
    changed(refused) {
      if (refused !== undefined) watch.tell(refused)
    },
    alive: () => watch.look(),
    lost: (how) => watch.lost(how),
  })
  const watch = watchServer(client, settings, joined.versionWatch)
  joined.versionWatch.start()
  const queues = createQueues(client, settings, watch.failed)
  // Redis answers nothing else on a connection that waits for replicas.
  const operators = replicas ? openClient(connection, deadline) : client
  if (operators !== client) operators.on('error', watch.failed)
  const confirming = replicas && createReplicas(client, prefix, replicas)
  const wake = createWake(() => openClient(connection), prefix, watch.failed)
  const receivers = attachment({
    inbox: 'bullmqInbox',
    window: known,
    join(consumer) {
      watch.listen((message) => consumer.warn(message))
      return createSide(
        {
          client,
          woken: (ready) => wake.listen(ready),
          queues,
          settings,
          watch,
          replicas: confirming,
          failed: watch.failed,
          clock: joined.clock,
          view,
          unread,
        },
        consumer,
      )
    },
    async close() {
      // Where Redis hangs, those that stay hear nothing, and take it for gone when its signs of life are old.
      await settledBy(joined.leave(), performance.now() + LEAVE)
      await queues.close()
      client.disconnect()
      operators.disconnect()
      wake.close()
    },
  })

  const unread = createUnread('bullmqInbox', (message) => watch.tell(message))
  const journaled = createJournaled(operators, prefix)
  const access = accessOf(operators, deadline)
  const actions = createKeptActions(operators, prefix, journaled.records, access)
  const view = createView({
    client: operators,
    actions,
    unread,
    queues,
    prefix,
    deadline,
    consumers: () => receivers.consumers(),
  })
  return {
    name: 'bullmqInbox',
    can: {
      order: false,
      transaction: false,
      durable: true,
      fair: true,
      search: 'scan',
    },
    window: known.time,
    maxPending: settings.maxPending,
    lease: settings.lease,
    attach: (consumer) => receivers.attach(consumer),
    view,
    journal: createJournal({ store: journaled, attempts, access, actions, unread }),
    records: createRecords(journaled.records, access, unread),
    close: () => receivers.close(),
  }

  async function attempts(task: string): Promise<readonly Attempt[]> {
    if (!isRef(task)) return []
    const [kept, value] = await operators.hmget(`${prefix}:${task}`, 'pa', 'returnvalue')
    return attemptsOf({ task, unread }, kept ?? '', value ?? '').kept
  }
}

function accessOf(client: RedisClient, deadline: number): Access {
  return {
    read: ask,
    write: ask,
    async writeAll(works) {
      for (const work of works) await ask(work)
    },
  }

  async function ask<T>(work: () => T | Promise<T>): Promise<T> {
    await connected(client, deadline)
    return answeredWithin(Promise.resolve(work()), deadline)
  }
}
