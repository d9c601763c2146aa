import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteInbox } from '@postern/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postern } from './run.ts'

describe('an error of use says what is meant, and ends with the usage of its command', () => {
  test.for([
    [
      ['send', 'githup', '--to', 'http://localhost:1'],
      'got githup; did you mean github?',
      'postern send [options] <provider> [topic]',
    ],
    [
      ['send', 'github', 'issues.opend', '-s', 'x', '--to', 'http://localhost:1'],
      'got issues.opend; did you mean issues.opened?',
      'postern send [options] <provider> [topic]',
    ],
    [
      ['send', 'github', '--to', 'http://localhost:1', '--jason'],
      "unknown option '--jason'\n(Did you mean --json?)",
      'postern send [options] <provider> [topic]',
    ],
    [
      ['inbox', 'list', '--sqlite', 'x.db', '--state', 'ded'],
      '--state must be one of pending, running, done, dead, got ded; did you mean dead?',
      'postern inbox list [options]',
    ],
    [
      ['inbox', 'lst'],
      "unknown command 'lst'\n(Did you mean list?)",
      'postern inbox [options] [command]',
    ],
    [
      ['inbox', 'show', '--sqlite', 'x.db'],
      "missing required argument 'task'",
      'postern inbox show [options] <task>',
    ],
    [
      ['providers', '--host', 'expres'],
      'did you mean express?',
      'postern providers [options] [provider]',
    ],
    [
      ['listen', 'github', '--output', 'jsn', '-s', 'x'],
      'did you mean json?',
      'postern listen [options] [provider]',
    ],
  ] as const)('%j', async ([args, message, usage]) => {
    const { code, out, err } = await postern(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err.trimEnd().split('\n').slice(-2)).toEqual([
      `Usage: ${usage}`,
      `(${usage.split(' [')[0]!.split(' <')[0]} --help shows its options)`,
    ])
  })

  test('an answer of "no" has no usage', async () => {
    const { code, err } = await postern(['explain', 'none.json', '-p', 'github', '-s', 'x'])
    expect(code).not.toBe(0)
    expect(err).toContain('none.json')
  })
})

describe.runIf(process.platform === 'linux' || process.platform === 'darwin')(
  'a port that is taken',
  () => {
    let folder = ''
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'postern-'))
      const inbox = sqliteInbox({ path: join(folder, 'webhooks.db') })
      await inbox.view!.stats()
      await inbox.close()
    })
    afterAll(() => rm(folder, { recursive: true }))

    test.for([
      ['listen', 'github', '-s', 'x'],
      ['inspect', '--sqlite', 'webhooks.db'],
    ])('%j says who listens there, and what to do', async (args) => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const { code, err } = await postern([...args, '--port', String(port)], { cwd: folder })
      server.close()
      expect([code, err]).toEqual([
        3,
        expect.stringMatching(
          new RegExp(
            `--port ${port}: .+ \\(process ${process.pid}\\) listens there; end it, or give another port, as in --port ${port + 1}, or --port 0`,
          ),
        ),
      ])
    })
  },
)
