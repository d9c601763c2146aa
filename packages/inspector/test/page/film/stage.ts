import type { Locator, Page } from 'playwright-core'
import type { Reel } from './reel.ts'

// Duration of a frame while the pointer moves, in milliseconds, and number of frames per move.
const STEP = 80
const STEPS = 6

/** A pointer that viewers can follow: it moves to an element before it presses the element. */
export interface Pointer {
  press(target: Locator, caption: string): Promise<void>
  /** Draws the pointer again after the page was loaded again. */
  draw(): Promise<void>
  hide(): Promise<void>
}

/** Draws a pointer over a page. Clicks pass through the drawn pointer. */
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
        // The pointer is slow at the start and at the end, as a hand is.
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

/** Runs in the page. Sets each style by script, because the page's Content-Security-Policy forbids styles in markup. */
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
