import type { Json } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import { connected, runScript, answeredWithin, type RedisClient } from './connection.ts'

/** Small keyed values with compare-and-set, in one hash. */
export function createRecords(client: RedisClient, prefix: string, deadline: number): Records {
  const key = `${prefix}:records`
  return {
    async get(name) {
      const text = await ask(() => client.hget(key, name))
      return text === null ? undefined : parse(text)
    },
    set: async (name, value, expected) =>
      (await ask(() =>
        runScript(client, 'posternSetRecord', key, name, expected, JSON.stringify(value)),
      )) === 1,
    delete: async (name, expected) =>
      (await ask(() => runScript(client, 'posternSetRecord', key, name, expected))) === 1,
    async list(start) {
      const all = await ask(() => client.hgetall(key))
      return Object.entries(all)
        .filter(([name]) => name.startsWith(start))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, text]) => ({ key: name, ...parse(text) }))
    },
  }

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    await connected(client, deadline)
    return answeredWithin(work(), deadline)
  }
}

function parse(text: string): { readonly value: Json; readonly version: number } {
  const space = text.indexOf(' ')
  return {
    version: Number(text.slice(0, space)),
    value: JSON.parse(text.slice(space + 1)) as Json,
  }
}
