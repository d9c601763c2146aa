import { expect, test } from 'vitest'
import { readme } from './providers.ts'

test("the README's table of providers is the catalogue's: node test/readme/providers.ts writes it", () => {
  const { is, wanted } = readme()
  expect(is).toBe(wanted)
  expect(is).toContain('| [GitHub](')
})
