// The places of credentials of all senders, which core judges by. Core cannot import the providers, so they stand there as
// a table: `node packages/providers/test/write.ts` writes it, and a test compares.
import { readFileSync } from 'node:fs'
import type { About, Provider } from '@postern/core/scheme'
import { catalogue } from '../src/catalogue.ts'
import { vectors } from './vectors.ts'

/** The file of the table. */
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

/** The providers of a sender, one for each option that decides how it authenticates. */
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
        // The secret has another form, or these options cannot be combined.
      }
    }
  }
  return made
}

function* variations(about: About, own: object): Generator<object> {
  for (const option of Object.keys(about.options))
    for (const value of LOOKS) yield { ...own, [option]: value }
}

/** The text that the table should have. */
export function wantedTable(): string {
  const all = { headers: new Set<string>(), query: new Set<string>(), fields: new Set<string>() }
  // A name that the app chose says nothing about the sender.
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
