import { Redis } from 'ioredis'
import { openInbox } from '../../packages/bullmq/src/inbox.ts'
import { checkSettings } from '../../packages/bullmq/src/settings.ts'
import { openClient } from '../../packages/bullmq/src/store/connection.ts'
import { joinKeys, layoutOf, STEPS } from '../../packages/bullmq/src/store/schema.ts'
import { COMMON, type VersionedStore } from './versioned.ts'

export const redis: VersionedStore = {
  steps: STEPS,
  // Works in several calls, as a step over many keys must.
  note: `
      local index, at, prefix = KEYS[1] .. ':index', tonumber(ARGV[1]) or 0, KEYS[1]
      local names = redis.call('ZRANGE', index, at, at + 1)
      for _, name in ipairs(names) do redis.call('HSET', prefix .. ':event:' .. name:sub(13), 'note', 'on') end
      return #names == 0 and '' or tostring(at + 2)`,
  noted: (url) =>
    inRedis(url, async (client) => {
      const events = await client.keys('{postern}:event:*')
      const notes = await Promise.all(events.map((key) => client.hexists(key, 'note')))
      return notes.filter((note) => note === 1).length
    }),
  open: (url, steps) =>
    openInbox(checkSettings({ connection: url, ...COMMON }), layoutOf('{postern}', steps)),
  async force(url, steps) {
    const client = openClient(url, 5000)
    await new Promise((resolve) => client.once('ready', resolve))
    const joined = joinKeys(client, '{postern}', layoutOf('{postern}', steps), {
      changed: () => {},
    })
    await joined.migrate(true)
    await joined.leave()
    client.disconnect()
  },
  dump: (url) =>
    inRedis(url, async (client) => {
      const rows: Record<string, unknown> = {}
      for (const key of (await client.keys('*')).toSorted()) {
        const type = await client.type(key)
        const read = READ[type]
        // Leaves out BullMQ's event streams, which contain no state.
        if (read) rows[key] = [type, (await client.callBuffer(...read(key))) as never].map(text)
      }
      return { schema: [], rows }
    }),
  fill: (url, { rows }) =>
    inRedis(url, async (client) => {
      for (const [key, value] of Object.entries(rows)) {
        const [type, all] = value as [string, string | (string | string[])[]]
        const values = [all].flat(2).map((one) => Buffer.from(one, 'latin1'))
        // Redis returns each score after its member, but ZADD expects the score first.
        const given =
          type === 'zset' ? values.map((_, at) => values[at % 2 === 0 ? at + 1 : at - 1]!) : values
        if (given.length > 0) await client.callBuffer(WRITE[type]!, key, ...given)
      }
    }),
}

const READ: Readonly<Record<string, (key: string) => [string, ...string[]]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
}
const WRITE: Readonly<Record<string, string>> = {
  string: 'SET',
  hash: 'HSET',
  list: 'RPUSH',
  set: 'SADD',
  zset: 'ZADD',
}

function text(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(text)
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
}

async function inRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { replyMapping: 'legacy' })
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}
