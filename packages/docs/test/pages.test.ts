import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue } from '../../providers/src/catalogue.ts'
import { describe, expect, test } from 'vitest'
import { agentFiles } from '../generate/agents.ts'
import { documents } from '../generate/documents.ts'
import { codesOf, errorPages, SAYS } from '../generate/errors.ts'
import { figures } from '../generate/front.ts'
import { providerPage } from '../generate/provider.ts'

const root = join(import.meta.dirname, '..', '..', '..')

describe('the page of a sender', () => {
  const SECTIONS = [
    'The whole app',
    'Where to click',
    'What is signed, and what follows',
    'Topics',
    'Handshake',
    'What the sender does',
    'Test it in one call',
    'Why was it refused?',
    'Known answers',
  ]

  test.for([...catalogue.values()])('$name has every section, and a gap reads unknown', (about) => {
    const { text } = providerPage(about)
    const found = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    for (const section of SECTIONS) expect(found).toContain(section)
    expect(text).not.toMatch(/\b(?:undefined|NaN|\[object)\b/)
    expect(text).toContain(about.delivers.source.replace(/^https?:\/\//, ''))
    // An agent reads it whole: 4 bytes are about a token.
    expect(text.length).toBeLessThan(16_000)
  })
})

test('every code of a refusal has a page that says what to do', () => {
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
    expect(run).toContain(/[\d,]+/.exec(value)![0])
  }
})

test('agents get a line for each page, and a skill that names every sender', () => {
  const pages = documents()
  const files = new Map(agentFiles(pages, [...catalogue.values()]))
  for (const { slug } of pages) expect(files.get('llms.txt')).toContain(`(/${slug}.md)`)
  for (const name of catalogue.keys())
    expect(files.get('skills/postern/SKILL.md')).toContain(`\`${name.replaceAll('.', '-')}\``)
})
