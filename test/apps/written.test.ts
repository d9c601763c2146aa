// Takes 15 s.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '@postern/providers/catalogue'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../run/step.ts'
import { root } from '../run/report.ts'
import { startApps, STARTED, writeApps, type WrittenApps } from './written.ts'
import { runWorker } from './worker.ts'

// One provider per verification method, and one that retries events for longer than four days.
const SENDERS = ['github', 'stripe', 'wecom', 'sendgrid', 'adyen']

let apps: WrittenApps

beforeAll(async () => void (apps = await writeApps()))
afterAll(() => rmSync(apps.folder, { recursive: true, force: true }))

test('every app that the command line writes, for each sender and host, is well typed', async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { code, output } = await run(process.execPath, [tsc, '-p', apps.folder], {})
  expect(output).toBe('')
  expect(code).toBe(0)
  expect(apps.count).toBeGreaterThan(1000)
})

test('a Worker has the dedupeWindow of its object, so that its catch-up reaches as far', () => {
  const windows = [...catalogue.values()].map((about) => [
    about.name,
    ...(readFileSync(apps.file(about, 'cloudflare'), 'utf8').match(/(?<=dedupeWindow: ')\d+d/g) ??
      []),
  ])
  const told = windows.filter((one) => one.length > 1)
  expect(told).toContainEqual(['meta', '7d', '7d'])
  expect(told.every(([, object, ...worker]) => worker.length === 1 && worker[0] === object)).toBe(
    true,
  )
})

test.for(STARTED)('the apps for %s start, and handle what their sender signs', async (host) => {
  const found = await startApps(apps, host, SENDERS)
  expect(found.map(({ name, handled }) => [name, handled])).toEqual(
    SENDERS.map((name) => [name, [expect.any(String)]]),
  )
})

test.for(SENDERS)(
  'the app of %s for Cloudflare runs in workerd, and its object handles what the sender signs',
  async (name) => {
    const about = catalogue.get(name)!
    expect(await runWorker(apps.file(about, 'cloudflare'), about)).toEqual([
      200,
      expect.any(String),
    ])
  },
)
