import {
  actionRowsOf,
  createActions,
  type Access,
  type ActionNote,
  type Actions,
  type RecordRows,
} from '@postern/core/inbox'
import type { RedisClient } from '../store/connection.ts'
import { recordsOf } from './journaled.ts'

/** What people did. A change in Redis is many scripts, so that its note is written before the first and behind each step. */
export interface KeptActions extends Actions {
  /** Writes what a step of a change has done. */
  write(note: ActionNote | undefined, tasks: readonly string[], count?: number): Promise<void>
  /** Writes that a change begins, so that one that is cut off is known. */
  begin(note: ActionNote | undefined): Promise<void>
}

/** Makes the {@link KeptActions}. */
export function createKeptActions(
  client: RedisClient,
  prefix: string,
  records: RecordRows,
  access: Access,
): KeptActions {
  return {
    ...createActions(actionRowsOf(records, access)),
    async write(note, tasks, count = tasks.length) {
      await put(note?.rows(tasks, count))
      note?.done(count)
    },
    begin: (note) => put(note?.begun()),
  }

  async function put(rows: ReturnType<ActionNote['rows']> = []): Promise<void> {
    for (const { key, value } of rows)
      await access.write(() => client.hset(recordsOf(prefix, key), key, `1 ${value}`))
  }
}
