// Takes 10 s. POSTERN_FLOOD is the number of events, which `npm test -- mysql` sets to 100,000.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { mysqlInbox } from '../src/index.ts'
import { withMariadb } from './mariadb.ts'

const EVENTS = Number(process.env['POSTERN_FLOOD'] ?? 4000)

withMariadb(
  'two processes and the transactions of their apps',
  (mariadb) => {
    test(`${EVENTS} events: no deadlock, nothing lost, nothing twice`, async () => {
      const { service, rows } = mariadb()
      // Creates the tables first, because two processes that create them at the same time wait for each other.
      const inbox = mysqlInbox({ connectionString: service.url })
      await inbox.view!.stats()
      await inbox.close()
      const program = fileURLToPath(new URL('flood.ts', import.meta.url))
      const ended = await Promise.all(
        ['one', 'two'].map(async (name) => {
          const args = [program, service.url, name, String(EVENTS / 2)]
          const { stdout } = await promisify(execFile)(process.execPath, args)
          return JSON.parse(stdout) as object
        }),
      )
      expect(ended).toMatchObject(['one', 'two'].map((name) => ({ name, 200: EVENTS / 2 })))
      expect(await rows('SELECT state, COUNT(*) AS n FROM postern_tasks GROUP BY state')).toEqual([
        { state: 2, n: (EVENTS / 2) * 1.9 },
      ])
      const log = await readFile(service.log, 'utf8')
      expect(log).toContain('ready for connections')
      expect(log).not.toMatch(/deadlock/i)
    }, 600_000)
  },
  { own: true },
)
