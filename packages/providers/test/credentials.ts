// The places where senders put credentials. Core judges deliveries by them, but cannot import the providers, so it has
// a table of the places. `node packages/providers/test/write.ts` writes the table, and a test checks that it is
// current.
import { readFileSync } from 'node:fs'
import type { About, Provider } from '@postern/core/scheme'
import { catalogue } from '../src/catalogue.ts'
import { vectors } from './vectors.ts'

export const TABLE: URL = new URL('../../core/src/receive/credentials/senders.ts', import.meta.url)

// Secrets in the formats that senders ask for.
const LOOKS: readonly unknown[] = [
  'a secret to look with',
  'whsec_YSBzZWNyZXQgdG8gbG9vayB3aXRoLi4=',
  'a1b2c3d4'.repeat(8),
  'user:a password to look with',
  '00D000000000000EAA',
  true,
]

/** Creates providers of a sender with each option changed, since options decide how the sender authenticates. */
export function variantsOf(about: About): readonly Provider[] {
  const extras = new Map(
    vectors(about.name).map(({ extra, secret }) => [
      JSON.stringify([extra, secret]),
      { extra, secret },
    ]),
  )
  const made: Provider[] = []
  for (const { extra, secret } of extras.values()) {
    const own = { ...extra, ...(about.secretOption && secret && { [about.secretOption]: secret }) }
    for (const options of [own, ...variations(about, own), ...variations(about, { ...extra })]) {
      try {
        made.push(about.create(options))
      } catch {
        // The secret must have another form, or these options cannot be combined.
      }
    }
  }
  return made
}

function* variations(about: About, own: object): Generator<object> {
  for (const option of Object.keys(about.options))
    for (const value of LOOKS) yield { ...own, [option]: value }
}

/** Returns the current text of the table. */
export function wantedTable(): string {
  const all = { headers: new Set<string>(), query: new Set<string>(), fields: new Set<string>() }
  // The app chose these names in its options, so they say nothing about the sender.
  const named = new Set(LOOKS.map((look) => String(look).toLowerCase()))
  for (const about of catalogue.values()) {
    if (about.name === 'generic') continue
    for (const provider of variantsOf(about))
      for (const kind of ['headers', 'query', 'fields'] as const)
        for (const name of placesOf(provider, kind)) if (!named.has(name)) all[kind].add(name)
  }
  const line = (kind: keyof typeof all): string => {
    const names = [...all[kind]].toSorted().map((name) => `'${name}'`)
    const short = `  ${kind}: [${names.join(', ')}],\n`
    return short.length <= 101
      ? short
      : `  ${kind}: [\n${names.map((name) => `    ${name},\n`).join('')}  ],\n`
  }
  return readFileSync(TABLE, 'utf8').replace(
    /= \{\n[^]*\}\n$/,
    `= {\n${line('headers')}${line('query')}${line('fields')}}\n`,
  )
}

function placesOf(
  { credentials = {}, signatures = [] }: Provider,
  kind: 'headers' | 'query' | 'fields',
): readonly string[] {
  const places = (credentials[kind] ?? []).filter((name) => !signatures.includes(name))
  return kind === 'fields' ? places : places.map((name) => String(name).toLowerCase())
}
