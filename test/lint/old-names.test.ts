// Names that were decided against before the first release stay out, each where users would meet it.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

const EXPORTS =
  'Unrecoverable RetryAfter Postpone DrainOptions Drained HEARD Heard Facts TakeInit TakeOptions TakeResult Taken createSource PerKeyOptions persistent reloadable StoredOption drain drainRoute'
// Of the lists of members in the committed surface: options, and shapes that apps read.
const MEMBERS =
  'window orderBy fairBy perKey formerly integers seal stored refusedBodies silence drain refuse discard refusals scope answered acted conflict caughtUp accepts settles cuts lanes'
const CODES = 'unidentified replayed closed body_lossy handshake_refused inflated_too_large'
const FLAGS = '--formerly --seal-key --scope --ms --part --refused'

const surface = globSync('test/release/surface/*.txt', { cwd: root })
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n')
  .split(/^(?=# )/m)
  // What stores, their test suite and our own packages share may keep words of the engine.
  .filter(
    (entry) => !/^# @postern\/(?:core\/(?:engine|internal)|sqlite\/store|testing)\b/.test(entry),
  )
  .join('')
const documents = globSync(
  [
    '*.md',
    'packages/*/{README,OPTIONS}.md',
    'packages/core/guides/*.md',
    'packages/docs/pages/**/*.md',
  ],
  { cwd: root, exclude: (path) => /node_modules|CHANGELOG/.test(String(path)) },
).map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)

test.each(EXPORTS.split(' '))('no package exports %s', (name) => {
  expect(surface).not.toMatch(new RegExp(`^${name}:`, 'm'))
})

test.each(MEMBERS.split(' '))('no shape that apps read has the member %s', (name) => {
  const lines = surface
    .split('\n')
    .filter((line) => new RegExp(`[{,] ${name}\\??[,}]? `).test(line))
  expect(lines).toEqual([])
})

test.each(CODES.split(' '))('no delivery is rejected with %s', (code) => {
  const [, codes] = /^ErrorCode: type (.*)$/m.exec(surface)!
  expect(codes!.split(' | ')).not.toContain(code)
})

test.each(FLAGS.split(' '))('no command takes %s', (flag) => {
  const reference = readFileSync(join(root, 'packages/cli/OPTIONS.md'), 'utf8')
  expect(reference).not.toMatch(new RegExp(`${flag}\\b(?!-)`))
})

test.each(documents)('code in %s has none of them', (_, text) => {
  const blocks = text.match(/^```(?:ts|tsx|js)\n[\s\S]*?^```/gm) ?? []
  const old = new RegExp(
    `\\b(?:${[...EXPORTS.split(' ').filter((name) => !/^(?:drain|Heard|Facts|Taken)$/.test(name)), 'orderBy', 'fairBy', 'perKey', 'refusedBodies'].join('|')})\\b|receiver\\.(?:drain|take|work|refuse)\\(|\\bseal:|\\bsilence:`,
  )
  // An ORM has an orderBy of its own.
  expect(blocks.filter((block) => old.test(block) && !/drizzle|prisma/i.test(block))).toEqual([])
})
