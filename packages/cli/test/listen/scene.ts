import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripe } from '@postern/providers/stripe'
import { signedInit } from '@postern/testing'
import { COMPILED } from '../../../../test/services/compiled.ts'
import { removeFolder, temporaryFolder } from '../../../../test/services/temporary.ts'
import {
  startStripe,
  STRIPE_KEY,
  type StripeEndpoint,
} from '../../../registrar/test/fakes/stripe.ts'
import { MAIN } from '../run.ts'
import { callEdge } from './hook.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export const APP: string = here('app.ts')
export const PROGRAMS = ['cloudflared', 'ngrok', 'tailscale'] as const

export interface Running {
  readonly child: ChildProcess
  /** All output so far. */
  readonly text: () => string
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>
  readonly ended: Promise<number | null>
  /** Sends SIGINT, as Ctrl-C does, and resolves with the exit code. */
  readonly stop: () => Promise<number | null>
}

export type Scene = Awaited<ReturnType<typeof scene>>

export async function scene() {
  const api = await startStripe()
  const root = await temporaryFolder('listen')
  const [bin, edge, cwd] = [join(root, 'bin'), join(root, 'edge'), join(root, 'app')]
  for (const folder of [bin, edge, cwd]) await mkdir(folder)
  for (const name of [...PROGRAMS, 'other']) {
    const file = join(bin, name)
    const run = `exec "${process.execPath}" "${here('tunnel-program.ts')}"`
    await writeFile(file, `#!/bin/sh\nPROGRAM=${name} ${run} "$@"\n`)
    await chmod(file, 0o755)
  }
  await writeFile(join(cwd, '.env'), `STRIPE_KEY=${STRIPE_KEY}\nFROM_ENV_FILE=yes\n`)
  process.env['EDGE'] = edge
  const running: Running[] = []
  const env = {
    PATH: `${bin}:${process.env['PATH']}`,
    EDGE: edge,
    HOME: root,
    XDG_STATE_HOME: join(root, 'state'),
    NO_COLOR: '1',
    ...COMPILED,
  }
  return {
    api,
    cwd,
    edge,
    env,
    stripe: ['-o', `api=${api.url}`, '--topic', 'invoice.paid', '--yes'],
    endpoints: (): readonly StripeEndpoint[] => api.endpoints,
    /** `at` may name another build of the command line, in another folder. */
    run(
      args: readonly string[],
      more: Readonly<Record<string, string>> = {},
      at = { main: MAIN, cwd },
    ): Running {
      const words = ['--import', here('hook.ts'), at.main, ...args]
      const child = spawn(process.execPath, words, { cwd: at.cwd, env: { ...env, ...more } })
      const made = runningOf(child)
      running.push(made)
      return made
    },
    sessions: async (): Promise<readonly string[]> => {
      const folder = join(root, 'state', 'postern', 'listen')
      const names = await readdir(folder).catch(() => [])
      return Promise.all(names.map(async (name) => readFile(join(folder, name), 'utf8')))
    },
    /** Returns the command lines of this scene's processes. */
    async processes(): Promise<readonly string[]> {
      const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
      const all = await Promise.all(
        ids.map(async (id) => {
          const own = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
          // The variable EDGE cannot identify the scene, because all children of this process have EDGE.
          if (!own.includes(`XDG_STATE_HOME=${join(root, 'state')}`)) return ''
          return (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).replaceAll(
            '\0',
            ' ',
          )
        }),
      )
      return all.filter((one) => one !== '')
    },
    async end() {
      for (const { child, ended } of running.splice(0)) {
        child.kill('SIGKILL')
        await ended
      }
    },
    async close() {
      await this.end()
      await api.close()
      await removeFolder(root)
    },
  }
}

function runningOf(child: ChildProcess): Running {
  let text = ''
  let wake = (): void => undefined
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (more: Buffer) => {
      text += String(more)
      wake()
    })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  void ended.then(() => wake())
  return {
    child,
    text: () => text,
    ended,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(text)
        if (found) return found
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended before ${pattern}: ${text}`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    stop: async () => {
      child.kill('SIGINT')
      return ended
    },
  }
}

/** Returns a delivery of Stripe, for {@link callEdge}. */
export async function ofStripe(secret: string, url: string, id = 'evt_1') {
  const made = await signedInit(stripe({ secret }), 'invoice.paid', {}, { url, id })
  return { method: made.method, headers: made.headers, body: made.body }
}

/** Returns the status of a Stripe delivery to a public URL. */
export async function statusAt(url: string, secret: string): Promise<number> {
  return (await callEdge(url, await ofStripe(secret, url))).status
}
