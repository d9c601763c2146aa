// Checks that `@postern/core` exports few names per entry, and that a document or an example uses each value.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript-5.9'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

const ENTRIES = [
  ['@postern/core', 'packages/core/src/index.ts', 70],
  ['@postern/core/scheme', 'packages/core/src/provider/index.ts', 45],
  ['@postern/core/inbox', 'packages/core/src/inbox/index.ts', 35],
] as const

// Entries that may change in every release, for stores and for Postern's own packages.
const UNSTABLE = /@postern\/core\/(?:engine|internal)\b/

// The recipe for authors of stores, which may import these entries.
const OF_STORES = 'packages/core/src/inbox/engine/STORES.md'

const documents = globSync(
  [
    '*.md',
    'packages/*/README.md',
    'packages/core/guides/*.md',
    'packages/docs/pages/**/*.md',
    'examples/*/**/*.{ts,tsx,md}',
  ],
  { cwd: root, exclude: (path) => /node_modules|\.next|CHANGELOG/.test(String(path)) },
).map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)

test.each(ENTRIES)('%s exports a number of names that a person can hold', (_, file, most) => {
  expect(namesOf(file).length).toBeLessThanOrEqual(most)
})

test.each(ENTRIES)('each value of %s is used by a guide, a page or an example', (_, file) => {
  const text = documents.map(([, content]) => content).join('\n')
  const values = namesOf(file).filter(({ isType }) => !isType)
  expect(values.filter(({ name }) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([])
})

test('no guide, page or example imports an entry that may change with every release', () => {
  const found = documents.filter(([file, text]) => file !== OF_STORES && UNSTABLE.test(text))
  expect(found.map(([file]) => file)).toEqual([])
})

test.each(ENTRIES)('%s names each export', (_, file) => {
  expect(readFileSync(join(root, file), 'utf8')).not.toMatch(/^export (?:type )?\*/m)
})

/** The names that a module exports by `export … from`. */
function namesOf(file: string): readonly { readonly name: string; readonly isType: boolean }[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), 99)
  return source.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map((element) => ({
          name: element.name.text,
          isType: statement.isTypeOnly || element.isTypeOnly,
        }))
      : [],
  )
}
