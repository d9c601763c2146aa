// `node test/readme/tables.ts` writes the README's tables of providers and of hosts from the catalogue and the command line's table;
// a test compares them.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { catalogue, type CatalogueEntry } from '@postern/providers'
import type { HostRow } from '../../packages/cli/src/host-row.ts'
import { hosts } from '../../packages/cli/src/hosts.ts'
import { answers } from './shown.ts'

const file = fileURLToPath(new URL('../../README.md', import.meta.url))

const TABLES: Readonly<Record<string, () => string>> = { providers, hosts: adapters }

/** The README as it is, and as its sources want it. */
export function readme(): { readonly is: string; readonly wanted: string } {
  const is = readFileSync(file, 'utf8')
  const wanted = Object.entries(TABLES).reduce((text, [name, table]) => {
    const place = new RegExp(`(<!-- ${name}: .*? -->\\n)[^]*?(<!-- /${name} -->)`)
    return text.replace(place, (_, start: string, end: string) => `${start}\n${table()}\n\n${end}`)
  }, is)
  return { is, wanted }
}

function adapters(): string {
  const row = ({ package: name, versions, mounted }: HostRow): string =>
    name === undefined
      ? `| none: ${versions} | ${mounted} |`
      : `| \`${name}\`${versions === undefined ? '' : ` (${versions})`} | ${mounted} |`
  return ['| package | mount it |', '| --- | --- |', ...Object.values(hosts).map(row)].join('\n')
}

function providers(): string {
  const entries = [...catalogue.values()].sort((a, b) => a.title.localeCompare(b.title, 'en'))
  return [
    '| provider | import from `@postern/providers/` | its one secret | how it signs | answers by itself | known answers | checked |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...entries.map(row),
  ].join('\n')
}

function row(entry: CatalogueEntry): string {
  const file = entry.name.replaceAll('.', '-')
  return `| [${entry.title}](${entry.docs}) | \`${file}\` | ${entry.secretOption ? `\`${entry.secretOption}\`` : `none: \`${Object.keys(entry.example).join('`, `')}\``} | ${entry.scheme} | ${entry.handshakes.join(', ')} | ${answers(entry)} | ${entry.checked} |`
}

if (import.meta.main) writeFileSync(file, readme().wanted)
