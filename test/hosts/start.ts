import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { follow } from '../examples/example.ts'
import { freePort } from '../services/temporary.ts'

export interface Started {
  readonly url: string
  readonly lines: readonly string[]
  line(wanted: string | RegExp): Promise<string>
  /** Sends SIGTERM. Resolves when the host has ended. */
  end(): Promise<unknown>
  stop(): Promise<void>
}

const LISTENS_WITHIN = 60_000

/** Starts a program with a free port in PORT, and waits until it listens. Rejects with its output if it ends before. */
export async function start(
  [program, ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Started> {
  const port = await freePort()
  const child = spawn(program!, args, {
    cwd,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'production',
      ...env,
      PORT: String(port),
      HOST: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = follow(child)
  const until = performance.now() + LISTENS_WITHIN
  while (!(await listens(port))) {
    if (child.exitCode !== null || performance.now() > until)
      throw new Error(`${program} ${args.join(' ')} does not listen:\n${output.lines.join('\n')}`)
    await wait(50)
  }
  return { ...output, url: `http://127.0.0.1:${port}` }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
