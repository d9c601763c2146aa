import { expect, test } from 'vitest'
import { readme } from './tables.ts'

test("the README's tables are those of their sources: node test/readme/tables.ts writes them", () => {
  const { is, wanted } = readme()
  expect(is).toBe(wanted)
  expect(is).toContain('| [GitHub](')
  expect(is).toContain('| `@postern/express` (5 and 4) |')
})
