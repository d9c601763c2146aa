// Takes screenshots of every state, at the widths of a desktop and a phone, in both themes: `npm run docs -- pictures`.
// If arguments name parts of states, takes only the matching states: `npm run docs -- pictures redis`. The screenshots
// are for people; states.long.test.ts has the assertions.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startBrowser } from '../browser.ts'
import { show } from './shown.ts'
import { states } from './states.ts'

const FOLDER = join(import.meta.dirname, '..', '.results', 'states')
const parts = process.argv.slice(2)
// The pictures of the README and the guides.
if (parts.length === 0 || parts.includes('readme')) await import('../pictures.ts')
mkdirSync(FOLDER, { recursive: true })
const browser = await startBrowser()
for (const [name, state] of Object.entries(states)) {
  if (parts.length > 0 && !parts.some((part) => name.includes(part))) continue
  const lacking = state.needs.find(({ file }) => file === undefined)
  if (lacking !== undefined) {
    console.log(`${name}: left out, since ${lacking.name} is missing: ${lacking.get}`)
    continue
  }
  const started = await state.start()
  await show(browser, state, started, async ({ page, look: { width, theme } }) => {
    const path = join(FOLDER, `${name}-${width}-${theme}.png`)
    await page.screenshot({ path, fullPage: true })
    console.log(path)
  })
  await started.close()
}
await browser.close()
