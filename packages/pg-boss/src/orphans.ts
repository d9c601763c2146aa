import { orphansOf, type Consumer, type Orphan } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import type { PgExecutor } from './pg.ts'

// Tasks of a subscription that are counted: a start must not wait for a count of a million.
const COUNTED = 10_000

/** Subscriptions with pending tasks that none of the consumers has; of one receiver, or of all. */
export async function findOrphans(
  client: PgExecutor,
  { settings: { schema } }: Engine,
  consumers: readonly Consumer[],
  receiver?: string,
): Promise<readonly Orphan[]> {
  const { rows } = await client.executeSql(
    `SELECT l.receiver, l.subscription, c.pending FROM ${schema}.postern_lanes l CROSS JOIN LATERAL (
       SELECT count(*)::int AS pending FROM (
         SELECT 1 FROM ${schema}.job j WHERE j.name = l.queue AND j.state IN ('created', 'retry') LIMIT ${COUNTED}) j) c
     WHERE l.receiver = COALESCE($1, l.receiver) AND c.pending > 0 ORDER BY l.id`,
    [receiver ?? null],
  )
  return orphansOf(rows as unknown as readonly Orphan[], consumers)
}

/** Warns of subscriptions with waiting tasks that this process does not have. */
export async function announceOrphans(engine: Engine, consumer: Consumer): Promise<void> {
  await engine.ready()
  for (const { receiver, subscription, pending } of await findOrphans(
    engine.db,
    engine,
    [consumer],
    consumer.receiver,
  ))
    consumer.warn(
      `pgBossInbox: ${pending === COUNTED ? `${COUNTED} or more` : pending} tasks of the subscription ${subscription} wait, and receiver ${receiver} has none of that name here; give the one that is to take them formerly: ['${subscription}'], or discard them`,
    )
}
