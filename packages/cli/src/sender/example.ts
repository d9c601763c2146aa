import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { inboxes, type InboxName } from '../inboxes.ts'
import type { HostName } from '../hosts.ts'
import {
  exampleCall,
  inboxCall,
  providerCall,
  senderImports,
  variablesIn,
  windowOf,
  type WrittenSender,
} from './written.ts'

/** Values that replace parts of an example app. The examples use GitHub at `/webhooks/github`, with SQLite. */
export interface Filling extends WrittenSender {
  /** Undefined if the platform has its own inbox, such as a Durable Object. */
  readonly inbox: InboxName | undefined
  readonly path: string
  readonly topic: string
}

// Folder of the example apps, `examples/hosts`. The build copies it next to the compiled code.
const packed = dirname(createRequire(import.meta.url).resolve('postern/package.json'))
const folder = import.meta.url.endsWith('.ts')
  ? join(packed, '../../examples/hosts')
  : join(packed, 'dist/hosts')

/**
 * Returns the files of a host's example app, including files that all hosts share. Keys are paths in the app; values
 * are paths in the folder of examples.
 */
export function exampleFiles(host: HostName): ReadonlyMap<string, string> {
  const own = globSync(`${host}/**/*.*`, { cwd: folder }).map((file) => file.replaceAll('\\', '/'))
  return new Map(
    [...COMMON, ...own.toSorted()].map((file) => [file.replace(`${host}/`, ''), file] as const),
  )
}

const COMMON = ['handlers', 'receiver', 'github.test'].map((name) => `webhooks/${name}.ts`)

/** Returns an example file for another provider, inbox and path. Relative imports stay unchanged. */
export function filled(file: string, filling: Filling): string {
  const { about, gateway, inbox, path, topic } = filling
  const window = inbox === undefined ? windowOf(gateway ?? about) : ''
  const options = window === '' ? '' : `, { ${window} }`
  const text = readFileSync(join(folder, file), 'utf8')
    .replaceAll('/webhooks/github', () => path)
    .replaceAll("'push", () => `'${topic}`)
    .replaceAll("'github'", () => `'${about.name}'`)
    .replace("import { github } from '@postern/providers/github'", () =>
      [
        ...(gateway ? ["import { behind } from '@postern/core'"] : []),
        ...senderImports(filling),
      ].join('\n'),
    )
    .replace("github({ secret: 'a-secret-of-tests' })", () => exampleCall(filling))
    .replace(
      /^( *)provider: github\(\{ secret: (process\.)?env.*$/m,
      (_, indent: string, process) =>
        providerCall(filling, process ? 'process.env' : 'env')
          .map((line) => indent + line)
          .join('\n'),
    )
    .replace(/^( *)readonly GITHUB_WEBHOOK_SECRET: string$/m, (_, indent: string) =>
      variablesIn(providerCall(filling, 'env'))
        .map((name) => `${indent}readonly ${name}: string`)
        .join('\n'),
    )
    .replace('durableObject(receivers)', `durableObject(receivers${options})`)
    .replace("worker(receivers, 'WEBHOOKS')", `worker(receivers, 'WEBHOOKS'${options})`)
  if (inbox === undefined) return sortedImports(text)
  const { factory, package: from } = inboxes[inbox]
  return sortedImports(
    text
      .replace("sqliteInbox({ path: 'webhooks.db' })", () => inboxCall(inbox, filling))
      .replace(
        "import { sqliteInbox } from '@postern/sqlite'",
        `import { ${factory} } from '${from}'`,
      ),
  )
}

const NAMED = /^import (type )?\{ (.+) \} from '(.+)'\n/gm

/** Sorts and merges imports: one per module, relative ones last, without unused names. */
export function sortedImports(text: string): string {
  const body = text.replaceAll(/^import .*\n/gm, '')
  const names = new Map<string, Set<string>>()
  const isUsed = (name: string): boolean => new RegExp(`\\b${name.split(' ').at(-1)}\\b`).test(body)
  for (const [, type = '', list, from] of text.matchAll(NAMED)) {
    const key = `${from}'${type}`
    const all = names.get(key) ?? new Set()
    names.set(key, all)
    for (const name of list!.split(', ').filter(isUsed)) all.add(name)
  }
  const lines = [...names].flatMap(([key, all]) => {
    const [from, type] = key.split("'") as [string, string]
    return all.size === 0
      ? []
      : [`import ${type}{ ${[...all].toSorted().join(', ')} } from '${from}'`]
  })
  const rest = [...text.matchAll(/^import (?!type \{|\{).*$/gm)].map(([line]) => line)
  const rank = (line: string): string =>
    line.replace(/^.*'(.+)'$/, (_, from: string) => (from.startsWith('.') ? `~${from}` : from))
  const sorted = [...lines, ...rest].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
  return sorted.length === 0
    ? body
    : `${sorted.join('\n')}\n${body.startsWith('\n') ? '' : '\n'}${body}`
}

const RELATIVE = /^import .* from '(\.[^']+)'\n/gm

/**
 * Returns a whole app in one file: the example's main module, after the modules that it imports. These modules lose
 * their exports.
 */
export function wholeExample(main: string, filling: Filling): string {
  const all = modules(main, new Set()).join('\n')
  const [subscribing = '', body = ''] = SUBSCRIBE.exec(all) ?? []
  return sortedImports(
    all
      .replace(subscribing, '')
      .replace(/^( *)subscribe\(receiver\)$/m, (_, indent: string) =>
        body.trimEnd().replaceAll(/^ {2}/gm, indent),
      ),
  )
    .replaceAll(/\n{3,}/g, '\n\n')
    .trimEnd()

  function modules(file: string, seen: Set<string>): readonly string[] {
    const text = filled(file, filling)
    const inner = [...text.matchAll(RELATIVE)].flatMap(([, to]) => {
      const next = posix.join(posix.dirname(file), to!)
      if (seen.has(next)) return []
      seen.add(next)
      return modules(next, seen).map((one) => one.replaceAll(/^export (?!default)/gm, ''))
    })
    return [...inner, text.replaceAll(RELATIVE, '')]
  }
}

const SUBSCRIBE = /^.*\n(?:export )?function subscribe\(.*\n([^]*?)^\}\n/m

export function workerSettings(): string {
  return readFileSync(join(folder, 'cloudflare/wrangler.jsonc'), 'utf8')
}
