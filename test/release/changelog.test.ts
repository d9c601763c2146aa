import { globSync, readFileSync } from 'node:fs'
import { join, matchesGlob } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'
import { changelog, readChangeset } from './changelog.ts'
import { published } from './home.ts'

const file = (kinds: string, text: string): string => `---\n${kinds}\n---\n\n${text}\n`

test('a version has its changes once each, breaking ones first, before the version that was there', () => {
  const one = readChangeset(file("'@postern/core': patch\n'postern': minor", 'A new word.'))
  const two = readChangeset(file('"@postern/node": major', 'An option\nis gone.'))
  const three = readChangeset(file("'@postern/koa': patch", 'A fault.'))
  const first = changelog('# Changelog\n\nWhat stands above.\n', '0.1.0', '2026-01-02', [three])
  expect(first).toBe(
    '# Changelog\n\nWhat stands above.\n\n## 0.1.0 (2026-01-02)\n\n### Mended\n\n- A fault. (koa)\n',
  )
  const second = changelog(first, '1.0.0', '2026-02-03', [one, two])
  expect(second.match(/^#+ .*/gm)).toEqual([
    '# Changelog',
    '## 1.0.0 (2026-02-03)',
    '### Breaking',
    '### New',
    '## 0.1.0 (2026-01-02)',
    '### Mended',
  ])
  expect(second).toContain('- An option is gone. (node)\n')
  expect(second).toContain('- A new word. (core, postern)\n')
})

test('each change that waits names packages that there are, and says something', () => {
  const names = published().map(({ manifest }) => manifest.name)
  for (const path of globSync('.changeset/*.md', { cwd: root })) {
    if (path.endsWith('README.md')) continue
    const { packages } = readChangeset(readFileSync(join(root, path), 'utf8'))
    for (const name of packages)
      expect([path, names]).toEqual([path, expect.arrayContaining([name])])
  }
})

test('a file without packages or without words is an error', () => {
  expect(() => readChangeset(file('', 'Text'))).toThrow('a changeset must name packages')
  expect(() => readChangeset(file("'@postern/core': minor", ' '))).toThrow('say what changes')
})

test('what has one version with the others is what is published: a private package has none', () => {
  const config = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8')) as {
    readonly fixed: readonly (readonly string[])[]
  }
  const names = globSync(
    ['package.json', '{packages,examples}/*/package.json', 'test/{,*/}package.json'],
    { cwd: root },
  ).map(
    (path) =>
      (JSON.parse(readFileSync(join(root, path), 'utf8')) as { readonly name: string }).name,
  )
  const fixed = names.filter((name) => config.fixed.flat().some((glob) => matchesGlob(name, glob)))
  const scoped = published()
    .map(({ manifest }) => manifest.name)
    .filter((name) => name.startsWith('@') || name === 'create-postern')
  expect(fixed.toSorted()).toEqual(scoped.toSorted())
})
