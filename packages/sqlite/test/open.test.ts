import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { hasWalResetBug } from '../src/driver/wal-bug.ts'
import { sqliteInbox, type SqliteInboxOptions } from '../src/index.ts'
import { createTaskRecorder } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const { edit } = scene

const rejection = (path: string): Error => {
  try {
    void sqliteInbox({ path }).close()
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain(path)
    return error as Error
  }
  throw new Error('it opened')
}

test.skipIf(process.platform === 'win32')(
  "the files that it makes are their owner's alone, and the mode of one that was there stays",
  async () => {
    const mode = (path: string): number => statSync(path).mode & 0o777
    const old = process.umask(0)
    try {
      const inbox = sqliteInbox({ path: scene.file.path })
      const files = ['', '-wal', '-shm']
        .map((end) => scene.file.path + end)
        .filter((path) => existsSync(path))
      expect(files.length).toBeGreaterThan(1)
      expect(files.map(mode)).toEqual(files.map(() => 0o600))
      await inbox.close()
      chmodSync(scene.file.path, 0o640)
      await sqliteInbox({ path: scene.file.path }).close()
      expect(mode(scene.file.path)).toBe(0o640)
    } finally {
      process.umask(old)
    }
  },
)

describe('options', () => {
  test.each<[string, Partial<SqliteInboxOptions>]>([
    ['path', { path: '' }],
    ['path', { path: ':memory:' }],
    ['path', { path: 7 as never }],
    ['path', { path: 'file:./webhooks.db' }],
    ['path', { path: 'C:\\webhooks.db' }],
    ['maxPending', { maxPending: 0 }],
    ['maxPendingShare', { maxPendingShare: 2 }],
    ['maxWaitingBytes', { maxWaitingBytes: 1.5 }],
    ['deadline', { deadline: 0 }],
    ['dedupeWindow', { dedupeWindow: 'long' as never }],
    ['dedupeWindow', { dedupeWindow: 86_400_000 as never }],
    ['keepDone', { keepDone: 'long' as never }],
    ['keepDone', { keepDone: 1000 as never }],
    ['keepDead', { keepDead: 1000 as never }],
    ['keepDead', { keepDead: '-1d' as never }],
    ['lease', { lease: 0 }],
    ['pollInterval', { pollInterval: 0 }],
  ])('a bad %s is named', (name, options) => {
    expect(() => sqliteInbox({ path: scene.file.path, ...options })).toThrow(TypeError)
    expect(() => sqliteInbox({ path: scene.file.path, ...options })).toThrow(name)
    expect(existsSync(scene.file.path)).toBe(false)
  })

  test('a dedupeWindow shorter than the sender delivers again is rejected when the receiver is made', async () => {
    const inbox = sqliteInbox({ path: scene.file.path, dedupeWindow: '1h', keepDone: '1h' })
    const { consumer } = createTaskRecorder({})
    expect(() => inbox.attach({ ...consumer, retrySpan: 86_400_000 })).toThrow(/dedupeWindow is/)
    await inbox.close()
    expect(() => inbox.attach(consumer)).toThrow(/closed/)
  })

  test('ids are known for keepDone if that is longer than window', async () => {
    const inbox = sqliteInbox({ path: scene.file.path, dedupeWindow: '1h', keepDone: '2h' })
    const { consumer } = createTaskRecorder({})
    const hour = 3_600_000
    expect(inbox.dedupeWindow).toBe(2 * hour)
    expect(() => inbox.attach({ ...consumer, retrySpan: 2 * hour + 1 })).toThrow(/keepDone/)
    inbox.attach({ ...consumer, retrySpan: 2 * hour })
    await inbox.close()
  })
})

describe('a file that cannot be an inbox', () => {
  test('no database', () => {
    writeFileSync(scene.file.path, 'not a database, but long enough to be looked at\n'.repeat(50))
    expect(rejection(scene.file.path).message).toContain('not an SQLite database')
  })

  test('no folder', () => {
    expect(rejection(join(dirname(scene.file.path), 'none', 'inbox.db')).message).toContain(
      'cannot be opened',
    )
  })

  test('a schema of a newer version', async () => {
    await sqliteInbox({ path: scene.file.path }).close()
    edit((db) => db.exec('UPDATE postern_schema SET version = 99, oldest = 98'))
    expect(rejection(scene.file.path).message).toContain('upgrade @postern/sqlite')
    expect(edit((db) => db.prepare('SELECT * FROM postern_schema').get())).toEqual({
      version: 99,
      oldest: 98,
    })
  })

  test('a table of that name which is another’s', () => {
    edit((db) => db.exec('CREATE TABLE postern_schema (other TEXT)'))
    expect(rejection(scene.file.path).message).toContain('not of this package')
  })

  test('tables of another stay as they are, and half a schema is rolled back', () => {
    edit((db) => db.exec('CREATE TABLE postern_tasks (other TEXT)'))
    expect(rejection(scene.file.path).message).toContain('postern_tasks')
    const tables = edit((db) => db.prepare('SELECT name FROM sqlite_schema').all())
    expect(tables).toEqual([{ name: 'postern_tasks' }])
  })

  test('a file that may not be written', async () => {
    await sqliteInbox({ path: scene.file.path }).close()
    const root = process.getuid?.() === 0
    chmodSync(scene.file.path, 0o444)
    chmodSync(dirname(scene.file.path), root ? 0o755 : 0o555)
    // Root may write everything, so the program becomes the user nobody. It loads its modules before, since only the
    // owner may enter the folder of some clones.
    const program = `
      import { sqliteInbox } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
      ${root ? 'process.setgroups([]); process.setgid(65_534); process.setuid(65_534)' : ''}
      try { sqliteInbox({ path: ${JSON.stringify(scene.file.path)} }) } catch (error) { console.log(error.name + ': ' + error.message) }`
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--no-warnings', '--input-type=module', '--eval', program],
      { encoding: 'utf8', cwd: '/' },
    )
    chmodSync(dirname(scene.file.path), 0o755)
    expect(stdout + stderr).toMatch(
      /^TypeError: sqliteInbox: .*inbox\.db: it cannot be (written|opened)/,
    )
  })
})

describe('a file with tables of the app', () => {
  test('is shared: neither touches the other', async () => {
    edit((db) => db.exec('PRAGMA user_version = 7; CREATE TABLE orders (id TEXT)'))
    await sqliteInbox({ path: scene.file.path }).close()
    await sqliteInbox({ path: scene.file.path }).close()
    expect(edit((db) => db.prepare('PRAGMA user_version').get())).toEqual({ user_version: 7 })
    expect(edit((db) => db.prepare('SELECT count(*) AS n FROM orders').get())).toEqual({ n: 0 })
  })
})

test('processes that open a new file at once all find it made', () => {
  const program = `
    import { sqliteInbox } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    await sqliteInbox({ path: ${JSON.stringify(scene.file.path)} }).close()`
  const script = `for i in 1 2 3 4; do "$0" --no-warnings --input-type=module --eval "$1" & done; wait`
  execFileSync('sh', ['-c', script, process.execPath, program], { stdio: 'pipe' })
  expect(edit((db) => db.prepare('SELECT * FROM postern_schema').all())).toEqual([
    { version: 1, oldest: 1 },
  ])
})

test.each([
  ['3.44.5', true],
  ['3.44.6', false],
  ['3.47.2', true],
  ['3.50.4', true],
  ['3.50.7', false],
  ['3.51.2', true],
  ['3.51.3', false],
  ['3.53.4', false],
  ['3.6.23', false],
  ['4.0.0', false],
])('SQLite %s has the WAL-reset bug: %s', (version, affected) => {
  expect(hasWalResetBug(version)).toBe(affected)
})

test('a Node without node:sqlite is told which one is needed', () => {
  const missing = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
  try {
    expect(() => sqliteInbox({ path: scene.file.path })).toThrow('use Node 22.13 or newer')
  } finally {
    missing.mockRestore()
  }
})
