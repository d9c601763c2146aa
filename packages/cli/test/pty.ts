import { spawn, type IPty } from '@lydell/node-pty'
import { COMPILED } from '../../../test/services/compiled.ts'
import { MAIN } from './run.ts'

/** Runs a command in a real terminal: keys go in, and what the screen was given comes out. It ends with this process. */
export function terminal(
  args: readonly string[],
  { cols = 120, rows = 30, cwd = process.cwd(), isPlain = true } = {},
): {
  readonly pty: IPty
  readonly until: (text: string | RegExp) => Promise<string>
  readonly ended: Promise<number>
} {
  const pty = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    cols,
    rows,
    env: {
      PATH: process.env['PATH']!,
      TERM: 'xterm-256color',
      ...(isPlain && { NO_COLOR: '1' }),
      ...COMPILED,
    },
  })
  let shown = ''
  let wake = (): void => undefined
  pty.onData((text) => {
    shown += text
    wake()
  })
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
  return {
    pty,
    ended,
    async until(text) {
      const found = (): readonly string[] | null =>
        typeof text === 'string' ? (shown.includes(text) ? [text] : null) : shown.match(text)
      while (!found()) await new Promise<void>((resolve) => (wake = resolve))
      const match = found()![0]!
      // What was shown before a key was pressed does not count for the next wait.
      shown = shown.slice(shown.indexOf(match) + match.length)
      return match
    },
  }
}
