import { createActions, type ActionNote, type Actions } from '@postern/core/inbox'
import { answeredWithin, connected, type RedisClient } from '../store/connection.ts'

/** What people did, in a hash of its own. */
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
  deadline: number,
): KeptActions {
  const hash = `${prefix}:actions`
  const actions = createActions({
    get: async (key) => (await ask(() => client.hget(hash, key))) ?? undefined,
    async list(start) {
      const all = await ask(() => client.hgetall(hash))
      return Object.entries(all)
        .filter(([key]) => key.startsWith(start))
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, value]) => ({ key, value }))
    },
    async drop(keys) {
      if (keys.length > 0) await ask(() => client.hdel(hash, ...keys))
    },
  })
  return {
    ...actions,
    async write(note, tasks, count = tasks.length) {
      await put(note?.rows(tasks, count))
      note?.done(count)
    },
    begin: (note) => put(note?.begun()),
  }

  async function put(rows: ReturnType<ActionNote['rows']> = []): Promise<void> {
    const fields = rows.flatMap(({ key, value }) => [key, value])
    if (fields.length > 0) await ask(() => client.hset(hash, ...fields))
  }

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    await connected(client, deadline)
    return answeredWithin(work(), deadline)
  }
}
