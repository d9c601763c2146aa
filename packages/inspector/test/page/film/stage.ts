import type { Locator, Page } from 'playwright-core'
import type { Reel } from './reel.ts'

// Milliseconds of a frame while the pointer moves, and how many there are.
const STEP = 80
const STEPS = 6

/** What a viewer follows: a pointer that moves before it presses, and a caption that says what happens. */
export interface Direction {
  /** Says something, and lets it be read. */
  say(caption: string, duration?: number): Promise<void>
  /** Shows the page as it is for a time. */
  hold(duration: number): Promise<void>
  /** The page without pointer and caption. */
  poster(): Promise<Buffer>
  /** Moves the pointer to something and presses it. */
  press(target: Locator): Promise<void>
}

/** Puts a pointer and a line of captions over a page. They are drawn by the browser, and take no press. */
export async function direct(page: Page, reel: Reel): Promise<Direction> {
  const size = page.viewportSize()!
  let at = { x: size.width * 0.7, y: size.height * 0.6 }
  await page.evaluate(overlay)
  await move(at)
  return {
    async say(caption, duration = 2200) {
      await page.evaluate((text) => {
        document.getElementById('film-caption')!.textContent = text
      }, caption)
      await reel.frame(duration)
    },
    hold: (duration) => reel.frame(duration),
    async poster() {
      const show = (opacity: string): Promise<void> =>
        page.evaluate((value) => {
          for (const name of ['caption', 'pointer'])
            document.getElementById(`film-${name}`)!.style.opacity = value
        }, opacity)
      await show('0')
      const taken = await page.screenshot()
      await show('1')
      return taken
    },
    async press(target) {
      await target.scrollIntoViewIfNeeded()
      const box = (await target.boundingBox())!
      const to = { x: box.x + Math.min(box.width / 2, 60), y: box.y + box.height / 2 }
      const from = at
      for (let step = 1; step <= STEPS; step++) {
        // Slow at both ends, as a hand moves.
        const part = (1 - Math.cos((Math.PI * step) / STEPS)) / 2
        await move({ x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part })
        await reel.frame(STEP)
      }
      await reel.frame(250)
      await target.click()
    },
  }

  async function move(to: { x: number; y: number }): Promise<void> {
    at = to
    await page.evaluate(({ x, y }) => {
      document.getElementById('film-pointer')!.style.transform = `translate(${x}px, ${y}px)`
    }, to)
  }
}

/** Runs in the page. Styles are set one by one: its policy forbids those in markup. */
function overlay(): void {
  const make = (id: string, styles: Readonly<Record<string, string>>): void => {
    const element = document.createElement('div')
    element.id = id
    element.setAttribute('aria-hidden', 'true')
    Object.assign(element.style, { position: 'fixed', zIndex: '9', pointerEvents: 'none' }, styles)
    document.body.append(element)
  }
  make('film-caption', {
    left: '0',
    right: '0',
    bottom: '0',
    padding: '14px 24px',
    background: '#14161c',
    color: '#fff',
    font: '600 19px system-ui, sans-serif',
  })
  make('film-pointer', {
    left: '0',
    top: '0',
    width: '17px',
    height: '25px',
    background: '#d4366b',
    clipPath: 'polygon(0 0, 100% 68%, 58% 70%, 82% 100%, 60% 100%, 38% 74%, 0 100%)',
  })
}
