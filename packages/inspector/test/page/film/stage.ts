import type { Locator, Page } from 'playwright-core'
import type { Reel } from './reel.ts'

// Milliseconds of a frame while the pointer moves, and how many there are.
const STEP = 80
const STEPS = 6

/** What a viewer follows on a page: a pointer that moves before it presses. */
export interface Pointer {
  /** Moves the pointer to something and presses it. */
  press(target: Locator, caption: string): Promise<void>
  /** Draws the pointer again, after the page was loaded again. */
  draw(): Promise<void>
  hide(): Promise<void>
}

/** Puts a pointer over a page. It is drawn by the browser, and takes no press. */
export function createPointer(page: Page, reel: Reel): Pointer {
  const size = page.viewportSize()!
  let at = { x: size.width * 0.7, y: size.height * 0.6 }
  return {
    async draw() {
      await page.evaluate(overlay)
      await move(at)
    },
    async hide() {
      await page.evaluate(() => document.getElementById('film-pointer')?.remove())
    },
    async press(target, caption) {
      await target.scrollIntoViewIfNeeded()
      const box = (await target.boundingBox())!
      const to = { x: box.x + Math.min(box.width / 2, 60), y: box.y + box.height / 2 }
      const from = at
      for (let step = 1; step <= STEPS; step++) {
        // Slow at both ends, as a hand moves.
        const part = (1 - Math.cos((Math.PI * step) / STEPS)) / 2
        await move({ x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part })
        await reel.frame(page, STEP, caption)
      }
      await reel.frame(page, 250, caption)
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
  const element = document.createElement('div')
  element.id = 'film-pointer'
  element.setAttribute('aria-hidden', 'true')
  Object.assign(element.style, {
    position: 'fixed',
    zIndex: '9',
    pointerEvents: 'none',
    left: '0',
    top: '0',
    width: '17px',
    height: '25px',
    background: '#d4366b',
    clipPath: 'polygon(0 0, 100% 68%, 58% 70%, 82% 100%, 60% 100%, 38% 74%, 0 100%)',
  })
  document.body.append(element)
}
