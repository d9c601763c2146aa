// `npm run docs -- test`: judges the site and writes RESULTS.md. `links search` builds it, follows each link and asks the search, as `test:all` does;
// `answers forms` runs some parts again and keeps the others; `--built` uses the site as it was built last.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSite } from '../build.ts'
import { parts, type Part } from './parts.ts'
import { made } from '../../../test/run/made.ts'

const here = import.meta.dirname
const FOUND = join(here, '.results', 'found.json')

/** What a part found. */
export interface Found {
  readonly day: string
  readonly rows: readonly Row[]
}

/** A row of the page: what was measured, its bound, the figure, and whether it holds. */
export type Row = readonly [what: string, bound: string, figure: string, holds: boolean]

const given = process.argv.slice(2).filter((one) => !one.startsWith('--'))
if (!process.argv.includes('--built')) await buildSite()
const kept = (): Record<string, Found> =>
  existsSync(FOUND) ? (JSON.parse(readFileSync(FOUND, 'utf8')) as Record<string, Found>) : {}
mkdirSync(join(here, '.results'), { recursive: true })
const day = new Date().toISOString().slice(0, 10)
let wrong = 0
for (const [name, part] of Object.entries<Part>(parts)) {
  if (given.length > 0 && !given.includes(name)) continue
  const rows = await part()
  writeFileSync(FOUND, JSON.stringify({ ...kept(), [name]: { day, rows } }, null, 2))
  for (const [what, bound, figure, holds] of rows) {
    if (!holds) wrong++
    console.log(`${holds ? '✓' : '✗'} ${what}: ${figure} (${bound})`)
  }
}
// The step of `test:all` writes no page.
if (given.join() !== 'links,search') writeFileSync(join(here, 'RESULTS.md'), page())
process.exit(wrong > 0 ? 1 : 0)

function page(): string {
  const found = kept()
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = Object.keys(parts).flatMap((name) =>
    (found[name]?.rows ?? [[name, '', 'not run', false] as const]).map(
      ([what, bound, figure, holds]) =>
        `| ${cell(what)} | ${cell(bound)} | ${cell(figure)} | ${holds ? 'yes' : '**no**'} |`,
    ),
  )
  return `# The site

${made('npm run docs -- test')}

| what | bound | found | holds |
| --- | --- | --- | --- |
${rows.join('\n')}

## What it does not show

Times were taken beside other work on the machine. Not measured here: the apps that the pages show, which \`npm test\` type-checks for every
sender and host, and starts; links to other hosts, which are not asked; what a screen reader says.
`
}
