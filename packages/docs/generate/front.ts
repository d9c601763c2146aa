import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { snippetOf } from '../../cli/src/sender/snippet.ts'
import { parseRequest } from '../../cli/src/request/request-file.ts'
import { bodyDiff, explain } from '../../core/src/explain/index.ts'
import { catalogue } from '../../providers/src/catalogue.ts'
import { stripe } from '../../providers/src/stripe.ts'
import { auditBadge, gradeRule } from '../../testing/src/audit/card.ts'
import { EXAMPLE } from '../explain/page/example.ts'
import { proofs } from './documents.ts'
import type { Page } from './page.ts'
import { code, table } from './text.ts'

const root = join(import.meta.dirname, '..', '..', '..')

// The page of each provider has the others.
const FIRST = ['express', 'fastify', 'hono', 'next', 'koa'] as const
const GITHUB = catalogue.get('github')!
const UNSIGNED = [...catalogue.values()].filter(({ covers }) => covers?.body === 'none').length

/** A figure of the front page, read from the results of a run. */
export interface Figure {
  readonly value: string
  readonly says: string
  readonly slug: string
}

const PROMISE =
  'Verified on the exact bytes. Stored before the reply. Retried and replayable. In your own app: Express, Koa, Next.js, Fastify, Hono, Nest, Lambda, any fetch runtime.'
const INSTALL =
  'npm install @postern/core @postern/providers\nnpm install @postern/express @postern/sqlite express'

/** The first page: the promise, one command and the code, figures with their runs, and what a rejection looks like when it is explained. */
export async function frontPage(senders: number): Promise<Page> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const app = /```ts\n([^]*?)```/.exec(readme)![1]!
  const found = figures(senders)
  return {
    slug: '',
    title: 'Receive webhooks you can rely on',
    description:
      'Postern verifies webhooks in your own Node.js app, stores them before it replies, and runs your handlers with retries, a dead-letter state and replay.',
    text: [
      PROMISE,
      code(INSTALL, 'sh'),
      code(app),
      ...found.map(({ value, says, slug }) => `- [${value}](/${slug}/) ${says}`),
      'Where to go on: [Start here](/start/).',
    ].join('\n\n'),
    mdx: [
      "import { Tabs, TabItem } from '@astrojs/starlight/components'\nimport Film from '../../components/film.astro'",
      '<div class="front">',
      '<div>',
      PROMISE,
      '<div class="ways"><a href="/tutorials/first-webhook/">Quick start</a> <a href="/demo/">Live demo</a></div>',
      code(INSTALL, 'sh'),
      `<div class="figures">\n${found.map(({ value, says, slug }) => `<a href="/${slug}/"><strong>${value}</strong> ${says}</a>`).join('\n')}\n</div>`,
      '[Start here](/start/) · [Is it for me?](/explanation/is-it-for-me/) · [Providers](/providers/)',
      '</div>',
      '<div>',
      '<Tabs syncKey="host">',
      ...FIRST.map(
        (host) =>
          `<TabItem label="${host}">\n\n${code(host === 'express' ? app : snippetOf(GITHUB, host))}\n\n</TabItem>`,
      ),
      '</Tabs>',
      '</div>',
      '</div>',
      '## Why does my signature not match?',
      'Postern undoes what was changed on the way, until the signature matches. Then it shows the bytes, the cause and the remedy:',
      await diffCard(),
      '[Explain a request of yours, in your browser](/explain/)',
      '## Is my endpoint right?',
      'The audit sends genuine, forged, repeated and broken deliveries to any webhook endpoint, in any language, and grades it:',
      grades(),
      code(
        'npx postern audit http://localhost:3000/webhooks/github --provider github --badge audit.svg',
        'sh',
      ),
      `${gradeRule} [Audit an endpoint](/how-to/audit/)`,
      '## See what happened, and replay it',
      'The inspector is a page of your own app. It shows what arrived, what was rejected and why, and which handler failed. It replays tasks.',
      '<Film />',
    ].join('\n\n'),
    matter: 'tableOfContents: false\n',
  }
}

const SIDES = [
  ['signed', 'ins'],
  ['came', 'del'],
] as const

/** The example of the form, explained: the bytes that were signed next to those that came. */
async function diffCard(): Promise<string> {
  const { delivery } = parseRequest(new TextEncoder().encode(EXAMPLE.request))
  const now = (): number => Date.parse(EXAMPLE.at)
  const provider = stripe({ secret: EXAMPLE.secret })
  const { findings, repaired } = await explain(delivery, provider, { repaired: true, now })
  const [finding] = findings
  const diff = bodyDiff(delivery.body as Uint8Array, repaired!.body)!
  const text = (words: string): string => `{${JSON.stringify(words)}}`
  const sides = SIDES.map(([side, mark]) => {
    const shown = diff.parts
      .filter(({ kind }) => kind === side || kind === 'same' || kind === 'cut')
      .map(({ kind, text: bytes }) =>
        kind === side ? `<${mark}>${text(bytes)}</${mark}>` : text(bytes),
      )
    return `<dt>${side}</dt><dd>${shown.join('')}</dd>`
  })
  return [
    '<section class="diff-card not-content" aria-label="A rejection, explained">',
    `<p>● ${finding!.certainty} <strong>${finding!.cause}</strong>: ${text(finding!.message)}</p>`,
    `<p>${text(diff.summary)}:</p>`,
    `<dl>${sides.join('')}</dl>`,
    `<p><strong>Remedy:</strong> ${text(finding!.remedy)}</p>`,
    '</section>',
  ].join('\n')
}

/** Two receivers as the audit graded them in its last run, with the badge of the first. */
function grades(): string {
  const file = 'test/audit/RESULTS.md'
  const counts = first(file, /^\| GitHub \| A \| (\d+ \| \d+) \|/m)
    .split(' | ')
    .map(Number)
  const [passed = 0, skipped = 0] = counts
  const found = first(file, /^\| express-json\.ts \| github \| D \| (.+) \|$/m)
    .split(', ')
    .map((finding) => finding.replace(/^\w+ (.+?)(?::.*)?$/, '$1'))
  const badge = auditBadge({
    sender: 'GitHub',
    grade: 'A',
    reason: '',
    passed,
    failed: 0,
    skipped,
    unknown: 0,
    costs: [],
  })
  const cards = [
    ['A', 'Postern’s receiver for GitHub', `${passed} cases passed, ${skipped} do not apply`],
    ['D', 'A route after `express.json()`', `found: ${found.join(', ')}`],
  ]
  return [
    '<div class="grades not-content">',
    ...cards.map(
      ([grade, of, says], at) =>
        `<a href="/proof/audit/"><strong>${grade}</strong><span>${of!.replaceAll(/`([^`]+)`/g, '<code>$1</code>')}<br />${says}${at === 0 ? `<br />${badge.replaceAll('\n', '')}` : ''}</span></a>`,
    ),
    '</div>',
  ].join('\n')
}

/** The figures, each from the run that it names. */
export function figures(senders: number): readonly Figure[] {
  return [
    {
      value: `${senders} providers`,
      says: `with a preset and test vectors; ${UNSIGNED} of them sign no body, and their pages say so`,
      slug: 'providers',
    },
    {
      value: `${grouped(first('test/power/RESULTS.md', /\| cuts \| (\d+) \|/))} power cuts`,
      says: `at SQLite's writes, ${first('test/power/RESULTS.md', /\| lost \| (\d+) \|/)} acknowledged events lost`,
      slug: 'proof/power',
    },
    {
      value: `${first('test/hostile/RESULTS.md', /genuine handled\s+(\d+ of \d+)/)}`,
      says: `genuine deliveries handled while ${grouped(first('test/hostile/RESULTS.md', /: (\d+) hostile requests/))} hostile requests came`,
      slug: 'proof/hostile',
    },
  ]
}

/** All runs with their results. */
export function proofPage(): Page {
  const rows = proofs().map(({ slug, file }) => {
    const source = readFileSync(join(root, file), 'utf8')
    const title = /^# (.+)$/m.exec(source)?.[1] ?? slug
    const command = /`(npm (?:run|test)[^`]*)`/.exec(source)?.[1]
    return [`[${title}](/${slug}/)`, command === undefined ? '' : `\`${command}\``]
  })
  return {
    slug: 'proof',
    title: 'Proof',
    description: 'What was run, with which command, and what it found, failures included.',
    text: `Each page says when it ran, on which machine, and what it does not show. What an app can still do wrong: [What can still go wrong](/explanation/what-breaks-it/).\n\n${table(['run', 'command'], rows)}`,
    matter: 'pagefind: false\n',
  }
}

function grouped(digits: string): string {
  return Number(digits).toLocaleString('en')
}

function first(file: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(join(root, file), 'utf8'))?.[1]
  if (found === undefined)
    throw new Error(`${file} has no figure ${String(pattern)}: the front page reads it there`)
  return found
}
