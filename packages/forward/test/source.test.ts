import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineInbox, memoryLedger } from '@postern/core'
import { sqliteInbox } from '@postern/sqlite'
import { expect, test } from 'vitest'
import { createSender } from '../src/index.ts'
import { startSite } from './scene.ts'
import { createSourceScene, key, verified } from './source-scene.ts'

test('messages and destinations outlive the process, and no secret is in the file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-source-'))
  const path = join(folder, 'source.db')
  const site = await startSite()
  const before = createSourceScene({ inbox: sqliteInbox({ path }), worker: false })
  const { secret } = await before.source.register({ url: site.url, topics: '**' })
  await before.source.emit({ topic: 't', payload: 'kept' })
  const records = await before.inbox.records!.list('')
  expect(records).toHaveLength(1)
  expect(JSON.stringify(records)).not.toContain(secret.slice(6, 20))
  await before.close()
  expect(site.got).toHaveLength(0)

  const after = createSourceScene({ inbox: sqliteInbox({ path }) })
  await after.done(2)
  expect(verified(site.got[0]!, secret)).toBe(true)
  await after.close()
  rmSync(folder, { recursive: true })
})

test('wrong options are a TypeError that names them', () => {
  const { inbox } = createSourceScene()
  const given = { name: 'other', inbox, key, log: false as const }
  const cases: Record<string, object> = {
    name: { name: '' },
    inbox: { inbox: inlineInbox({ ledger: memoryLedger() }) },
    key: { key: 'a password' },
    sign: { sign: 'v2' },
    concurrency: { concurrency: -1 },
    allowPrivate: { allowPrivate: false },
  }
  for (const [option, wrong] of Object.entries(cases)) {
    const make = (): unknown => createSender({ ...given, ...wrong } as never)
    expect(make, option).toThrow(TypeError)
    expect(make, option).toThrow(option)
  }
  expect(() => createSender({ ...given, name: 'bank' })).toThrow('bank')
})
