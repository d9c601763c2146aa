import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { spawn, type IPty } from '@lydell/node-pty'

const exec = promisify(execFile)

/** A folder in which commands run, and in which nothing of theirs may appear. */
export interface Shell {
  /** Runs a command line. */
  readonly run: (command: string) => Promise<void>
  /** An interactive bash in a terminal, which takes pasted texts. */
  readonly terminal: (bracketed: boolean) => Promise<Terminal>
  /** What appeared in the folder; undefined if nothing did. */
  readonly made: () => string | undefined
  readonly close: () => void
}

/** An interactive bash. */
export interface Terminal {
  /** Pastes a text, presses Enter, and waits for the next prompt. */
  readonly paste: (text: string) => Promise<void>
  readonly close: () => void
}

/** Makes a {@link Shell}. */
export function openShell(): Shell {
  const cwd = mkdtempSync(join(tmpdir(), 'postern-shell-'))
  const env = { PATH: process.env['PATH']!, HOME: '/nonexistent', LC_ALL: 'C.UTF-8' }
  return {
    async run(command) {
      await exec('bash', ['-c', command], { cwd, env })
    },
    async terminal(bracketed) {
      const args = ['--noprofile', '--norc', '-i']
      const bash = spawn('bash', args, { cwd, env: { ...env, TERM: 'xterm-256color' }, cols: 200 })
      return interactive(bash, bracketed)
    },
    made() {
      const [first] = readdirSync(cwd)
      return first === undefined ? undefined : `it made the file ${first}`
    },
    close: () => rmSync(cwd, { recursive: true }),
  }
}

async function interactive(bash: IPty, bracketed: boolean): Promise<Terminal> {
  let shown = ''
  let wake = (): void => undefined
  bash.onData((text) => {
    shown += text
    wake()
  })
  // The prompt is made by bash, so that what is typed never looks like it.
  const enter = async (text: string): Promise<void> => {
    shown = ''
    bash.write(`${text}\r`)
    while (!shown.includes('READY> ')) await new Promise<void>((resolve) => (wake = resolve))
  }
  await enter("PS1='\\122EADY> '")
  if (!bracketed) await enter("bind 'set enable-bracketed-paste off'")
  return {
    paste: async (text) => enter(bracketed ? `\u001B[200~${text}\u001B[201~` : text),
    close: () => bash.kill(),
  }
}
