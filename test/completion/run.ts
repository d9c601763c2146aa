// `npm test -- completion` measures how long editors take to complete topics, and how long `tsc` takes for an app with
// all typed providers. Writes RESULTS.md.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { made } from '../run/made.ts'
import { table } from '../run/page.ts'
import { root } from '../run/report.ts'
import { inTurn, median } from '../services/figures.ts'
import { editor59, editor7, type Editor } from './editors.ts'

const HEAD = `import { createReceiver, type Receiver } from '@postern/core'
import type { GithubEvents } from '@postern/providers/types/github'
import { Webhooks } from '@octokit/webhooks'
declare const receiver: Receiver<GithubEvents>
declare const hooks: Webhooks
`
const PLACES = [
  `receiver.on(['|'], () => {})`,
  `receiver.on('|')`,
  `receiver.on('|', (event) => {})`,
  `receiver.on('issues.|', (event) => {})`,
  `receiver.answer('|', () => undefined)`,
  `receiver.on('issues.opened', (event) => { event.payload.| })`,
  `hooks.on('|', () => {})`,
]
const ROUNDS = 9

const pages: string[] = []
for (const [version, editor] of [
  ['5.9', editor59()],
  ['7', await editor7()],
] as const) {
  pages.push(await measured(version, editor))
  editor.close()
}
const page = `# How long an editor waits for topics

${made('npm test -- completion')} It asks the language services of TypeScript 5.9 and 7 in an app with the 336 topics of GitHub and octokit in the
same file. Places take turns; each time is the median of ${ROUNDS} warm answers, after a change of the file. Bounds: 1.5 times the list form, and
six times octokit.

${pages.join('\n')}
## What it does not show

Providers other than GitHub, and the first answer after a project is opened.
`
writeFileSync(join(root, 'test/completion/RESULTS.md'), page)
console.log(page)

async function measured(version: string, editor: Editor): Promise<string> {
  const times = await inTurn(PLACES, { rounds: ROUNDS, warm: 2 }, async (place, round) => {
    // A new variable name per round changes the text, so that no result is cached.
    const { took } = await editor.complete(`${HEAD}const r${round + 2} = 1\n${place}\n`)
    return took
  })
  const medians = times.map(median)
  const [list, octokit] = [medians[0]!, medians.at(-1)!]
  const rows = medians.map((took, at) => [
    `\`${PLACES[at]}\``,
    `${took.toFixed(0)} ms`,
    (took / list).toFixed(2),
    (took / octokit).toFixed(2),
  ])
  return `## TypeScript ${version}

${table(['place', 'median', 'list form = 1', 'octokit = 1'], rows, 1)}
`
}
