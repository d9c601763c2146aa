import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { snippetOf } from '../../cli/src/sender/snippet.ts'
import { catalogue } from '../../providers/src/catalogue.ts'
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

/** The first page: the promise, one command and the code, and figures with their runs. */
export function frontPage(senders: number): Page {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const app = /```ts\n([^]*?)```/.exec(readme)![1]!
  const found = figures(senders)
  return {
    slug: '',
    title: 'Receive webhooks you can rely on',
    description:
      'Postern verifies webhooks in your own Node.js app, stores them before it replies, and runs your handlers with retries, a dead-letter state and replay.',
    text: [
      'Verified on the exact bytes. Stored before the reply. Retried and replayable. In your own app: Express, Koa, Next.js, Fastify, Hono, Nest, Lambda, any fetch runtime.',
      code('npm install @postern/core @postern/providers @postern/express @postern/sqlite', 'sh'),
      code(app),
      ...found.map(({ value, says, slug }) => `- [${value}](/${slug}/) ${says}`),
    ].join('\n\n'),
    mdx: [
      "import { Tabs, TabItem } from '@astrojs/starlight/components'\nimport Explain from '../../components/explain.astro'\nimport Film from '../../components/film.astro'",
      '<div class="front">',
      '<div>',
      'Verified on the exact bytes. Stored before the reply. Retried and replayable. In your own app: Express, Koa, Next.js, Fastify, Hono, Nest, Lambda, any fetch runtime.',
      code(
        'npm install @postern/core @postern/providers \\\n  @postern/express @postern/sqlite',
        'sh',
      ),
      `<div class="figures">\n${found.map(({ value, says, slug }) => `<a href="/${slug}/"><strong>${value}</strong> ${says}</a>`).join('\n')}\n</div>`,
      '<div class="ways"><a href="/tutorials/first-webhook/">Quick start</a> <a href="/demo/">Live demo</a></div>',
      '[Is it for me?](/explanation/is-it-for-me/)',
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
      'Keep one rejected request and ask. The answer names what was changed on the way, found by undoing it until the signature matches.',
      '<Explain />',
      '[What it finds, and the same on the command line](/explain/)',
      '## See what happened, and replay it',
      'The inspector is a page of your own app. It shows what arrived, what was rejected and why, and which handler failed. It replays tasks.',
      '<Film />',
    ].join('\n\n'),
    matter: 'tableOfContents: false\n',
  }
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
      value: `${first('test/power/RESULTS.md', /\| cuts \| (\d+) \|/)} power cuts`,
      says: `at SQLite's writes, ${first('test/power/RESULTS.md', /\| lost \| (\d+) \|/)} acknowledged events lost`,
      slug: 'proof/power',
    },
    {
      value: `${first('test/hostile/RESULTS.md', /genuine handled\s+(\d+ of \d+)/)}`,
      says: `genuine deliveries handled while ${first('test/hostile/RESULTS.md', /: (\d+) hostile requests/)} hostile requests came`,
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

function first(file: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(join(root, file), 'utf8'))?.[1]
  if (found === undefined)
    throw new Error(`${file} has no figure ${String(pattern)}: the front page reads it there`)
  return found
}
