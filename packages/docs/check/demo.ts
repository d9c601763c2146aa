// Uses the live demo as a visitor does.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser } from '../../inspector/node_modules/playwright-core/index.js'
import { openTab, startBrowser } from '../../inspector/test/page/browser.ts'
import type { Row } from './run.ts'
import { serveFolder, type Served } from './serve.ts'

/** What was seen of the demo. */
interface DemoSeen {
  /** Bytes, gzipped, of all files that were loaded. */
  readonly bytes: number
  /** Milliseconds from the navigation to the first problem that is shown, for each visit. */
  readonly sight: readonly number[]
  /** Milliseconds of CPU of the page's thread until then, the least. */
  readonly cpu: number
  /** Whether the page shows all problems. */
  readonly seen: Judged
  /** Whether the dead tasks end well when they are run again. */
  readonly done: Judged
  /** Requests to another host, and those that a server of the app would have had to answer. */
  readonly elsewhere: number
  readonly asked: number
  /** Errors, warnings and violations of the policy. */
  readonly problems: readonly string[]
}

interface Judged {
  readonly said: string
  readonly isRight: boolean
}

const VISITS = 3
const SOON = { timeout: 60_000 }

/** The rows of the demo of a built site. */
export async function demoRows(dist: string): Promise<readonly Row[]> {
  const served = await serveFolder(dist)
  const browser = await startBrowser()
  try {
    const { bytes, sight, cpu, seen, done, elsewhere, asked, problems } = await useDemo(
      browser as never,
      served,
      join(dist, 'demo'),
    )
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
    return [
      [
        'demo: all that it loads, gzipped',
        '220 KB',
        `${(bytes / 1024).toFixed(1)} KB`,
        bytes <= 220 * 1024,
      ],
      [
        'demo: to first sight',
        '2 s on two quiet cores',
        `${sight.map(seconds).join(', ')}; the page took ${seconds(cpu)} of CPU`,
        Math.min(...sight) <= 2000,
      ],
      ['demo: what needs a look', 'a cause, a proof, a silent sender', seen.said, seen.isRight],
      ['demo: the dead tasks, run again', 'done', done.said, done.isRight],
      [
        'demo: requests to an app, to other hosts; problems in the console',
        '0, 0; 0',
        `${asked}, ${elsewhere}; ${[problems.length, ...problems].join('; ')}`,
        asked + elsewhere + problems.length === 0,
      ],
    ]
  } finally {
    await browser.close()
    await served.close()
  }
}

/** Opens the demo, reads its problems, and runs the dead tasks again. */
async function useDemo(browser: Browser, served: Served, folder: string): Promise<DemoSeen> {
  const sight: number[] = []
  let cpu = Infinity
  for (let visit = 0; visit < VISITS; visit++) {
    const tab = await openTab(browser as never, 'about:blank')
    const session = await tab.page.context().newCDPSession(tab.page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    const started = performance.now()
    await tab.page.goto(`${served.url}/demo/`)
    await tab.page.locator('.thing').first().waitFor(SOON)
    sight.push(performance.now() - started)
    const { metrics } = await session.send('Performance.getMetrics')
    cpu = Math.min(cpu, 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value)
    await tab.close()
  }
  const before = served.asked.length
  const { page, problems, close } = await openTab(browser as never, 'about:blank')
  page.setDefaultTimeout(SOON.timeout)
  let elsewhere = 0
  page.on('request', (request) => {
    if (!request.url().startsWith(`${served.url}/`)) elsewhere++
  })
  await page.goto(`${served.url}/demo/`)
  const text = async (): Promise<string> => page.locator('#main').innerText()
  // The search for a cause has a time limit. The page tries again at the next delivery.
  await page.getByText('proven: body-reserialized').waitFor(SOON)
  const told = await text()
  const parts = [
    /(\d+ dead)\s+(SMTP 421 4.7.0 too many connections)/.exec(told)?.slice(1).join(' '),
    /\d+ of \d+ rejected/.exec(told)?.[0],
    /proven: [\w-]+/.exec(told)?.[0],
    /linear · nothing for [\w ]+/.exec(told)?.[0],
  ]
  await page.getByRole('button', { name: 'Run again…' }).first().click()
  const run = page.getByRole('button', { name: /^Run \d+$/ })
  await run.waitFor(SOON)
  const count = /\d+/.exec((await run.textContent())!)![0]
  await run.click()
  await page
    .getByText('SMTP 421')
    .first()
    .waitFor({ state: 'detached', ...SOON })
  const after = await text()
  const isDone = !after.includes('SMTP 421')
  await page.getByRole('link', { name: 'Explain' }).click()
  await page.getByRole('heading', { name: 'Proven: body-reserialized' }).waitFor(SOON)
  await close()
  const asked = served.asked.slice(before)
  const files = new Set(
    asked.filter((path) => path.startsWith('/demo/') && !path.includes('/api/')),
  )
  const bytes = [...files].reduce((sum, path) => {
    const file = path.replace(/^\/demo\//, '') || 'index.html'
    return sum + gzipSync(readFileSync(join(folder, file)), { level: 9 }).length
  }, 0)
  return {
    bytes,
    sight,
    cpu,
    // The bank sends XML, which a small parser reads here.
    seen: {
      said: parts.join('; '),
      isRight: parts.every((part) => part !== undefined) && !told.includes('malformed_body'),
    },
    done: { said: isDone ? `${count} of ${count}` : after.slice(0, 100), isRight: isDone },
    elsewhere,
    asked: asked.filter((path) => path.includes('/api/')).length,
    problems,
  }
}
