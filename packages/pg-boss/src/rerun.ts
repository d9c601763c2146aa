import type { Json } from '@postern/core'
import { editedEvent, type TaskDetail } from '@postern/core/inbox'
import { encodeIntake } from './encode.ts'
import type { Engine } from './engine.ts'
import { createStore } from './known.ts'
import { createTurns } from './turns.ts'

/** Stores the event of a task once more with another payload. Returns the id of the new task. */
export function createRerun(
  engine: Engine,
  lineOf: (queue: string) => string,
): (task: TaskDetail, payload: Json) => Promise<string> {
  const { db, settings, queues } = engine
  const { schema, deadline } = settings
  const store = createStore(
    engine,
    createTurns(schema, () => {}),
    lineOf,
  )

  return async ({ id, receiver, subscription, part, record, delivery }, payload) => {
    const { rows } = await db.executeSql(
      `SELECT j.data FROM ${schema}.job j WHERE j.name = $1 AND j.id = $2`,
      [queues.find(receiver, subscription)!.name, id],
    )
    const { data, order, fair } = rows[0]!['data'] as {
      readonly data?: string
      readonly order?: string
      readonly fair?: string
    }
    const draft = {
      subscription,
      ...(part !== undefined && { part }),
      ...(data !== undefined && { data: JSON.parse(data) as Json }),
    }
    const event = editedEvent(record, payload)
    const intake = encodeIntake(engine, receiver, { delivery, items: [{ event, tasks: [draft] }] })
    const [item] = intake.items
    // Its keys are known by their ids alone.
    const jobs = item!.jobs.map((job) => ({
      ...job,
      data: { ...job.data, ...(order && { order }), ...(fair && { fair }) },
    }))
    await db.transaction(deadline, (client) =>
      store(client, [{ ...intake, items: [{ ...item!, jobs }] }]),
    )
    return jobs[0]!.id
  }
}
