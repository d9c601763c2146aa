import type { Json } from '@postern/core'
import type { Records, UnreadTeller } from '@postern/core/inbox'
import { connected, runScript, answeredWithin, type RedisClient } from './connection.ts'

/** Small keyed values with compare-and-set, in one hash. One that cannot be read is told, and counts as absent, for writes too. */
export function createRecords(
  client: RedisClient,
  prefix: string,
  deadline: number,
  unread: UnreadTeller,
): Records {
  const key = `${prefix}:records`
  return {
    async get(name) {
      const text = await ask(() => client.hget(key, name))
      return text === null ? undefined : parse(name, text)
    },
    async set(name, value, expected) {
      const text = JSON.stringify(value)
      if (await put(name, expected, text)) return true
      if (expected !== 0) return false
      const found = await ask(() => client.hget(key, name))
      return found !== null && !parse(name, found) && put(name, versionOf(found), text)
    },
    delete: (name, expected) => put(name, expected),
    async list(start) {
      const all = await ask(() => client.hgetall(key))
      return Object.entries(all)
        .filter(([name]) => name.startsWith(start))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([name, text]) => {
          const found = parse(name, text)
          return found ? { key: name, ...found } : []
        })
    },
  }

  async function put(
    name: string,
    expected: number,
    ...value: readonly string[]
  ): Promise<boolean> {
    const done = await ask(() =>
      runScript(client, 'posternSetRecord', key, name, expected, ...value),
    )
    return done === 1
  }

  async function ask<T>(work: () => Promise<T>): Promise<T> {
    await connected(client, deadline)
    return answeredWithin(work(), deadline)
  }

  function parse(
    name: string,
    text: string,
  ): { readonly value: Json; readonly version: number } | undefined {
    const found = unread.record(name, /^\d+ /.test(text) ? text.slice(text.indexOf(' ') + 1) : '')
    return found && { ...found, version: versionOf(text) }
  }
}

/** As the script reads it: 0 for a text without one, which is then replaced by a new value. */
function versionOf(text: string): number {
  return Number(/^\d+/.exec(text)?.[0] ?? 0)
}
