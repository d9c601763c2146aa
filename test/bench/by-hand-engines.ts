import type { Intake } from '@postern/core/engine'
import { rounds, type Contender } from './parts/settled.ts'

// The code that an app writes around each engine to match an inbox. It stores a delivery before the reply, deduplicates
// ids for four days, runs one task, retries with growing delays, and keeps failures. Deliveries of one event loop turn
// are stored together, as Postern does it.
const ATTEMPTS = 8
const DAYS = 4 * 86_400
const CONCURRENCY = 50

/** Data that the app stores for a delivery. */
interface Kept {
  readonly id: string
  readonly topic: string
  readonly head: object
  readonly body: string
}

/** BullMQ deduplicates by `jobId` until the job is removed. */
export async function byHandBullmq(url: string, prefix: string): Promise<Contender> {
  const { Queue, Worker } = await import('bullmq')
  const connection = { url, maxRetriesPerRequest: null }
  const queue = new Queue('webhooks', { connection, prefix })
  const options = {
    attempts: ATTEMPTS,
    backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
    removeOnComplete: { age: DAYS, count: 1_000_000 },
    removeOnFail: false,
  }
  const { round, ended } = rounds(
    inTurns(async (all) => {
      await queue.addBulk(
        all.map((data) => ({ name: data.topic, data, opts: { ...options, jobId: data.id } })),
      )
    }),
  )
  const worker = new Worker('webhooks', async () => {}, {
    connection,
    prefix,
    concurrency: CONCURRENCY,
  })
  worker.on('completed', () => ended())
  return {
    name: 'bullmq by hand',
    round,
    async close() {
      await worker.close()
      await queue.close()
    },
  }
}

/** pg-boss deduplicates by the job's id until the job is deleted. */
export async function byHandPgBoss(connectionString: string, schema: string): Promise<Contender> {
  const { PgBoss } = await import('pg-boss')
  const boss = new PgBoss({ connectionString, schema, max: 4 })
  boss.on('error', (error) => console.warn(error))
  await boss.start()
  await boss.createQueue('webhooks', {
    retryLimit: ATTEMPTS - 1,
    retryDelay: 1,
    retryBackoff: true,
    deleteAfterSeconds: DAYS,
  })
  const { round, ended } = rounds(
    inTurns(async (all) => {
      // pg-boss requires UUIDs as job ids, so this code pads the id to a UUID.
      const jobs = all.map((data) => ({
        data,
        id: `${data.id.slice(0, 8)}-0000-4000-8000-${data.id.slice(4)}`,
      }))
      await boss.insert('webhooks', jobs)
    }),
  )
  const work = { batchSize: 500, pollingIntervalSeconds: 0.5 }
  await boss.work('webhooks', work, async (jobs) => ended(jobs.length))
  return {
    name: 'pg-boss by hand',
    round,
    close: () => boss.stop({ graceful: false }),
  }
}

/** graphile-worker deletes a completed job, so a separate table keeps the known ids. */
export async function byHandGraphile(connectionString: string, schema: string): Promise<Contender> {
  const { Logger, run } = await import('graphile-worker')
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString, max: 10 })
  const { round, ended } = rounds(
    inTurns(async (all) => {
      const values = [all.map(({ id }) => id), all.map((kept) => JSON.stringify(kept))]
      await pool.query({ name: 'add', text, values })
    }),
  )
  const runner = await run({
    pgPool: pool,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    preset: {
      worker: {
        schema,
        concurrentJobs: CONCURRENCY,
        pollInterval: 1000,
        // graphile-worker's page on performance recommends this for many short jobs.
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    taskList: { webhooks: async () => ended() },
  })
  await pool.query(`CREATE TABLE ${schema}.known (
    id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`)
  const text = `WITH one AS (
      INSERT INTO ${schema}.known (id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING id)
    SELECT count(*) FROM ${schema}.add_jobs(ARRAY(
      SELECT json_populate_record(NULL::${schema}.job_spec, json_build_object(
        'identifier', 'webhooks', 'payload', payload::json, 'max_attempts', ${ATTEMPTS}))
      FROM unnest($1::text[], $2::text[]) AS given (id, payload) JOIN one USING (id)))`
  return {
    name: 'graphile-worker by hand',
    round,
    async close() {
      await runner.stop()
      await pool.end()
    },
  }
}

/** Stores all deliveries of one event loop turn together. */
function inTurns(store: (all: readonly Kept[]) => Promise<void>): (one: Intake) => Promise<void> {
  let waiting: { readonly kept: Kept; readonly stored: () => void }[] = []
  const flush = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    await store(batch.map(({ kept }) => kept))
    for (const { stored } of batch) stored()
  }
  return (one) =>
    new Promise<void>((stored) => {
      if (waiting.push({ kept: keptOf(one), stored }) === 1) setImmediate(() => void flush())
    })
}

function keptOf({ delivery, items }: Intake): Kept {
  const { method, url, headers } = delivery
  const { id, topic } = items[0]!.event
  const body = Buffer.from(delivery.body as Uint8Array).toString()
  return { id: id!, topic, head: { method, url, headers }, body }
}
