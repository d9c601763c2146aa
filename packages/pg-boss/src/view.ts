import { erasedError, unknownOptions, type Consumer, type InboxView } from '@postern/core/inbox'
import { createChange } from './change.ts'
import type { Database } from './connection.ts'
import type { Engine } from './engine.ts'
import { createErase } from './erase.ts'
import { unavailable } from './errors.ts'
import { createList } from './list.ts'
import type { PgExecutor } from './pg.ts'
import type { PgBossSide } from './port.ts'
import { createRerun } from './rerun.ts'
import { createStats } from './stats.ts'

/** The inbox as its view sees it. */
export interface ViewHost {
  readonly engine: Engine
  readonly consumers: () => readonly Consumer[]
  readonly side: (receiver: string) => PgBossSide | undefined
  readonly look: () => void
}

/** The view for operators. */
export function createView({ engine, consumers, side, look }: ViewHost): InboxView {
  const sides = (): readonly PgBossSide[] =>
    consumers().flatMap(({ receiver }) => side(receiver) ?? [])
  const lineOf = (queue: string): string =>
    sides().reduce((line, each) => each.lanes.lineOf(line), queue)
  const rerun = createRerun(engine, lineOf)
  const list = createList(engine, read)

  return {
    ...list,
    ...createStats(engine, read, consumers),
    ...createChange({
      engine,
      lineOf,
      look,
      run,
      pending: (receiver, more) => side(receiver)?.capacity.unreserve(-more),
      discarded: (receiver, key) =>
        consumers()
          .find((consumer) => consumer.receiver === receiver)
          ?.discarded?.(key),
    }),
    erase: createErase(engine, run),
    async rerun(id, edit) {
      unknownOptions('rerun', edit, ['payload'])
      const task = await list.get(id)
      if (!task) throw new TypeError(`rerun: there is no task ${id}`)
      if (task.record.erased) throw erasedError('rerun', id)
      const made = await run(() => rerun(task, edit.payload))
      side(task.receiver)?.capacity.unreserve(-1)
      look()
      return made
    },
  }

  function read<T>(work: (db: PgExecutor) => Promise<T>): Promise<T> {
    return run((db) => db.transaction(engine.settings.deadline, work))
  }

  async function run<T>(work: (db: Database) => Promise<T>): Promise<T> {
    try {
      await engine.ready()
      return await work(engine.db)
    } catch (error) {
      if (error instanceof TypeError) throw error
      throw unavailable(error)
    }
  }
}
