// `node test/readme/tables.ts` writes the README's table of hosts and the table of PROVIDERS.md, from the tables of hosts and the
// catalogue; a test compares them.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { catalogue, type CatalogueEntry } from '@postern/providers'
import { hostNames, hosts } from '../../packages/cli/src/hosts.ts'
import { hosts as tested } from '../services/hosts.ts'
import { answers } from './shown.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

// The tables of each file, by the name in its comments.
const FILES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': { hosts: adapters },
  'packages/providers/PROVIDERS.md': { providers },
}

/** A document as it is, and as the sources of its tables want it. */
export interface Tabled {
  readonly file: string
  readonly is: string
  readonly wanted: string
}

/** The documents with tables from code. */
export function tabled(): readonly Tabled[] {
  return Object.entries(FILES).map(([file, tables]) => {
    const is = readFileSync(`${root}${file}`, 'utf8')
    const wanted = Object.entries(tables).reduce((text, [name, table]) => {
      const place = new RegExp(`(<!-- ${name}: .*? -->\\n)[^]*?(<!-- /${name} -->)`)
      return text.replace(
        place,
        (_, start: string, end: string) => `${start}\n${table()}\n\n${end}`,
      )
    }, is)
    return { file, is, wanted }
  })
}

function adapters(): string {
  const rows = hostNames.map((host) => {
    const { mounted, versions } = tested[host]
    const { package: name } = hosts[host]
    return name === undefined
      ? `| none: ${versions} | ${mounted} |`
      : `| \`${name}\`${versions === undefined ? '' : ` (${versions})`} | ${mounted} |`
  })
  return ['| package | mount it |', '| --- | --- |', ...rows].join('\n')
}

function providers(): string {
  const entries = [...catalogue.values()].sort((a, b) => a.title.localeCompare(b.title, 'en'))
  return [
    '| provider | import from `@postern/providers/` | secret option | how it signs | challenges it answers | test vectors | checked |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...entries.map(row),
  ].join('\n')
}

function row(entry: CatalogueEntry): string {
  const file = entry.name.replaceAll('.', '-')
  return `| [${entry.title}](${entry.docs}) | \`${file}\` | ${entry.secretOption ? `\`${entry.secretOption}\`` : `none: \`${Object.keys(entry.example).join('`, `')}\``} | ${entry.scheme} | ${entry.handshakes.join(', ')} | ${answers(entry)} | ${entry.checked} |`
}

if (import.meta.main)
  for (const { file, wanted } of tabled()) writeFileSync(`${root}${file}`, wanted)
