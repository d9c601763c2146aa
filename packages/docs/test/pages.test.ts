import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '../../providers/src/catalogue.ts'
import { describe, expect, test } from 'vitest'
import { agentFiles } from '../generate/agents.ts'
import { documents, proofs } from '../generate/documents.ts'
import { codesOf, errorPages, SAYS } from '../generate/errors.ts'
import { figures, frontPage, proofPage } from '../generate/front.ts'
import { PARTS, providerPage } from '../generate/provider.ts'
import { providersIndex, uses } from '../generate/providers-index.ts'

const root = join(import.meta.dirname, '..', '..', '..')

describe('the page of a provider', () => {
  test.for([...catalogue.values()])('$name begins with code, and a gap reads unknown', (about) => {
    const { text, mdx } = providerPage(about)
    expect(text).toMatch(/^### \w+\n\n```sh\nnpm install [^`]+```\n\n```ts\n/)
    expect(mdx).not.toMatch(/^#[^]*<Tabs/)
    const found = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    expect(found.filter((title) => PARTS.includes(title!))).toEqual(PARTS)
    expect(text).not.toMatch(/\b(?:undefined|NaN|\[object)\b/)
    expect(text).toContain(about.delivers.source.replace(/^https?:\/\//, ''))
    // An agent reads the whole page. At about 4 bytes per token, this is 5,000 tokens.
    expect(text.length).toBeLessThan(20_000)
  })

  test('shows an app that is typed, named and closed', () => {
    const [app] = /```ts\n[^]*?```/.exec(providerPage(catalogue.get('stripe')!).text)!
    expect(app).toContain('stripe<StripeEvents>(')
    expect(app).toContain("{ name: 'first' }")
    expect(app).toContain('closeOnSignal({ server, receivers: [receiver], inboxes: [inbox] })')
  })
})

test('each provider has one use, and stands on the index with its scheme', () => {
  const named = uses.flatMap(([, names]) => names)
  expect(named.toSorted()).toEqual([...catalogue.keys()].toSorted())
  const { mdx } = providersIndex([...catalogue.values()])
  for (const { name } of catalogue.values())
    expect(mdx).toContain(`<a href="/providers/${name.replaceAll('.', '-')}/">`)
})

test('a link to a provider shows its own picture', () => {
  const { matter } = providerPage(catalogue.get('stripe')!)
  expect(matter).toContain('"property":"og:image","content":"/og/stripe.png"')
  expect(matter).toContain('Stripe: Why does the signature not match?')
})

test('the front page shows what came next to what was signed', async () => {
  const { mdx } = await frontPage(catalogue.size)
  expect(mdx).toMatch(/proven <strong>body-reserialized<\/strong>/)
  expect(mdx).toMatch(/<dt>signed<\/dt><dd>.*<ins>.*<dt>came<\/dt>/)
  expect(mdx).toMatch(/<div class="grades[^]*<strong>A<\/strong>[^]*<svg/)
  expect(mdx!.match(/<div class="ways">.*/)![0].match(/<a /g)).toHaveLength(2)
})

test('the sidebar has each page by hand, and no other', () => {
  const config = readFileSync(join(root, 'packages/docs/astro.config.mjs'), 'utf8')
  const listed = Array.from(
    config.matchAll(/'((?:tutorials|how-to|reference|explanation)\/[\w-]+)'/g),
    ([, slug]) => slug!,
  ).filter((slug) => slug !== 'reference/options')
  const slugs = documents()
    .map(({ slug }) => slug)
    .filter((slug) => /^(?:tutorials|how-to|reference|explanation)\/[\w-]+$/.test(slug))
  expect(listed.toSorted()).toEqual(slugs.toSorted())
})

test('every page of results is a page of proof, and outside the search', () => {
  const results = globSync('{test/**,packages/docs/check}/RESULTS.md', {
    cwd: root,
    exclude: (name) => name === 'node_modules',
  })
  const pages = documents().filter(({ slug }) => slug.startsWith('proof/'))
  expect(pages.length).toBeGreaterThanOrEqual(results.length)
  for (const { matter } of pages) expect(matter).toContain('pagefind: false')
  for (const { slug } of proofs()) expect(proofPage().text).toContain(`(/${slug}/)`)
})

test('every code of a rejection has a page that says what to do', () => {
  const source = readFileSync(join(root, 'packages', 'core', 'src', 'errors.ts'), 'utf8')
  const codes = codesOf(source).map(({ code }) => code)
  expect(codes.length).toBeGreaterThan(20)
  expect(Object.keys(SAYS).toSorted()).toEqual(codes.toSorted())
  expect(errorPages()).toHaveLength(codes.length + 1)
})

test('the figures of the first page stand in the results of the runs', () => {
  for (const { value, slug } of figures(catalogue.size)) {
    if (slug === 'providers') continue
    const run = readFileSync(join(root, 'test', slug.replace('proof/', ''), 'RESULTS.md'), 'utf8')
    expect(run).toContain(/[\d,]+/.exec(value)![0].replaceAll(',', ''))
  }
})

test('the comparison names what is slower in the runs, and no more', () => {
  const page = readFileSync(join(root, 'packages/docs/pages/explanation/compared.md'), 'utf8')
  const run = readFileSync(join(root, 'test/bench/RESULTS.md'), 'utf8')
  const [, list] = /Postern is slower in \d+ of\s+\d+ lines: ([^.]+(?:\.\d[^.]+)*)\./.exec(run)!
  const slower = Array.from(list!.matchAll(/(\w+),\s+(\d+ KB) \(/g), ([, name, size]) => [
    name,
    size,
  ])
  expect(slower.length).toBeGreaterThan(0)
  const [said] = /Postern is slower than [^.]+/.exec(page)!
  for (const words of slower) for (const word of words) expect(said).toContain(word)
  expect(said.match(/\b(?:octokit|stripe|svix|standardwebhooks|bolt|tern)\b/g)).toHaveLength(
    new Set(slower.map(([name]) => name)).size,
  )
})

test('agents get a line for each page, and a skill that names every sender', () => {
  const pages = documents()
  const files = new Map(agentFiles(pages, [...catalogue.values()]))
  for (const { slug } of pages) expect(files.get('llms.txt')).toContain(`(/${slug}.md)`)
  for (const name of catalogue.keys())
    expect(files.get('skills/postern/SKILL.md')).toContain(`\`${name.replaceAll('.', '-')}\``)
})
