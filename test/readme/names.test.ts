import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
  .split('\n')
  .filter((file) => existsSync(join(root, file)))
const texts = (pattern: RegExp): string =>
  files
    .filter((file) => pattern.test(file) && !file.endsWith('names.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')

const words = new Set(texts(/\.(?:tsx?|mjs|json|yml|lua)$/).match(/\w+/g))
const packages = new Set(files.flatMap((file) => /^packages\/([^/]+)\//.exec(file)?.[1] ?? []))

// What other libraries call their own things is in the guide for their users.
const docs = files.filter(
  (file) =>
    /^(?:[A-Z]+\.md|packages\/[^/]+\/README\.md|packages\/core\/guides\/.*\.md)$/.test(file) &&
    !/CHANGELOG|LICENSE|migrating/.test(file),
)

describe.each(docs)('%s', (doc) => {
  const text = readFileSync(join(root, doc), 'utf8')
  const prose = text.replaceAll(/^```[^]*?^```/gm, '')
  const code = Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, span]) => span!)

  test('names what the code has', () => {
    const names = code.flatMap((span) => span.match(/(?<![\w./@-])[a-z]+[A-Z]\w*/g) ?? [])
    expect(names.filter((name) => !words.has(name))).toEqual([])
  })

  test('names files that there are', () => {
    const paths = code.flatMap((span) => span.match(/^[\w./*{},<>-]+\/[\w./*{},<>-]*$/) ?? [])
    expect(paths.filter((path) => !isThere(path, doc))).toEqual([])
  })

  test('links to files that there are', () => {
    const links = Array.from(
      prose.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g),
      ([, to]) => to!,
    )
    expect(links.filter((to) => !existsSync(join(root, dirname(doc), to)))).toEqual([])
  })
})

test('the README links every page of results', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const results = files.filter((file) => file.endsWith('/RESULTS.md'))
  expect(results.length).toBeGreaterThan(5)
  expect(results.filter((file) => !readme.includes(`(${file})`))).toEqual([])
})

/** True for a path of this repository that exists, and for any path of an app's own or that git ignores. */
function isThere(path: string, doc: string): boolean {
  const [first] = path.split('/')
  const own = `${dirname(doc)}/${path}`
  if (existsSync(join(root, own))) return true
  const full = packages.has(first!) ? `packages/${path}` : path
  if (!/^(?:packages|test|examples)\//.test(full) || /<|\/\./.test(full)) return true
  const wanted = full.replace(/\/$/, '')
  return files.some(
    (file) => file.startsWith(`${wanted}/`) || file === wanted || matchesGlob(file, wanted),
  )
}
