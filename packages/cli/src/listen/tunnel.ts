import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { readStart } from '@postern/core/internal'
import { Failure } from '../print/say.ts'
import { shown } from '../print/terminal.ts'
import { whyNot } from '../sender/why-not.ts'
import { endLeashed, exitOf, leashed } from './child.ts'
import type { LocalGate } from './gate.ts'

/** Public URL that leads to the gate, the local HTTP server of this command. */
export interface Tunnel {
  readonly origin: string
  /** Resolves with the reason once the tunnel program has ended by itself. Never resolves if there is only a URL. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

interface Program {
  readonly args: (port: number) => readonly string[]
  readonly url: (line: string) => string | undefined
  /**
   * Output line after which the URL works. After a request before this line, DNS resolvers would remember for half an
   * hour that the name does not exist.
   */
  readonly ready?: RegExp
  /** Lines that mean that the start failed, each with the reason and the fix. */
  readonly rejections: readonly (readonly [line: RegExp, says: string])[]
  readonly install: string
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  // https://github.com/cloudflare/cloudflared/blob/master/cmd/cloudflared/tunnel/quick_tunnel.go
  cloudflared: {
    args: (port) => {
      // The configuration is empty. With the user's ~/.cloudflared/config.yml, cloudflared would answer 404 to every
      // request.
      const none = process.platform === 'win32' ? 'NUL' : '/dev/null'
      const to = `http://127.0.0.1:${port}`
      return ['tunnel', '--no-autoupdate', '--config', none, '--url', to]
    },
    // The output has other https URLs, such as terms of use. Only the tunnel's URL is in a box.
    url: (line) => /\|\s+(https:\/\/[a-z\d.-]+\.trycloudflare\.com)\s+\|/.exec(line)?.[1],
    ready: /Registered tunnel connection/,
    rejections: [
      [
        /QuickTunnel response|429 Too Many|error code: 1015/,
        'Cloudflare makes no more quick tunnels for this address now; wait some minutes, or give --tunnel ngrok or --public',
      ],
      [/failed to \w+ quick Tunnel/i, 'Cloudflare made no tunnel; try again, or give --public'],
    ],
    install:
      'https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/downloads/',
  },
  // https://ngrok.com/docs/agent/cli (--log-format json)
  ngrok: {
    args: (port) => ['http', `127.0.0.1:${port}`, '--log', 'stdout', '--log-format', 'json'],
    url(line) {
      const { msg, url } = jsonOf(line)
      return msg === 'started tunnel' && typeof url === 'string' ? url : undefined
    },
    rejections: [
      [/ERR_NGROK_4018/, 'ngrok knows no account; run `ngrok config add-authtoken` once'],
      [
        /ERR_NGROK_334/,
        'your ngrok domain is in use by another session; end that one, or give --tunnel cloudflared',
      ],
      [
        /ERR_NGROK_108/,
        'your ngrok account runs no further agent; end the other one, or give --tunnel cloudflared',
      ],
      [/"lvl":"(?:eror|crit)"/, 'ngrok rejected it; its last lines say why'],
    ],
    install: 'https://ngrok.com/download',
  },
  // https://github.com/tailscale/tailscale/blob/main/cmd/tailscale/cli/serve_v2.go
  tailscale: {
    args: (port) => ['funnel', `http://127.0.0.1:${port}`],
    url: (line) => /^(https:\/\/[a-z\d.-]+\.ts\.net(?::\d+)?)\/?$/.exec(line.trim())?.[1],
    rejections: [
      [
        /already exists under this port|configuration already exists/,
        'tailscale serves something there already; end it, or give --tunnel "tailscale funnel --https=8443 {port}"',
      ],
      [
        /Funnel (?:is )?not (?:enabled|available)|not allowed/i,
        'your tailnet has no Funnel; an admin turns it on',
      ],
    ],
    install: 'https://tailscale.com/download',
  },
}

export const tunnelNames: readonly string[] = Object.keys(PROGRAMS)

// Maximum wait until a program prints its URL, in milliseconds. The printed URL is tried up to `TRIES` times, with a
// pause of `PAUSE` milliseconds.
const START = 30_000
const PAUSE = 1000
const TRIES = 20

/**
 * Opens a tunnel to the gate: starts an installed program, or uses a URL that already leads to the port. Downloads
 * nothing.
 */
export async function openTunnel(
  { tunnel, url }: { readonly tunnel?: string | undefined; readonly url?: string | undefined },
  gate: LocalGate,
  port: number,
  signal: AbortSignal,
): Promise<Tunnel> {
  if (url !== undefined) {
    const { origin } = new URL(url)
    await prove(new Set([origin]), gate, '--public', signal)
    return { origin, ended: new Promise(() => undefined), close: async () => undefined }
  }
  const program = start(tunnel!, port, signal)
  try {
    const origins = await program.origins
    await wait(PAUSE, undefined, { signal })
    const origin = await Promise.race([
      prove(origins, gate, `--tunnel ${tunnel}`, signal),
      program.ended.then((why): never => {
        throw new Failure(3, `--tunnel ${tunnel}: ${why}`)
      }),
    ])
    return { origin, ended: program.ended, close: program.close }
  } catch (error) {
    await program.close()
    throw error
  }
}

/** Checks, before a tunnel is started, that its program is known and installed. */
export function checkTunnel(tunnel: string): void {
  const known = PROGRAMS[tunnel]
  if (!known && !tunnel.includes('{port}'))
    throw new Failure(
      2,
      `--tunnel must be ${tunnelNames.join(', ')}, or a command with {port} in it such as "lt --port {port}", got ${tunnel}`,
    )
  const [command = ''] = tunnel.split(/\s+/)
  if (command.includes('/') || isOnPath(command)) return
  throw new Failure(
    2,
    `--tunnel: ${command} is not installed${known ? `; see ${known.install}` : ''}, or give --public with a URL that leads here`,
  )
}

/** Returns the first origin whose secret path the gate answers, which proves that the origin leads to the gate. */
async function prove(
  origins: ReadonlySet<string>,
  gate: LocalGate,
  what: string,
  signal: AbortSignal,
): Promise<string> {
  let why = ''
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await wait(PAUSE, undefined, { signal })
    for (const origin of origins) {
      const seen = await leadsHere(origin, gate)
      if (seen === true) return origin
      why = seen
    }
  }
  throw new Failure(
    3,
    `${what}: ${[...origins].join(' and ')} does not lead to this command (${why}); nothing was registered`,
  )
}

/** Returns true if a URL leads to the gate. Otherwise returns the reason. */
async function leadsHere(origin: string, { proof }: LocalGate): Promise<string | true> {
  try {
    const signal = AbortSignal.timeout(5000)
    const reply = await fetch(origin + proof.path, { signal, redirect: 'manual' })
    const text = Buffer.from(await readStart(reply.body, proof.text.length)).toString()
    return text === proof.text || `it answered ${reply.status}`
  } catch (error) {
    return whyNot(error)
  }
}

// Milliseconds between two checks of the tunnel, and number of consecutive failed checks that end the tunnel.
const ASK = 30_000
const MISSES = 3

/** Checks the public URL again and again. Resolves with the reason after three consecutive failures. */
export async function isDeaf(gate: LocalGate, signal: AbortSignal): Promise<string> {
  for (let misses = 0; misses < MISSES;) {
    await wait(ASK, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return new Promise(() => undefined)
    misses = (await leadsHere(gate.origin, gate)) === true ? 0 : misses + 1
  }
  return `${gate.origin} no longer leads here`
}

interface Started {
  /** URLs in the output, once the program is ready. An unknown program may print other URLs too. */
  readonly origins: Promise<ReadonlySet<string>>
  readonly ended: Promise<string>
  readonly close: () => Promise<void>
}

function start(tunnel: string, port: number, signal: AbortSignal): Started {
  const known = PROGRAMS[tunnel]
  const words = known
    ? [tunnel, ...known.args(port)]
    : tunnel.split(/\s+/).map((word) => word.replaceAll('{port}', String(port)))
  const child = leashed(words, 'pipe')
  const last: string[] = []
  let isClosing = false
  const ended = exitOf(child).then(({ code, signal }) =>
    isClosing
      ? new Promise<string>(() => undefined)
      : `${words[0]} ended (${signal ?? `exit code ${code}`})`,
  )
  const origins = new Promise<ReadonlySet<string>>((resolve, reject) => {
    const found = new Set<string>()
    let isReady = known?.ready === undefined
    const fail = (why: string): void => {
      clearTimeout(timer)
      const rows = last.map((line) => `  ${shown(line, 200)}`)
      reject(new Failure(3, `--tunnel ${tunnel}: ${why}`, { rows }))
    }
    const timer = setTimeout(() => fail(`it printed no URL within ${START / 1000} s`), START)
    for (const stream of [child.stdout!, child.stderr!])
      createInterface(stream).on('line', (line) => {
        last.push(line)
        if (last.length > 5) last.shift()
        const url = known ? known.url(line) : originIn(line)
        if (url !== undefined) found.add(url)
        isReady ||= known?.ready?.test(line) === true
        const rejection = known?.rejections.find(([pattern]) => pattern.test(line))
        if (found.size === 0 && rejection) fail(rejection[1])
        if (found.size === 0 || !isReady) return
        clearTimeout(timer)
        resolve(found)
      })
    void ended.then(fail)
    signal.addEventListener('abort', () => fail('it was ended'), { once: true })
  })
  // Prevents an unhandled rejection: the command may end before it awaits this promise.
  origins.catch(() => undefined)
  return {
    origins,
    ended,
    async close() {
      isClosing = true
      await endLeashed(child)
    },
  }
}

/** Returns the first https URL of a line if it has no path. URLs of documentation have a path. */
function originIn(line: string): string | undefined {
  const [url = ''] = /https:\/\/[^\s"'|<>]+/.exec(line) ?? []
  return URL.canParse(url) && new URL(url).pathname === '/' ? new URL(url).origin : undefined
}

function jsonOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return {}
  }
}

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Returns the first known tunnel program that is installed, for `postern dev`. */
export function installedTunnel(): string {
  const found = tunnelNames.find(isOnPath)
  if (found !== undefined) return found
  const [first] = tunnelNames
  throw new Failure(
    2,
    `no tunnel is installed: install ${first} (${PROGRAMS[first!]!.install}), or give --tunnel with another command, or --public with a URL that leads to --port`,
  )
}
