// Makes the film of the README, `npm run docs -- film`: a real app, real signed deliveries, Chromium. From a rejected delivery to its
// proof, from dead tasks to done ones, and to a test that keeps them so.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openTab, startBrowser } from '../browser.ts'
import { startWorld } from '../world.ts'
import { keepSources } from '../sources.ts'
import { createReel } from './reel.ts'
import { direct } from './stage.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'pictures')
const LONGEST = 35_000
const LARGEST = 2_000_000

const world = await startWorld()
for (let at = 0; at < 40; at++) await world.send('charge.refunded', { id: `evt_before_${at}` })
await world.settled()
const browser = await startBrowser()
const { page, close } = await openTab(browser, world.url, { width: 1000, height: 640 })
page.setDefaultTimeout(60_000)
const reel = await createReel(browser, page)
const film = await direct(page, reel)
const button = (name: string | RegExp) => page.getByRole('button', { name }).first()
const link = (name: string | RegExp) => page.getByRole('link', { name }).first()
const words = (text: string | RegExp) => page.getByText(text).first().waitFor()

await words('All is well.')
await film.say('All is well. Then somebody puts a body parser before the route …')
for (let at = 0; at < 6; at++) await world.rewrite()
await words(/6 of \d+ rejected/)
await words(/proven: body-reserialized/)
await film.say('… and what Stripe sends is rejected. Why? It is proven already.', 2800)
await film.press(link('Explain'))
await words(/^Proven: body-reserialized/)
const differs = page.getByRole('region', { name: 'What differs' })
await differs.waitFor()
await page
  .getByText(/^Proven: body-reserialized/)
  .first()
  .evaluate((title) => title.scrollIntoView())
writeFileSync(join(FOLDER, 'film.png'), await film.poster())
await film.say('The bytes that were signed, and the bytes that came.', 3600)
await film.say('One line is moved: webhook(receiver) stands before express.json().', 2400)

await film.press(link(/^Health/))
world.isBroken = true
for (let at = 0; at < 12; at++) await world.send('invoice.paid', { id: `evt_${at}` })
await world.settled()
await words('12 dead')
await film.say('Stripe sends again, and it is accepted. Now the mail server has a bad day.', 3000)
world.isBroken = false
await film.say('It is mended. All of that cause run again.', 1600)
await film.press(button('Run again…'))
await words(/Run 12 tasks again/)
await film.hold(1600)
await film.press(button(/^Run 12$/))
await page.getByText('12 dead').waitFor({ state: 'detached' })
await film.say('Twelve of twelve are done, and nothing was lost.', 2400)

await film.press(link('Deliveries'))
await page.locator('[data-id]').first().waitFor()
await film.press(page.locator('[data-id]').first().getByRole('link').first())
await button('Copy as test').waitFor()
await film.say('One of them as a test: red while the handler fails, green from now on.', 1600)
await film.press(button('Copy as test'))
await page.getByRole('textbox', { name: 'Test' }).waitFor()
await film.hold(3200)

const lasts = reel.lasts()
const bytes = await reel.end()
await close()
await browser.close()
await world.close()
if (lasts > LONGEST || bytes.length > LARGEST)
  throw new Error(
    `the film must have at most 35 s and 2 MB, and has ${lasts / 1000} s and ${bytes.length} bytes`,
  )
writeFileSync(join(FOLDER, 'film.gif'), bytes)
keepSources('film.gif', 'film.png')
console.log(`pictures/film.gif: ${lasts / 1000} s, ${bytes.length} bytes`)
