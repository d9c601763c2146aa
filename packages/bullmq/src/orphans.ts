import { orphansOf, type Consumer, type Orphan } from '@postern/core/inbox'
import { run, type Client } from './connection.ts'
import { parseQueueName, queueName } from './names.ts'

/** The store in which orphans are looked for. */
export interface OrphanContext {
  readonly client: Client
  readonly prefix: string
}

/** Warns of subscriptions with waiting tasks that this process does not have. */
export async function announceOrphans(context: OrphanContext, consumer: Consumer): Promise<void> {
  const rows = await waiting(context, consumer.receiver)
  for (const { receiver, subscription, pending } of orphansOf(rows, [consumer]))
    consumer.warn(
      `bullmqInbox: ${pending} tasks of the subscription ${subscription} wait, and receiver ${receiver} has none of that name here; give the one that is to take them formerly: ['${subscription}'], or discard them`,
    )
}

async function waiting(
  { client, prefix }: OrphanContext,
  receiver: string,
): Promise<readonly Orphan[]> {
  const args = [Date.now(), queueName(receiver, ''), 1] as const
  const rows = (await run(client, 'posternCounts', prefix, ...args)) as readonly (readonly [
    name: string,
    waiting: number,
    delayed: number,
  ])[]
  return rows.map(([name, wait, delayed]) => ({
    ...parseQueueName(name),
    pending: wait + delayed,
  }))
}
