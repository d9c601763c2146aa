import { remark } from '../print/say.ts'
import { rendered } from '../print/terminal.ts'
import { clipped, columnsOf } from '../print/width.ts'

/** Progress on stderr: in a terminal, a line that is redrawn; otherwise a new line every five seconds. */
export interface Bar {
  /** Shows progress. `share` is the fraction that is done, from 0 to 1, or undefined if it is unknown. */
  show(text: string, share: number | undefined): void
  end(): void
}

/**
 * Shortens the text to one line of the terminal. A longer line would wrap, and redrawing would leave copies of the
 * line.
 */
function onLine(text: string): string {
  return rendered(clipped(text, columnsOf(process.stderr) - 1))
}

const WIDTH = 24
const OFTEN = 100
const SELDOM = 5000

export function createBar(): Bar {
  const { isTTY } = process.stderr
  let last = isTTY ? -Infinity : performance.now()
  let drawn = false
  let latest = ''
  return {
    show(text, share) {
      const full = Math.round((share ?? 0) * WIDTH)
      latest = share === undefined ? text : `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${text}`
      if (performance.now() - last < (isTTY ? OFTEN : SELDOM)) return
      last = performance.now()
      draw(text)
    },
    end() {
      if (drawn && isTTY) process.stderr.write(`\r${onLine(latest)}\u001B[K\n`)
      drawn = false
    },
  }

  function draw(text: string): void {
    drawn = true
    if (isTTY) process.stderr.write(`\r${onLine(latest)}\u001B[K`)
    else remark(text)
  }
}
