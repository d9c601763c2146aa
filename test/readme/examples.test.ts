import { expect, test } from 'vitest'
import { guides } from './examples.ts'

test('guides show the files that tests run: node test/readme/examples.ts writes them', () => {
  const shown = guides()
  expect(shown.map(({ file }) => file)).toContain('packages/core/guides/your-orm.md')
  for (const { is, wanted } of shown) expect(is).toBe(wanted)
})
