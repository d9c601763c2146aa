import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

type Violations = AxeResults['violations']

/** Starts axe in a loaded page, in an isolated world, since the page's Content-Security-Policy would block it. */
export async function startAxe(page: Page): Promise<{
  readonly violations: (options: RunOptions) => Promise<Violations>
  readonly end: () => Promise<void>
}> {
  const session = await page.context().newCDPSession(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  })
  const run = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      contextId: executionContextId,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }
  await run(AXE)
  return {
    async violations(options) {
      const all = JSON.stringify({ resultTypes: ['violations'], ...options })
      return (await run(`axe.run(${all}).then((results) => results.violations)`)) as Violations
    },
    end: () => session.detach(),
  }
}
