import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const words = (file: string): number => read(file).split(/\s+/).filter(Boolean).length
const lines = (file: string): readonly string[] => read(file).trimEnd().split('\n')

test.each([
  ['README.md', 1400],
  ['ARCHITECTURE.md', 1500],
  ['CONTRIBUTING.md', 2500],
])('%s has at most %i words', (file, most) => {
  expect(words(file)).toBeLessThanOrEqual(most)
})

describe('README', () => {
  test('has at most 170 lines, and code before line 40', () => {
    expect(lines('README.md').length).toBeLessThanOrEqual(170)
    expect(lines('README.md').findIndex((line) => line === '```ts')).toBeLessThan(40)
  })

  test('says whether it is released', () => {
    const { version } = JSON.parse(read('packages/core/package.json')) as { version: string }
    expect(read('README.md').includes('not released yet')).toBe(version === '0.0.0')
  })

  test('has links that resolve, anchors too', () => {
    const links = Array.from(
      read('README.md').matchAll(/\]\((?!https?:|mailto:)([^)\s]+)/g),
      ([, to]) => to!,
    )
    expect(links.length).toBeGreaterThan(30)
    expect(links.filter((to) => !resolves(to, 'README.md'))).toEqual([])
  })
})

function resolves(to: string, from: string): boolean {
  const [path = '', anchor] = to.split('#')
  const file = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(root, file))) return false
  return anchor === undefined || anchorsOf(file).has(anchor)
}

/** Returns the anchors that GitHub creates for the headings of a document. */
function anchorsOf(file: string): ReadonlySet<string> {
  return new Set(
    Array.from(read(file).matchAll(/^#+ (.+)$/gm), ([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}
