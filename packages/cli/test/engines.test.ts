import { fileURLToPath } from 'node:url'
import { createReceiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { github } from '@postern/providers/github'
import { deliver, signed } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { bullmqInbox } from '../../bullmq/src/index.ts'
import { postgresInbox } from '../../postgres/src/index.ts'
import { startPostgres } from '../../../test/services/postgres.ts'
import { needs } from '../../../test/services/needs.ts'
import { postgresServer, redisServer } from '../../../test/services/programs.ts'
import { startRedis } from '../../../test/services/redis.ts'
import { postern } from './run.ts'

const provider = github({ secret: 'a secret of GitHub' })

/** Fills an inbox with dead tasks, looks at them from the folder of a package that has the engine, and replays them. */
async function check(inbox: Inbox, flags: readonly string[], folder: string): Promise<void> {
  const cwd = fileURLToPath(new URL(`../../${folder}`, import.meta.url))
  const receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, () => {
    throw new Error('no mail today')
  })
  for (const id of ['e1', 'e2'])
    await deliver(receiver, signed(provider, 'push', {}, { id }), { timeout: 20_000 })
  await deliver(receiver, signed(provider, 'push', {}, { secret: 'another secret' }))
  await expect.poll(async () => (await inbox.view!.list({ state: 'dead' })).rows).toHaveLength(2)
  await receiver.close()
  const run = async (...args: string[]) => postern(['inbox', ...args, ...flags], { cwd })
  const listed = await run('list', '--state', 'dead', '--json')
  expect(listed.err).toBe('')
  expect((JSON.parse(listed.out) as { tasks: unknown[] }).tasks).toHaveLength(2)
  expect((await run('causes')).out).toMatch(/\n +2 +0 +\S+ +mail .* no mail today\n/)
  expect((await run('replay', '--state', 'dead', '--dry-run', '--json')).out).toBe(
    '{"count":2,"dryRun":true}\n',
  )
  expect((await run('replay', '--state', 'dead', '--yes', '--json')).out).toBe('{"count":2}\n')
  expect((await run('list', '--state', 'dead')).err).toContain('no task matches')
}

for (const { file, get } of [redisServer, postgresServer])
  if (file === undefined)
    console.warn(`inbox commands: not tested there, since it is missing: ${get}`)

describe('inbox commands on an engine of the project', () => {
  needs(redisServer).test(
    'Redis',
    async () => {
      const redis = await startRedis()
      const inbox = bullmqInbox({ connection: redis.url })
      try {
        await check(inbox, ['--redis', redis.url], 'bullmq')
      } finally {
        await inbox.close()
        await redis.stop()
      }
    },
    60_000,
  )

  needs(postgresServer).test(
    'PostgreSQL',
    async () => {
      const postgres = await startPostgres()
      const inbox = postgresInbox({ connectionString: postgres.url })
      try {
        await check(inbox, ['--postgres', postgres.url], 'postgres')
      } finally {
        await inbox.close()
        await postgres.stop()
      }
    },
    60_000,
  )

  test('an engine that does not answer ends with 3, and a missing package is said', async () => {
    const cwd = fileURLToPath(new URL('../../bullmq', import.meta.url))
    const { code } = await postern(['inbox', 'list', '--redis', 'redis://127.0.0.1:9'], { cwd })
    expect(code).toBe(3)
    const missing = await postern(['inbox', 'list', '--postgres', 'postgres://127.0.0.1:9/x'], {
      cwd,
    })
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringContaining('@postern/postgres is not installed'),
    ])
  })
})
