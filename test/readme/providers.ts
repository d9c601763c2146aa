// `node test/readme/providers.ts` writes the README's table of providers from the catalogue; a test compares the two.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { catalogue, type CatalogueEntry } from '@postern/providers'

const file = fileURLToPath(new URL('../../README.md', import.meta.url))
const TABLE = /(<!-- providers: .*? -->\n)[^]*?(<!-- \/providers -->)/

/** The README as it is, and as the catalogue wants it. */
export function readme(): { readonly is: string; readonly wanted: string } {
  const is = readFileSync(file, 'utf8')
  return {
    is,
    wanted: is.replace(TABLE, (_, start: string, end: string) => `${start}\n${table()}\n\n${end}`),
  }
}

function table(): string {
  const entries = [...catalogue.values()].sort((a, b) => a.title.localeCompare(b.title, 'en'))
  return [
    '| provider | import from `@postern/providers/` | its one secret | answers by itself |',
    '| --- | --- | --- | --- |',
    ...entries.map(row),
  ].join('\n')
}

function row(entry: CatalogueEntry): string {
  const file = entry.name.replaceAll('.', '-')
  return `| [${entry.title}](${entry.docs}) | \`${file}\` | ${entry.secretOption ? `\`${entry.secretOption}\`` : 'none: `unauthenticated: true`'} | ${entry.handshakes.join(', ')} |`
}

if (import.meta.main) writeFileSync(file, readme().wanted)
