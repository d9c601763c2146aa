import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

const MOST = 25

const table = /^\| word \|.*\n\|.*\n((?:\|.*\n)+)/m.exec(
  readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'),
)![1]!
const rows = table
  .trim()
  .split('\n')
  .map((row) => row.split('|').map((cell) => cell.trim()))
const words = rows.flatMap(([, names]) => names!.split(', '))

test(`ARCHITECTURE has at most ${MOST} words, each once`, () => {
  expect(words.length).toBeLessThanOrEqual(MOST)
  expect(words).toEqual([...new Set(words)])
})

test('each word stands in the file that its row names', () => {
  const missing = rows.flatMap(([, names, , where]) => {
    const files = Array.from(where!.matchAll(/`([\w/.-]+\.ts)`/g), ([, file]) =>
      readFileSync(join(root, 'packages', file!), 'utf8').toLowerCase(),
    )
    if (files.length === 0) return []
    return names!
      .split(', ')
      .filter((word) => !files.some((text) => text.includes(word.toLowerCase())))
  })
  expect(missing).toEqual([])
})

test('the glossary has each word once, in order', () => {
  const glossary = readFileSync(join(root, 'packages/docs/pages/reference/glossary.md'), 'utf8')
  const listed = Array.from(
    glossary.matchAll(/^\| ([a-z][a-z -]*) \| /gm),
    ([, word]) => word!,
  ).filter((word) => word !== 'word')
  expect(listed.length).toBeGreaterThan(30)
  expect(listed).toEqual([...new Set(listed)].toSorted())
})
