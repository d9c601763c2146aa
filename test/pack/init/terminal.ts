import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'

/** Text that the terminal shows, and the answer to type. */
export type Talk = readonly (readonly [shown: string, typed: string])[]

/**
 * Runs a program in a real terminal and answers its questions. Returns the output. Rejects if the exit code is not 0.
 */
export function inTerminal(
  program: readonly [string, ...string[]],
  cwd: string,
  talk: Talk,
): Promise<string> {
  const [file, ...args] = program
  const env = { ...process.env, NO_COLOR: '1', TERM: 'xterm-256color' } as Record<string, string>
  const pty = spawn(file, args, { cwd, env, cols: 300, rows: 50 })
  const left = [...talk]
  let written = ''
  let from = 0
  pty.onData((text) => {
    written += text
    const [next] = left
    if (next === undefined) return
    const at = written.indexOf(next[0], from)
    if (at < 0) return
    from = at + next[0].length
    left.shift()
    pty.write(next[1])
  })
  return new Promise((resolve, reject) => {
    pty.onExit(({ exitCode }) => {
      const text = stripVTControlCharacters(written).replaceAll('\r\n', '\n')
      if (exitCode === 0 && left.length === 0) resolve(text)
      else reject(new Error(`${program.join(' ')} ended with ${exitCode}:\n${text}`))
    })
  })
}
