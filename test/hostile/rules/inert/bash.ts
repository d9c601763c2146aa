import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { spawn, type IPty } from '@lydell/node-pty'

const exec = promisify(execFile)

/** Folder in which commands run. They must not create files in it. */
export interface Shell {
  readonly run: (command: string) => Promise<void>
  /** Starts an interactive bash in a terminal. */
  readonly terminal: (bracketed: boolean) => Promise<Terminal>
  /** Describes a new file in the folder. Returns undefined if there is none. */
  readonly made: () => string | undefined
  readonly close: () => void
}

export interface Terminal {
  readonly paste: (text: string) => Promise<void>
  readonly close: () => void
}

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
  // bash expands the prompt. So typed text never looks like the prompt.
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
