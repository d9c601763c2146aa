import { spawnSync } from 'node:child_process'
import type { Browser, Page } from 'playwright-core'
import { terminal } from '../../../../cli/test/pty.ts'

// Duration of a frame while a word is typed, in milliseconds.
const STEP = 90
const COLUMNS = 100

/** A page that looks like a terminal, and shows the real output of programs. */
export interface Screen {
  readonly page: Page
  /** Types a command word by word, and calls `frame` after each word. */
  type(command: string, frame: (duration: number) => Promise<void>): Promise<void>
  postern(...args: readonly string[]): Promise<void>
  git(...args: readonly string[]): Promise<void>
}

/** Opens a terminal that runs commands in a folder. */
export async function openScreen(
  browser: Browser,
  size: { readonly width: number; readonly height: number },
  cwd: string,
): Promise<Screen> {
  const page = await browser.newPage({ viewport: size })
  await page.setContent(`<style>
    body { margin: 0; background: #14161c; color: #e4e6eb }
    pre { margin: 20px 24px; font: 15px/21px 'DejaVu Sans Mono', monospace; white-space: pre }
  </style><pre></pre>`)
  let shown = ''
  return {
    page,
    async type(command, frame) {
      const words = command.split(/(?<= )/)
      for (let at = 1; at <= words.length; at++) {
        await draw(`${shown}${PROMPT}${words.slice(0, at).join('')}█`)
        await frame(STEP)
      }
      shown += `${PROMPT}${command}\r\n`
    },
    async postern(...args) {
      const { pty, ended } = terminal(args, { cols: COLUMNS, cwd, isPlain: false })
      pty.onData((text) => (shown += text))
      await ended
      await settle()
    },
    async git(...args) {
      shown += spawnSync('git', args, { cwd, encoding: 'utf8' }).stdout
      await settle()
    },
  }

  async function settle(): Promise<void> {
    shown += '\r\n'
    await draw(`${shown}${PROMPT}█`)
  }

  async function draw(text: string): Promise<void> {
    const rows = Math.floor((size.height - 40) / 21)
    const lines = text.replaceAll('\r', '').split('\n').slice(-rows)
    await page.evaluate(
      (html) => {
        document.querySelector('pre')!.innerHTML = html
      },
      htmlOf(lines.join('\n')),
    )
  }
}

const PROMPT = '\u001B[32m$\u001B[39m '

const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight:bold',
  2: 'opacity:.6',
  31: 'color:#ff7b72',
  32: 'color:#56d364',
  33: 'color:#e3b341',
  36: 'color:#76e3ea',
  90: 'color:#8b949e',
}

/** Converts the escape sequences for styles to HTML. */
function htmlOf(text: string): string {
  const [first = '', ...rest] = text.split('\u001B[')
  let open: readonly string[] = []
  return escaped(first) + rest.map(styled).join('')

  function styled(part: string): string {
    const end = part.indexOf('m')
    for (const code of part.slice(0, end).split(';')) {
      if (code === '' || code === '0') open = []
      else if (code === '22') open = open.filter((style) => !/weight|opacity/.test(style))
      else if (code === '39') open = open.filter((style) => !style.startsWith('color'))
      else if (STYLES[code]) open = [...open, STYLES[code]]
    }
    const plain = escaped(part.slice(end + 1))
    return open.length === 0 ? plain : `<span style="${open.join(';')}">${plain}</span>`
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
