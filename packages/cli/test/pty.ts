import { spawn, type IPty } from '@lydell/node-pty'
import { COMPILED } from '../../../test/services/compiled.ts'
import { MAIN } from './run.ts'

export interface TerminalOptions {
  readonly cols?: number
  readonly rows?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /**
   * If false, NO_COLOR is not set.
   * @default true
   */
  readonly isPlain?: boolean
  readonly loads?: string
}

/** Runs a command in a real terminal. The command ends when this process ends. */
export function terminal(
  args: readonly string[],
  { cols = 120, rows = 30, cwd = process.cwd(), env, isPlain = true, loads }: TerminalOptions = {},
): {
  readonly pty: IPty
  readonly text: () => string
  /** Waits for a text after the previous match, and returns it. */
  readonly until: (text: string | RegExp) => Promise<string>
  readonly ended: Promise<number>
} {
  const words = [...(loads === undefined ? [] : ['--import', loads]), MAIN, ...args]
  const pty = spawn(process.execPath, words, {
    cwd,
    cols,
    rows,
    env: {
      PATH: process.env['PATH']!,
      TERM: 'xterm-256color',
      ...(isPlain && { NO_COLOR: '1' }),
      ...COMPILED,
      ...env,
    },
  })
  let all = ''
  let shown = ''
  let wake = (): void => undefined
  pty.onData((text) => {
    all += text
    shown += text
    wake()
  })
  const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)))
  return {
    pty,
    ended,
    text: () => all,
    async until(text) {
      const found = (): readonly string[] | null =>
        typeof text === 'string' ? (shown.includes(text) ? [text] : null) : shown.match(text)
      while (!found()) await new Promise<void>((resolve) => (wake = resolve))
      const match = found()![0]!
      // The next wait starts after this match.
      shown = shown.slice(shown.indexOf(match) + match.length)
      return match
    },
  }
}
