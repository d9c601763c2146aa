// `node test/readme/tables.ts` writes tables into documents: the hosts in the README, PROVIDERS.md, and the limits of
// the inboxes. A test checks that the documents are current.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { catalogue, type CatalogueEntry } from '@postern/providers'
import { hostNames, hosts } from '../../packages/cli/src/hosts.ts'
import { hosts as tested } from '../services/hosts.ts'
import { answers } from './shown.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

// The tables of each file. A comment in the file names each table.
const FILES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'README.md': { hosts: adapters },
  'packages/providers/PROVIDERS.md': { providers },
  'packages/docs/pages/reference/inboxes.md': {
    limits: () =>
      defaults('maxPending', 'maxPendingShare', 'maxWaitingBytes', 'maxRunning', 'deadline'),
    retention: () =>
      defaults('dedupeWindow', 'keepDone', 'keepDead', 'max', 'maxDead', 'maxDeliveries'),
    processes: () => defaults('lease', 'pollInterval'),
  },
}

/** A document with its current text and the text that its tables require. */
export interface Tabled {
  readonly file: string
  readonly is: string
  readonly wanted: string
}

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

const INBOXES: readonly (readonly [inbox: string, folder: string])[] = [
  ['sqliteInbox', 'sqlite'],
  ['postgresInbox', 'postgres'],
  ['mysqlInbox', 'mysql'],
  ['bullmqInbox', 'bullmq'],
  ['durableObject', 'cloudflare'],
  ['memoryInbox', 'core'],
  ['inlineInbox', 'core'],
]

/** Returns a row with the defaults for each inbox that has one of the options. */
function defaults(...names: readonly string[]): string {
  const rows = INBOXES.flatMap(([inbox, folder]) => {
    const text = readFileSync(`${root}packages/${folder}/OPTIONS.md`, 'utf8')
    const part = text
      .split(/^### /m)
      .find((one) => one.toLowerCase().startsWith(`${inbox}options\n`.toLowerCase()))!
    const cells = names.map(
      (name) => new RegExp(`^\\| \`${name}\` \\|.*\\| ([^|]*) \\|$`, 'm').exec(part)?.[1],
    )
    if (cells.every((cell) => cell === undefined)) return []
    return [
      `| \`${inbox}\` | ${cells.map((cell) => (cell === undefined ? '–' : plain(cell))).join(' | ')} |`,
    ]
  })
  const head = [`| inbox | ${names.map((name) => `\`${name}\``).join(' | ')} |`]
  return [...head, `| --- |${' --- |'.repeat(names.length)}`, ...rows].join('\n')
}

/** Formats a default for people. */
function plain(value: string): string {
  return value
    .replace(/, or an eighth of the free memory if that is less$/, '')
    .replaceAll(/(?<=\d)_(?=\d)/g, ',')
    .replaceAll("'", '')
}

if (import.meta.main)
  for (const { file, wanted } of tabled()) writeFileSync(`${root}${file}`, wanted)
