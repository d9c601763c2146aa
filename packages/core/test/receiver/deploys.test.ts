import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { deploysOf } from '../../src/inbox/engine/index.ts'
import type { Inbox } from '../../src/inbox/index.ts'
import { memoryInbox } from '../../src/index.ts'
import { noteDeploy } from '../../src/receiver/app.ts'
import { pinged, setup } from '../acme.ts'

const MINUTE = 60_000
const NOW = 1_700_000_000_000

afterEach(() => vi.restoreAllMocks())

async function run(inbox: Inbox, version: string | undefined, at: number): Promise<void> {
  const { receiver, send } = pinged({
    inbox,
    clock: { now: () => at },
    ...(version && { version }),
  })
  expect((await send({ id: String(at) })).status).toBe(200)
  await receiver.close()
}

const known = async ({ records }: Inbox): Promise<readonly unknown[]> =>
  (await deploysOf(records!)).map(({ receiver, version, at }) => [receiver, version, at - NOW])

describe('the version of the app', () => {
  test('is kept when a receiver is first seen working with it, and again once it comes back', async () => {
    const inbox: Inbox = memoryInbox()
    await run(inbox, '1.0', NOW)
    await run(inbox, '1.0', NOW + 10)
    await run(inbox, '1.1', NOW + 20)
    expect(await known(inbox)).toEqual([
      ['acme', '1.0', 0],
      ['acme', '1.1', 20],
    ])
    // In a rolling deploy, a process of the old version may start again.
    await run(inbox, '1.0', NOW + 30)
    expect(await known(inbox)).toHaveLength(2)
    await run(inbox, '1.0', NOW + 60 * MINUTE - 1)
    expect(await known(inbox)).toHaveLength(2)
    await run(inbox, '1.0', NOW + 60 * MINUTE)
    expect((await known(inbox)).at(-1)).toEqual(['acme', '1.0', 60 * MINUTE])
    await inbox.close()
  })

  test.each<[string | undefined, string | undefined]>([
    ['{"version":"7.8.9"}', '7.8.9'],
    [`{"version":"${'7'.repeat(101)}"}`, '7'.repeat(100)],
    ['{"version":""}', undefined],
    ['{"version":7}', undefined],
    [undefined, undefined],
  ])('is that of the package.json of the working directory: %s', async (text, version) => {
    const app = mkdtempSync(join(tmpdir(), 'postern-app-'))
    if (text !== undefined) writeFileSync(join(app, 'package.json'), text)
    vi.spyOn(process, 'cwd').mockReturnValue(app)
    const inbox: Inbox = memoryInbox()
    await run(inbox, undefined, NOW)
    expect(await known(inbox)).toEqual(version === undefined ? [] : [['acme', version, 0]])
    await inbox.close()
  })

  test('is found among entries that cannot be read', async () => {
    const inbox: Inbox = memoryInbox()
    const odd = ['1.0', ['1.0'], ['1.0', '0'], [1, 0], { '0': '1.0', '1': 0 }, ['1.0', NOW]]
    await inbox.records!.set('deploys/acme', odd, 0)
    await inbox.records!.set('deploys/other', 'odd', 0)
    expect(await known(inbox)).toEqual([['acme', '1.0', 0]])
  })

  test('has at most 100 characters', () => {
    setup({ version: '1'.repeat(100) })
  })

  test('is bounded: the newest 20 of a receiver', async () => {
    const { records } = memoryInbox()
    for (let at = 0; at < 50; at++)
      await noteDeploy(records!, { receiver: 'acme', version: `1.${at}`, at: NOW + at })
    const found = await deploysOf(records!)
    expect(found.map(({ version }) => version)).toEqual(
      Array.from({ length: 20 }, (_, at) => `1.${at + 30}`),
    )
  })

  test('changes nothing if the inbox cannot keep it', async () => {
    const inbox: Inbox = memoryInbox()
    const records = { ...inbox.records!, get: () => Promise.reject(new Error('no disk')) }
    const { receiver, send, heard } = pinged({ inbox: { ...inbox, records }, version: '1.0' })
    expect((await send({ id: '1' })).status).toBe(200)
    await receiver.close()
    expect(heard.all('warning')).toEqual([])
  })

  test.each([
    [7, 'createReceiver: version must be a string, got number'],
    ['', 'createReceiver: version must be 1 to 100 characters long, got 0'],
    ['1'.repeat(101), 'createReceiver: version must be 1 to 100 characters long, got 101'],
  ])('%j is rejected at start', (version, message) => {
    expect(() => setup({ version: version as string })).toThrow(new TypeError(message))
  })
})
