import { type Serializable, spawn } from 'node:child_process'
import { pinned } from './pinned.ts'

/** Child process that answers each message with one message. */
export interface Child {
  /** Sends the message and resolves with the answer. Without a message, waits for the first answer. */
  ask(message?: Serializable): Promise<unknown>
  /** Ends the process without a signal, so that it can write a profile. */
  end(): Promise<void>
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly args?: readonly string[]
  /** The core that the process is pinned to. @default any */
  readonly core?: number
  readonly env?: Readonly<Record<string, string>>
}

export function startChild(script: string, options: ChildOptions = {}): Child {
  const { args = [], core, env } = options
  const command = [process.execPath, script, ...args]
  const [program, ...rest] = core === undefined ? command : pinned(core, command)
  const child = spawn(program!, rest, {
    // Sends bodies as bytes.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text))
  let waiting: PromiseWithResolvers<unknown> | undefined
  child.on('message', (message) => waiting?.resolve(message))
  const ended = new Promise<void>((resolve) => {
    child.on('exit', (code) => {
      waiting?.reject(new Error(`${script} ${args.join(' ')} ended with ${code}:\n${errors}`))
      resolve()
    })
  })
  return {
    ask(message) {
      waiting = Promise.withResolvers()
      if (message !== undefined) child.send(message)
      return waiting.promise
    },
    async end() {
      child.disconnect()
      await ended
    },
    async stop() {
      child.kill()
      await ended
    },
  }
}
