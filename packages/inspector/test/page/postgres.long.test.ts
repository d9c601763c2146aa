import { postgresInbox } from '@postern/postgres'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPostgres, type PostgresService } from '../../../../test/services/postgres.ts'
import { needs } from '../../../../test/services/needs.ts'
import { chromium, postgresServer } from '../../../../test/services/programs.ts'
import { openTab, startBrowser } from './browser.ts'
import { walk } from './walk.ts'
import { startWorld, type World } from './world.ts'

needs(chromium, postgresServer).describe('the page on Express and PostgreSQL', () => {
  let postgres: PostgresService
  let world: World
  let browser: Browser
  beforeAll(async () => {
    postgres = await startPostgres()
    world = await startWorld(postgresInbox({ connectionString: postgres.url }))
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
  })
})
