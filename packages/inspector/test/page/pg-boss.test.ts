import { pgBossInbox } from '@postern/pg-boss'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgres, type PostgresService } from '../../../../test/services/postgres.ts'
import { postgresServer } from '../../../../test/services/programs.ts'
import { hasChromium, openTab, startBrowser } from './browser.ts'
import { walk } from './walk.ts'
import { startWorld, type World } from './world.ts'

describe.skipIf(!hasChromium || postgresServer.file === undefined)(
  'the page on Express and pg-boss',
  () => {
    let postgres: PostgresService
    let world: World
    let browser: Browser
    beforeAll(async () => {
      postgres = await startPostgres()
      world = await startWorld(pgBossInbox({ connectionString: postgres.url }))
      browser = await startBrowser()
    })
    afterAll(async () => {
      await browser?.close()
      await world?.close()
      await postgres?.stop()
    })

    test('is live, filters, opens, and runs a dead task again until it is done', async () => {
      const { page, problems, close } = await openTab(browser, world.url)
      await walk(page, world)
      await close()
      expect(problems).toEqual([])
    }, 60_000)
  },
)
