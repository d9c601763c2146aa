import { expect, test } from 'vitest'
import { tabled } from './tables.ts'

const documents = tabled()

test.each(documents)(
  'tables of $file are those of their sources: node test/readme/tables.ts writes them',
  ({ is, wanted }) => {
    expect(is).toBe(wanted)
  },
)

test('each host and each provider has its row', () => {
  const text = documents.map(({ is }) => is).join('\n')
  expect(text).toContain('| [GitHub](')
  expect(text).toContain('| `@postern/express` (5 and 4) |')
})
