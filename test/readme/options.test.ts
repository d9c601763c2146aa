import { describe, expect, test } from 'vitest'
import { bare, pages } from './options.ts'

describe('the reference of options: node test/readme/options.ts writes it', async () => {
  const all = await pages()

  test.each(all)('$file is that of the sources', ({ is, wanted }) => {
    expect(is).toBe(wanted)
  })

  test('each option has a sentence', () => {
    expect([...bare]).toEqual([])
  })
})
