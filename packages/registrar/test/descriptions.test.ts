import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Description } from './descriptions/description.ts'

const folder = join(import.meta.dirname, 'descriptions')

test.each(globSync('*.json', { cwd: folder }))(
  '%s is small, and names its source and licence',
  (file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    const { source, licence, operations } = JSON.parse(text) as Description
    expect(source).toMatch(/^npm \S+ \d+\.\d+\.\d+, \S+/)
    expect(licence).toMatch(/MIT|ISC|Apache-2.0/)
    expect(Object.keys(operations).every((key) => /^[A-Z]+ \//.test(key))).toBe(true)
    expect(statSync(join(folder, file)).size).toBeLessThan(50_000)
  },
)

test('the schema of Shopify is small, and names its source and licence', () => {
  const text = readFileSync(join(folder, 'shopify.graphql'), 'utf8')
  expect(text.split('\n')[0]).toMatch(/npm @shopify\/dev-mcp \d+\.\d+\.\d+, .+, ISC/)
  expect(text.length).toBeLessThan(50_000)
})
