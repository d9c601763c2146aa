// Takes 15 s.
import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { createReceiver } from '@postern/core'
import { github } from '@postern/providers/github'
import { sqliteInbox } from '@postern/sqlite'
import { deliver, settled, signed, signedInit } from '@postern/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPILED } from '../../../test/services/compiled.ts'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'
import { MAIN, postern } from './run.ts'

const provider = github({ secret: 'a secret of GitHub' })
let folder = ''
let file = ''

async function open(
  mail: () => void,
): Promise<{ receiver: ReturnType<typeof createReceiver>; readonly close: () => Promise<void> }> {
  const inbox = sqliteInbox({ path: file })
  const receiver = createReceiver({ provider, inbox, log: false })
  receiver.on('push', { name: 'mail', retry: { attempts: 1 } }, mail)
  receiver.on('push', { name: 'ledger' }, () => {})
  return {
    receiver,
    async close() {
      await receiver.close()
      await inbox.close()
    },
  }
}

beforeAll(async () => {
  folder = await temporaryFolder('inbox')
  file = join(folder, 'webhooks.db')
  const { receiver, close } = await open(() => {
    throw new Error('SMTP 421 too many connections')
  })
  for (const id of ['e1', 'e2', 'e3'])
    await deliver(receiver, signed(provider, 'push', { ref: 'refs/heads/main' }, { id }))
  await deliver(receiver, signed(provider, 'push', {}, { secret: 'another secret' }))
  await close()
})
afterAll(() => removeFolder(folder))

const inbox = (...args: string[]) => postern(['inbox', ...args, '--sqlite', file])
const tasksOf = async (...args: string[]): Promise<readonly { id: string; cause: string }[]> =>
  JSON.parse((await inbox('list', '--json', ...args)).out).tasks
const DEAD = ['--state', 'dead']

describe('what is in an inbox', () => {
  test('tasks, with filters', async () => {
    const { out, code } = await inbox('list', '--state', 'dead')
    const [head, ...rows] = out.trim().split('\n')
    expect(head).toMatch(/^received +state +receiver +subscription +topic +attempts +task +error$/)
    expect(rows).toHaveLength(3)
    for (const row of rows)
      expect(row).toMatch(/✕ dead +github +mail +push +1 +\S+ +SMTP 421 too many connections$/)
    expect(code).toBe(0)
    expect(await tasksOf('--event-id', 'e2')).toHaveLength(2)
    expect((await inbox('list', '--topic', 'issues.*')).err).toContain('no task matches')
  })

  test('one task with its attempts and payload', async () => {
    const [task] = await tasksOf('--event-id', 'e1', ...DEAD)
    const { out } = await inbox('show', task!.id)
    expect(out).toMatch(/#1 .* ✕ dead +(<0\.1|\d+(\.\d)?) ms +SMTP 421/)
    expect(out).toContain('✕ dead  github › mail')
    expect(out).toContain('"ref": "refs/heads/main"')
    expect((await inbox('show', 'nothing')).code).toBe(1)
  })

  test('causes, counts and what arrived', async () => {
    expect((await inbox('causes')).out).toMatch(
      /\n +3 +0 +github +mail .* SMTP 421 too many connections\n$/,
    )
    expect((await inbox('stats')).out).toMatch(/github +mail +0 +0 +0 +3\n/)
    const { out } = await inbox('deliveries', '--outcome', 'rejected')
    expect(out).toMatch(/⊘ rejected +401 .* claims push .* signature_mismatch: ./)
  })
})

describe('rows as a file', () => {
  let path = ''
  const list = (...args: string[]) => postern(['inbox', ...args, '--sqlite', path])
  const COUNT = 1100

  beforeAll(async () => {
    path = join(folder, 'files.db')
    const inbox = sqliteInbox({ path })
    const receiver = createReceiver({ provider, inbox, log: false })
    receiver.on('push', { name: '=cmd', retry: { attempts: 1 } }, () => {
      throw new Error('=1+1"\u001B]52;c;aGk=\u0007')
    })
    for (let at = 0; at < COUNT; at++)
      await deliver(receiver, signed(provider, 'push', {}, { id: `e${at}` }))
    await settled(receiver)
    await receiver.close()
    await inbox.close()
  })

  test('NDJSON has a line for each, over pages, and says if there are more', async () => {
    const all = await list('list', '--output', 'ndjson', '--limit', '100000')
    const rows = all.out.trimEnd().split('\n')
    expect([all.code, all.err, rows.length]).toEqual([0, '', COUNT])
    expect(all.out).toMatch(/^[\n -~]+$/)
    const ids = rows.map((row) => (JSON.parse(row) as { event: string }).event)
    expect(new Set(ids).size).toBe(COUNT)
    expect(JSON.parse(rows[0]!)).toMatchObject({
      provider: 'github',
      topic: 'push',
      subscription: '=cmd',
      state: 'dead',
      attempts: 1,
      error: 'Error: =1+1"\u001B]52;c;aGk=\u0007',
    })
    const some = await list('list', '--output', 'ndjson', '--limit', '1001')
    expect(some.out.trimEnd().split('\n')).toEqual(rows.slice(0, 1001))
    expect(some.err).toContain('there are more')
  })

  test('CSV names its columns, starts no formula and moves no cursor', async () => {
    const { out } = await list('list', '--output', 'csv', '--limit', '1')
    const [head, row, end] = out.split('\r\n')
    expect(head).toMatch(/^"received","receiver","provider","topic","event","subscription",/)
    expect(row).toContain('"\'=cmd"')
    expect(row).toContain('"Error: =1+1""\\u{1B}]52;c;aGk=\\u{7}"')
    expect(end).toBe('')
    const none = await list('list', '--output', 'csv', '--topic', 'issues.*')
    expect(none.out).toBe(`${head}\r\n`)
  })

  test('deliveries have the states of their tasks', async () => {
    const { out } = await list('deliveries', '--output', 'ndjson', '--limit', '1')
    expect(JSON.parse(out)).toMatchObject({ outcome: 'accepted', status: 200, tasks: '=cmd dead' })
    const csv = await list('deliveries', '--output', 'csv', '--event-id', 'e7')
    expect(csv.out.split('\r\n')[1]).toMatch(/"e7","accepted",.*,200,[\d.]+,"'=cmd dead",/)
  })

  test.each(['ndjson', 'csv'])('a reader of %s may stop at any time', async (output) => {
    const command = `'${process.execPath}' '${MAIN}' inbox list --sqlite '${path}' --limit 5000 --output ${output} | head -n 2`
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['-o', 'pipefail', '-c', command],
      { env: { ...process.env, ...COMPILED } },
    )
    expect([stdout.trimEnd().split('\n').length, stderr]).toEqual([2, ''])
  })

  test.each([
    [['--output', 'xml'], '--output must be one of ndjson, csv, got xml'],
    [['--output', 'csv', '--json'], 'give --json or --output, not both'],
  ])('%j is rejected', async (args, message) => {
    const { code, err } = await list('list', ...args)
    expect([code, err]).toEqual([2, expect.stringContaining(message)])
  })
})

describe('an option that a command does not obey is rejected, since it would look as if it did', () => {
  test.for([
    ['deliveries', '--state', 'dead'],
    ['stats', '--topic', 'push'],
    ['prune', '1s', '--receiver', 'another', '--yes'],
  ])('%s', async (args) => {
    const { code, err } = await inbox(...args)
    expect([code, err]).toEqual([2, expect.stringContaining('unknown option')])
  })

  test('deliveries until a time', async () => {
    expect((await inbox('deliveries', '--until', '1h')).err).toBe('no delivery matches\n')
  })
})

describe('changes', () => {
  test('prune counts first, and a dry run forgets nothing', async () => {
    const dry = await inbox('prune', '2030-01-01', '--dry-run', '--json')
    const tasks = await tasksOf()
    expect(dry.out).toBe(`{"count":${tasks.length},"dryRun":true}\n`)
    const nothing = { code: 0, out: '', err: expect.stringContaining('no done or dead task') }
    expect(await inbox('prune', '30d', '--yes')).toMatchObject(nothing)
    expect(await inbox('prune', '30d', '--dry-run')).toMatchObject(nothing)
    expect((await inbox('prune', '30d', '--dry-run', '--json')).out).toBe(
      '{"count":0,"dryRun":true}\n',
    )
  })

  test('a dry run tells and changes nothing', async () => {
    const { out, code } = await inbox('replay', '--state', 'dead', '--rate', '10', '--dry-run')
    expect(out).toBe(
      "Run 3 tasks again, at 10 a second, about 300 ms. They run in your app, with today's handlers; this command only queues them.\n",
    )
    expect(code).toBe(0)
    expect(await tasksOf(...DEAD)).toHaveLength(3)
  })

  test('without a terminal nobody is asked, and nothing changes', async () => {
    const { err, code } = await inbox('replay', '--state', 'dead')
    expect([code, err]).toEqual([2, expect.stringContaining('give --yes')])
    expect(await tasksOf(...DEAD)).toHaveLength(3)
  })

  test('replayed tasks run in the app, and the way to drop them names the same tasks', async () => {
    const { cause } = (await tasksOf('--event-id', 'e1', ...DEAD))[0]!
    const only = ['--event-id', 'e1', '--cause', cause]
    const { out } = await inbox('replay', ...only, '--yes')
    expect(out).toMatch(/^Queued again: 1 task\./)
    const deletion = `inbox delete --sqlite ${file} --event-id e1 --cause ${cause} --state pending`
    expect(out.trim()).toMatch(
      new RegExp(`with postern ${deletion.replaceAll('.', String.raw`\.`)}$`),
    )
    expect((await postern([...deletion.split(' '), '--dry-run'])).out).toMatch(/^Delete 1 task\./)
    let runs = 0
    let ran = (): void => undefined
    const once = new Promise<void>((resolve) => (ran = resolve))
    const { receiver, close } = await open(() => void runs++)
    receiver.observe({ done: () => ran() })
    await receiver.startWorker()
    await once
    await close()
    expect(runs).toBe(1)
  })

  test('replay --wait goes on until the tasks have ended, and says how', async () => {
    const only = ['--subscription', 'mail', '--yes', '--wait']
    const tasks = await tasksOf(...DEAD)
    expect(tasks).toHaveLength(2)
    const again = await open(() => {
      throw new Error('SMTP 421 too many connections')
    })
    await again.receiver.startWorker()
    const dead = await inbox('replay', ...only, '--cause', tasks[0]!.cause)
    expect(dead.out).toMatch(/\n2 queued · 2 dead again, same error\n$/)
    expect(dead.code).toBe(1)
    await again.close()

    const healed = await open(() => {})
    await healed.receiver.startWorker()
    const one = await inbox('replay', ...only, '--event-id', 'e3', '--json')
    expect(JSON.parse(one.out)).toEqual({
      count: 1,
      ends: { of: 1, done: 1, dead: 0, waiting: 0, gone: 0 },
    })
    expect(one.code).toBe(0)
    await healed.close()
  })

  test('erase needs a filter, counts events, and says what it does', async () => {
    expect(await inbox('erase', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('needs a filter') as string,
    })
    const one = ['--event-id', 'e2']
    expect((await inbox('erase', ...one, '--dry-run')).out).toMatch(
      /^Erase payload, headers and body of 1 event\. They cannot be restored/,
    )
    expect((await inbox('erase', ...one, '--yes', '--json')).out).toBe('{"count":1}\n')
    const { out } = await inbox('show', (await tasksOf(...one))[0]!.id)
    expect(out).toContain('erased')
    expect(out).not.toContain('refs/heads/main')
    expect(await inbox('erase', ...one, '--yes')).toMatchObject({
      code: 1,
      err: 'no event with ended tasks matches\n',
    })
  })

  test('actions tell who changed what', async () => {
    const { actions } = JSON.parse((await inbox('actions', '--json')).out) as {
      actions: readonly { what: string; by: string; count: number }[]
    }
    expect(actions.map(({ what }) => what)).toEqual(['erase', 'replay', 'replay', 'replay'])
    expect(actions.every(({ by, count }) => by === userInfo().username && count > 0)).toBe(true)
    const { out } = await inbox('actions')
    expect(out).toMatch(/^when +who +what +count +which\n/)
    expect(out).toContain('erase')
    expect((await inbox('actions', '--task', 'none')).err).toContain(
      'no task was changed by a person',
    )
  })

  test('delete needs a filter, and removes what matches', async () => {
    expect(await inbox('delete', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('needs a filter') as string,
    })
    expect((await inbox('delete', '--state', 'dead', '--yes')).out).toBe('Deleted: 1 task.\n')
    expect(await inbox('replay', '--state', 'dead', '--yes', '--json')).toMatchObject({
      code: 1,
      out: '{"count":0}\n',
      err: 'no task matches\n',
    })
  })
})

describe('migrate', () => {
  test('says the version, and a process that is shut out why', async () => {
    expect((await inbox('migrate')).out).toContain('It has version 1 already.')
    expect(JSON.parse((await inbox('migrate', '--json')).out)).toEqual({
      from: { version: 1, oldest: 1 },
      to: { version: 1, oldest: 1 },
    })
    const newer = join(folder, 'newer.db')
    await sqliteInbox({ path: newer }).close()
    const db = new DatabaseSync(newer)
    db.exec('UPDATE postern_schema SET version = 3, oldest = 2')
    db.close()
    const rejected = await postern(['inbox', 'migrate', '--force', '--sqlite', newer])
    expect(rejected.err).toMatch(
      /version 3, which requires processes with version 2 .*this process has version 1/,
    )
    expect(rejected.code).toBe(1)
  })
})

test('a folded and a stale task say so, and which task stands for them', async () => {
  const path = join(folder, 'folded.db')
  const store = sqliteInbox({ path })
  const receiver = createReceiver({ provider, inbox: store, log: false, worker: 'onDemand' })
  const newest = ({ id }: { readonly id?: string | undefined }): string => id!
  receiver.on('push', { name: 'index', debounce: { key: () => 'k', newest } }, () => {})
  for (const id of ['v1', 'v3', 'v2'])
    await receiver.receive(await signedInit(provider, 'push', { ref: 'refs/heads/main' }, { id }))
  await receiver.runDue()
  await receiver.close()
  await store.close()
  const ask = async (...args: string[]) => (await postern(['inbox', ...args, '--sqlite', path])).out
  const { tasks } = JSON.parse(await ask('list', '--json')) as {
    tasks: { id: string; event: { id: string } }[]
  }
  const idOf = (event: string): string => tasks.find((task) => task.event.id === event)!.id
  const list = await ask('list')
  expect(list).toContain('⊕ folded')
  expect(list).toContain('⊖ stale')
  const replay = 'a replay runs the newest event of its key'
  expect(await ask('show', idOf('v1'))).toContain(`folded into task ${idOf('v3')}: ${replay}`)
  expect(await ask('show', idOf('v2'))).toContain(
    `stale, since a newer event of its key had come before: ${replay}`,
  )
  expect(await ask('show', idOf('v3'))).toContain('stands for 1 earlier event of its key')
})
